/*
 * check_launcher.c: the real launcher starts workers, says how each ended, and takes them with
 * it; a worker says why it trapped.
 */
#include <time.h>

#include "tests/check_run.h"
#include "tests/runtime/launch.h"
#include "tests/runtime/native.h"

static struct launcher launcher;
static int object;

static void set_up(void)
{
	object = launch_object("tests/runtime/native.c", "-I.");
	launcher = launch(0);
}

static struct launched start(enum native_job job, uint64_t number)
{
	struct native_params params = { .job = job, .number = number };
	int sealed = launch_params(object, &params, sizeof(params));
	struct launched w = launch_worker(&launcher, sealed);

	close(sealed);
	return w;
}

static int run(enum native_job job, uint64_t number, struct launched *w)
{
	*w = start(job, number);
	return launch_ended(&launcher, w);
}

/* ---- starting and ending ---- */

START_TEST(a_worker_is_ready_and_runs)
{
	struct launched w = start(NATIVE_RETURN, 0);

	launch_ready(&w);
	ck_assert_int_eq(launch_ended(&launcher, &w), 0);
	ck_assert(bell_page_sealed(w.page_fd));
	ck_assert_uint_eq(w.page->trap.cause, TRAP_NONE);
}
END_TEST

START_TEST(the_filter_always_stands)
{
	ck_assert(launcher.walls & 1u << WALL_SECCOMP);
	ck_assert(launcher.walls & 1u << WALL_UNPRIVILEGED);
}
END_TEST

START_TEST(an_exit_code_that_is_not_zero_never_becomes_zero)
{
	static const struct {
		uint32_t code;
		int status;
	} rows[] = { { 0, 0 }, { 1, 1 }, { 127, 127 }, { 255, 255 }, { 256, 255 },
		{ UINT32_MAX, 255 } };
	struct launched w;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int status = run(NATIVE_EXIT, rows[i].code, &w);

		ck_assert(WIFEXITED(status));
		ck_assert_int_eq(WEXITSTATUS(status), rows[i].status);
		ck_assert_uint_eq(w.page->trap.cause, TRAP_NONE);
	}
}
END_TEST

START_TEST(a_killed_worker_is_told_of_once)
{
	struct launched w = start(NATIVE_WAIT, 0);
	struct launcher_event event;

	launch_ready(&w);
	kill(w.pid, SIGKILL);
	int status = launch_ended(&launcher, &w);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ck_assert(!launch_event(&launcher, &event, NULL, 100));
}
END_TEST

START_TEST(a_batch_of_requests_keeps_its_order)
{
	enum {
		N = 100
	};
	struct native_params params = { .job = NATIVE_WAIT };
	int sealed = launch_params(object, &params, sizeof(params));
	static struct launched w[N];

	for (uint64_t i = 0; i < N; i++)
		w[i] = launch_ask(&launcher, sealed, 100 + i, LAUNCH_MEMORY, 0);
	for (uint64_t i = 0; i < N; i++)
		launch_started(&launcher, &w[i]);
	for (uint64_t i = 0; i < N; i++)
		launch_ready(&w[i]);
}
END_TEST

START_TEST(what_is_not_an_object_never_runs)
{
	uint8_t junk[16384];
	struct launched w;
	int fd;

	memset(junk, 0x5a, sizeof(junk));
	ck_assert_int_eq(memfd_new("junk", sizeof(junk), 0, &fd), 0);
	ck_assert_int_eq(pwrite(fd, junk, sizeof(junk), 0), sizeof(junk));
	w = launch_worker(&launcher, fd);
	int status = launch_ended(&launcher, &w);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), WORKER_EXIT_OBJECT);
	ck_assert_uint_eq(w.page->trap.cause, TRAP_RUNTIME);
}
END_TEST

START_TEST(a_program_that_begins_over_its_limit_never_runs)
{
	struct native_params params = { .job = NATIVE_RETURN };
	int sealed = launch_params(object, &params, sizeof(params));
	struct launched w = launch_ask(&launcher, sealed, 7, 3 * 65536, 0);

	launch_started(&launcher, &w);
	ck_assert_int_eq(WEXITSTATUS(launch_ended(&launcher, &w)), WORKER_EXIT_MEMORY);
}
END_TEST

