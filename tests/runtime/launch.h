/*
 * launch.h: the real launcher with a made-up rsd, and objects made by hand: C text, compiled as
 * aotc compiles, with the two entry points, packed with a page of memory image. So native code
 * can be run in a worker that is really locked.
 *
 * The first bytes of linear memory (at 0x10000) are what launch_params() put there.
 */
#pragma once

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "ipc/fdpass.h"
#include "ipc/home.h"
#include "ipc/memfd.h"
#include "ipc/table.h"
#include "runtime/abi.h"
#include "runtime/start.h"

#define LAUNCH_WAIT_MS 10000

struct launcher {
	pid_t pid;
	int socket;
	uint32_t walls;
	int gift;  /* a descriptor that waits in the socket of each worker; -1: none */
	bool deaf; /* nobody holds the read end of rsd's bell */
};

/* A worker and what rsd shares with it. */
struct launched {
	uint64_t process;
	pid_t pid;
	int pidfd;
	struct lane home;
	struct table *table;
	const struct own_page *page;
	struct own_page *rsd_page;
	int page_fd, bell, socket;
	int rings;       /* read end of rsd's bell */
	int status;      /* when it has ended */
	double asked_us; /* when it was asked for */
};

/* ---- objects ---- */

/* Compiles a file into an ELF, and packs it. The object's file is answered as a memfd that is
 * not sealed yet. */
static inline int launch_object(const char *source, const char *flags)
{
	char folder[] = "/tmp/redshirt-test-XXXXXX", elf[64], command[1024];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(elf, sizeof(elf), "%s/object", folder);
	snprintf(command, sizeof(command),
		"gcc -O1 -fPIC -shared -nostdlib -nostartfiles -fvisibility=hidden "
		"-fno-stack-protector -fstack-clash-protection -fno-builtin "
		"-Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code,--build-id=none,"
		"--hash-style=sysv %s -o %s %s",
		flags, elf, source);
	ck_assert_int_eq(system(command), 0);
	int from = open(elf, O_RDONLY | O_CLOEXEC), to;
	struct stat stat;
	ck_assert_int_ge(from, 0);
	ck_assert_int_eq(fstat(from, &stat), 0);
	uint64_t elf_at = 8192, image_at = (elf_at + (uint64_t)stat.st_size + 4095) & ~4095ull;
	uint8_t *bytes = calloc(1, image_at + 4096);
	ck_assert_int_eq(pread(from, bytes + elf_at, (size_t)stat.st_size, 0), stat.st_size);
	close(from);
	unlink(elf);
	rmdir(folder);
	struct object_header *head = (void *)bytes;
	*head = (struct object_header){ .magic = OBJECT_MAGIC,
		.abi_version = OBJECT_ABI_VERSION,
		.memory_pages = 4,
		.memory_pages_max = 65536,
		.runs_count = 1,
		.elf_offset = elf_at,
		.elf_bytes = (uint64_t)stat.st_size };
	head->runs[0] = (struct object_run){ 0, image_at, 4096 };
	ck_assert_int_eq(memfd_new("object", image_at + 4096, 0, &to), 0);
	ck_assert_int_eq(pwrite(to, bytes, image_at + 4096, 0), (ssize_t)image_at + 4096);
	free(bytes);
	return to;
}

static inline struct object_header launch_head(int object)
{
	struct object_header head;

	ck_assert_int_eq(pread(object, &head, sizeof(head), 0), sizeof(head));
	return head;
}

/* A sealed copy whose linear memory begins with these bytes. */
static inline int launch_params(int object, const void *params, size_t bytes)
{
	struct stat stat;
	int copy;

	ck_assert_int_eq(fstat(object, &stat), 0);
	ck_assert_int_eq(memfd_new("object", (uint64_t)stat.st_size, 0, &copy), 0);
	void *from = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_SHARED, object, 0);
	ck_assert_ptr_ne(from, MAP_FAILED);
	ck_assert_int_eq(pwrite(copy, from, (size_t)stat.st_size, 0), stat.st_size);
	munmap(from, (size_t)stat.st_size);
	ck_assert_int_eq(pwrite(copy, params, bytes, stat.st_size - 4096), (ssize_t)bytes);
	ck_assert_int_eq(memfd_seal(copy, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
	return copy;
}

/* ---- the launcher ---- */

static inline bool launch_event(
	struct launcher *launcher, struct launcher_event *event, int *pidfd, int wait_ms)
{
	struct pollfd p = { .fd = launcher->socket, .events = POLLIN };
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { event, sizeof(*event) };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };

	if (poll(&p, 1, wait_ms) <= 0 ||
		recvmsg(launcher->socket, &m, MSG_CMSG_CLOEXEC) != sizeof(*event))
		return false;
	int fd = -1;
	if (m.msg_controllen >= CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	if (pidfd)
		*pidfd = fd;
	else if (fd >= 0)
		close(fd);
	return true;
}

/* As on a machine whose administrator allows no namespaces. */
static inline void launch_without_namespaces(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(unshare), 0) ||
		seccomp_load(filter))
		_exit(97);
	seccomp_release(filter);
}

