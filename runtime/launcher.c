/*
 * launcher.c: forks one worker for each request of rsd, and tells how each ended. rsd executes
 * it before it reads anything; it is single-threaded, sees no untrusted byte, and drops once
 * what every worker would have to drop. It ends when rsd does, and its workers end with it.
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "ipc/fdpass.h"
#include "ipc/log.h"
#include "runtime/filter.h"
#include "runtime/imports.h"
#include "runtime/lock.h"
#include "runtime/start.h"
#include "runtime/trap.h"
#include "runtime/worker.h"

#define CHILDREN_MAX  32768u
#define REQUESTS_TURN 16 /* starts in a row before the dead are looked at */
#define RETRY_MS      2  /* the kernel has too many descriptors in flight */

LARGE_TABLE static struct {
	pid_t pid;
	uint64_t process;
} children[CHILDREN_MAX];
static uint32_t children_count;

static int null_fd, signal_fd;
static struct sock_fprog filter;
static void *stack_top;
static pid_t self;

/* ---- telling rsd ---- */

static void say(uint32_t kind, int32_t value, uint64_t process, int fd)
{
	struct launcher_event event = { .kind = kind, .value = value, .process = process };
	int r;

	while ((r = fdpass_send(LAUNCHER_SOCKET, &event, sizeof(event), &fd, fd >= 0))) {
		struct pollfd room = { .fd = LAUNCHER_SOCKET, .events = POLLOUT };

		if (r == -ETOOMANYREFS || r == -ENOBUFS)
			poll(NULL, 0, RETRY_MS);
		else if (r == -EAGAIN)
			poll(&room, 1, -1);
		else
			exit(EXIT_SUCCESS); /* rsd is gone */
	}
}

/* ---- workers end ---- */

static void forget(uint32_t i)
{
	children[i] = children[--children_count];
}

static void buried(pid_t pid, int status)
{
	for (uint32_t i = 0; i < children_count; i++)
		if (children[i].pid == pid) {
			say(LAUNCHER_ENDED, status, children[i].process, -1);
			forget(i);
			return;
		}
}

static void bury_all(void)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	/* one signal may stand for many ends */
	while (read(signal_fd, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		buried(pid, status);
}

/* ---- workers begin ---- */

static int begin(void *birth)
{
	worker_live(birth);
}

static void start(uint64_t process, struct worker_birth *birth)
{
	CLEANUP(fd_closep) int pidfd = -1;

	if (children_count == CHILDREN_MAX) {
		say(LAUNCHER_FAILED, EAGAIN, process, -1);
		return;
	}
	/* a copy of everything, as fork(), but on the stack that has guards */
	pid_t pid = clone(begin, stack_top, CLONE_PIDFD | SIGCHLD, birth, &pidfd);
	if (pid < 0) {
		say(LAUNCHER_FAILED, errno, process, -1);
		return;
	}
	children[children_count].pid = pid;
	children[children_count++].process = process;
	say(LAUNCHER_STARTED, pid, process, pidfd);
}

/* False: no request is waiting. */
static bool serve_one(void)
{
	struct worker_birth birth = { .launcher = self, .null_fd = null_fd, .filter = &filter };
	struct start_request request;
	int r = fdpass_receive_up_to(LAUNCHER_SOCKET, &request, sizeof(request), birth.fds,
		START_FDS, START_FDS_MAX);

	if (r == FDPASS_EMPTY)
		return false;
	if (r == FDPASS_CLOSED)
		exit(EXIT_SUCCESS);
	if (r) {
		log_error("request", "error=%d: not what rsd sends", r);
		exit(EXIT_FAILURE);
	}
	start(request.process, &birth);
	for (size_t i = 0; i < START_FDS_MAX; i++)
		fd_closep(&birth.fds[i]);
	return true;
}

static void serve(void)
{
	struct pollfd wake[] = { { .fd = LAUNCHER_SOCKET, .events = POLLIN },
		{ .fd = signal_fd, .events = POLLIN } };

	while (poll(wake, ARRAY_LEN(wake), -1) > 0 || errno == EINTR) {
		for (int n = 0; n < REQUESTS_TURN && serve_one(); n++)
			;
		bury_all();
	}
}

/* ---- set-up ---- */

/*
 * Workers read the clock without a system call, if the machine can do that: some clock sources
 * cannot. Found out in a process that dies of it.
 */
static bool clock_is_a_call(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct timespec t;

		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
		clock_gettime(CLOCK_MONOTONIC, &t);
		clock_gettime(CLOCK_REALTIME, &t);
		syscall(SYS_exit_group, 0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status);
}

static int make_filter(void)
{
	int r = filter_new(false, &filter);

	if (r == 0 && clock_is_a_call()) {
		log_warning("clock", "the clock source is slow: workers may call the kernel");
		r = filter_new(true, &filter);
	}
	return r;
}

static int open_files(void)
{
	sigset_t ends;

	/* nothing of rsd's but standard error and the socket */
	if (syscall(SYS_close_range, LAUNCHER_SOCKET + 1, ~0u, 0))
		return -errno;
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigemptyset(&ends);
	sigaddset(&ends, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	signal_fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	return null_fd < 0 || signal_fd < 0 ? -errno : 0;
}

/* Workers inherit it: the bell of a peer that just died is a broken pipe, and no reason to
 * follow it. */
static int ignore_broken_pipes(void)
{
	return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -errno : 0;
}

static int make_stack(void)
{
	return trap_stack_new(&stack_top);
}

static uint32_t walls;

static int lock(void)
{
	const char *failed;
	int r = lock_launcher(&walls, &failed);

	if (r)
		log_error("lock", "step=\"%s\" error=%d", failed, r);
	return r;
}

/* A new user id forgets it, so after the lock; rsd may be gone already: then the socket says
 * so. */
static int die_with_rsd(void)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) ? -errno : 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} set_up[] = {
	{ "files", open_files },
	{ "broken pipes", ignore_broken_pipes },
	{ "filter", make_filter },
	{ "stack", make_stack },
	{ "lock", lock },
	{ "parent", die_with_rsd },
};

int main(void)
{
	log_open("launcher");
	self = getpid();
	if (!imports_agree()) {
		log_error("imports", "host functions in another order than the ABI's");
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < ARRAY_LEN(set_up); i++) {
		int r = set_up[i].run();

		if (r) {
			log_error(
				"set-up", "step=%s error=\"%s\"", set_up[i].name, strerror(-r));
			return EXIT_FAILURE;
		}
	}
	say(LAUNCHER_HELLO, (int32_t)walls, 0, -1);
	serve();
	return EXIT_FAILURE;
}
