#include "interfaces/log.h"
#include "tests/interfaces/made_up.h"

static uint8_t body[64 * 1024];

static uint32_t bytes_of(int32_t level, const void *text, size_t bytes)
{
	struct rs_log_write_request request = { level, { text, bytes } };
	int64_t n = rs_log_write_body(&request, body, sizeof(body));

	ck_assert_int_gt(n, 0);
	return (uint32_t)n;
}

static uint32_t text_of(int32_t level, const char *text)
{
	return bytes_of(level, text, strlen(text));
}

START_TEST(text_is_passed_on_as_it_came)
{
	void *log = host_log.new(&made_up_env);

	made_up_send(&host_log, log, 7, 0, body, text_of(RS_LOG_STDERR, "a\x1b[2J\n"));
	ck_assert_uint_eq(made_up.outputs_count, 1);
	ck_assert_uint_eq(made_up.output_process, 7);
	ck_assert_uint_eq(made_up.output_level, RS_LOG_STDERR);
	ck_assert_mem_eq(made_up.output, "a\x1b[2J\n", 6);
	ck_assert_uint_eq(made_up.output_bytes, 6);
	ck_assert_uint_eq(made_up.answers_count, 0);
	host_log.free(log);
}
END_TEST

START_TEST(whoever_asks_for_an_answer_gets_one)
{
	void *log = host_log.new(&made_up_env);
	uint32_t bytes = text_of(RS_LOG_INFO, "x");

	ck_assert_uint_eq(made_up_ask(&host_log, log, 7, 5, body, bytes), RS_OK);
	host_log.free(log);
}
END_TEST

START_TEST(no_text_is_no_line)
{
	void *log = host_log.new(&made_up_env);

	made_up_send(&host_log, log, 7, 0, body, text_of(RS_LOG_STDOUT, ""));
	ck_assert_uint_eq(made_up.outputs_count, 0);
	host_log.free(log);
}
END_TEST

START_TEST(levels_that_do_not_exist_are_malformed)
{
	static const int32_t levels[] = { RS_LOG_DEBUG + 1, 100, INT32_MIN, -1 };
	void *log = host_log.new(&made_up_env);

	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		ck_assert_uint_eq(
			made_up_ask(&host_log, log, 1, 1, body, text_of(levels[i], "x")),
			RS_MALFORMED);
	ck_assert_uint_eq(made_up.outputs_count, 0);
	host_log.free(log);
}
END_TEST

START_TEST(a_body_as_long_as_it_may_be_is_passed_on_whole)
{
	void *log = host_log.new(&made_up_env);
	static uint8_t text[RS_LOG_BODY_BYTES_MAX - 7]; /* index 4, tag 1, length 2 */

	memset(text, 'x', sizeof(text));
	ck_assert_uint_eq(bytes_of(RS_LOG_STDOUT, text, sizeof(text)), host_log.body_bytes_max);
	ck_assert_uint_eq(
		made_up_ask(&host_log, log, 1, 1, body, host_log.body_bytes_max), RS_OK);
	ck_assert_uint_eq(made_up.output_bytes, sizeof(text));
	ck_assert_mem_eq(made_up.output, text, sizeof(text));
	host_log.free(log);
}
END_TEST

START_TEST(unreadable_bodies_are_harmless)
{
	void *log = host_log.new(&made_up_env);

	made_up_lies(&host_log, log);
	host_log.cancelled(log, 1, 1);
	host_log.process_gone(log, 1);
	ck_assert_uint_eq(made_up.outputs_count, 0);
	host_log.free(log);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("host_log");
	TCase *text = tcase_create("text"), *lies = tcase_create("hostile bodies");

	tcase_add_test(text, text_is_passed_on_as_it_came);
	tcase_add_test(text, whoever_asks_for_an_answer_gets_one);
	tcase_add_test(text, no_text_is_no_line);
	tcase_add_test(lies, levels_that_do_not_exist_are_malformed);
	tcase_add_test(lies, a_body_as_long_as_it_may_be_is_passed_on_whole);
	tcase_add_test(lies, unreadable_bodies_are_harmless);
	suite_add_tcase(s, text);
	suite_add_tcase(s, lies);
	return s;
}

CHECK_MAIN(suite)
