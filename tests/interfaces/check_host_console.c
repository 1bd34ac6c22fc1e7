#include <stdio.h>

#include "interfaces/console.h"
#include "tests/interfaces/made_up.h"

static void *console;

static void setup(void)
{
	console = host_console.new(&made_up_env);
	ck_assert_ptr_nonnull(console);
	ck_assert_int_eq(host_console_attach(console, 1), 0);
}

static void teardown(void)
{
	host_console.free(console);
}

static void ask_to_read(uint64_t process, uint64_t id, uint32_t bytes)
{
	struct rs_console_read_request request = { bytes };
	uint8_t body[16];

	made_up_send(&host_console, console, process, id, body,
		(uint32_t)rs_console_read_body(&request, body, sizeof(body)));
}

/* What the last answer brought; none when it was refused. */
static struct rs_bytes had_read(void)
{
	struct rs_console_read_answer answer;

	ck_assert_int_eq(
		rs_console_read_answer_decode(&answer, made_up.body, made_up.body_bytes), 0);
	return answer.bytes;
}

static void type(const char *text)
{
	ck_assert_int_eq(host_console_input(console, 1, text, (uint32_t)strlen(text)), 0);
}

/* The last answer. */
static void expect(uint32_t count, uint64_t id, uint32_t status, const char *text)
{
	const struct made_up_answer *last = &made_up.answers[made_up.answers_count - 1];

	ck_assert_uint_eq(made_up.answers_count, count);
	ck_assert_uint_eq(last->process, 1);
	ck_assert_uint_eq(last->id, id);
	ck_assert_uint_eq(last->status, status);
	ck_assert_uint_eq(had_read().bytes, strlen(text));
	ck_assert(memcmp(had_read().bytes ? (const void *)had_read().at : "", text,
			  strlen(text)) == 0);
}

START_TEST(typed_bytes_answer_a_read_that_waits)
{
	ask_to_read(1, 10, 100);
	ck_assert_uint_eq(made_up.answers_count, 0);
	type("hello\n");
	expect(1, 10, RS_OK, "hello\n");
}
END_TEST

START_TEST(typed_bytes_wait_for_a_read)
{
	type("hel");
	type("lo\n");
	ask_to_read(1, 10, 4);
	expect(1, 10, RS_OK, "hell");
	ask_to_read(1, 11, 100);
	expect(2, 11, RS_OK, "o\n");
	ask_to_read(1, 12, 100);
	ck_assert_uint_eq(made_up.answers_count, 2);
}
END_TEST

START_TEST(every_byte_comes_once_and_in_order_round_the_buffer)
{
	static uint8_t block[5000];
	uint32_t typed = 0, had = 0;

	while (had < 1000000) {
		for (uint32_t i = 0; i < sizeof(block); i++)
			block[i] = (uint8_t)((typed + i) % 251);
		int full = host_console_input(console, 1, block, sizeof(block));
		ck_assert(full == 0 || full == HOST_CONSOLE_FULL);
		if (!full) {
			typed += sizeof(block);
			continue;
		}
		ask_to_read(1, 1 + had, 7777);
		uint32_t bytes = (uint32_t)had_read().bytes;
		const uint8_t *got = had_read().at;
		ck_assert_uint_gt(bytes, 0);
		bool right = true;
		for (uint32_t i = 0; i < bytes; i++)
			right &= got[i] == (had + i) % 251;
		ck_assert(right);
		had += bytes;
		ck_assert_uint_eq(host_console_room(console, 1),
			HOST_CONSOLE_BUFFER_BYTES - (typed - had));
	}
}
END_TEST

START_TEST(a_full_buffer_takes_nothing_until_there_is_room)
{
	static uint8_t block[HOST_CONSOLE_BUFFER_BYTES];

	ck_assert_int_eq(host_console_input(console, 1, block, sizeof(block)), 0);
	ck_assert_uint_eq(host_console_room(console, 1), 0);
	ck_assert_int_eq(host_console_input(console, 1, "x", 1), HOST_CONSOLE_FULL);
	ask_to_read(1, 10, 1);
	ck_assert_uint_eq(host_console_room(console, 1), 1);
	ck_assert_int_eq(host_console_input(console, 1, "xy", 2), HOST_CONSOLE_FULL);
	ck_assert_int_eq(host_console_input(console, 1, "x", 1), 0);
}
END_TEST

