#include <string.h>

#include "supervisor/decisions/recipe.h"
#include "tests/check_run.h"

static const struct limits usual = { .memory_bytes = GIB, .cpu_s = 7, .body_bytes = 12345 };
static const char strings[] = "prog\0one\0\0A=b"; /* and the zero at its end */

static struct processes_request request(void)
{
	return (struct processes_request){ .program = hash_sha256("p", 1),
		.name = "prog",
		.limits = { .memory_bytes = 2 * MIB,
			.cpu_s = 3,
			.children_memory_bytes = MIB,
			.children = 4,
			.children_depth = 2,
			.body_bytes = 12345 },
		.strings = strings,
		.strings_bytes = sizeof(strings),
		.arguments = 3,
		.variables = 1 };
}

static uint8_t packed[RECIPE_BYTES_MAX];

static uint32_t pack(void)
{
	const struct processes_request wanted = request();
	struct recipe *recipe;

	ck_assert_int_eq(recipe_copy(&wanted, &recipe), 0);
	uint32_t n = recipe_bytes(recipe);
	recipe_pack(recipe, packed);
	recipe_free(recipe);
	return n;
}

static int unpack(uint32_t n)
{
	struct recipe *recipe = NULL;
	const struct hash program = hash_sha256("p", 1);
	/* of exactly this size, so that a read behind it is seen */
	uint8_t *bytes = malloc(n ? n : 1);

	memcpy(bytes, packed, n);
	int r = recipe_unpack(&program, bytes, n, &usual, &recipe);
	free(bytes);
	ck_assert((r == 0) == (recipe != NULL));
	recipe_free(recipe);
	return r;
}

START_TEST(what_was_packed_is_unpacked_as_it_was)
{
	struct recipe *recipe;
	uint32_t n = pack();
	const struct processes_request wanted = request();

	ck_assert_int_eq(recipe_unpack(&wanted.program, packed, n, &usual, &recipe), 0);
	const struct processes_request *got = &recipe->request;
	ck_assert(hash_equal(&got->program, &wanted.program));
	ck_assert_str_eq(got->name, "prog");
	ck_assert_uint_eq(got->limits.memory_bytes, 2 * MIB);
	ck_assert_uint_eq(got->limits.cpu_s, 3);
	ck_assert_uint_eq(got->limits.children_memory_bytes, MIB);
	ck_assert_uint_eq(got->limits.children, 4);
	ck_assert_uint_eq(got->limits.children_depth, 2);
	ck_assert_uint_eq(got->limits.body_bytes, 12345);
	ck_assert_uint_eq(got->arguments, 3);
	ck_assert_uint_eq(got->variables, 1);
	ck_assert_mem_eq(got->strings, strings, sizeof(strings));
	recipe_free(recipe);
}
END_TEST

START_TEST(a_copy_is_its_own)
{
	char own[sizeof(strings)];
	struct processes_request wanted = request();
	struct recipe *recipe;

	memcpy(own, strings, sizeof(own));
	wanted.strings = own;
	ck_assert_int_eq(recipe_copy(&wanted, &recipe), 0);
	memset(own, 'x', sizeof(own));
	ck_assert_mem_eq(recipe->request.strings, strings, sizeof(strings));
	recipe_free(recipe);
}
END_TEST

START_TEST(what_would_not_fit_is_refused)
{
	static char many[RECIPE_BYTES_MAX];
	struct processes_request wanted = request();
	struct recipe *recipe;

	wanted.strings = many;
	wanted.strings_bytes = RECIPE_BYTES_MAX;
	ck_assert_int_eq(recipe_copy(&wanted, &recipe), RECIPE_TOO_LONG);
}
END_TEST

/* Every beginning of it. */
START_TEST(what_is_cut_off_is_damaged)
{
	uint32_t whole = pack();

	for (uint32_t n = 0; n < whole; n++)
		ck_assert_int_eq(unpack(n), RECIPE_DAMAGED);
	ck_assert_int_eq(unpack(whole), 0);
}
END_TEST

/* Every byte of it, changed in some ways: never read beyond the end, and never more strings
 * than there are. */
START_TEST(what_is_scribbled_over_is_damaged_or_harmless)
{
	uint32_t whole = pack();
	static const uint8_t scribbles[] = { 0x01, 0x80, 0xff };

	for (uint32_t i = 0; i < whole; i++)
		for (size_t s = 0; s < ARRAY_LEN(scribbles); s++) {
			packed[i] ^= scribbles[s];
			ck_assert_int_le(unpack(whole), RECIPE_DAMAGED);
			packed[i] ^= scribbles[s];
		}
}
END_TEST

START_TEST(more_strings_than_there_are_is_damaged)
{
	uint32_t whole = pack();

	packed[32]++; /* arguments */
	ck_assert_int_eq(unpack(whole), RECIPE_DAMAGED);
	packed[32] -= 2;
	packed[36]++; /* one argument less, one variable more */
	ck_assert_int_eq(unpack(whole), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("recipe");
	TCase *tc = tcase_create("recipe");

	tcase_add_test(tc, what_was_packed_is_unpacked_as_it_was);
	tcase_add_test(tc, a_copy_is_its_own);
	tcase_add_test(tc, what_would_not_fit_is_refused);
	tcase_add_test(tc, what_is_cut_off_is_damaged);
	tcase_add_test(tc, what_is_scribbled_over_is_damaged_or_harmless);
	tcase_add_test(tc, more_strings_than_there_are_is_damaged);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(suite)
