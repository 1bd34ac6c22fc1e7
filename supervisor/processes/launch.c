#include "supervisor/processes/launch.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <sys/socket.h>

#include "ipc/fdpass.h"
#include "ipc/log.h"
#include "supervisor/child.h"

#define AGAIN_FIRST_NS 100000000ull   /* a launcher that did not live long is tried again */
#define AGAIN_MAX_NS   10000000000ull /* later and later */

struct launch {
	struct loop *loop;
	struct launch_events events;
	char *path;
	struct child child;
	int socket;
	uint64_t socket_watch, child_watch;
	struct loop_timer again;
	uint64_t again_ns;
	uint32_t in_flight;
	bool greeted;
	uint32_t walls;
};

static const char *const wall_texts[WALLS] = {
	[WALL_USER_NAMESPACE] = "user namespace",
	[WALL_MOUNT_NAMESPACE] = "mount namespace",
	[WALL_NETWORK_NAMESPACE] = "network namespace",
	[WALL_IPC_NAMESPACE] = "ipc namespace",
	[WALL_EMPTY_ROOT] = "empty root",
	[WALL_NO_WRITE_EXEC] = "no write and execute",
	[WALL_LANDLOCK] = "landlock",
	[WALL_UNPRIVILEGED] = "unprivileged",
	[WALL_SECCOMP] = "seccomp",
};

const char *launch_wall_text(enum wall wall)
{
	return wall < WALLS && wall_texts[wall] ? wall_texts[wall] : "unnamed";
}

/* What the launcher may know of our environment: workers are forked from it, so nothing. */
static const char *const environment[] = { "REDSHIRT_LOG", "JOURNAL_STREAM", NULL };

static void socket_ready(void *context, int result);
static void child_ready(void *context, int result);

static int watch(struct launch *l)
{
	int r = loop_poll(l->loop, l->socket, POLLIN, socket_ready, l, &l->socket_watch);

	if (r == 0 && l->child_watch == 0)
		r = loop_poll(l->loop, l->child.pidfd, POLLIN, child_ready, l, &l->child_watch);
	return r;
}

static int start(struct launch *l)
{
	CLEANUP(fd_closep) int ours = -1;
	CLEANUP(fd_closep) int theirs = -1;
	char *argv[] = { l->path, NULL };
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	struct child_plan plan = { .path = l->path,
		.argv = argv,
		.environment = environment,
		.fds = &theirs,
		.fds_count = 1,
		.output = STDERR_FILENO,
		.errors = STDERR_FILENO };
	int r = child_start(&plan, &l->child);
	if (r)
		return r;
	l->socket = fd_take(&ours);
	return watch(l);
}

static void stop(struct launch *l)
{
	loop_cancel(l->loop, &l->socket_watch);
	loop_cancel(l->loop, &l->child_watch);
	child_end(&l->child, 0);
	fd_closep(&l->socket);
	l->in_flight = 0;
	l->greeted = false;
}

static void try_again(void *context);

static void wait_and_try_again(struct launch *l)
{
	loop_timer_set(l->loop, &l->again, loop_now_ns() + l->again_ns, try_again, l);
	l->again_ns = 2 * l->again_ns < AGAIN_MAX_NS ? 2 * l->again_ns : AGAIN_MAX_NS;
}

static void try_again(void *context)
{
	struct launch *l = context;
	int r = start(l);

	if (r == 0)
		return;
	log_error("launcher", "why=\"%s: %s\"", l->path, strerror(-r));
	stop(l);
	wait_and_try_again(l);
}

static void died(struct launch *l)
{
	log_error("launcher", "why=\"it died%s\"",
		l->greeted ? "" : " before it was ready: see its lines above");
	stop(l);
	wait_and_try_again(l);
	l->events.died(l->events.context);
}

/* ---- what it says ---- */

/* STARTED carries one descriptor, the others none. False: nothing (more), *gone says why. */
static bool receive(struct launch *l, struct launcher_event *event, int *fd, bool *gone)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { event, sizeof(*event) };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(l->socket, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*fd = -1;
	*gone = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
	if (n <= 0)
		return false;
	if (m.msg_controllen >= CMSG_LEN(sizeof(int)) && control.head.cmsg_type == SCM_RIGHTS &&
		control.head.cmsg_len >= CMSG_LEN(sizeof(int)))
		memcpy(fd, CMSG_DATA(&control.head), sizeof(*fd));
	if (n != sizeof(*event)) {
		fd_closep(fd);
		*gone = true;
		return false;
	}
	return true;
}