START_TEST(input_beyond_any_buffer_is_refused)
{
	ck_assert_int_eq(host_console_input(console, 1, "x", HOST_CONSOLE_BUFFER_BYTES + 1),
		HOST_CONSOLE_FULL);
	ck_assert_int_eq(host_console_input(console, 1, "x", UINT32_MAX), HOST_CONSOLE_FULL);
	ck_assert_uint_eq(host_console_room(console, 1), HOST_CONSOLE_BUFFER_BYTES);
}
END_TEST

START_TEST(a_read_larger_than_an_answer_gets_what_fits)
{
	static uint8_t block[RS_CONSOLE_BYTES_MAX + 100];

	ck_assert_int_eq(host_console_input(console, 1, block, sizeof(block)), 0);
	ask_to_read(1, 10, UINT32_MAX);
	ck_assert_uint_eq(had_read().bytes, RS_CONSOLE_BYTES_MAX);
}
END_TEST

START_TEST(what_was_typed_before_the_end_is_read_before_it)
{
	type("last");
	host_console_end(console, 1);
	ask_to_read(1, 10, 100);
	expect(1, 10, RS_OK, "last");
	ask_to_read(1, 11, 100);
	expect(2, 11, RS_OK, "");
	ask_to_read(1, 12, 100);
	expect(3, 12, RS_OK, "");
}
END_TEST

START_TEST(the_end_answers_a_read_that_waits)
{
	ask_to_read(1, 10, 100);
	host_console_end(console, 1);
	host_console_end(console, 1);
	expect(1, 10, RS_OK, "");
	ck_assert_int_eq(host_console_input(console, 1, "late", 4), 0);
	ck_assert_uint_eq(host_console_room(console, 1), 0);
	ask_to_read(1, 11, 100);
	expect(2, 11, RS_OK, "");
}
END_TEST

START_TEST(without_somebody_attached_the_end_is_at_once)
{
	ask_to_read(2, 10, 100);
	ck_assert_uint_eq(made_up.answers_count, 1);
	ck_assert_uint_eq(made_up.answers[0].status, RS_OK);
	ck_assert_uint_eq(had_read().bytes, 0);
	ck_assert_int_eq(host_console_input(console, 2, "x", 1), 0);
	ck_assert_uint_eq(host_console_room(console, 2), 0);
	host_console_end(console, 2);
}
END_TEST

START_TEST(attaching_again_keeps_what_was_typed)
{
	type("a");
	ck_assert_int_eq(host_console_attach(console, 1), 0);
	ask_to_read(1, 10, 100);
	expect(1, 10, RS_OK, "a");
}
END_TEST

START_TEST(a_second_read_at_once_is_told_to_wait)
{
	ask_to_read(1, 10, 100);
	ask_to_read(1, 11, 100);
	expect(1, 11, RS_BUSY, "");
	type("x");
	expect(2, 10, RS_OK, "x");
}
END_TEST

START_TEST(a_cancelled_read_takes_no_bytes)
{
	ask_to_read(1, 10, 100);
	host_console.cancelled(console, 1, 99);
	host_console.cancelled(console, 99, 10);
	host_console.cancelled(console, 1, 10);
	host_console.cancelled(console, 1, 10);
	type("x");
	ck_assert_uint_eq(made_up.answers_count, 0);
	ask_to_read(1, 11, 100);
	expect(1, 11, RS_OK, "x");
	host_console.cancelled(console, 1, 11); /* answered already */
}
END_TEST

START_TEST(a_process_that_is_gone_is_forgotten)
{
	ask_to_read(1, 10, 100);
	host_console.process_gone(console, 1);
	host_console.process_gone(console, 1);
	ck_assert_int_eq(host_console_input(console, 1, "x", 1), 0);
	ck_assert_uint_eq(made_up.answers_count, 0);
}
END_TEST

/* --- waiting without taking --- */

static void ask_to_wait(uint64_t process, uint64_t id, uint64_t until_ns)
{
	struct rs_console_wait_request request = { true, until_ns };
	uint8_t body[16];

	made_up_send(&host_console, console, process, id, body,
		(uint32_t)rs_console_wait_body(&request, body, sizeof(body)));
}

