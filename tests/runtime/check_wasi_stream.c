#include "runtime/wasi_stream.h"
#include "tests/runtime/made_up_worker.h"

static void put_iovec(uint32_t at, uint32_t pointer, uint32_t bytes)
{
	struct wasi_iovec one = { pointer, bytes };

	memcpy(MEMORY + at, &one, sizeof(one));
}

/* --- writing --- */

START_TEST(a_write_is_one_message_of_all_its_pieces)
{
	memcpy(MEMORY + 100, "hello world", 11);
	put_iovec(17, 100, 6); /* unaligned */
	put_iovec(25, 0, 0);
	put_iovec(33, 106, 5);
	ck_assert_uint_eq(wasi_fd_write(NULL, 2, 17, 3, END - 4), WASI_OK);
	ck_assert_uint_eq(u32_at(END - 4), 11);
	ck_assert_uint_eq(sent.count, 1);
	ck_assert_uint_eq(sent.level, RS_LOG_STDERR);
	ck_assert_mem_eq(sent.text, "hello world", 11);
	ck_assert_uint_eq(wasi_fd_write(NULL, 1, 17, 1, 0), WASI_OK);
	ck_assert_uint_eq(sent.level, RS_LOG_STDOUT);
}
END_TEST

START_TEST(a_large_write_goes_in_full_messages_and_loses_nothing)
{
	for (uint32_t i = 0; i < END; i++)
		MEMORY[i] = (uint8_t)(i % 251);
	put_iovec(0, 1000, 70000);
	put_iovec(8, 3, 1);
	put_iovec(16, 5000, 0);
	put_iovec(24, END - 40000, 40000);
	ck_assert_uint_eq(wasi_fd_write(NULL, 1, 0, 4, 64), WASI_OK);
	ck_assert_uint_eq(u32_at(64), 110001);
	ck_assert_uint_eq(sent.bytes, 110001);
	ck_assert_uint_eq(sent.largest, WASI_STREAM_TEXT_BYTES_MAX);
	ck_assert_uint_eq(sent.count, 110001 / sent.largest + 1);
	ck_assert_mem_eq(sent.text, MEMORY + 1000, 70000);
	ck_assert_mem_eq(sent.text + 70001, MEMORY + END - 40000, 40000);
}
END_TEST

START_TEST(a_write_of_exactly_one_message_is_one)
{
	uint32_t most = WASI_STREAM_TEXT_BYTES_MAX;

	put_iovec(0, 1000, most);
	ck_assert_uint_eq(wasi_fd_write(NULL, 1, 0, 1, 64), WASI_OK);
	ck_assert_uint_eq(sent.count, 1);
	ck_assert_uint_eq(u32_at(64), most);
}
END_TEST

START_TEST(an_empty_write_sends_nothing)
{
	ck_assert_uint_eq(wasi_fd_write(NULL, 1, END, 0, 64), WASI_OK);
	put_iovec(0, END, 0);
	ck_assert_uint_eq(wasi_fd_write(NULL, 1, 0, 1, 64), WASI_OK);
	ck_assert_uint_eq(sent.count, 0);
}
END_TEST

START_TEST(a_write_that_breaks_off_tells_how_far_it_came)
{
	put_iovec(0, 0, 100000);
	sent.refuse_at = 3;
	sent.refuse_with = RS_HANDLER_GONE;
	ck_assert_uint_eq(wasi_fd_write(NULL, 1, 0, 1, 64), WASI_OK);
	ck_assert_uint_eq(u32_at(64), sent.bytes);
	ck_assert_uint_eq(sent.count, 3);
}
END_TEST

START_TEST(a_write_that_cannot_begin_tells_why)
{
	static const struct {
		uint32_t status, error;
	} ways[] = { { RS_DENIED, WASI_ACCES }, { RS_NO_HANDLER, WASI_IO },
		{ RS_LIMIT, WASI_IO }, { RS_BUSY, WASI_AGAIN } };

	put_iovec(0, 0, 10);
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		sent.refuse_at = sent.count + 1;
		sent.refuse_with = ways[i].status;
		memset(MEMORY + 64, 0xee, 4);
		ck_assert_uint_eq(wasi_fd_write(NULL, 1, 0, 1, 64), ways[i].error);
		ck_assert_uint_eq(u32_at(64), 0xeeeeeeee);
	}
}
END_TEST

/* Where a read or write goes wrong before it begins. [0] is good, so that a check of only the
 * first piece would not be enough. */
