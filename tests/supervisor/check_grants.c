#include <string.h>

#include "supervisor/decisions/grants.h"
#include "tests/check_run.h"

static struct grants *grants;
static const struct hash program = { "a program" }, other = { "another" };
static const struct hash tcp = { "tcp" }, files = { "files" }, log_ = { "log" };

static void set_up(void)
{
	ck_assert_int_eq(grants_new(&grants), 0);
	grants_build_in(grants, &log_);
}

static void tear_down(void)
{
	grants = grants_free(grants);
}

static struct grants_row row_of(const struct hash *p, const struct hash *i, enum grants_word w)
{
	return (struct grants_row){
		.key = grants_key(p, i, BROKER_USE), .word = w, .since_ms = 1
	};
}

static void set(const struct hash *p, const struct hash *i, enum grants_word w)
{
	struct grants_row row = row_of(p, i, w);

	ck_assert_int_eq(grants_reserve(grants), 0);
	grants_set(grants, &row);
}

/* What counts for `program`: the first letter of the word, '-' for none. */
static char counts(const struct hash *i)
{
	const struct grants_row *row = grants_find(grants, &program, i, BROKER_USE);

	return row ? grants_word_text(row->word)[0] : '-';
}

START_TEST(what_fits_best_counts)
{
	ck_assert_int_eq(counts(&tcp), '-');
	set(NULL, NULL, GRANTS_ASK);
	ck_assert_int_eq(counts(&tcp), 'a');
	set(NULL, &tcp, GRANTS_DENY);
	ck_assert_int_eq(counts(&tcp), 'd');
	ck_assert_int_eq(counts(&files), 'a');
	set(&program, NULL, GRANTS_ALLOW);
	ck_assert_int_eq(counts(&tcp), 'a');
	ck_assert(grants_find(grants, &program, &tcp, BROKER_USE)->word == GRANTS_ALLOW);
	set(&program, &tcp, GRANTS_DENY);
	ck_assert_int_eq(counts(&tcp), 'd');
	set(&other, &files, GRANTS_DENY);
	ck_assert_int_eq(counts(&files), 'a');
}
END_TEST

START_TEST(using_and_registering_are_two_things)
{
	struct grants_row row = row_of(&program, &tcp, GRANTS_ALLOW);

	row.key.right = BROKER_HANDLE;
	ck_assert_int_eq(grants_reserve(grants), 0);
	grants_set(grants, &row);
	ck_assert_int_eq(counts(&tcp), '-');
	ck_assert_ptr_nonnull(grants_find(grants, &program, &tcp, BROKER_HANDLE));
}
END_TEST

START_TEST(the_same_key_is_one_row)
{
	const struct grants_key key = grants_key(&program, &tcp, BROKER_USE);

	set(&program, &tcp, GRANTS_ALLOW);
	set(&program, &tcp, GRANTS_DENY);
	ck_assert_int_eq(counts(&tcp), 'd');
	ck_assert(grants_unset(grants, &key));
	ck_assert(!grants_unset(grants, &key));
	ck_assert_int_eq(counts(&tcp), '-');
}
END_TEST

START_TEST(a_built_in_row_comes_back)
{
	const struct grants_key key = grants_key(NULL, &log_, BROKER_USE);

	ck_assert_int_eq(counts(&log_), 'a');
	ck_assert(!grants_unset(grants, &key));
	set(NULL, &log_, GRANTS_DENY);
	ck_assert_int_eq(counts(&log_), 'd');
	ck_assert(!grants_get(grants, &key)->built_in);
	ck_assert(grants_unset(grants, &key));
	ck_assert_int_eq(counts(&log_), 'a');
	ck_assert(grants_get(grants, &key)->built_in);
}
END_TEST

START_TEST(rows_come_in_order_also_when_they_change_meanwhile)
{
	const struct grants_row *row;
	struct grants_key last;

	set(&program, &tcp, GRANTS_ALLOW);
	set(NULL, NULL, GRANTS_DENY);
	set(&other, &files, GRANTS_ALLOW);
	row = grants_next(grants, NULL);
	ck_assert(row->key.any_program && row->key.any_interface);
	last = row->key;
	ck_assert(grants_unset(grants, &last));
	row = grants_next(grants, &last);
	ck_assert(row->built_in);
	last = row->key;
	for (int i = 0; i < 2; i++) {
		row = grants_next(grants, &last);
		ck_assert(!row->key.any_program);
		last = row->key;
	}
	ck_assert_ptr_null(grants_next(grants, &last));
}
END_TEST

START_TEST(there_are_so_many_and_room_was_set_aside)
{
	struct hash one = { "" };
	size_t n = 1; /* the built-in one */

	for (; grants_reserve(grants) == 0; n++)
		;
	ck_assert_uint_eq(n, GRANTS_MAX);
	for (size_t i = 1; i < GRANTS_MAX; i++) {
		memcpy(one.bytes, &i, sizeof(i));
		struct grants_row row = row_of(&one, &tcp, GRANTS_ALLOW);
		grants_set(grants, &row);
	}
	ck_assert_int_eq(grants_reserve(grants), GRANTS_FULL);
	const struct grants_key key = grants_key(&one, &tcp, BROKER_USE);
	ck_assert(grants_unset(grants, &key));
	ck_assert_int_eq(grants_reserve(grants), 0);
	grants_release(grants);
	for (size_t i = 1; i < GRANTS_MAX - 1; i++) {
		memcpy(one.bytes, &i, sizeof(i));
		MUST(grants_find(grants, &one, &tcp, BROKER_USE));
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("grants");
	TCase *rows = tcase_create("rows");

	tcase_add_checked_fixture(rows, set_up, tear_down);
	tcase_add_test(rows, what_fits_best_counts);
	tcase_add_test(rows, using_and_registering_are_two_things);
	tcase_add_test(rows, the_same_key_is_one_row);
	tcase_add_test(rows, a_built_in_row_comes_back);
	tcase_add_test(rows, rows_come_in_order_also_when_they_change_meanwhile);
	tcase_add_test(rows, there_are_so_many_and_room_was_set_aside);
	suite_add_tcase(s, rows);
	return s;
}
CHECK_MAIN(suite)