/* Which walls stand is part of what one should know of a machine. */
static void log_walls(uint32_t walls)
{
	char missing[256] = "";
	size_t n = 0;

	for (enum wall wall = 0; wall < WALLS; wall++)
		if (!(walls & 1u << wall) && n < sizeof(missing))
			n += (size_t)snprintf(missing + n, sizeof(missing) - n, "%s%s",
				n ? ", " : "", launch_wall_text(wall));
	log_info("launcher", "walls=%#x missing=\"%s\"", walls, missing);
}

static void greeted(struct launch *l, uint32_t walls)
{
	l->walls = walls;
	l->greeted = true;
	l->again_ns = AGAIN_FIRST_NS;
	log_walls(walls);
	l->events.room(l->events.context);
}

static void answered(struct launch *l)
{
	if (l->in_flight)
		l->in_flight--;
}

static void heard(struct launch *l, const struct launcher_event *event, int *fd)
{
	void *context = l->events.context;

	switch (event->kind) {
	case LAUNCHER_HELLO:
		greeted(l, (uint32_t)event->value);
		break;
	case LAUNCHER_STARTED:
		answered(l);
		l->events.started(context, event->process, event->value, fd_take(fd));
		l->events.room(context);
		break;
	case LAUNCHER_FAILED:
		answered(l);
		l->events.failed(context, event->process, event->value);
		l->events.room(context);
		break;
	case LAUNCHER_ENDED:
		l->events.ended(context, event->process, event->value);
		break;
	default:
		log_warning("launcher", "why=\"event %u is unknown\"", event->kind);
	}
	fd_closep(fd);
}

/* True: it is gone. */
static bool listen_to(struct launch *l)
{
	struct launcher_event event;
	bool gone;
	int fd;

	while (receive(l, &event, &fd, &gone))
		heard(l, &event, &fd);
	return gone;
}

static void socket_ready(void *context, int result)
{
	struct launch *l = context;

	(void)result;
	l->socket_watch = 0;
	if (listen_to(l) || watch(l))
		died(l);
}

static void child_ready(void *context, int result)
{
	struct launch *l = context;

	(void)result;
	l->child_watch = 0;
	(void)listen_to(l); /* what it said before it died still counts */
	died(l);
}

/* ---- what we say ---- */

int launch_new(struct loop *loop, const char *path, const struct launch_events *events,
	struct launch **out)
{
	struct launch *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	*l = (struct launch){ .loop = loop,
		.events = *events,
		.path = strdup(path),
		.child = CHILD_NONE,
		.socket = -1,
		.again_ns = AGAIN_FIRST_NS };
	int r = l->path ? start(l) : -ENOMEM;
	if (r) {
		launch_free(l);
		return r;
	}
	*out = l;
	return 0;
}

struct launch *launch_free(struct launch *l)
{
	if (!l)
		return NULL;
	loop_timer_stop(&l->again);
	stop(l);
	free(l->path);
	free(l);
	return NULL;
}

int launch_start(struct launch *l, uint64_t process, const int fds[START_FDS_MAX])
{
	struct start_request request = { .process = process };

	if (!launch_room(l))
		return LAUNCH_LATER;
	int r = fdpass_send(l->socket, &request, sizeof(request), fds,
		fds[START_COUNTERS] < 0 ? START_FDS : START_FDS_MAX);
	if (r == -EAGAIN || r == -ETOOMANYREFS)
		return l->in_flight ? LAUNCH_LATER : r;
	if (r == -EPIPE || r == -ECONNRESET)
		return LAUNCH_LATER; /* it died; child_ready() follows */
	if (r == 0)
		l->in_flight++;
	return r;
}

bool launch_room(const struct launch *l)
{
	return l->greeted && l->in_flight < LAUNCH_IN_FLIGHT_MAX;
}

bool launch_there(const struct launch *l)
{
	return l->greeted;
}

uint32_t launch_walls(const struct launch *l)
{
	return l->walls;
}