static bool gone(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, LAUNCH_WAIT_MS) == 1;
}

START_TEST(killing_the_launcher_ends_its_workers)
{
	struct launched idle = start(NATIVE_WAIT, 0), busy;

	busy = start(NATIVE_SPIN, 0);
	launch_ready(&idle);
	launch_ready(&busy);
	kill(launcher.pid, SIGKILL);
	ck_assert(gone(idle.pidfd));
	ck_assert(gone(busy.pidfd));
}
END_TEST

START_TEST(launcher_and_workers_end_when_rsd_does)
{
	struct launched w = start(NATIVE_WAIT, 0);
	int status;

	launch_ready(&w);
	close(launcher.socket);
	ck_assert_int_eq(waitpid(launcher.pid, &status, 0), launcher.pid);
	ck_assert_int_eq(status, 0);
	ck_assert(gone(w.pidfd));
}
END_TEST

/* ---- traps ---- */

static void expect_trap(enum native_job job, uint64_t number, int code, enum trap_cause cause)
{
	struct launched w;
	int status = run(job, number, &w);

	ck_assert_msg(WIFEXITED(status), "status %x", status);
	ck_assert_int_eq(WEXITSTATUS(status), code);
	ck_assert_uint_eq(w.page->trap.cause, cause);
	/* it happened in the object's code, which is less than a megabyte */
	ck_assert_uint_gt(w.page->trap.code, 0);
	ck_assert_uint_lt(w.page->trap.code, 1 << 20);
	launch_forget(&w);
}

START_TEST(a_trap_says_its_cause_and_where)
{
	expect_trap(NATIVE_DIVIDE, 0, 136, TRAP_DIVISION_BY_ZERO);
	expect_trap(NATIVE_ILLEGAL, 0, 132, TRAP_ILLEGAL_INSTRUCTION);
	expect_trap(NATIVE_OVERFLOW, 0, 139, TRAP_STACK);
	expect_trap(NATIVE_TRAP, TRAP_UNREACHABLE, 132, TRAP_UNREACHABLE);
	expect_trap(NATIVE_TRAP, TRAP_INDIRECT_CALL, 132, TRAP_INDIRECT_CALL);
	expect_trap(NATIVE_TRAP, TRAP_INTEGER_OVERFLOW, 136, TRAP_INTEGER_OVERFLOW);
	expect_trap(NATIVE_TRAP, TRAP_INVALID_CONVERSION, 136, TRAP_INVALID_CONVERSION);
	expect_trap(NATIVE_TRAP, TRAP_OUT_OF_BOUNDS, 139, TRAP_OUT_OF_BOUNDS);
	expect_trap(NATIVE_TRAP, 12345, WORKER_EXIT_RUNTIME, TRAP_RUNTIME);
	expect_trap(NATIVE_LOAD_LOW, 0, WORKER_EXIT_RUNTIME, TRAP_RUNTIME);
}
END_TEST

START_TEST(out_of_bounds_says_the_address)
{
	static const uint64_t addresses[] = { 4 * 65536, 0xffffffff - 16, 0xffffffff,
		0x100000000, 0x1ffffffff, 0x1ffffffff + 8 };
	struct launched w;

	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		ck_assert_int_eq(WEXITSTATUS(run(NATIVE_LOAD, addresses[i], &w)), 139);
		ck_assert_uint_eq(w.page->trap.cause, TRAP_OUT_OF_BOUNDS);
		ck_assert_uint_eq(w.page->trap.signal, SIGSEGV);
		ck_assert_uint_eq(w.page->trap.address, addresses[i]);
	}
	ck_assert_int_eq(WEXITSTATUS(run(NATIVE_LOAD, 4 * 65536 - 1, &w)), NATIVE_DONE);
}
END_TEST

