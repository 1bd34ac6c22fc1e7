#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "aotc/jail.h"
#include "aotc/jail_walls.h"
#include "aotc/work.h"
#include "tests/check_run.h"

static const struct jail_limits gentle = {
	.cpu_s = 5,
	.wall_s = 20,
	.memory_bytes = 1 * GIB,
	.file_bytes = 1 * MIB,
};

static struct work work;

static void open_work(void)
{
	ck_assert_int_eq(work_open(NULL, &work), 0);
}

static void close_work(void)
{
	work_close(&work);
}

static struct jail_job job_of_shell(const char *script)
{
	static const char *argv[4];
	static char text[512];

	argv[0] = "sh";
	argv[1] = "-c";
	snprintf(text, sizeof text, "%s", script);
	argv[2] = text;
	return (struct jail_job){
		.program = "/bin/sh",
		.argv = argv,
		.work_fd = work.fd,
		.output_fd = -1,
		.error_fd = -1,
		.keep_fds = { -1, -1 },
		.limits = gentle,
	};
}

static struct jail_job job_of_function(int (*function)(void *), void *argument)
{
	return (struct jail_job){
		.function = function,
		.argument = argument,
		.work_fd = work.fd,
		.output_fd = -1,
		.error_fd = -1,
		.keep_fds = { -1, -1 },
		.limits = gentle,
	};
}

static struct jail_end run(struct jail_job job)
{
	struct jail_end end;

	ck_assert_int_eq(jail_run(&job, &end), 0);
	return end;
}

static struct jail_end shell(const char *script)
{
	return run(job_of_shell(script));
}

START_TEST(a_tool_runs_in_the_work_folder)
{
	char text[16];
	struct jail_end end = shell("printf here > out.txt; exit 7");

	ck_assert_int_eq(end.how, JAIL_EXITED);
	ck_assert_int_eq(end.code, 7);
	work_head(&work, "out.txt", text, sizeof text);
	ck_assert_str_eq(text, "here");
}
END_TEST

static int answer(void *argument)
{
	return *(int *)argument;
}

START_TEST(a_function_runs_and_its_answer_is_the_code)
{
	int code = 9;

	ck_assert_int_eq(run(job_of_function(answer, &code)).code, 9);
}
END_TEST

START_TEST(a_signal_is_told_apart_from_an_exit)
{
	struct jail_end end = shell("kill -SEGV $$");

	ck_assert_int_eq(end.how, JAIL_KILLED);
	ck_assert_int_eq(end.code, SIGSEGV);
}
END_TEST

START_TEST(a_missing_program_is_named)
{
	struct jail_job job = job_of_shell("");
	struct jail_end end;

	job.program = "/usr/bin/there is no such tool";
	ck_assert_int_eq(jail_run(&job, &end), 0);
	ck_assert_int_eq(end.how, JAIL_BROKEN);
	ck_assert_int_eq(end.code, ENOENT);
	ck_assert_str_eq(end.where, "program");
}
END_TEST

START_TEST(the_environment_is_ours_alone)
{
	char text[256];

	setenv("SECRET", "of the user", 1);
	shell("/usr/bin/env > env.txt");
	work_head(&work, "env.txt", text, sizeof text);
	ck_assert_ptr_null(strstr(text, "SECRET"));
	ck_assert_ptr_nonnull(strstr(text, "LC_ALL=C"));
}
END_TEST

START_TEST(no_descriptor_of_ours_gets_in)
{
	char text[256];
	int secret = open("/etc/hostname", O_RDONLY); /* without O_CLOEXEC */

	ck_assert_int_ge(secret, 0);
	shell("for i in 3 4 5 6 7 8 9; do (: <&$i) 2>/dev/null && echo $i; done > fds.txt; "
	      "echo end >> fds.txt");
	work_head(&work, "fds.txt", text, sizeof text);
	ck_assert_str_eq(text, "end\n");
}
END_TEST

