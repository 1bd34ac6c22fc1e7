#include <string.h>

#include "aotc/wasm.h"
#include "tests/check_run.h"

static const struct {
	uint8_t bytes[11];
	size_t size;
	int64_t u32, s32, s33, s64; /* WRONG: refused */
} numbers[] = {
#define WRONG INT64_MIN
	{ { 0x00 }, 1, 0, 0, 0, 0 },
	{ { 0x3f }, 1, 63, 63, 63, 63 },
	{ { 0x40 }, 1, 64, -64, -64, -64 },
	{ { 0x7f }, 1, 127, -1, -1, -1 },
	{ { 0x80, 0x00 }, 2, 0, 0, 0, 0 }, /* longer than need be is allowed */
	{ { 0xff, 0x00 }, 2, 127, 127, 127, 127 },
	{ { 0x80, 0x80, 0x80, 0x80, 0x00 }, 5, 0, 0, 0, 0 },
	{ { 0xff, 0xff, 0xff, 0xff, 0x0f }, 5, 0xffffffff, WRONG, 0xffffffff, 0xffffffff },
	{ { 0xff, 0xff, 0xff, 0xff, 0x07 }, 5, 0x7fffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff },
	{ { 0x80, 0x80, 0x80, 0x80, 0x78 }, 5, WRONG, INT32_MIN, INT32_MIN, INT32_MIN },
	{ { 0x80, 0x80, 0x80, 0x80, 0x10 }, 5, WRONG, WRONG, WRONG, 1ll << 32 },
	{ { 0x80, 0x80, 0x80, 0x80, 0x70 }, 5, WRONG, WRONG, -(1ll << 32), -(1ll << 32) },
	{ { 0x80, 0x80, 0x80, 0x80, 0x60 }, 5, WRONG, WRONG, WRONG, -(1ll << 33) },
	{ { 0x80, 0x80, 0x80, 0x80, 0x80, 0x00 }, 6, WRONG, WRONG, WRONG, 0 },
	{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00 }, 10, WRONG, WRONG,
		WRONG, INT64_MAX },
	{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f }, 10, WRONG, WRONG,
		WRONG, -1 },
	{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01 }, 10, WRONG, WRONG,
		WRONG, WRONG },
	{ { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00 }, 11, WRONG,
		WRONG, WRONG, WRONG },
	{ { 0x80 }, 1, WRONG, WRONG, WRONG, WRONG },
	{ { 0 }, 0, WRONG, WRONG, WRONG, WRONG },
};

#define EXPECT(read, i, expected)                                                         \
	do {                                                                              \
		struct wasm_reader r = wasm_reader_of(numbers[i].bytes, numbers[i].size); \
		int64_t value = read(&r);                                                 \
		ck_assert_msg(                                                            \
			(r.wrong != NULL) == (expected == WRONG), #read " of row %d", i); \
		ck_assert_int_eq(value, r.wrong ? 0 : expected);                          \
		ck_assert(r.wrong || r.at == r.end);                                      \
	} while (0)

START_TEST(numbers_are_read_within_their_bits)
{
	EXPECT(wasm_u32, _i, numbers[_i].u32);
	EXPECT(wasm_s32, _i, numbers[_i].s32);
	EXPECT(wasm_s33, _i, numbers[_i].s33);
	EXPECT(wasm_s64, _i, numbers[_i].s64);
}
END_TEST

static const struct {
	const char *text;
	size_t size;
	bool good;
} texts[] = {
#define TEXT(text, good)                     \
	{                                    \
		text, sizeof(text) - 1, good \
	}
	TEXT("", true),
	TEXT("plain", true),
	TEXT("a\0b", true),
	TEXT("\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80", true),
	TEXT("\xf4\x8f\xbf\xbf", true),
	TEXT("\xf4\x90\x80\x80", false), /* above U+10FFFF */
	TEXT("\xed\x9f\xbf", true),
	TEXT("\xed\xa0\x80", false), /* a surrogate */
	TEXT("\xc0\x80", false),     /* not the shortest form */
	TEXT("\xe0\x9f\xbf", false),
	TEXT("\xf0\x8f\xbf\xbf", false),
	TEXT("\x80", false),
	TEXT("\xff\xfe", false),
	TEXT("\xc3", false),
	TEXT("\xc3(", false),
	TEXT("\xf0\x9f\x98", false),
};

START_TEST(only_strict_utf8_is_a_name)
{
	ck_assert_int_eq(
		wasm_is_utf8((const uint8_t *)texts[_i].text, texts[_i].size), texts[_i].good);
}
END_TEST

START_TEST(a_name_longer_than_its_bytes_is_wrong)
{
	static const uint8_t bytes[] = { 4, 'a', 'b', 'c' };
	struct wasm_reader r = wasm_reader_of(bytes, sizeof(bytes));

	ck_assert_uint_eq(wasm_name(&r).size, 0);
	ck_assert_ptr_nonnull(r.wrong);
}
END_TEST

START_TEST(a_count_larger_than_what_follows_is_wrong)
{
	static const uint8_t bytes[] = { 3, 0, 0 };
	struct wasm_reader r = wasm_reader_of(bytes, sizeof(bytes));

	ck_assert_uint_eq(wasm_count(&r), 0);
	ck_assert_ptr_nonnull(r.wrong);
}
END_TEST

START_TEST(a_wrong_reader_stays_where_it_is)
{
	static const uint8_t bytes[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3 };
	struct wasm_reader r = wasm_reader_of(bytes, sizeof(bytes));

	wasm_u32(&r);
	const char *first = r.wrong;
	const uint8_t *at = r.at;
	ck_assert_uint_eq(wasm_byte(&r), 0);
	ck_assert_ptr_null(wasm_bytes(&r, 1));
	ck_assert_uint_eq(wasm_left(&(struct wasm_reader){ 0 }), 0);
	struct wasm_reader part = wasm_part(&r, 1);
	ck_assert_ptr_nonnull(part.wrong);
	ck_assert_ptr_eq(r.wrong, first);
	ck_assert_ptr_eq(r.at, at);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("wasm");
	TCase *t = tcase_create("pieces of the format");

	tcase_add_loop_test(t, numbers_are_read_within_their_bits, 0, ARRAY_LEN(numbers));
	tcase_add_loop_test(t, only_strict_utf8_is_a_name, 0, ARRAY_LEN(texts));
	tcase_add_test(t, a_name_longer_than_its_bytes_is_wrong);
	tcase_add_test(t, a_count_larger_than_what_follows_is_wrong);
	tcase_add_test(t, a_wrong_reader_stays_where_it_is);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite)
