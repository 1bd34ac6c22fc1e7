#include "supervisor/rsctl/private.h"

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <linux/close_range.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "supervisor/rsctl/client.h"

#define LOCK_NAME     "start.lock" /* in the run folder: two rsctl start one rsd */
#define RSD_LOCK_NAME "lock"       /* in the state folder: rsd holds it while it lives */
#define POLL_MS       10
#define LOG_TAIL_SIZE 1024

PRINTF(2, 3)
static int failed(char why[PRIVATE_WHY_SIZE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, PRIVATE_WHY_SIZE, format, args);
	va_end(args);
	return PRIVATE_FAILED;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool listens(const char *socket_path)
{
	struct client client;
	int r = client_open(socket_path, &client);

	client_close(&client);
	return r == 0;
}

/* --- the new rsd --- */

static int open_log(const struct places *places, char path[PATH_MAX], off_t *begin)
{
	struct stat st;
	int r = places_path(places, PLACE_STATE, PRIVATE_LOG_NAME, path);

	if (r)
		return r;
	CLEANUP(fd_closep)
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size > (off_t)PRIVATE_LOG_BYTES && ftruncate(fd, 0) < 0)
		return -errno;
	*begin = st.st_size > (off_t)PRIVATE_LOG_BYTES ? 0 : st.st_size;
	return fd_take(&fd);
}

/* In the grandchild: nothing of the caller's terminal, folder or streams goes with it. */
_Noreturn static void become(const char *program, int log)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(log, STDOUT_FILENO) >= 0 &&
		dup2(log, STDERR_FILENO) >= 0 && chdir("/") == 0) {
		unsetenv("JOURNAL_STREAM"); /* the log is a file now */
		/* a pipe of our caller's that stays open here keeps its reader waiting */
		close_range(STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC);
		execl(program, "rsd", "--idle-exit", PRIVATE_IDLE_S, (char *)NULL);
	}
	dprintf(log, "rsd: error: %s: %s\n", program, strerror(errno));
	_exit(127);
}

/* Twice forked and in a session of its own: no terminal can ever be its, no rsctl must wait for
 * it. */
static int spawn(const char *program, int log, pid_t *pid)
{
	int pipe_fds[2];

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -errno;
	CLEANUP(fd_closep) int get = pipe_fds[0], put = pipe_fds[1];
	pid_t child = fork();
	if (child < 0) {
		close(put);
		return -errno;
	}
	if (child == 0) {
		setsid();
		pid_t grandchild = fork();
		if (grandchild == 0)
			become(program, log);
		(void)!write(put, &grandchild, sizeof(grandchild));
		_exit(0);
	}
	close(put);
	ssize_t n = read(get, pid, sizeof(*pid));
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return n == sizeof(*pid) && *pid > 0 ? 0 : -EAGAIN;
}

/* --- waiting --- */

/* The last line it wrote since `begin`: that is where a program says why it gave up. */
static void last_words(int log, off_t begin, char *out, size_t size)
{
	char tail[LOG_TAIL_SIZE + 1];
	off_t end = lseek(log, 0, SEEK_END);
	off_t from = end - begin > LOG_TAIL_SIZE ? end - LOG_TAIL_SIZE : begin;
	ssize_t n = pread(log, tail, LOG_TAIL_SIZE, from);

	while (n > 0 && tail[n - 1] == '\n')
		n--;
	tail[n > 0 ? n : 0] = 0;
	const char *line = strrchr(tail, '\n');
	snprintf(out, size, "%s", n <= 0 ? "it said nothing" : line ? line + 1 : tail);
}

/* pidfd -1: it is gone already. */
static bool ended(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return pidfd < 0 || poll(&p, 1, POLL_MS) > 0;
}

static int wait_for(const char *socket_path, pid_t pid, int log, off_t begin, char *why)
{
	CLEANUP(fd_closep) int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int64_t deadline = now_ms() + PRIVATE_START_MS;
	char words[LOG_TAIL_SIZE];

	while (!listens(socket_path)) {
		if (ended(pidfd)) {
			last_words(log, begin, words, sizeof(words));
			return listens(socket_path)
				       ? 0
				       : failed(why, "it did not start: %s", words);
		}
		if (now_ms() > deadline)
			return failed(
				why, "it does not listen after %d s", PRIVATE_START_MS / 1000);
	}
	return 0;
}

/* Whoever holds the lock starts rsd; closing the descriptor releases it. */
static int take_turn(const struct places *places, int *lock)
{
	char path[PATH_MAX];
	int64_t deadline = now_ms() + PRIVATE_START_MS + 1000;
	int r = places_path(places, PLACE_RUN, LOCK_NAME, path);

	if (r)
		return r;
	CLEANUP(fd_closep)
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (now_ms() > deadline)
			return -ETIMEDOUT;
		poll(NULL, 0, POLL_MS);
	}
	*lock = fd_take(&fd);
	return 0;
}

/*
 * An rsd that ends closes its socket first and lets go of its lock last; until then another one
 * would not start. 0: nobody holds it.
 */
static int wait_for_predecessor(const struct places *places)
{
	char path[PATH_MAX];
	int64_t deadline = now_ms() + PRIVATE_START_MS;
	int r = places_path(places, PLACE_STATE, RSD_LOCK_NAME, path);

	if (r)
		return r;
	CLEANUP(fd_closep) int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (now_ms() > deadline)
			return -ETIMEDOUT;
		poll(NULL, 0, POLL_MS);
	}
	return 0;
}

static int make_folder(const struct places *places, enum place place, char *why)
{
	int r = places_make(places, place);

	return r == 0 ? 0
	       : r == -EPERM
		       ? failed(why, "%s: it is another user's, or others may write to it",
				 places->folder[place])
		       : failed(why, "%s: %s", places->folder[place], strerror(-r));
}

/* Under the lock. */
static int start(const struct places *places, const char *socket_path, char *why)
{
	char program[PATH_MAX] = "bin/rsd", log_path[PATH_MAX] = PRIVATE_LOG_NAME;
	off_t begin = 0;
	pid_t pid = 0;
	int r = places_installed("bin/rsd", program);

	if (r)
		return failed(why, "%s: %s", program, strerror(-r));
	CLEANUP(fd_closep) int log = open_log(places, log_path, &begin);
	if (log < 0)
		return failed(why, "%s: %s", log_path, strerror(-log));
	r = spawn(program, log, &pid);
	if (r)
		return failed(why, "fork: %s", strerror(-r));
	return wait_for(socket_path, pid, log, begin, why);
}

int private_start(
	const struct places *places, const char *socket_path, char why[PRIVATE_WHY_SIZE])
{
	CLEANUP(fd_closep) int lock = -1;
	int r = make_folder(places, PLACE_RUN, why);

	if (r == 0)
		r = make_folder(places, PLACE_STATE, why);
	if (r)
		return r;
	r = take_turn(places, &lock);
	if (r)
		return failed(why, "%s: %s", places->folder[PLACE_RUN], strerror(-r));
	if (listens(socket_path))
		return 0;
	r = wait_for_predecessor(places);
	if (r == -ETIMEDOUT)
		return failed(why, "another one has %s and does not listen",
			places->folder[PLACE_STATE]);
	if (r)
		return failed(why, "%s: %s", places->folder[PLACE_STATE], strerror(-r));
	return start(places, socket_path, why);
}