static const struct {
	uint32_t at, count, bytes_out, error;
	struct wasi_iovec pieces[2];
} bad_pieces[] = {
	{ END - 7, 1, 0, WASI_FAULT, { { 0, 1 } } },
	{ UINT32_MAX, 1, 0, WASI_FAULT, { { 0, 1 } } }, { END, 1, 0, WASI_FAULT, { { 0, 1 } } },
	{ 512, 2, END - 3, WASI_FAULT, { { 0, 1 }, { 0, 1 } } },
	{ 512, 2, UINT32_MAX, WASI_FAULT, { { 0, 1 }, { 0, 1 } } },
	{ 512, 2, 0, WASI_FAULT, { { 0, 1 }, { END, 1 } } },
	{ 512, 2, 0, WASI_FAULT, { { 0, 1 }, { END - 1, 2 } } },
	{ 512, 2, 0, WASI_FAULT, { { 0, 1 }, { 1, UINT32_MAX } } },
	{ 512, 2, 0, WASI_FAULT, { { 0, 1 }, { UINT32_MAX, 1 } } },
	{ 512, 2, 0, WASI_FAULT, { { 0, 1 }, { UINT32_MAX, 0 } } },
	{ 512, 2, 0, WASI_FAULT, { { END + 1, 0 }, { 0, 1 } } },
	{ 0, WASI_IOVECS_MAX + 1, 0, WASI_INVAL, { { 0, 1 } } },
	{ 0, UINT32_MAX, 0, WASI_INVAL, { { 0, 1 } } },
	{ 0, 0x20000001, 0, WASI_INVAL, { { 0, 1 } } }, /* times 8 is 8 in 32 bits */
};

START_TEST(a_write_with_a_wild_pointer_sends_nothing)
{
	for (size_t i = 0; i < ARRAY_LEN(bad_pieces); i++) {
		memcpy(MEMORY + 512, bad_pieces[i].pieces, sizeof(bad_pieces[i].pieces));
		ck_assert_uint_eq(wasi_fd_write(NULL, 1, bad_pieces[i].at, bad_pieces[i].count,
					  bad_pieces[i].bytes_out),
			bad_pieces[i].error);
	}
	ck_assert_uint_eq(sent.count, 0);
}
END_TEST

START_TEST(pieces_that_overlap_may_be_many_but_not_more_than_a_count_can_say)
{
	for (uint32_t i = 0; i < WASI_IOVECS_MAX; i++)
		put_iovec(i * 8, 20000, 100);
	ck_assert_uint_eq(wasi_fd_write(NULL, 1, 0, WASI_IOVECS_MAX, 9000), WASI_OK);
	ck_assert_uint_eq(u32_at(9000), WASI_IOVECS_MAX * 100);
	ck_assert_uint_eq(sent.bytes, WASI_IOVECS_MAX * 100);
}
END_TEST

/* --- reading --- */

START_TEST(without_somebody_attached_input_is_at_its_end)
{
	put_iovec(0, 100, 50);
	memset(MEMORY + 64, 0xee, 4);
	ck_assert_uint_eq(wasi_fd_read(NULL, 0, 0, 1, 64), WASI_OK);
	ck_assert_uint_eq(u32_at(64), 0);
	ck_assert_uint_eq(asked.count, 0);
}
END_TEST

static uint32_t console_asked_bytes(void)
{
	ck_assert_mem_eq(asked.interface, rs_interface_console, 32);
	return asked_bytes();
}

START_TEST(input_fills_the_pieces_in_order)
{
	attach();
	will_answer("hello!", 6);
	put_iovec(0, 100, 2);
	put_iovec(8, UINT32_C(101) + 99, 0);
	put_iovec(16, 300, 3);
	put_iovec(24, 400, 50);
	ck_assert_uint_eq(wasi_fd_read(NULL, 0, 0, 4, 64), WASI_OK);
	ck_assert_uint_eq(console_asked_bytes(), 55);
	ck_assert_uint_eq(u32_at(64), 6);
	ck_assert_mem_eq(MEMORY + 100, "he\0", 3);
	ck_assert_mem_eq(MEMORY + 300, "llo\0", 4);
	ck_assert_mem_eq(MEMORY + 400, "!\0", 2);
}
END_TEST

START_TEST(a_large_read_asks_for_what_an_answer_can_carry)
{
	attach();
	asked.answer_bytes = UINT32_MAX;
	put_iovec(0, 100, 100000);
	ck_assert_uint_eq(wasi_fd_read(NULL, 0, 0, 1, 64), WASI_OK);
	ck_assert_uint_eq(console_asked_bytes(), RS_CONSOLE_BYTES_MAX);
	ck_assert_uint_eq(u32_at(64), RS_CONSOLE_BYTES_MAX);
}
END_TEST

START_TEST(the_end_of_input_is_no_bytes)
{
	attach();
	put_iovec(0, 100, 10);
	ck_assert_uint_eq(wasi_fd_read(NULL, 0, 0, 1, 64), WASI_OK);
	ck_assert_uint_eq(asked.count, 1);
	ck_assert_uint_eq(u32_at(64), 0);
}
END_TEST

