#include "tests/runtime/made_up_worker.h"

/* --- the table --- */

typedef uint32_t w;
typedef uint64_t W;
#define TYPE_OF(f)                                                       \
	_Generic(&wasi_##f, w(*)(void *)                                 \
		 : ">i", void (*)(void *, w)                             \
		 : "i>", w (*)(void *, w)                                \
		 : "i>i", w (*)(void *, w, w)                            \
		 : "ii>i", w (*)(void *, w, W)                           \
		 : "iI>i", w (*)(void *, w, w, w)                        \
		 : "iii>i", w (*)(void *, w, W, w)                       \
		 : "iIi>i", w (*)(void *, w, W, W)                       \
		 : "iII>i", w (*)(void *, w, w, w, w)                    \
		 : "iiii>i", w (*)(void *, w, W, w, w)                   \
		 : "iIii>i", w (*)(void *, w, W, W, w)                   \
		 : "iIIi>i", w (*)(void *, w, w, w, w, w)                \
		 : "iiiii>i", w (*)(void *, w, w, w, W, w)               \
		 : "iiiIi>i", w (*)(void *, w, w, w, w, w, w)            \
		 : "iiiiii>i", w (*)(void *, w, w, w, w, w, w, w)        \
		 : "iiiiiii>i", w (*)(void *, w, w, w, w, W, W, w)       \
		 : "iiiiIIi>i", w (*)(void *, w, w, w, w, w, W, W, w, w) \
		 : "iiiiiIIii>i")

#define NAME_AND_TYPE(f) { #f, TYPE_OF(f) },
static const struct {
	const char *name, *type;
} functions[] = { WASI_FUNCTIONS(NAME_AND_TYPE) };

START_TEST(every_prototype_is_its_row_of_the_table)
{
	size_t row = 0;

	while (strcmp(host_functions[row].module, "wasi_snapshot_preview1") != 0)
		row++;
	ck_assert_uint_eq(host_functions_count - row, ARRAY_LEN(functions));
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		ck_assert_str_eq(functions[i].name, host_functions[row + i].field);
		ck_assert_str_eq(functions[i].type, host_functions[row + i].type);
	}
}
END_TEST

/* --- strings --- */

START_TEST(arguments_lie_where_the_program_wants_them)
{
	ck_assert_uint_eq(wasi_args_sizes_get(NULL, 16, 21), WASI_OK); /* unaligned */
	ck_assert_uint_eq(u32_at(16), 2);
	ck_assert_uint_eq(u32_at(21), 9);
	ck_assert_uint_eq(wasi_args_get(NULL, END - 8, 1001), WASI_OK);
	ck_assert_uint_eq(u32_at(END - 8), 1001);
	ck_assert_uint_eq(u32_at(END - 4), 1006);
	ck_assert_mem_eq(MEMORY + 1001, "prog\0a b\0", 9);
	ck_assert_uint_eq(MEMORY[1010], 0); /* not one byte more: K= would follow */
}
END_TEST

START_TEST(the_environment_follows_the_arguments)
{
	ck_assert_uint_eq(wasi_environ_sizes_get(NULL, 16, 20), WASI_OK);
	ck_assert_uint_eq(u32_at(16), 1);
	ck_assert_uint_eq(u32_at(20), 4);
	ck_assert_uint_eq(wasi_environ_get(NULL, 100, END - 4), WASI_OK);
	ck_assert_str_eq((char *)MEMORY + u32_at(100), "K=V");
}
END_TEST

START_TEST(no_strings_need_no_room)
{
	ck_assert_int_eq(init_with(0, 0, "", 0), 0);
	ck_assert_uint_eq(wasi_args_get(NULL, END, END), WASI_OK);
	ck_assert_uint_eq(wasi_environ_get(NULL, 0, END), WASI_OK);
}
END_TEST

START_TEST(strings_that_find_no_room_are_not_begun)
{
	static const struct {
		uint32_t pointers, text;
	} bad[] = { { END - 7, 0 }, { END, 0 }, { UINT32_MAX, 0 }, { 0, END - 8 }, { 0, END },
		{ 0, UINT32_MAX } };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_uint_eq(
			wasi_args_get(NULL, bad[i].pointers, bad[i].text), WASI_FAULT);
	ck_assert_uint_eq(wasi_args_sizes_get(NULL, END - 3, 0), WASI_FAULT);
	ck_assert_uint_eq(wasi_args_sizes_get(NULL, 0, END - 3), WASI_FAULT);
	ck_assert(MEMORY[0] == 0 && memcmp(MEMORY, MEMORY + 1, END - 1) == 0);
}
END_TEST