static void expect_waiting(uint32_t count, uint64_t id, uint32_t bytes, bool ended)
{
	const struct made_up_answer *last = &made_up.answers[made_up.answers_count - 1];
	struct rs_console_wait_answer waiting;

	ck_assert_uint_eq(made_up.answers_count, count);
	ck_assert_uint_eq(last->id, id);
	ck_assert_uint_eq(last->status, RS_OK);
	ck_assert_int_eq(
		rs_console_wait_answer_decode(&waiting, made_up.body, made_up.body_bytes), 0);
	ck_assert_uint_eq(waiting.bytes, bytes);
	ck_assert_uint_eq(waiting.ended, ended);
}

START_TEST(a_wait_ends_with_the_first_bytes_and_leaves_them)
{
	ask_to_wait(1, 10, UINT64_MAX);
	ck_assert_uint_eq(made_up.answers_count, 0);
	type("hello");
	expect_waiting(1, 10, 5, 0);
	ask_to_wait(1, 11, 0);
	expect_waiting(2, 11, 5, 0);
	ask_to_read(1, 12, 100);
	expect(3, 12, RS_OK, "hello");
}
END_TEST

START_TEST(a_wait_ends_at_its_moment)
{
	ask_to_wait(1, 10, 2000000);
	ck_assert_uint_eq(host_console.deadline_ns(console), 2000000);
	host_console.tick(console, 1999999);
	ck_assert_uint_eq(made_up.answers_count, 0);
	host_console.tick(console, 2000000);
	expect(1, 10, RS_TIMED_OUT, "");
	ck_assert_uint_eq(host_console.deadline_ns(console), UINT64_MAX);
	type("late");
	ck_assert_uint_eq(made_up.answers_count, 1);
}
END_TEST

START_TEST(a_wait_for_what_is_past_is_a_look)
{
	ask_to_wait(1, 10, 0);
	expect(1, 10, RS_TIMED_OUT, "");
	ask_to_wait(1, 11, made_up.monotonic_ns);
	expect(2, 11, RS_TIMED_OUT, "");
}
END_TEST

START_TEST(a_wait_for_ever_never_times_out)
{
	static const uint32_t without_a_moment = RS_CONSOLE_WAIT;

	made_up_send(
		&host_console, console, 1, 10, &without_a_moment, sizeof(without_a_moment));
	ck_assert_uint_eq(host_console.deadline_ns(console), UINT64_MAX);
	host_console.tick(console, UINT64_MAX);
	ck_assert_uint_eq(made_up.answers_count, 0);
}
END_TEST

START_TEST(the_end_ends_a_wait)
{
	ask_to_wait(1, 10, UINT64_MAX);
	host_console_end(console, 1);
	expect_waiting(1, 10, 0, 1);
	ask_to_wait(2, 11, UINT64_MAX); /* nobody is attached there */
	expect_waiting(2, 11, 0, 1);
}
END_TEST

START_TEST(one_request_of_a_process_waits_at_a_time)
{
	ask_to_wait(1, 10, 2000000);
	ask_to_wait(1, 11, 2000000);
	expect(1, 11, RS_BUSY, "");
	ask_to_read(1, 12, 100);
	expect(2, 12, RS_BUSY, "");
	host_console.tick(console, 2000000);
	expect(3, 10, RS_TIMED_OUT, "");
	ask_to_read(1, 13, 100);
	ask_to_wait(1, 14, 3000000);
	expect(4, 14, RS_BUSY, "");
}
END_TEST

START_TEST(waits_of_many_processes_end_in_their_order)
{
	for (uint64_t process = 1; process <= 500; process++) {
		ck_assert_int_eq(host_console_attach(console, process), 0);
		ask_to_wait(process, process, 2000000 + process * 7919 % 500);
	}
	for (uint64_t process = 1; process <= 500; process += 3)
		host_console.cancelled(console, process, process);
	for (uint64_t process = 2; process <= 500; process += 3)
		host_console.process_gone(console, process);
	uint64_t last = 0;
	for (uint64_t due; (due = host_console.deadline_ns(console)) != UINT64_MAX;
		last = due) {
		ck_assert_uint_ge(due, last);
		host_console.tick(console, due);
	}
	ck_assert_uint_eq(made_up.answers_count, 166);
	for (uint32_t i = 0; i < 166; i++)
		ck_assert_uint_eq(made_up.answers[i].process % 3, 0);
}
END_TEST

