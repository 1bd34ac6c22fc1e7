#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/compiling/programs.h"
#include "supervisor/compiling/shelf.h"
#include "tests/check_run.h"
#include "tests/supervisor/made_manifest.h"

static char home[64];
static struct store *store;
static struct programs *programs;

static void set_up(void)
{
	strcpy(home, "/tmp/check_programs.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(home));
	ck_assert_int_eq(store_open(home, &store), 0);
	ck_assert_int_eq(programs_open(store, &programs), 0);
}

static void tear_down(void)
{
	char command[96];

	programs = programs_free(programs);
	store = store_free(store);
	snprintf(command, sizeof(command), "rm -rf %s", home);
	ck_assert_int_eq(system(command), 0);
}

static struct hash named(const char *begin)
{
	char hex[HASH_HEX_SIZE];
	struct hash hash;

	memset(hex, '7', sizeof(hex) - 1);
	hex[sizeof(hex) - 1] = 0;
	memcpy(hex, begin, strlen(begin));
	ck_assert(hash_from_hex(hex, &hash));
	return hash;
}

static bool add(const char *begin)
{
	struct store_entry entry = { .name = named(begin), .size = 1 };
	bool known;

	ck_assert_int_eq(programs_add(programs, &entry, NULL, &known), 0);
	return known;
}

START_TEST(what_the_store_holds_is_known_at_once)
{
	struct store_put *put;
	struct hash name;

	ck_assert_int_eq(store_put_new(store, 100, &put), 0);
	ck_assert_int_eq(store_put_write(put, "abc", 3), 0);
	ck_assert_int_eq(store_put_commit(put, NULL, &name), 0);
	store_put_free(put);
	programs_free(programs);
	ck_assert_int_eq(programs_open(store, &programs), 0);
	ck_assert_ptr_nonnull(programs_get(programs, &name));
	ck_assert_uint_eq(programs_get(programs, &name)->size, 3);
}
END_TEST

static struct hash put(const struct made *module)
{
	struct store_put *put;
	struct hash name;

	ck_assert_int_eq(store_put_new(store, MIB, &put), 0);
	ck_assert_int_eq(store_put_write(put, module->bytes, module->count), 0);
	ck_assert_int_eq(store_put_commit(put, NULL, &name), 0);
	store_put_free(put);
	return name;
}

START_TEST(what_programs_say_of_themselves_is_known_at_once)
{
	const struct hash interface = made_interface(1);
	static struct made good, bad, records;

	made_record(&records, MANIFEST_USE, 1, "one", "why");
	made_module(&good);
	made_manifest(&good, &records);
	bad = good;
	bad.count--;
	struct hash good_name = put(&good), bad_name = put(&bad);
	programs_free(programs);
	ck_assert_int_eq(programs_open(store, &programs), 0);
	ck_assert_str_eq(programs_manifest(programs, &good_name)->rows[0].reason, "why");
	ck_assert_ptr_nonnull(programs_manifest(programs, &bad_name)->wrong);
	ck_assert(!manifest_allows(
		programs_manifest(programs, &bad_name), &interface, MANIFEST_USE));
}
END_TEST

START_TEST(a_program_that_comes_again_says_it_anew)
{
	struct store_entry entry = { .name = named("31"), .size = 1 };
	static struct made module, records;
	struct manifest *manifest;
	bool known;

	made_module(&module);
	ck_assert_ptr_null(programs_manifest(programs, &entry.name));
	for (uint8_t i = 1; i <= 3; i++) {
		made_record(&records, MANIFEST_USE, i, "some", "");
		made_manifest(&module, &records);
		records.count = 0;
		ck_assert_int_eq(manifest_read_bytes(module.bytes, module.count, &manifest), 0);
		ck_assert_int_eq(programs_add(programs, &entry, manifest, &known), 0);
		ck_assert_uint_eq(programs_manifest(programs, &entry.name)->count, i);
	}
	programs_remove(programs, &entry.name);
	ck_assert_ptr_null(programs_manifest(programs, &entry.name));
}
END_TEST

START_TEST(any_unique_prefix_finds)
{
	struct programs_candidates candidates;
	struct hash found, wanted = named("abcd1");
	char hex[HASH_HEX_SIZE];

	add("abcd1");
	add("abcd2");
	add("0000");
	add("ffff");
	ck_assert_int_eq(programs_find(programs, "abcd1", &found, &candidates), 0);
	ck_assert(hash_equal(&found, &wanted));
	ck_assert_int_eq(programs_find(programs, "ABCD1", &found, &candidates), 0);
	hash_to_hex(&wanted, hex);
	ck_assert_int_eq(programs_find(programs, hex, &found, &candidates), 0);
	ck_assert_int_eq(programs_find(programs, "ffff7", &found, &candidates), 0);
	ck_assert_int_eq(programs_find(programs, "0000", &found, &candidates), 0);
	ck_assert_int_eq(
		programs_find(programs, "abcd", &found, &candidates), PROGRAMS_AMBIGUOUS);
	ck_assert_uint_eq(candidates.count, 2);
	ck_assert(hash_equal(&candidates.names[0], &wanted));
	ck_assert_int_eq(programs_find(programs, "abce", &found, &candidates), PROGRAMS_NONE);
	ck_assert_int_eq(programs_find(programs, "fffff", &found, &candidates), PROGRAMS_NONE);
}
END_TEST

START_TEST(what_is_no_prefix_is_said_to_be_none)
{
	static const char *const bad[] = { "", "abc", "abcg", "ab cd", "0xabcd", "-abc",
		"77777777777777777777777777777777777777777777777777777777777777777" };
	struct programs_candidates candidates;
	struct hash found;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_int_eq(programs_find(programs, bad[i], &found, &candidates),
			PROGRAMS_BAD_NAME);
}
END_TEST

START_TEST(the_list_stays_sorted_and_whole)
{
	const struct store_entry *entry = NULL;
	struct hash name;
	uint32_t seen = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		struct store_entry made = { .name = hash_sha256(&i, sizeof(i)) };
		bool known;
		ck_assert_int_eq(programs_add(programs, &made, NULL, &known), 0);
		ck_assert(!known);
	}
	for (uint32_t i = 0; i < 1000; i += 2) {
		name = hash_sha256(&i, sizeof(i));
		programs_remove(programs, &name);
		programs_remove(programs, &name);
	}
	for (bool first = true; (entry = programs_next(programs, first ? NULL : &name));
		first = false) {
		ck_assert(first || memcmp(name.bytes, entry->name.bytes, HASH_BYTES) < 0);
		name = entry->name;
		seen++;
	}
	ck_assert_uint_eq(seen, 500);
	ck_assert(!add("1234"));
	ck_assert(add("1234"));
}
END_TEST

