#include "runtime/client/join.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "runtime/client/door.h"
#include "runtime/ends.h"
#include "runtime/held.h"
#include "runtime/inbox.h"
#include "runtime/routes.h"
#include "runtime/start.h"
#include "runtime/taking.h"
#include "runtime/tickets.h"
#include "supervisor/places.h"
#include "supervisor/protocol.h"

#define ANSWER_S     10 /* an rsd that lives answers at once */
#define GOODBYE_MS   2000
#define ANSWER_BYTES 4096
#define GIVEN        (START_FDS - START_BELL)

/* What rsd answered: text, and with it the descriptors. */
struct answer {
	char text[ANSWER_BYTES];
	bool all;
};
static int fds[START_FDS] = { -1, -1, -1, -1, -1, -1, -1, -1, -1 }; /* [START_BELL] on */
_Static_assert(START_FDS == 9, "none is there at first");

PRINTF(3, 4)
static int failed(int r, char why[JOIN_WHY_SIZE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, JOIN_WHY_SIZE, format, args);
	va_end(args);
	return r;
}

/* ---- asking ---- */

static int find_socket(const char *given, char path[PATH_MAX])
{
	struct places places;

	if (given)
		return snprintf(path, PATH_MAX, "%s", given) < PATH_MAX ? 0 : -ENAMETOOLONG;
	int r = places_find(&places);
	return r ? r : places_path(&places, PLACE_RUN, CONTROL_SOCKET_NAME, path);
}

static int connect_to(const char *path, int *out)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval limit = { .tv_sec = ANSWER_S };
	CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ||
		connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		return -errno;
	*out = fd_take(&fd);
	return 0;
}

/* The name needs no escaping: rsd would not have another one either. */
static int ask(int fd, const char *name)
{
	char request[128];
	int n = snprintf(request, sizeof(request), "%c{\"op\":\"join\",\"name\":\"%s\"}",
		CONTROL_JSON, name);

	return send(fd, request, (size_t)n, MSG_NOSIGNAL) == n ? 0 : -errno;
}

static void take_fds(struct msghdr *m, struct answer *out)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		out->all = n == GIVEN && !(m->msg_flags & (MSG_CTRUNC | MSG_TRUNC));
		memcpy(&fds[START_BELL], CMSG_DATA(c), n * sizeof(int));
	}
}

static int receive(int fd, struct answer *out)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(GIVEN * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { out->text, sizeof(out->text) - 1 };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	ssize_t n;

	do
		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	out->text[n] = 0;
	take_fds(&m, out);
	return n == 0 ? -ECONNRESET : out->text[0] == CONTROL_JSON ? 0 : -EPROTO;
}

/* rsd writes compact JSON, so a number follows its key at once. 0: there is no such key. */
static uint64_t number_of(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static int refused(const struct answer *answer, char why[JOIN_WHY_SIZE])
{
	static const struct {
		uint64_t code;
		int status;
	} rows[] = {
		{ CONTROL_DENIED, RS_DENIED },
		{ CONTROL_LIMIT, RS_LIMIT },
		{ CONTROL_USAGE, RS_UNSUPPORTED },
	};
	static const char key[] = "\"why\":\"";
	uint64_t code = number_of(answer->text, "\"code\":");
	const char *text = strstr(answer->text, key);

	text = text ? text + sizeof(key) - 1 : "it does not say why";
	failed(0, why, "%.*s", (int)strcspn(text, "\""), text);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].code == code)
			return rows[i].status;
	return -EPROTO;
}

static int get_answer(
	const char *given, const char *name, struct answer *out, char why[JOIN_WHY_SIZE])
{
	char path[PATH_MAX] = "control socket";
	CLEANUP(fd_closep) int fd = -1;
	int r = find_socket(given, path);

	if (r == 0)
		r = connect_to(path, &fd);
	if (r == 0)
		r = ask(fd, name);
	if (r == 0)
		r = receive(fd, out);
	if (r)
		return failed(r, why, "%s: %s", path, strerror(-r));
	if (!out->all)
		return refused(out, why);
	return 0;
}

/* ---- the runtime, as in worker.c ---- */

static int reserve(void)
{
	void *at = mmap((void *)LANE_RANGE_BASE, 1ull << LANE_RANGE_BITS, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	return at == MAP_FAILED ? -errno : 0;
}

static int put_together(uint32_t body_bytes_max)
{
	static const enum start_fd only_mapped[] = { START_HOME_LANE, START_OWN_PAGE,
		START_TABLE, START_RSD_PAGE };
	const struct ends_start start = { .home_lane = fds[START_HOME_LANE],
		.own_page = fds[START_OWN_PAGE],
		.table = fds[START_TABLE],
		.rsd_page = fds[START_RSD_PAGE],
		.bell = fds[START_BELL],
		.socket = fds[START_SOCKET],
		.rsd_bell = fds[START_RSD_BELL] };
	int r = ends_init(&start);

	if (r == 0)
		r = inbox_init(body_bytes_max);
	if (r == 0)
		r = held_init();
	if (r == 0)
		r = door_open();
	for (size_t i = 0; i < ARRAY_LEN(only_mapped); i++)
		fd_closep(&fds[only_mapped[i]]);
	return r;
}

static bool is_name(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= CONTROL_NAME_MAX && strspn(name, CONTROL_NATIVE_LETTERS) == n;
}

int join_begin(const char *socket, const char *name, uint64_t *process, char why[JOIN_WHY_SIZE])
{
	struct answer answer = { 0 };

	if (!is_name(name))
		return failed(RS_BAD_ARGUMENT, why, "this is no name");
	int r = reserve();
	if (r)
		return failed(r, why, "the addresses from %#llx on: %s", LANE_RANGE_BASE,
			r == -EEXIST ? "something lies there" : strerror(-r));
	r = get_answer(socket, name, &answer, why);
	if (r == 0) {
		r = put_together((uint32_t)number_of(answer.text, "\"body_bytes\":"));
		if (r)
			failed(r, why, "%s", strerror(-r));
	}
	if (r) {
		join_undo();
		return r;
	}
	*process = number_of(answer.text, "\"process\":");
	ends_ready();
	return 0;
}

void join_say_goodbye(void)
{
	struct pollfd end = { .fd = ends.socket };

	shutdown(ends.socket, SHUT_WR);
	(void)poll(&end, 1, GOODBYE_MS);
}

void join_undo(void)
{
	door_shut();
	inbox_forget();
	taking_forget();
	held_forget();
	routes_forget();
	tickets_forget();
	ends_forget();
	for (size_t i = START_BELL; i < START_FDS; i++)
		fd_closep(&fds[i]);
	munmap((void *)LANE_RANGE_BASE, 1ull << LANE_RANGE_BITS);
}
