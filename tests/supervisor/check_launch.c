#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/syscall.h>

#include "ipc/fdpass.h"
#include "supervisor/child.h"
#include "supervisor/processes/launch.h"
#include "tests/check_run.h"

/*
 * The launcher of these tests is this program itself: REDSHIRT_LOG, which every launcher gets
 * to see, says that it is to be one, and in which way.
 */
static void tell(uint32_t kind, int32_t value, uint64_t process, int fd)
{
	struct launcher_event event = { kind, value, process };

	if (fdpass_send(LAUNCHER_SOCKET, &event, sizeof(event), &fd, fd >= 0))
		_exit(9);
}

static void serve(const char *way)
{
	struct start_request request;
	int fds[START_FDS], pid = getpid();

	while (true) {
		int r = fdpass_receive(
			LAUNCHER_SOCKET, &request, sizeof(request), fds, START_FDS);
		if (r == FDPASS_CLOSED)
			_exit(0);
		if (r == FDPASS_EMPTY) {
			usleep(1000);
			continue;
		}
		if (r)
			_exit(8);
		for (size_t i = 0; i < START_FDS; i++)
			close(fds[i]);
		if (strstr(way, "die"))
			_exit(3);
		if (strstr(way, "mute"))
			continue;
		if (strstr(way, "refuse")) {
			tell(LAUNCHER_FAILED, EAGAIN, request.process, -1);
			continue;
		}
		int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
		tell(LAUNCHER_STARTED, pid, request.process, pidfd);
		close(pidfd);
		tell(LAUNCHER_ENDED, 7 << 8, request.process, -1);
		if (strstr(way, "last-words"))
			_exit(0);
	}
}

__attribute__((constructor)) static void be_the_launcher(void)
{
	const char *way = getenv("REDSHIRT_LOG");

	if (!way || strncmp(way, "launcher", 8) != 0)
		return;
	if (getenv("HOME") || getenv("PATH"))
		_exit(7); /* it must not know them */
	if (strstr(way, "nothing"))
		_exit(0);
	if (strstr(way, "garbage"))
		(void)!send(LAUNCHER_SOCKET, "hello", 5, 0);
	tell(LAUNCHER_HELLO, 0x1fe, 0, -1);
	serve(way);
}

static struct loop *loop;
static struct launch *launch;
static struct seen {
	int rooms, started, failed, ended, died, status, pidfd_good;
} seen;
static int fds[START_FDS_MAX];

static void room(void *context)
{
	(void)context;
	seen.rooms++;
}

static void started(void *context, uint64_t process, pid_t pid, int pidfd)
{
	(void)context;
	(void)process;
	seen.started++;
	seen.pidfd_good += syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) == 0 && pid > 0;
	close(pidfd);
}

static void failed(void *context, uint64_t process, int error)
{
	(void)context;
	(void)process;
	seen.failed++;
	seen.status = error;
}

static void ended(void *context, uint64_t process, int status)
{
	(void)context;
	(void)process;
	seen.ended++;
	seen.status = status;
}

static void died(void *context)
{
	(void)context;
	seen.died++;
}

static void begin(const char *way)
{
	static const struct launch_events events = {
		.room = room, .started = started, .failed = failed, .ended = ended, .died = died
	};

	setenv("REDSHIRT_LOG", way, 1);
	seen = (struct seen){ 0 };
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(launch_new(loop, "/proc/self/exe", &events, &launch), 0);
	for (size_t i = 0; i < START_FDS; i++)
		fds[i] = STDERR_FILENO;
	fds[START_COUNTERS] = -1;
}

static void turn_until(const int *value, int until)
{
	uint64_t end = loop_now_ns() + 5000000000ull;

	while (*value < until && loop_now_ns() < end) {
		ck_assert_int_eq(loop_wait(loop, loop_now_ns() + 10000000), 0);
		loop_dispatch(loop);
	}
	ck_assert_int_ge(*value, until);
}

static void tear_down(void)
{
	launch = launch_free(launch);
	loop = loop_free(loop);
}

