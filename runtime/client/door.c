#include "runtime/client/door.h"

#include <poll.h>
#include <time.h>

#include <sys/epoll.h>
#include <sys/mman.h>

#include "runtime/ends.h"
#include "runtime/trap.h"

#define NS_PER_S 1000000000u

jmp_buf door_way_out;
static enum door_state state;
static bool sleeps;
static int watched = -1;
/* In a page that fork() does not copy but empties: asking for our pid would be a system call
 * in each call. */
static volatile uint32_t *original;

enum door_state door_state(void)
{
	return state == DOOR_IN && !*original ? DOOR_COPIED : state;
}

static int watch(int fd, uint32_t events)
{
	struct epoll_event event = { .events = events };

	return epoll_ctl(watched, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int mark(void)
{
	void *at = original ? (void *)(uintptr_t)original
			    : mmap(NULL, OWN_PAGE_BYTES, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || madvise(at, OWN_PAGE_BYTES, MADV_WIPEONFORK))
		return -errno;
	original = at;
	*original = 1;
	return 0;
}

int door_open(void)
{
	watched = epoll_create1(EPOLL_CLOEXEC);
	if (watched < 0)
		return -errno;
	int r = watch(ends.bell, EPOLLIN);

	if (r == 0)
		r = watch(ends.socket, 0); /* that it is closed is told always */
	if (r == 0)
		r = mark();
	if (r == 0)
		state = DOOR_IN;
	return r;
}

void door_shut(void)
{
	fd_closep(&watched);
	state = DOOR_OUT;
	sleeps = false;
}

int door_fd(void)
{
	return watched;
}

void door_sleeps(void)
{
	sleeps = true;
}

/* ---- waiting: what rsd closes says more than what rings ---- */

enum {
	WAITED_RUNG = 1,
	WAITED_LOST
};

static int wait_for_news(const struct timespec *timeout)
{
	struct pollfd news[] = { { .fd = ends.bell, .events = POLLIN }, { .fd = ends.socket } };

	if (ppoll(news, ARRAY_LEN(news), timeout, NULL) <= 0) /* a signal: wakes for nothing */
		return 0;
	return news[1].revents ? WAITED_LOST : WAITED_RUNG;
}

static void take_rings(void)
{
	uint8_t rings[512]; /* what is left in the pipe wakes once more */

	(void)!read(ends.bell, rings, sizeof(rings));
}

void door_wait(uint64_t until_ns)
{
	uint64_t now = until_ns == ENDS_FOREVER ? 0 : ends_clock_ns();
	uint64_t left = until_ns > now ? until_ns - now : 0;
	struct timespec t = { .tv_sec = (time_t)(left / NS_PER_S),
		.tv_nsec = (long)(left % NS_PER_S) };
	int news = wait_for_news(until_ns == ENDS_FOREVER ? NULL : &t);

	if (news == WAITED_LOST)
		trap_runtime();
	if (news == WAITED_RUNG)
		take_rings();
}

_Noreturn void trap_runtime(void)
{
	state = DOOR_LOST;
	longjmp(door_way_out, 1);
}

int door_enter(void)
{
	static const struct timespec at_once;
	static const struct ends_set no_lane;

	if (state != DOOR_IN || !*original)
		return state == DOOR_LOST ? -EPIPE : -ENOTCONN;
	if (!sleeps)
		return 0;
	sleeps = false;
	ends_sleep_end(&no_lane, true);
	int news = wait_for_news(&at_once);
	if (news == WAITED_RUNG)
		take_rings();
	if (news == WAITED_LOST)
		state = DOOR_LOST;
	return news == WAITED_LOST ? -EPIPE : 0;
}