START_TEST(a_trap_at_instantiation_is_one_as_well)
{
	struct native_params params = { .job = NATIVE_DIVIDE, .at_start = 1 };
	struct launched w =
		launch_worker(&launcher, launch_params(object, &params, sizeof(params)));

	launch_ready(&w);
	ck_assert_int_eq(WEXITSTATUS(launch_ended(&launcher, &w)), 136);
}
END_TEST

START_TEST(processor_time_has_its_limit)
{
	struct native_params params = { .job = NATIVE_SPIN };
	int sealed = launch_params(object, &params, sizeof(params));
	struct launched w = launch_ask(&launcher, sealed, 7, LAUNCH_MEMORY, 1);

	launch_started(&launcher, &w);
	int status = launch_ended(&launcher, &w);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU);
}
END_TEST

/* ---- memory ---- */

START_TEST(memory_grows_to_its_limit_and_not_past_it)
{
	struct launched w;
	uint32_t limit = LAUNCH_MEMORY / 65536;

	ck_assert_int_eq(WEXITSTATUS(run(NATIVE_GROW, 0, &w)), NATIVE_DONE);
	ck_assert_int_eq(WEXITSTATUS(run(NATIVE_GROW, 1, &w)), NATIVE_DONE);
	ck_assert_int_eq(WEXITSTATUS(run(NATIVE_GROW, limit - 4, &w)), NATIVE_DONE);
	ck_assert_int_eq(WEXITSTATUS(run(NATIVE_GROW, limit - 3, &w)), NATIVE_FAILED);
	ck_assert_int_eq(WEXITSTATUS(run(NATIVE_GROW, UINT32_MAX, &w)), NATIVE_FAILED);
}
END_TEST

START_TEST(native_code_gets_no_more_memory_by_itself)
{
	struct launched w;

	/* 16 MiB less what it began with; the last megabyte does not fit any more */
	ck_assert_int_eq(WEXITSTATUS(run(NATIVE_GRAB, 0, &w)), LAUNCH_MEMORY / MIB - 1);
}
END_TEST

START_TEST(the_c_library_lends_its_mathematics)
{
	struct launched w;

	ck_assert_int_eq(WEXITSTATUS(run(NATIVE_LIBM, 0, &w)), NATIVE_DONE);
}
END_TEST

static Suite *launcher_suite(void)
{
	Suite *suite = suite_create("launcher");
	TCase *life = tcase_create("life"), *traps = tcase_create("traps"),
	      *memory = tcase_create("memory");

	tcase_add_checked_fixture(life, set_up, NULL);
	tcase_add_test(life, a_worker_is_ready_and_runs);
	tcase_add_test(life, the_filter_always_stands);
	tcase_add_test(life, an_exit_code_that_is_not_zero_never_becomes_zero);
	tcase_add_test(life, a_killed_worker_is_told_of_once);
	tcase_add_test(life, a_batch_of_requests_keeps_its_order);
	tcase_add_test(life, what_is_not_an_object_never_runs);
	tcase_add_test(life, a_program_that_begins_over_its_limit_never_runs);
	tcase_add_test(life, killing_the_launcher_ends_its_workers);
	tcase_add_test(life, launcher_and_workers_end_when_rsd_does);
	tcase_add_checked_fixture(traps, set_up, NULL);
	tcase_add_test(traps, a_trap_says_its_cause_and_where);
	tcase_add_test(traps, out_of_bounds_says_the_address);
	tcase_add_test(traps, a_trap_at_instantiation_is_one_as_well);
	tcase_add_test(traps, processor_time_has_its_limit);
	tcase_add_checked_fixture(memory, set_up, NULL);
	tcase_add_test(memory, memory_grows_to_its_limit_and_not_past_it);
	tcase_add_test(memory, native_code_gets_no_more_memory_by_itself);
	tcase_add_test(memory, the_c_library_lends_its_mathematics);
	suite_add_tcase(suite, life);
	suite_add_tcase(suite, traps);
	suite_add_tcase(suite, memory);
	return suite;
}

CHECK_MAIN(launcher_suite)