START_TEST(a_worker_is_asked_for_started_and_ends)
{
	begin("launcher");
	ck_assert_int_eq(launch_start(launch, 1, fds), LAUNCH_LATER); /* not greeted yet */
	turn_until(&seen.rooms, 1);
	ck_assert(launch_there(launch));
	ck_assert_uint_eq(launch_walls(launch), 0x1fe);
	ck_assert_int_eq(launch_start(launch, 1, fds), 0);
	turn_until(&seen.ended, 1);
	ck_assert_int_eq(seen.started, 1);
	ck_assert_int_eq(seen.pidfd_good, 1);
	ck_assert_int_eq(seen.status, 7 << 8);
	ck_assert_int_eq(seen.died, 0);
}
END_TEST

START_TEST(a_fork_that_fails_is_told)
{
	begin("launcher refuse");
	turn_until(&seen.rooms, 1);
	ck_assert_int_eq(launch_start(launch, 1, fds), 0);
	turn_until(&seen.failed, 1);
	ck_assert_int_eq(seen.status, EAGAIN);
}
END_TEST

START_TEST(so_many_requests_may_be_under_way)
{
	begin("launcher mute");
	turn_until(&seen.rooms, 1);
	for (uint64_t i = 0; i < LAUNCH_IN_FLIGHT_MAX; i++)
		ck_assert_int_eq(launch_start(launch, i, fds), 0);
	ck_assert(!launch_room(launch));
	ck_assert_int_eq(launch_start(launch, 99, fds), LAUNCH_LATER);
}
END_TEST

START_TEST(a_launcher_that_dies_is_told_and_comes_back)
{
	begin("launcher die");
	turn_until(&seen.rooms, 1);
	ck_assert_int_eq(launch_start(launch, 1, fds), 0);
	turn_until(&seen.died, 1);
	ck_assert(!launch_there(launch));
	ck_assert_int_eq(launch_start(launch, 2, fds), LAUNCH_LATER);
	turn_until(&seen.rooms, 2);
	ck_assert(launch_there(launch));
	ck_assert_int_eq(seen.died, 1);
}
END_TEST

START_TEST(its_last_words_are_heard_before_its_death)
{
	begin("launcher last-words");
	turn_until(&seen.rooms, 1);
	ck_assert_int_eq(launch_start(launch, 1, fds), 0);
	turn_until(&seen.died, 1);
	ck_assert_int_eq(seen.started, 1);
	ck_assert_int_eq(seen.ended, 1);
}
END_TEST

START_TEST(one_that_never_greets_is_tried_again_later_and_later)
{
	begin("launcher nothing");
	uint64_t begun = loop_now_ns();
	turn_until(&seen.died, 4);
	ck_assert_uint_ge(
		loop_now_ns() - begun, 600000000ull); /* 100 + 200 + 400 ms, less a turn */
	ck_assert(!launch_there(launch));
}
END_TEST

START_TEST(one_that_talks_garbage_is_replaced)
{
	begin("launcher garbage");
	turn_until(&seen.died, 2);
	ck_assert_int_eq(seen.started, 0);
}
END_TEST

START_TEST(a_path_that_cannot_be_run_is_an_error)
{
	static const struct launch_events events = { .room = room };

	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(launch_new(loop, "/nonexistent/launcher", &events, &launch), -ENOENT);
	launch = NULL;
}
END_TEST

START_TEST(every_wall_has_a_name)
{
	for (enum wall wall = 0; wall < WALLS; wall++)
		ck_assert_str_ne(launch_wall_text(wall), "unnamed");
	ck_assert_str_eq(launch_wall_text(WALLS), "unnamed");
	ck_assert_int_eq(loop_new(&loop), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("launch");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, NULL, tear_down);
	tcase_add_test(all, a_worker_is_asked_for_started_and_ends);
	tcase_add_test(all, a_fork_that_fails_is_told);
	tcase_add_test(all, so_many_requests_may_be_under_way);
	tcase_add_test(all, a_launcher_that_dies_is_told_and_comes_back);
	tcase_add_test(all, its_last_words_are_heard_before_its_death);
	tcase_add_test(all, one_that_never_greets_is_tried_again_later_and_later);
	tcase_add_test(all, one_that_talks_garbage_is_replaced);
	tcase_add_test(all, a_path_that_cannot_be_run_is_an_error);
	tcase_add_test(all, every_wall_has_a_name);
	tcase_set_timeout(all, 30);
	suite_add_tcase(s, all);
	return s;
}

CHECK_MAIN(suite)