START_TEST(start_blocks_that_do_not_hold_together_are_refused)
{
	static const struct {
		uint32_t arguments, variables, bytes;
	} bad[] = { { 3, 1, 13 }, { 1, 1, 13 }, { 2, 2, 13 }, { 2, 0, 13 }, { 2, 1, 12 },
		{ 2, 1, 5 }, { UINT32_MAX, 0, 13 }, { 0, UINT32_MAX, 13 }, { 0, 0, 1 } };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_int_eq(init_with(bad[i].arguments, bad[i].variables, "prog\0a b\0K=V",
					 bad[i].bytes),
			WASI_BAD_START);

	struct start_block *block = block_of(2, 1, "prog\0a b\0K=V", 13, false);
	ck_assert_int_eq(wasi_init(block, sizeof(*block) - 1), WASI_BAD_START);
	ck_assert_int_eq(wasi_init(block, sizeof(*block) + 12), WASI_BAD_START);
	block->strings_bytes = UINT32_MAX;
	ck_assert_int_eq(wasi_init(block, sizeof(*block) + 13), WASI_BAD_START);
}
END_TEST

/* --- clocks --- */

START_TEST(each_clock_tells_its_time)
{
	uint64_t real = (uint64_t)time(NULL) * 1000000000u;

	ck_assert_uint_eq(wasi_clock_time_get(NULL, WASI_CLOCK_MONOTONIC, 1, END - 8), WASI_OK);
	ck_assert_uint_eq(u64_at(END - 8), now_ns);
	now_ns += 777;
	for (uint32_t cpu = WASI_CLOCK_PROCESS_CPUTIME; cpu <= WASI_CLOCK_THREAD_CPUTIME;
		cpu++) {
		ck_assert_uint_eq(wasi_clock_time_get(NULL, cpu, 0, 3), WASI_OK);
		ck_assert_uint_eq(u64_at(3), 777);
	}
	ck_assert_uint_eq(
		wasi_clock_time_get(NULL, WASI_CLOCK_REALTIME, UINT64_MAX, 8), WASI_OK);
	ck_assert_uint_ge(u64_at(8), real);
	ck_assert_uint_lt(u64_at(8), real + 100 * 1000000000ull);
}
END_TEST

START_TEST(each_clock_has_a_resolution)
{
	for (uint32_t clock = 0; clock < WASI_CLOCKS; clock++) {
		ck_assert_uint_eq(wasi_clock_res_get(NULL, clock, 8), WASI_OK);
		ck_assert_uint_gt(u64_at(8), 0);
		ck_assert_uint_le(u64_at(8), 1000000000);
	}
}
END_TEST

START_TEST(unknown_clocks_and_wild_pointers_are_told)
{
	ck_assert_uint_eq(wasi_clock_time_get(NULL, WASI_CLOCKS, 0, 8), WASI_INVAL);
	ck_assert_uint_eq(wasi_clock_res_get(NULL, UINT32_MAX, 8), WASI_INVAL);
	ck_assert_uint_eq(wasi_clock_time_get(NULL, 1, 0, END - 7), WASI_FAULT);
	ck_assert_uint_eq(wasi_clock_res_get(NULL, 1, UINT32_MAX), WASI_FAULT);
}
END_TEST

/* --- chance and the end --- */

START_TEST(chance_comes_in_pieces_and_fills_all)
{
	asked.answer_bytes = UINT32_MAX;
	ck_assert_uint_eq(wasi_random_get(NULL, END - 10000, 10000), WASI_OK);
	ck_assert_uint_eq(asked.count, 3);
	ck_assert_mem_eq(asked.interface, rs_interface_random, 32);
	for (uint32_t i = 0; i < 10000; i += 16)
		ck_assert_uint_eq(MEMORY[END - 10000 + i], 0xa1 + i / 4096);
	ck_assert_uint_eq(MEMORY[END - 10001], 0);
}
END_TEST

