#include "supervisor/control/control.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <sys/stat.h>
#include <sys/un.h>

#include "ipc/log.h"

#define BACKLOG         64
#define PEER_GROUPS_MAX 256

const struct session_op *const control_ops[] = {
	&control_version,
	&control_add,
	&control_compile,
	&control_start,
	&control_run,
	&control_join,
	&control_ps,
	&control_ls,
	&control_inspect,
	&control_debug,
	&control_logs,
	&control_events,
	&control_pending,
	&control_answer,
	&control_stop,
	&control_kill,
	&control_rm,
	&control_grant,
	&control_deny,
	&control_revoke,
	&control_grants,
	&control_teach,
	&control_forget,
	&control_names,
	&control_bind,
	&control_unbind,
	&control_interfaces,
	&control_profile,
	&control_profiles,
	&control_shutdown,
	NULL,
};

struct control {
	const struct session_parts *parts;
	gid_t group;
	int fd;
	uint64_t watch;
	struct session *sessions;
	uint32_t clients, followers;
	struct sockaddr_un address;
	dev_t device; /* of our socket's name: another rsd's is not removed */
	ino_t inode;
};

static void accept_some(void *context, int result);

/* Not while all places are taken: who comes then waits in the kernel. */
static void watch(struct control *c)
{
	if (c->watch || c->clients >= CONTROL_CLIENTS_MAX)
		return;
	if (loop_poll(c->parts->loop, c->fd, POLLIN, accept_some, c, &c->watch))
		log_error("control", "why=\"nobody is let in any more\"");
}

static bool is_in_group(int fd, gid_t group, gid_t own)
{
	gid_t groups[PEER_GROUPS_MAX];
	socklen_t size = sizeof(groups);

	if (own == group)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size))
		return false;
	for (size_t i = 0; i < size / sizeof(gid_t); i++)
		if (groups[i] == group)
			return true;
	return false;
}

static bool may_enter(const struct control *c, int fd, struct ucred *peer)
{
	socklen_t size = sizeof(*peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &size))
		return false;
	if (peer->uid == 0 || peer->uid == geteuid())
		return true;
	return c->group != CONTROL_NO_GROUP && is_in_group(fd, c->group, peer->gid);
}

static void let_in(struct control *c, int fd)
{
	struct session *session;
	struct ucred peer = { 0 };

	if (!may_enter(c, fd, &peer)) {
		log_warning("denied", "pid=%d uid=%u", peer.pid, peer.uid);
		close(fd);
		return;
	}
	if (session_new(c->parts, control_ops, &c->followers, fd, &peer, &session))
		return;
	session->next = c->sessions;
	c->sessions = session;
	c->clients++;
}

static void accept_some(void *context, int result)
{
	struct control *c = context;

	(void)result;
	c->watch = 0;
	while (c->clients < CONTROL_CLIENTS_MAX) {
		int fd = accept4(c->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			break;
		let_in(c, fd);
	}
	watch(c);
}

static bool sweep(struct control *c)
{
	bool swept = false;

	for (struct session **at = &c->sessions; *at;) {
		struct session *session = *at;
		if (!session->gone) {
			at = &session->next;
			continue;
		}
		*at = session->next;
		session_free(session);
		c->clients--;
		swept = true;
	}
	watch(c);
	return swept;
}

bool control_step(struct control *c)
{
	bool moved = false;

	for (struct session *session = c->sessions; session; session = session->next) {
		session_step(session);
		moved |= session->moved;
		session->moved = false;
	}
	return sweep(c) || moved;
}

uint32_t control_clients(const struct control *c)
{
	return c->clients;
}

/* ---- the socket ---- */

/* A name that nobody answers on is what a killed rsd left. */
static int remove_stale(const struct sockaddr_un *address)
{
	CLEANUP(fd_closep)
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
		errno == EAGAIN)
		return CONTROL_TAKEN;
	if (errno == ENOENT)
		return 0;
	if (errno != ECONNREFUSED)
		return -errno;
	return unlink(address->sun_path) && errno != ENOENT ? -errno : 0;
}

static int open_socket(struct control *c)
{
	CLEANUP(fd_closep)
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const struct sockaddr *address = (const struct sockaddr *)&c->address;
	struct stat st;

	if (fd < 0)
		return -errno;
	mode_t before = umask(0177); /* nobody else, until it is settled who may */
	int r = bind(fd, address, sizeof(c->address)) ? -errno : 0;
	umask(before);
	if (r)
		return r;
	if (c->group != CONTROL_NO_GROUP && (chown(c->address.sun_path, (uid_t)-1, c->group) ||
						    chmod(c->address.sun_path, 0660)))
		return -errno;
	if (listen(fd, BACKLOG) || lstat(c->address.sun_path, &st))
		return -errno;
	c->device = st.st_dev;
	c->inode = st.st_ino;
	c->fd = fd_take(&fd);
	return 0;
}

int control_new(
	const struct session_parts *parts, const char *path, gid_t group, struct control **out)
{
	struct control *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->parts = parts;
	c->group = group;
	c->fd = -1;
	c->address.sun_family = AF_UNIX;
	int r = CONTROL_TOO_LONG;
	if (strlen(path) < sizeof(c->address.sun_path)) {
		strcpy(c->address.sun_path, path);
		r = remove_stale(&c->address);
	}
	if (r == 0)
		r = open_socket(c);
	if (r == 0)
		r = loop_poll(parts->loop, c->fd, POLLIN, accept_some, c, &c->watch);
	if (r) {
		control_free(c);
		return r;
	}
	*out = c;
	return 0;
}

struct control *control_free(struct control *c)
{
	struct stat st;

	if (!c)
		return NULL;
	while (c->sessions) {
		struct session *session = c->sessions;
		c->sessions = session->next;
		session_free(session);
	}
	loop_cancel(c->parts->loop, &c->watch);
	if (c->fd >= 0 && lstat(c->address.sun_path, &st) == 0 && st.st_dev == c->device &&
		st.st_ino == c->inode)
		unlink(c->address.sun_path);
	fd_closep(&c->fd);
	free(c);
	return NULL;
}