/* user: 0 as we are, otherwise this user id. */
static inline struct launcher launch_as(uid_t user, bool namespaces)
{
	char path[512];
	int sockets[2];
	struct launcher launcher;
	struct launcher_event event;

	ck_assert_ptr_nonnull(getenv("REDSHIRT_TREE"));
	snprintf(path, sizeof(path), "%s/libexec/redshirt/launcher", getenv("REDSHIRT_TREE"));
	int program = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(program, 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), 0);
	launcher.pid = fork();
	if (launcher.pid == 0) {
		char name[] = "launcher", *argv[] = { name, NULL }, *envp[] = { NULL };
		int high = fcntl(sockets[1], F_DUPFD, 50);

		program = fcntl(program, F_DUPFD_CLOEXEC, 50);
		dup2(high, LAUNCHER_SOCKET);
		if (user && setresuid(user, user, user))
			_exit(99);
		if (!namespaces)
			launch_without_namespaces();
		fexecve(program, argv, envp);
		_exit(98);
	}
	close(sockets[1]);
	close(program);
	launcher.socket = sockets[0];
	launcher.gift = -1;
	launcher.deaf = false;
	ck_assert(launch_event(&launcher, &event, NULL, LAUNCH_WAIT_MS));
	ck_assert_uint_eq(event.kind, LAUNCHER_HELLO);
	launcher.walls = (uint32_t)event.value;
	return launcher;
}

static inline struct launcher launch(uid_t user)
{
	return launch_as(user, true);
}

/* ---- workers ---- */

static inline void *launch_map(int fd, size_t bytes, int protection)
{
	void *at = mmap(NULL, bytes, protection, MAP_SHARED, fd, 0);

	ck_assert_ptr_ne(at, MAP_FAILED);
	return at;
}