START_TEST(less_chance_than_asked_for_is_an_error)
{
	will_answer("abc", 3);
	ck_assert_uint_eq(wasi_random_get(NULL, 0, 4), WASI_IO);
	will_answer("abcde", 5);
	ck_assert_uint_eq(wasi_random_get(NULL, 0, 4), WASI_IO);
	asked.answer_bytes = 2; /* cut */
	ck_assert_uint_eq(wasi_random_get(NULL, 0, 4), WASI_IO);
	asked.answer_bytes = 0;
	ck_assert_uint_eq(wasi_random_get(NULL, 0, 4), WASI_IO);
	asked.answer_bytes = UINT32_MAX;
	asked.status = RS_BUSY;
	ck_assert_uint_eq(wasi_random_get(NULL, 0, 4), WASI_AGAIN);
}
END_TEST

START_TEST(chance_for_nowhere_is_not_asked_for)
{
	ck_assert_uint_eq(wasi_random_get(NULL, END - 15, 16), WASI_FAULT);
	ck_assert_uint_eq(wasi_random_get(NULL, 16, UINT32_MAX), WASI_FAULT);
	ck_assert_uint_eq(wasi_random_get(NULL, UINT32_MAX, 16), WASI_FAULT);
	ck_assert_uint_eq(wasi_random_get(NULL, END, 0), WASI_OK);
	ck_assert_uint_eq(asked.count, 0);
}
END_TEST

START_TEST(the_program_ends_with_its_status)
{
	wasi_proc_exit(NULL, 41);
}
END_TEST

/* --- what is not here --- */

static uint64_t state = 88172645463325252ull;

static uint64_t wild(void)
{
	static const uint64_t edges[] = { 0, 1, 2, 3, 4, 8, END - 48, END - 8, END - 4, END - 1,
		END, END + 1, 0x7fffffff, 0x80000000, UINT32_MAX - 7, UINT32_MAX, UINT64_MAX };

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % 3 ? edges[state / 3 % ARRAY_LEN(edges)] : state;
}

static uint32_t call_wild(size_t row)
{
	w a = (w)wild(), b = (w)wild(), c = (w)wild(), d = (w)wild(), e = (w)wild(),
	  f = (w)wild(), g = (w)wild();
	W x = wild(), y = wild();

	if (state % 2)
		a %= 4; /* descriptors that may be open, more often */
	switch (row) {
#define CALL(n, name, ...) \
	case n:            \
		return wasi_##name(NULL, __VA_ARGS__);
		CALL(0, args_get, a, b)
		CALL(1, args_sizes_get, a, b)
		CALL(2, environ_get, a, b)
		CALL(3, environ_sizes_get, a, b)
		CALL(4, clock_res_get, a, b)
		CALL(5, clock_time_get, a, x, b)
		CALL(6, fd_advise, a, x, y, b)
		CALL(7, fd_allocate, a, x, y)
		CALL(9, fd_datasync, a)
		CALL(10, fd_fdstat_get, a, b)
		CALL(11, fd_fdstat_set_flags, a, b)
		CALL(13, fd_filestat_get, a, b)
		CALL(14, fd_filestat_set_size, a, x)
		CALL(15, fd_filestat_set_times, a, x, y, b)
		CALL(16, fd_pread, a, b, c, x, d)
		CALL(17, fd_prestat_dir_name, a, b, c)
		CALL(18, fd_prestat_get, a, b)
		CALL(19, fd_pwrite, a, b, c, x, d)
		CALL(20, fd_read, a, b, c, d)
		CALL(21, fd_readdir, a, b, c, x, d)
		CALL(23, fd_seek, a, x, b, c)
		CALL(24, fd_sync, a)
		CALL(25, fd_tell, a, b)
		CALL(26, fd_write, a, b, c, d)
		CALL(27, path_create_directory, a, b, c)
		CALL(28, path_filestat_get, a, b, c, d, e)
		CALL(29, path_filestat_set_times, a, b, c, d, x, y, e)
		CALL(30, path_link, a, b, c, d, e, f, g)
		CALL(31, path_open, a, b, c, d, e, x, y, f, g)
		CALL(32, path_readlink, a, b, c, d, e, f)
		CALL(33, path_remove_directory, a, b, c)
		CALL(34, path_rename, a, b, c, d, e, f)
		CALL(35, path_symlink, b, c, a, d, e)
		CALL(36, path_unlink_file, a, b, c)
		CALL(37, poll_oneoff, a, b, c % 8, d)
		CALL(39, proc_raise, a)
		CALL(40, random_get, a, b)
		CALL(42, sock_accept, a, b, c)
		CALL(43, sock_recv, a, b, c, d, e, f)
		CALL(44, sock_send, a, b, c, d, e)
		CALL(45, sock_shutdown, a, b)
	default:
		return WASI_OK; /* the others take no pointer and close what the rest needs */
	}
}