START_TEST(a_thousand_processes_are_kept_apart)
{
	char text[16];

	for (uint64_t process = 2; process < 3000; process++) {
		ck_assert_int_eq(host_console_attach(console, process), 0);
		int n = snprintf(text, sizeof(text), "%u", (unsigned)process);
		ck_assert_int_eq(host_console_input(console, process, text, (uint32_t)n), 0);
	}
	for (uint64_t process = 2; process < 3000; process += 2)
		host_console.process_gone(console, process);
	for (uint64_t process = 3; process < 3000; process += 2) {
		ask_to_read(process, 10, 100);
		int n = snprintf(text, sizeof(text), "%u", (unsigned)process);
		ck_assert_uint_eq(made_up.answers[made_up.answers_count - 1].process, process);
		ck_assert_uint_eq(had_read().bytes, (size_t)n);
		ck_assert_mem_eq(had_read().at, text, (size_t)n);
	}
	ck_assert_uint_eq(made_up.answers_count, 1499);
}
END_TEST

START_TEST(unreadable_bodies_are_harmless)
{
	static const uint32_t nothing = RS_CONSOLE_READ; /* 0 bytes */
	static const uint8_t cut[] = { 1, 0, 0, 0, 0x09, 1, 2, 3, 4, 5, 6, 7, 8 };

	made_up_lies(&host_console, console);
	ck_assert_uint_eq(made_up_ask(&host_console, console, 1, 1, &nothing, sizeof(nothing)),
		RS_MALFORMED);
	for (uint32_t bytes = 5; bytes < sizeof(cut); bytes++)
		ck_assert_uint_eq(
			made_up_ask(&host_console, console, 1, 1, cut, bytes), RS_MALFORMED);
	ask_to_wait(1, 0, UINT64_MAX);
	ck_assert_uint_eq(host_console.deadline_ns(console), UINT64_MAX);

	ask_to_read(1, 0, 100); /* nobody would hear the answer, so no bytes are taken */
	type("x");
	ask_to_read(1, 0, 100);
	ask_to_read(1, 10, 100);
	ck_assert_uint_eq(had_read().bytes, 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("host_console");
	TCase *bytes = tcase_create("bytes"), *end = tcase_create("end of input"),
	      *ends = tcase_create("cancel and gone"), *waits = tcase_create("waiting"),
	      *lies = tcase_create("hostile bodies");
	TCase *all[] = { bytes, end, ends, waits, lies };

	tcase_add_test(bytes, typed_bytes_answer_a_read_that_waits);
	tcase_add_test(bytes, typed_bytes_wait_for_a_read);
	tcase_add_test(bytes, every_byte_comes_once_and_in_order_round_the_buffer);
	tcase_add_test(bytes, a_full_buffer_takes_nothing_until_there_is_room);
	tcase_add_test(bytes, input_beyond_any_buffer_is_refused);
	tcase_add_test(bytes, a_read_larger_than_an_answer_gets_what_fits);
	tcase_add_test(end, what_was_typed_before_the_end_is_read_before_it);
	tcase_add_test(end, the_end_answers_a_read_that_waits);
	tcase_add_test(end, without_somebody_attached_the_end_is_at_once);
	tcase_add_test(end, attaching_again_keeps_what_was_typed);
	tcase_add_test(ends, a_second_read_at_once_is_told_to_wait);
	tcase_add_test(ends, a_cancelled_read_takes_no_bytes);
	tcase_add_test(ends, a_process_that_is_gone_is_forgotten);
	tcase_add_test(ends, a_thousand_processes_are_kept_apart);
	tcase_add_test(waits, a_wait_ends_with_the_first_bytes_and_leaves_them);
	tcase_add_test(waits, a_wait_ends_at_its_moment);
	tcase_add_test(waits, a_wait_for_what_is_past_is_a_look);
	tcase_add_test(waits, a_wait_for_ever_never_times_out);
	tcase_add_test(waits, the_end_ends_a_wait);
	tcase_add_test(waits, one_request_of_a_process_waits_at_a_time);
	tcase_add_test(waits, waits_of_many_processes_end_in_their_order);
	tcase_add_test(lies, unreadable_bodies_are_harmless);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		tcase_add_checked_fixture(all[i], setup, teardown);
		suite_add_tcase(s, all[i]);
	}
	return s;
}

CHECK_MAIN(suite)