START_TEST(a_read_of_nothing_asks_nobody)
{
	attach();
	ck_assert_uint_eq(wasi_fd_read(NULL, 0, 0, 0, 64), WASI_OK);
	ck_assert_uint_eq(asked.count, 0);
}
END_TEST

START_TEST(an_answer_longer_than_asked_for_is_not_believed)
{
	attach();
	will_answer("longer than ten", 15);
	put_iovec(0, 100, 10);
	ck_assert_uint_eq(wasi_fd_read(NULL, 0, 0, 1, 64), WASI_IO);
	asked.answer_bytes = 7; /* cut: it says that more follows */
	ck_assert_uint_eq(wasi_fd_read(NULL, 0, 0, 1, 64), WASI_IO);
	asked.answer_bytes = sizeof(asked.answer);
	ck_assert_uint_eq(wasi_fd_read(NULL, 0, 0, 1, 64), WASI_IO);
	for (uint32_t i = 100; i < 200; i++)
		ck_assert_uint_eq(MEMORY[i], 0);
}
END_TEST

START_TEST(input_that_cannot_be_asked_for_tells_why)
{
	attach();
	put_iovec(0, 100, 10);
	asked.status = RS_DENIED;
	ck_assert_uint_eq(wasi_fd_read(NULL, 0, 0, 1, 64), WASI_ACCES);
	asked.status = RS_HANDLER_GONE;
	ck_assert_uint_eq(wasi_fd_read(NULL, 0, 0, 1, 64), WASI_IO);
}
END_TEST

START_TEST(a_read_with_a_wild_pointer_asks_nobody)
{
	attach();
	for (size_t i = 0; i < ARRAY_LEN(bad_pieces); i++) {
		memcpy(MEMORY + 512, bad_pieces[i].pieces, sizeof(bad_pieces[i].pieces));
		ck_assert_uint_eq(wasi_fd_read(NULL, 0, bad_pieces[i].at, bad_pieces[i].count,
					  bad_pieces[i].bytes_out),
			bad_pieces[i].error);
	}
	ck_assert_uint_eq(asked.count, 0);
}
END_TEST

/* --- descriptors --- */

START_TEST(streams_go_one_way)
{
	ck_assert_uint_eq(wasi_fd_write(NULL, 0, 0, 0, 64), WASI_BADF);
	ck_assert_uint_eq(wasi_fd_read(NULL, 1, 0, 0, 64), WASI_BADF);
	ck_assert_uint_eq(wasi_fd_read(NULL, 2, 0, 0, 64), WASI_BADF);
	ck_assert_uint_eq(wasi_fd_write(NULL, 3, 0, 0, 64), WASI_BADF);
	ck_assert_uint_eq(wasi_fd_write(NULL, UINT32_MAX, 0, 0, 64), WASI_BADF);
}
END_TEST

START_TEST(a_closed_stream_is_no_stream)
{
	ck_assert_uint_eq(wasi_fd_close(NULL, 1), WASI_OK);
	ck_assert_uint_eq(wasi_fd_close(NULL, 1), WASI_BADF);
	ck_assert_uint_eq(wasi_fd_write(NULL, 1, 0, 0, 64), WASI_BADF);
	ck_assert_uint_eq(wasi_fd_fdstat_get(NULL, 1, 64), WASI_BADF);
	ck_assert_uint_eq(wasi_fd_seek(NULL, 1, 0, 0, 64), WASI_BADF);
	ck_assert_uint_eq(wasi_fd_write(NULL, 2, 0, 0, 64), WASI_OK);
}
END_TEST

START_TEST(a_renumbered_stream_keeps_its_level)
{
	put_iovec(0, 100, 1);
	ck_assert_uint_eq(wasi_fd_renumber(NULL, 2, 2), WASI_OK);
	ck_assert_uint_eq(wasi_fd_renumber(NULL, 2, 1), WASI_OK);
	ck_assert_uint_eq(wasi_fd_write(NULL, 2, 0, 1, 64), WASI_BADF);
	ck_assert_uint_eq(wasi_fd_write(NULL, 1, 0, 1, 64), WASI_OK);
	ck_assert_uint_eq(sent.level, RS_LOG_STDERR);
	ck_assert_uint_eq(wasi_fd_renumber(NULL, 1, 3), WASI_BADF);
	ck_assert_uint_eq(wasi_fd_renumber(NULL, 3, 1), WASI_BADF);
}
END_TEST