START_TEST(no_arguments_are_too_wild)
{
	bool known = true;

	attach();
	asked.answer_bytes = UINT32_MAX;
	for (int i = 0; i < 200000; i++) {
		if (i % 16 == 0) {
			uint64_t word = wild();
			memcpy(MEMORY + wild() % (END - 8), &word, sizeof(word));
		}
		sent.bytes = 0;
		known &= call_wild((size_t)i % ARRAY_LEN(functions)) <= WASI_NOTCAPABLE;
	}
	ck_assert(known);
}
END_TEST

START_TEST(what_is_not_here_answers_as_if_nothing_were_open)
{
	ck_assert_uint_eq(wasi_path_open(NULL, 3, 0, 0, 1, 0, 0, 0, 0, 64), WASI_BADF);
	ck_assert_uint_eq(wasi_path_open(NULL, 1, 0, 0, 1, 0, 0, 0, 0, 64), WASI_NOTDIR);
	ck_assert_uint_eq(wasi_path_symlink(NULL, 0, 1, 3, 0, 1), WASI_BADF);
	ck_assert_uint_eq(wasi_fd_readdir(NULL, 0, 0, 1, 0, 64), WASI_NOTDIR);
	ck_assert_uint_eq(wasi_fd_prestat_get(NULL, 3, 64), WASI_BADF);
	ck_assert_uint_eq(wasi_fd_prestat_dir_name(NULL, 3, 64, 8), WASI_BADF);
	ck_assert_uint_eq(wasi_fd_seek(NULL, 1, 0, 1, 64), WASI_SPIPE);
	ck_assert_uint_eq(wasi_fd_tell(NULL, 0, 64), WASI_SPIPE);
	ck_assert_uint_eq(wasi_fd_seek(NULL, 3, 0, 1, 64), WASI_BADF);
	ck_assert_uint_eq(wasi_sock_accept(NULL, 1, 0, 64), WASI_NOTSOCK);
	ck_assert_uint_eq(wasi_sock_shutdown(NULL, 3, 0), WASI_BADF);
	ck_assert_uint_eq(wasi_fd_sync(NULL, 1), WASI_OK);
	ck_assert_uint_eq(wasi_fd_datasync(NULL, 9), WASI_BADF);
	ck_assert_uint_eq(wasi_proc_raise(NULL, 9), WASI_NOSYS);
	ck_assert_uint_eq(wasi_sched_yield(NULL), WASI_OK);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("wasi");
	TCase *strings = add_case(s, "strings"), *clocks = add_case(s, "clocks"),
	      *chance = add_case(s, "chance and the end"), *rest = add_case(s, "the rest");

	tcase_add_test(strings, arguments_lie_where_the_program_wants_them);
	tcase_add_test(strings, the_environment_follows_the_arguments);
	tcase_add_test(strings, no_strings_need_no_room);
	tcase_add_test(strings, strings_that_find_no_room_are_not_begun);
	tcase_add_test(strings, start_blocks_that_do_not_hold_together_are_refused);
	tcase_add_test(clocks, each_clock_tells_its_time);
	tcase_add_test(clocks, each_clock_has_a_resolution);
	tcase_add_test(clocks, unknown_clocks_and_wild_pointers_are_told);
	tcase_add_test(chance, chance_comes_in_pieces_and_fills_all);
	tcase_add_test(chance, less_chance_than_asked_for_is_an_error);
	tcase_add_test(chance, chance_for_nowhere_is_not_asked_for);
	tcase_add_exit_test(chance, the_program_ends_with_its_status, 41);
	tcase_add_test(rest, every_prototype_is_its_row_of_the_table);
	tcase_add_test(rest, what_is_not_here_answers_as_if_nothing_were_open);
	tcase_add_test(rest, no_arguments_are_too_wild);
	return s;
}

CHECK_MAIN(suite)