START_TEST(more_candidates_than_can_be_listed_are_cut)
{
	struct programs_candidates candidates;
	struct hash found;
	char begin[16];

	for (int i = 0; i < 40; i++) {
		snprintf(begin, sizeof(begin), "aaaa%02d", i);
		add(begin);
	}
	ck_assert_int_eq(
		programs_find(programs, "aaaa", &found, &candidates), PROGRAMS_AMBIGUOUS);
	ck_assert_uint_eq(candidates.count, PROGRAMS_CANDIDATES_MAX);
}
END_TEST

/* ---- shelf ---- */

static bool is_open(int fd)
{
	return lseek(fd, 0, SEEK_CUR) >= 0;
}

START_TEST(the_shelf_keeps_what_is_held_and_the_last_used)
{
	struct shelf *shelf;
	struct shelf_object *held, *object;
	int fds[SHELF_IDLE_MAX + 10];

	ck_assert_int_eq(shelf_new(&shelf), 0);
	struct hash key = hash_sha256("held", 4);
	int fd = fileno(tmpfile());
	held = shelf_add(shelf, &key, OBJECT_FULL, fd, 1);
	for (uint32_t i = 0; i < ARRAY_LEN(fds); i++) {
		key = hash_sha256(&i, sizeof(i));
		fds[i] = fcntl(fd, F_DUPFD_CLOEXEC, 200 + (int)i); /* no number twice */
		shelf_drop(shelf_add(shelf, &key, OBJECT_FULL, fds[i], 1));
	}
	for (uint32_t i = 0; i < ARRAY_LEN(fds); i++)
		ck_assert_int_eq(is_open(fds[i]), i >= 10);
	ck_assert(is_open(fd));
	uint32_t last = ARRAY_LEN(fds) - 1;
	key = hash_sha256(&last, sizeof(last));
	object = shelf_get(shelf, &key);
	ck_assert_int_eq(object->fd, fds[last]);
	shelf_forget(shelf, &key);
	ck_assert_ptr_null(shelf_get(shelf, &key));
	ck_assert(is_open(fds[last]));
	shelf_drop(object);
	ck_assert(!is_open(fds[last]));
	shelf_drop(held);
	shelf_free(shelf);
}
END_TEST

START_TEST(the_shelf_counts_bytes_as_well)
{
	struct shelf *shelf;
	struct hash a = hash_sha256("a", 1), b = hash_sha256("b", 1);

	ck_assert_int_eq(shelf_new(&shelf), 0);
	shelf_drop(shelf_add(shelf, &a, OBJECT_FULL, dup(0), SHELF_IDLE_BYTES_MAX / 2));
	shelf_drop(shelf_add(shelf, &b, OBJECT_FULL, dup(0), SHELF_IDLE_BYTES_MAX));
	ck_assert_ptr_null(shelf_get(shelf, &a));
	struct shelf_object *object = shelf_get(shelf, &b);
	ck_assert_ptr_nonnull(object);
	shelf_drop(object);
	shelf_free(shelf);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("programs");
	TCase *all = tcase_create("programs"), *shelf = tcase_create("shelf");

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, what_the_store_holds_is_known_at_once);
	tcase_add_test(all, what_programs_say_of_themselves_is_known_at_once);
	tcase_add_test(all, a_program_that_comes_again_says_it_anew);
	tcase_add_test(all, any_unique_prefix_finds);
	tcase_add_test(all, what_is_no_prefix_is_said_to_be_none);
	tcase_add_test(all, the_list_stays_sorted_and_whole);
	tcase_add_test(all, more_candidates_than_can_be_listed_are_cut);
	tcase_add_test(shelf, the_shelf_keeps_what_is_held_and_the_last_used);
	tcase_add_test(shelf, the_shelf_counts_bytes_as_well);
	suite_add_tcase(s, all);
	suite_add_tcase(s, shelf);
	return s;
}

CHECK_MAIN(suite)
