#include <string.h>

#include "supervisor/options.h"
#include "tests/check_run.h"

struct fields {
	bool all, follow;
	const char *name;
	uint64_t lines, memory, timeout_ms;
	int signal;
	struct options_list env;
};

static const struct option table[] = {
	{ 'a', "all", NULL, "all of it", options_switch, offsetof(struct fields, all) },
	{ 'f', "follow", NULL, "go on", options_switch, offsetof(struct fields, follow) },
	{ 0, "name", "NAME", "its name", options_text, offsetof(struct fields, name) },
	{ 'n', "lines", "N", "so many", options_count, offsetof(struct fields, lines) },
	{ 'm', "memory", "SIZE", "memory", options_size, offsetof(struct fields, memory) },
	{ 't', "timeout", "SECONDS", "time", options_duration,
		offsetof(struct fields, timeout_ms) },
	{ 's', "signal", "SIGNAL", "signal", options_signal, offsetof(struct fields, signal) },
	{ 'e', "env", "K=V", "variable", options_add, offsetof(struct fields, env) },
};

#define WORDS_MAX 2000

static struct fields fields;
static char *words[WORDS_MAX];
static int n_words;
static char why[OPTIONS_WHY_SIZE];

/* Parses words that end with NULL. */
static int parse(bool stop_at_first, const char *const *line)
{
	int argc = 0;

	memset(&fields, 0, sizeof(fields));
	while (line[argc])
		argc++;
	memcpy(words, line, (size_t)argc * sizeof(*words)); /* only their order is changed */
	return options_parse(
		table, ARRAY_LEN(table), &fields, stop_at_first, argc, words, &n_words, why);
}
#define PARSE(stop, ...) parse(stop, (const char *const[]){ __VA_ARGS__, NULL })

START_TEST(every_way_to_write_an_option_is_read)
{
	ck_assert_int_eq(PARSE(false, "-af", "--name", "x", "-n5", "--memory=64K", "-t", "2m",
				 "-s", "TERM", "-e", "A=1", "--env=B=2"),
		0);
	ck_assert(fields.all && fields.follow);
	ck_assert_str_eq(fields.name, "x");
	ck_assert_uint_eq(fields.lines, 5);
	ck_assert_uint_eq(fields.memory, 65536);
	ck_assert_uint_eq(fields.timeout_ms, 120000);
	ck_assert_int_eq(fields.signal, 15);
	ck_assert_uint_eq(fields.env.count, 2);
	ck_assert_str_eq(fields.env.items[1], "B=2");
	ck_assert_int_eq(n_words, 0);
}
END_TEST

START_TEST(words_may_stand_between_options)
{
	ck_assert_int_eq(PARSE(false, "7", "-f", "8", "--lines", "3"), 0);
	ck_assert_int_eq(n_words, 2);
	ck_assert_str_eq(words[0], "7");
	ck_assert_str_eq(words[1], "8");
	ck_assert(fields.follow);
}
END_TEST

START_TEST(what_follows_the_program_is_the_programs)
{
	ck_assert_int_eq(PARSE(true, "-f", "prog", "-a", "--", "--name", "-"), 0);
	ck_assert_int_eq(n_words, 5);
	ck_assert(fields.follow && !fields.all && !fields.name);
	ck_assert_str_eq(words[1], "-a");
	ck_assert_str_eq(words[2], "--");
}
END_TEST

START_TEST(two_dashes_end_the_options)
{
	ck_assert_int_eq(PARSE(false, "-f", "--", "-a", "--nothing"), 0);
	ck_assert_int_eq(n_words, 2);
	ck_assert(!fields.all);
}
END_TEST

START_TEST(a_single_dash_is_a_word)
{
	ck_assert_int_eq(PARSE(false, "-"), 0);
	ck_assert_int_eq(n_words, 1);
}
END_TEST

START_TEST(mistakes_are_named)
{
	ck_assert_int_eq(PARSE(false, "--colour"), OPTIONS_WRONG);
	ck_assert_str_eq(why, "--colour: no such option");
	ck_assert_int_eq(PARSE(false, "-fx"), OPTIONS_WRONG);
	ck_assert_str_eq(why, "-x: no such option");
	ck_assert_int_eq(PARSE(false, "--lines"), OPTIONS_WRONG);
	ck_assert_str_eq(why, "--lines needs N");
	ck_assert_int_eq(PARSE(false, "--all=yes"), OPTIONS_WRONG);
	ck_assert_str_eq(why, "--all takes no value");
	ck_assert_int_eq(PARSE(false, "-n", "many"), OPTIONS_WRONG);
	ck_assert_str_eq(why, "--lines: expected a number, not many");
	ck_assert_int_eq(PARSE(false, "--memory="), OPTIONS_WRONG);
	ck_assert_int_eq(PARSE(false, "--signal", "NONE"), OPTIONS_WRONG);
}
END_TEST

START_TEST(a_beginning_of_a_name_is_not_the_name)
{
	ck_assert_int_eq(PARSE(false, "--al"), OPTIONS_WRONG);
	ck_assert_int_eq(PARSE(false, "--"), 0);
	ck_assert_int_eq(PARSE(false, "--=x"), OPTIONS_WRONG);
}
END_TEST

START_TEST(more_of_an_option_than_there_is_room_is_refused)
{
	static const char *line[OPTIONS_LIST_MAX + 2];

	for (size_t i = 0; i < OPTIONS_LIST_MAX; i++)
		line[i] = "-eA=1";
	ck_assert_int_eq(parse(false, line), 0);
	line[OPTIONS_LIST_MAX] = "-eA=1";
	ck_assert_int_eq(parse(false, line), OPTIONS_WRONG);
}
END_TEST

START_TEST(a_very_long_word_is_cut_in_the_message)
{
	static char lengthy[100000];

	memset(lengthy, 'x', sizeof(lengthy) - 1);
	lengthy[0] = lengthy[1] = '-';
	ck_assert_int_eq(PARSE(false, lengthy), OPTIONS_WRONG);
	ck_assert_uint_lt(strlen(why), OPTIONS_WHY_SIZE);
}
END_TEST

START_TEST(help_shows_every_option_once)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	options_help(table, ARRAY_LEN(table), to);
	fclose(to);
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		ck_assert_ptr_nonnull(strstr(text, table[i].help));
	ck_assert_ptr_nonnull(strstr(text, "  -a, --all               all of it\n"));
	ck_assert_ptr_nonnull(strstr(text, "      --name NAME         its name\n"));
	free(text);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("options");
	TCase *t = tcase_create("reading");

	tcase_add_test(t, every_way_to_write_an_option_is_read);
	tcase_add_test(t, words_may_stand_between_options);
	tcase_add_test(t, what_follows_the_program_is_the_programs);
	tcase_add_test(t, two_dashes_end_the_options);
	tcase_add_test(t, a_single_dash_is_a_word);
	suite_add_tcase(s, t);
	t = tcase_create("mistakes");
	tcase_add_test(t, mistakes_are_named);
	tcase_add_test(t, a_beginning_of_a_name_is_not_the_name);
	tcase_add_test(t, more_of_an_option_than_there_is_room_is_refused);
	tcase_add_test(t, a_very_long_word_is_cut_in_the_message);
	suite_add_tcase(s, t);
	t = tcase_create("help");
	tcase_add_test(t, help_shows_every_option_once);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite)