START_TEST(a_kept_folder_is_reached_by_its_descriptor)
{
	char text[64];
	struct jail_job job =
		job_of_shell("test -f /proc/self/fd/10/stdio.h && echo yes > found.txt");

	job.keep_fds[0] = open("/usr/include", O_PATH | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(run(job).code, 0);
	work_head(&work, "found.txt", text, sizeof text);
	ck_assert_str_eq(text, "yes\n");
}
END_TEST

/* Limits. */

START_TEST(an_endless_loop_ends_with_its_time)
{
	struct jail_job job = job_of_shell("while :; do :; done");

	job.limits.cpu_s = 1;
	ck_assert_int_eq(run(job).how, JAIL_NO_CPU);
}
END_TEST

START_TEST(a_sleeper_ends_at_the_deadline)
{
	struct jail_job job = job_of_shell("sleep 1000");

	job.limits.wall_s = 1;
	ck_assert_int_eq(run(job).how, JAIL_NO_TIME);
}
END_TEST

START_TEST(a_large_file_is_not_written)
{
	struct jail_end end = shell("exec head -c 2000000 /dev/zero > big");

	/* where landlock stands there is no /dev/zero */
	if (end.walls & 1 << JAIL_FILES)
		end = shell("exec dd if=/bin/sh of=big bs=1M seek=8 count=1");
	ck_assert_int_eq(end.how, JAIL_BIG_FILE);
}
END_TEST

#ifndef __SANITIZE_ADDRESS__ /* whose shadow needs terabytes, so that functions have no limit \
				there */
static int wants_two_gib(void *argument)
{
	(void)argument;
	return mmap(NULL, 2 * GIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
		       ? 5
		       : 6;
}

START_TEST(memory_beyond_the_limit_is_not_given)
{
	ck_assert_int_eq(run(job_of_function(wants_two_gib, NULL)).code, 5);
}
END_TEST
#endif

/* Walls. */

START_TEST(files_outside_cannot_be_read)
{
	struct jail_end end = shell("cat /etc/hostname || exit 3");

	if (end.walls & 1 << JAIL_FILES)
		ck_assert_int_eq(end.code, 3);
}
END_TEST

START_TEST(files_of_the_user_cannot_be_written)
{
	char path[] = "/tmp/redshirt-canary-XXXXXX", script[128];
	int canary = mkstemp(path);

	ck_assert_int_ge(canary, 0);
	snprintf(script, sizeof script, "echo gone > %s || exit 3", path);
	struct jail_end end = shell(script);
	struct stat st;
	ck_assert_int_eq(fstat(canary, &st), 0);
	if (end.walls & 1 << JAIL_FILES)
		ck_assert_int_eq(st.st_size, 0);
	unlink(path);
}
END_TEST

START_TEST(what_was_written_cannot_be_run)
{
	struct jail_end end = shell("cp /bin/true mine && ./mine || exit 3");

	if (end.walls & 1 << JAIL_FILES)
		ck_assert_int_eq(end.code, 3);
}
END_TEST

static int try_calls(void *argument)
{
	(void)argument;
	if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM)
		return 1;
	if (syscall(SYS_unshare, 0x10000000) >= 0 || errno != EPERM)
		return 2;
	if (syscall(SYS_ptrace, 0, 0, 0, 0) >= 0 || errno != EPERM)
		return 3;
	if (syscall(SYS_io_uring_setup, 1, NULL) >= 0 || errno != EPERM)
		return 4;
	if (syscall(SYS_clone, 0x10000000 | SIGCHLD, 0, 0, 0, 0) >= 0 || errno != EPERM)
		return 5;
	return getuid() == 0 ? 6 : 0;
}

START_TEST(calls_no_compiler_needs_are_refused)
{
	struct jail_end end = run(job_of_function(try_calls, NULL));

	ck_assert_int_eq(end.how, JAIL_EXITED);
	ck_assert_int_eq(end.code, 0);
	ck_assert(end.walls & 1 << JAIL_CALLS);
	ck_assert(end.walls & 1 << JAIL_PRIVILEGES);
}
END_TEST

/* Death. */

/* The read end sees the end of file when the last process that holds the other end is gone. */
static bool all_gone(int reading)
{
	struct pollfd p = { .fd = reading, .events = POLLIN };
	char byte;

	return poll(&p, 1, 5000) == 1 && read(reading, &byte, 1) == 0;
}

START_TEST(what_a_job_leaves_behind_dies_with_it)
{
	int fds[2];
	struct jail_job job = job_of_shell("sleep 1000 & exit 0");

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	job.error_fd = fds[1];
	ck_assert_int_eq(run(job).how, JAIL_EXITED);
	close(fds[1]);
	ck_assert(all_gone(fds[0]));
}
END_TEST

START_TEST(all_of_it_dies_when_we_are_killed)
{
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	pid_t us = fork();
	if (us == 0) {
		struct jail_job job = job_of_shell("sleep 1000 & echo up >&2; sleep 1000");
		job.error_fd = fds[1];
		run(job);
		_exit(0);
	}
	close(fds[1]);
	char up[3];
	ck_assert_int_eq(read(fds[0], up, sizeof up), sizeof up);
	kill(us, SIGKILL);
	ck_assert_int_eq(waitpid(us, NULL, 0), us);
	ck_assert(all_gone(fds[0]));
}
END_TEST

START_TEST(a_killed_child_is_gone)
{
	int fds[2];
	struct jail_child child = JAIL_NO_CHILD;
	struct jail_job job = job_of_shell("sleep 1000 & sleep 1000");

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	job.error_fd = fds[1];
	ck_assert_int_eq(jail_start(&job, &child), 0);
	jail_kill(&child);
	jail_kill(&child); /* harmless */
	close(fds[1]);
	ck_assert(all_gone(fds[0]));
}
END_TEST

/* Everything above once more, as somebody who is not root. */
static void become_somebody(void)
{
	if (geteuid() == 0 && (setgid(31337) < 0 || setuid(31337) < 0))
		ck_abort_msg("cannot become another user");
	open_work();
}

#ifndef __SANITIZE_ADDRESS__
/* And where no namespaces are to be had: the jail's own filter refuses them to us. */
static void do_without_namespaces(void)
{
	ck_assert_int_eq(jail_calls(NULL), 0);
	open_work();
}

START_TEST(what_is_missing_is_told)
{
	struct jail_end end = shell("true");

	ck_assert_uint_eq(end.walls & 1 << JAIL_NAMESPACES, 0);
	ck_assert_uint_ne(end.walls & 1 << JAIL_CALLS, 0);
}
END_TEST
#endif

static void add_tests(TCase *tc)
{
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, a_tool_runs_in_the_work_folder);
	tcase_add_test(tc, a_function_runs_and_its_answer_is_the_code);
	tcase_add_test(tc, a_signal_is_told_apart_from_an_exit);
	tcase_add_test(tc, a_missing_program_is_named);
	tcase_add_test(tc, the_environment_is_ours_alone);
	tcase_add_test(tc, no_descriptor_of_ours_gets_in);
	tcase_add_test(tc, a_kept_folder_is_reached_by_its_descriptor);
	tcase_add_test(tc, an_endless_loop_ends_with_its_time);
	tcase_add_test(tc, a_sleeper_ends_at_the_deadline);
	tcase_add_test(tc, a_large_file_is_not_written);
#ifndef __SANITIZE_ADDRESS__
	tcase_add_test(tc, memory_beyond_the_limit_is_not_given);
#endif
	tcase_add_test(tc, files_outside_cannot_be_read);
	tcase_add_test(tc, files_of_the_user_cannot_be_written);
	tcase_add_test(tc, what_was_written_cannot_be_run);
	tcase_add_test(tc, calls_no_compiler_needs_are_refused);
	tcase_add_test(tc, what_a_job_leaves_behind_dies_with_it);
	tcase_add_test(tc, all_of_it_dies_when_we_are_killed);
	tcase_add_test(tc, a_killed_child_is_gone);
}

static Suite *jail_suite(void)
{
	Suite *s = suite_create("jail");
	TCase *as_we_are = tcase_create("as we are"), *somebody = tcase_create("as somebody");

	tcase_add_checked_fixture(as_we_are, open_work, close_work);
	add_tests(as_we_are);
	suite_add_tcase(s, as_we_are);
#ifndef __SANITIZE_ADDRESS__ /* its leak check wants ptrace, which the filter refuses */
	TCase *without = tcase_create("without namespaces");
	tcase_add_checked_fixture(without, do_without_namespaces, close_work);
	add_tests(without);
	tcase_add_test(without, what_is_missing_is_told);
	suite_add_tcase(s, without);
#endif
	tcase_add_checked_fixture(somebody, become_somebody, close_work);
	add_tests(somebody);
	suite_add_tcase(s, somebody);
	return s;
}

CHECK_MAIN(jail_suite)