static inline int launch_block(uint64_t process, uint64_t memory, uint64_t cpu_s)
{
	struct start_block block = { .process = process,
		.memory_bytes_max = memory,
		.cpu_s_max = cpu_s,
		.body_bytes_max = RS_BODY_BYTES_DEFAULT };
	int fd;

	ck_assert_int_eq(memfd_new("block", 4096, 0, &fd), 0);
	ck_assert_int_eq(pwrite(fd, &block, sizeof(block), 0), sizeof(block));
	ck_assert_int_eq(memfd_seal(fd, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
	return fd;
}

static inline void launch_shared(struct launched *w, int fds[START_FDS])
{
	struct lane_place place;
	int sockets[2];

	ck_assert_int_eq(bell_open(&fds[START_BELL], &w->bell), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), 0);
	w->socket = sockets[0];
	fds[START_SOCKET] = sockets[1];
	ck_assert_int_eq(lane_new(LANE_RING_SMALL, &fds[START_HOME_LANE]), 0);
	ck_assert_int_eq(lane_reserve(LANE_RING_SMALL, &place), 0);
	ck_assert_int_eq(
		lane_map(&w->home, fds[START_HOME_LANE], place, LANE_RING_SMALL, LANE_HANDLER),
		0);
	ck_assert_int_eq(bell_page_new(&w->page_fd), 0);
	w->page = launch_map(w->page_fd, OWN_PAGE_BYTES, PROT_READ);
	fds[START_OWN_PAGE] = fcntl(w->page_fd, F_DUPFD_CLOEXEC, 0);
	ck_assert_int_eq(memfd_new("table", TABLE_BYTES, 0, &fds[START_TABLE]), 0);
	w->table = launch_map(fds[START_TABLE], TABLE_BYTES, PROT_READ | PROT_WRITE);
	w->table->lanes[LANE_HOME] = (struct table_lane){
		.state = TABLE_OPEN, .ring_log2 = LANE_RING_SMALL, .slots = UINT64_MAX
	};
	ck_assert_int_eq(bell_page_new(&fds[START_RSD_PAGE]), 0);
	struct own_page *rsd =
		launch_map(fds[START_RSD_PAGE], OWN_PAGE_BYTES, PROT_READ | PROT_WRITE);
	atomic_store(&rsd->sleep_epoch, 1); /* we always sleep: every batch rings */
	w->rsd_page = rsd;
	ck_assert_int_eq(bell_open(&w->rings, &fds[START_RSD_BELL]), 0);
	w->home.peer = (struct bell_peer){ .page = w->page, .fd = w->bell };
}

/* Asks for a worker; its STARTED is not waited for. */
static inline struct launched launch_ask(struct launcher *launcher, int object,
	uint64_t process, uint64_t memory, uint64_t cpu_s)
{
	struct launched w = { .process = process, .pidfd = -1, .status = -1 };
	struct start_request request = { .process = process };
	int fds[START_FDS], r;

	fds[START_OBJECT] = object;
	fds[START_BLOCK] = launch_block(process, memory, cpu_s);
	launch_shared(&w, fds);
	if (launcher->deaf)
		fd_closep(&w.rings);
	if (launcher->gift >= 0)
		ck_assert_int_eq(
			fdpass_send(w.socket, &process, sizeof(process), &launcher->gift, 1),
			0);
	struct timespec asked;
	clock_gettime(CLOCK_MONOTONIC, &asked);
	w.asked_us = (double)asked.tv_sec * 1e6 + (double)asked.tv_nsec / 1e3;
	while ((r = fdpass_send(launcher->socket, &request, sizeof(request), fds, START_FDS)) ==
		-EAGAIN)
		usleep(1000);
	ck_assert_int_eq(r, 0);
	for (size_t i = START_OBJECT + 1; i < START_FDS; i++)
		close(fds[i]);
	return w;
}

static inline void launch_started(struct launcher *launcher, struct launched *w)
{
	struct launcher_event event;

	ck_assert(launch_event(launcher, &event, &w->pidfd, LAUNCH_WAIT_MS));
	ck_assert_uint_eq(event.kind, LAUNCHER_STARTED);
	ck_assert_uint_eq(event.process, w->process);
	ck_assert_int_ge(w->pidfd, 0);
	w->pid = event.value;
}

#define LAUNCH_MEMORY (16 * MIB)
static inline struct launched launch_worker(struct launcher *launcher, int object)
{
	struct launched w = launch_ask(launcher, object, 7, LAUNCH_MEMORY, 0);

	launch_started(launcher, &w);
	return w;
}

static inline int launch_ended(struct launcher *launcher, struct launched *w)
{
	struct launcher_event event;

	ck_assert(launch_event(launcher, &event, NULL, LAUNCH_WAIT_MS));
	ck_assert_uint_eq(event.kind, LAUNCHER_ENDED);
	ck_assert_uint_eq(event.process, w->process);
	w->status = event.value;
	return event.value;
}

/* Waits for the worker's bell; then the next record on its home lane, or kind 0. */
static inline struct record launch_hear(struct launched *w, void *body, size_t bytes)
{
	struct pollfd p = { .fd = w->rings, .events = POLLIN };
	struct record head = { 0 };
	const uint8_t *at;

	if (!ring_waiting(&w->home.in))
		poll(&p, 1, LAUNCH_WAIT_MS);
	if (ring_peek(&w->home.in, &head, &at) != 0)
		return (struct record){ 0 };
	if (bytes)
		memcpy(body, at, head.frag_len < bytes ? head.frag_len : bytes);
	ring_consume(&w->home.in, head.frag_len);
	lane_tell(&w->home);
	return head;
}

static inline void launch_ready(struct launched *w)
{
	ck_assert_uint_eq(launch_hear(w, NULL, 0).kind, RECORD_READY);
}

static inline void launch_forget(struct launched *w)
{
	lane_unmap(&w->home);
	munmap(w->table, TABLE_BYTES);
	munmap((void *)(uintptr_t)w->page, OWN_PAGE_BYTES);
	munmap(w->rsd_page, OWN_PAGE_BYTES);
	close(w->page_fd);
	close(w->bell);
	close(w->socket);
	close(w->rings);
	if (w->pidfd >= 0)
		close(w->pidfd);
}