START_TEST(a_stream_looks_like_a_terminal)
{
	struct wasi_fdstat stat;
	struct wasi_filestat file;

	ck_assert_uint_eq(wasi_fd_fdstat_get(NULL, 1, END - 24), WASI_OK);
	memcpy(&stat, MEMORY + END - 24, sizeof(stat));
	ck_assert_uint_eq(stat.filetype, WASI_FILETYPE_CHARACTER_DEVICE);
	ck_assert_uint_eq(stat.rights & ((1 << 2) | (1 << 5)), 0); /* no seeking, no telling */
	ck_assert_uint_eq(stat.rights & WASI_RIGHT_FD_WRITE, WASI_RIGHT_FD_WRITE);
	ck_assert_uint_eq(wasi_fd_filestat_get(NULL, 0, END - 64), WASI_OK);
	memcpy(&file, MEMORY + END - 64, sizeof(file));
	ck_assert_uint_eq(file.filetype, WASI_FILETYPE_CHARACTER_DEVICE);
	ck_assert_uint_eq(wasi_fd_fdstat_get(NULL, 1, END - 23), WASI_FAULT);
	ck_assert_uint_eq(wasi_fd_filestat_get(NULL, 1, END - 63), WASI_FAULT);
}
END_TEST

START_TEST(flags_that_cannot_be_kept_are_not_taken)
{
	struct wasi_fdstat stat;

	ck_assert_uint_eq(wasi_fd_fdstat_set_flags(NULL, 1, WASI_FDFLAG_APPEND), WASI_OK);
	ck_assert_uint_eq(wasi_fd_fdstat_set_flags(NULL, 1, 1 << 2), WASI_NOTSUP);
	ck_assert_uint_eq(wasi_fd_fdstat_set_flags(NULL, 1, UINT32_MAX), WASI_NOTSUP);
	ck_assert_uint_eq(wasi_fd_fdstat_get(NULL, 1, 64), WASI_OK);
	memcpy(&stat, MEMORY + 64, sizeof(stat));
	ck_assert_uint_eq(stat.flags, WASI_FDFLAG_APPEND);
}
END_TEST

START_TEST(rights_only_shrink)
{
	ck_assert_uint_eq(
		wasi_fd_fdstat_set_rights(NULL, 1, WASI_RIGHT_FD_READ, 0), WASI_NOTCAPABLE);
	ck_assert_uint_eq(
		wasi_fd_fdstat_set_rights(NULL, 1, WASI_RIGHT_FD_WRITE, 1), WASI_NOTCAPABLE);
	ck_assert_uint_eq(wasi_fd_fdstat_set_rights(NULL, 1, 0, 0), WASI_OK);
	ck_assert_uint_eq(wasi_fd_write(NULL, 1, 0, 0, 64), WASI_BADF);
	ck_assert_uint_eq(
		wasi_fd_fdstat_set_rights(NULL, 1, WASI_RIGHT_FD_WRITE, 0), WASI_NOTCAPABLE);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("wasi_stream");
	TCase *writing = add_case(s, "writing"), *reading = add_case(s, "reading"),
	      *descriptors = add_case(s, "descriptors");

	tcase_add_test(writing, a_write_is_one_message_of_all_its_pieces);
	tcase_add_test(writing, a_large_write_goes_in_full_messages_and_loses_nothing);
	tcase_add_test(writing, a_write_of_exactly_one_message_is_one);
	tcase_add_test(writing, an_empty_write_sends_nothing);
	tcase_add_test(writing, a_write_that_breaks_off_tells_how_far_it_came);
	tcase_add_test(writing, a_write_that_cannot_begin_tells_why);
	tcase_add_test(writing, a_write_with_a_wild_pointer_sends_nothing);
	tcase_add_test(
		writing, pieces_that_overlap_may_be_many_but_not_more_than_a_count_can_say);
	tcase_add_test(reading, without_somebody_attached_input_is_at_its_end);
	tcase_add_test(reading, input_fills_the_pieces_in_order);
	tcase_add_test(reading, a_large_read_asks_for_what_an_answer_can_carry);
	tcase_add_test(reading, the_end_of_input_is_no_bytes);
	tcase_add_test(reading, a_read_of_nothing_asks_nobody);
	tcase_add_test(reading, an_answer_longer_than_asked_for_is_not_believed);
	tcase_add_test(reading, input_that_cannot_be_asked_for_tells_why);
	tcase_add_test(reading, a_read_with_a_wild_pointer_asks_nobody);
	tcase_add_test(descriptors, streams_go_one_way);
	tcase_add_test(descriptors, a_closed_stream_is_no_stream);
	tcase_add_test(descriptors, a_renumbered_stream_keeps_its_level);
	tcase_add_test(descriptors, a_stream_looks_like_a_terminal);
	tcase_add_test(descriptors, flags_that_cannot_be_kept_are_not_taken);
	tcase_add_test(descriptors, rights_only_shrink);
	return s;
}

CHECK_MAIN(suite)
