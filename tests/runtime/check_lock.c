/*
 * check_lock.c: what native code in a locked worker may try, and what becomes of it: as root
 * and as nobody in particular. The whole table of system calls is in check_sweep.c.
 */
#include <sys/syscall.h>

#include "runtime/filter.h"
#include "runtime/parcels.h"
#include "tests/check_run.h"
#include "tests/runtime/launch.h"
#include "tests/runtime/native.h"

/* As the launcher has them; a sanitized test has its own elsewhere. */
#define LANES   (1ull << 40)
#define LANE(n) (LANES + 32 * MIB + (n)*LANE_SLOT_BYTES)
#define BODIES  (1ull << 41)
#define MEMORY  0x10000ull
#define SCRATCH (MEMORY + 2048)

#define R   PROT_READ
#define RW  (PROT_READ | PROT_WRITE)
#define X   PROT_EXEC
#define FIX (MAP_SHARED | MAP_FIXED)

enum {
	NEW_FD = FD_PEERS + 1, /* where a received descriptor lands */
};

/* What becomes of the worker: an exit code, or this. */
enum {
	DIES = -1, /* by SIGSYS */
	LIVES = NATIVE_DONE,
	FAILS = NATIVE_FAILED, /* the call is allowed and answers an error */
};

#define HIGH(fd) ((fd) | 1ull << 32)
static const struct row {
	const char *what;
	int fate;
	enum native_job job;
	uint64_t number, a[6];
} rows[] = {
	/* the world outside */
	{ "openat", DIES, NATIVE_SYS, SYS_openat, { -100ull, SCRATCH, 0 } },
	{ "socket", DIES, NATIVE_SYS, SYS_socket, { AF_INET, SOCK_STREAM, 0 } },
	{ "clone", DIES, NATIVE_SYS, SYS_clone, { 0 } },
	{ "execve", DIES, NATIVE_SYS, SYS_execve, { SCRATCH } },
	{ "ptrace", DIES, NATIVE_SYS, SYS_ptrace, { 0 } },
	{ "kill", DIES, NATIVE_SYS, SYS_kill, { 1, 0 } },
	{ "io_uring_setup", DIES, NATIVE_SYS, SYS_io_uring_setup, { 1 } },
	{ "memfd_create", DIES, NATIVE_SYS, SYS_memfd_create, { SCRATCH } },
	{ "clock_gettime as a call", DIES, NATIVE_SYS, SYS_clock_gettime, { 1, SCRATCH } },
	{ "rt_sigreturn", DIES, NATIVE_SYS, SYS_rt_sigreturn, { 0 } },
	{ "restart_syscall", DIES, NATIVE_SYS, SYS_restart_syscall, { 0 } },
	/* bells, socket, descriptors */
	{ "send on the socket", DIES, NATIVE_SYS, SYS_sendto, { FD_SOCKET, SCRATCH, 1 } },
	{ "write to the socket", DIES, NATIVE_SYS, SYS_write, { FD_SOCKET, SCRATCH, 8 } },
	{ "write to the socket | 1<<32", DIES, NATIVE_SYS, SYS_write,
		{ HIGH(FD_SOCKET), SCRATCH, 8 } },
	{ "write 9 bytes to a bell", DIES, NATIVE_SYS, SYS_write, { FD_PEERS, SCRATCH, 9 } },
	{ "write to the null device", DIES, NATIVE_SYS, SYS_write, { 1, SCRATCH, 8 } },
	{ "recvmsg that waits", DIES, NATIVE_SYS, SYS_recvmsg, { FD_SOCKET, SCRATCH, 0 } },
	{ "recvmsg elsewhere", DIES, NATIVE_SYS, SYS_recvmsg,
		{ FD_PEERS, SCRATCH, MSG_DONTWAIT } },
	{ "make the bell non-blocking", DIES, NATIVE_SYS, SYS_fcntl,
		{ FD_BELL, F_SETFL, O_NONBLOCK } },
	{ "dup2 onto the bell", DIES, NATIVE_SYS, SYS_dup2, { FD_PEERS, FD_BELL } },
	{ "fallocate", DIES, NATIVE_SYS, SYS_fallocate, { FD_PEERS, 3, 0, 4096 } },
	{ "read a peer's bell", DIES, NATIVE_SYS, SYS_read, { FD_PEERS, SCRATCH, 8 } },
	{ "read the bell | 1<<32", DIES, NATIVE_SYS, SYS_read, { HIGH(FD_BELL), SCRATCH, 8 } },
	{ "close the bell", DIES, NATIVE_SYS, SYS_close, { FD_BELL } },
	{ "close the bell | 1<<32", DIES, NATIVE_SYS, SYS_close, { HIGH(FD_BELL) } },
	{ "close the socket", DIES, NATIVE_SYS, SYS_close, { FD_SOCKET } },
	{ "close 0", DIES, NATIVE_SYS, SYS_close, { 0 } },
	{ "close 1024", DIES, NATIVE_SYS, SYS_close, { FD_MAX } },
	/* mapping */
	{ "map anonymous", DIES, NATIVE_SYS, SYS_mmap, { 0, 4096, RW, 0x22, -1ull } },
	{ "map shared anonymous in a lane", DIES, NATIVE_SYS, SYS_mmap,
		{ LANE(9), 4096, RW, FIX | MAP_ANONYMOUS, -1ull } },
	{ "map a lane R-X", DIES, NATIVE_TAKE_SYS, SYS_mmap,
		{ LANE(9), 4096, R | X, FIX, NEW_FD } },
	{ "map a lane RWX", DIES, NATIVE_TAKE_SYS, SYS_mmap,
		{ LANE(9), 4096, RW | X, FIX, NEW_FD } },
	{ "map a lane private", DIES, NATIVE_TAKE_SYS, SYS_mmap,
		{ LANE(9), 4096, RW, MAP_PRIVATE | MAP_FIXED, NEW_FD } },
	{ "map a lane anywhere", DIES, NATIVE_TAKE_SYS, SYS_mmap,
		{ LANE(9), 4096, RW, MAP_SHARED, NEW_FD } },
	{ "map a lane below the range", DIES, NATIVE_TAKE_SYS, SYS_mmap,
		{ LANES - 4096, 4096, RW, FIX, NEW_FD } },
	{ "map a lane above the range", DIES, NATIVE_TAKE_SYS, SYS_mmap,
		{ LANES + (1ull << LANE_RANGE_BITS), 4096, RW, FIX, NEW_FD } },
	{ "map a lane over memory", DIES, NATIVE_TAKE_SYS, SYS_mmap,
		{ MEMORY, 4096, RW, FIX, NEW_FD } },
	{ "map a lane over code", DIES, NATIVE_MAP_OVER_CODE, SYS_mmap,
		{ 0, 4096, RW, FIX, NEW_FD } },
	{ "map more than a lane", DIES, NATIVE_TAKE_SYS, SYS_mmap,
		{ LANE(9), LANE_SLOT_BYTES + 4096, RW, FIX, NEW_FD } },
	{ "map with one flag more", DIES, NATIVE_TAKE_SYS, SYS_mmap,
		{ LANE(9), 4096, RW, FIX | 0x100000, NEW_FD } },
	{ "change a lane to R-X", DIES, NATIVE_SYS, SYS_mprotect, { LANE(0), 4096, R | X } },
	{ "make rsd's page writable", DIES, NATIVE_SYS, SYS_mprotect,
		{ LANES + 384 * KIB, 4096, RW } },
	{ "make its own table writable", DIES, NATIVE_SYS, SYS_mprotect,
		{ LANES + 4096, 4096, RW } },
	{ "make code writable", DIES, NATIVE_MPROTECT_CODE, 0, { 0 } },
	{ "make memory executable", DIES, NATIVE_SYS, SYS_mprotect, { MEMORY, 4096, RW | X } },
	{ "make memory read-only", DIES, NATIVE_SYS, SYS_mprotect, { MEMORY, 4096, R } },
	{ "change what is at 8 GiB", DIES, NATIVE_SYS, SYS_mprotect, { 8ull << 30, 4096, RW } },
	{ "change more than 4 GiB", DIES, NATIVE_SYS, SYS_mprotect,
		{ MEMORY, (4ull << 30) + 4096, RW } },
	{ "unmap code", DIES, NATIVE_MUNMAP_CODE, 0, { 0 } },
	{ "unmap memory", DIES, NATIVE_SYS, SYS_munmap, { MEMORY, 4096 } },
	{ "madvise", DIES, NATIVE_SYS, SYS_madvise, { MEMORY, 4096, MADV_DONTNEED } },
	{ "give back a lane", DIES, NATIVE_SYS, SYS_madvise, { LANE(0), 4096, MADV_DONTNEED } },
	{ "give back more than there is room", DIES, NATIVE_SYS, SYS_madvise,
		{ BODIES, (1ull << PARCELS_BITS) + 4096, MADV_DONTNEED } },
	{ "have the place of bodies in large pages", DIES, NATIVE_SYS, SYS_madvise,
		{ BODIES, 4096, MADV_HUGEPAGE } },
	{ "make the place of bodies executable", DIES, NATIVE_SYS, SYS_mprotect,
		{ BODIES, 4096, R | X } },
	{ "give back the place of bodies", LIVES, NATIVE_SYS, SYS_madvise,
		{ BODIES, 4096, MADV_DONTNEED } },
	/* what is allowed */
	{ "yield", LIVES, NATIVE_SYS, SYS_sched_yield, { 0 } },
	{ "map a lane", LIVES, NATIVE_TAKE_SYS, SYS_mmap, { LANE(9), 4096, RW, FIX, NEW_FD } },
	{ "map a lane read-only", LIVES, NATIVE_TAKE_SYS, SYS_mmap,
		{ LANE(9), 4096, R, FIX, NEW_FD } },
	{ "map a lane over the end of the range", LIVES, NATIVE_TAKE_SYS, SYS_mmap,
		{ LANES + (1ull << LANE_RANGE_BITS) - 4096, 8192, RW, FIX, NEW_FD } },
	{ "map a bell", FAILS, NATIVE_SYS, SYS_mmap, { LANE(9), 4096, RW, FIX, FD_PEERS } },
	{ "unmap a lane", LIVES, NATIVE_SYS, SYS_munmap, { LANE(9), 4096 } },
	{ "close what was received", LIVES, NATIVE_TAKE_SYS, SYS_close, { NEW_FD } },
	{ "close what is not there", FAILS, NATIVE_SYS, SYS_close, { FD_MAX - 1 } },
	{ "ring rsd", LIVES, NATIVE_SYS, SYS_write, { FD_PEERS, SCRATCH, 8 } },
	{ "look at the socket", FAILS, NATIVE_SYS, SYS_recvmsg,
		{ FD_SOCKET, SCRATCH, MSG_DONTWAIT } },
	{ "memory made writable again", LIVES, NATIVE_SYS, SYS_mprotect,
		{ MEMORY, 4 << 16, RW } },
	{ "wait a little", LIVES, NATIVE_WAIT_A_LITTLE, 0, { 0 } },
	/* faults */
	{ "load 7 GiB past the base", 139, NATIVE_LOAD, 7ull << 30, { 0 } },
	{ "load address 8", WORKER_EXIT_RUNTIME, NATIVE_LOAD_LOW, 0, { 0 } },
	{ "stack overflow", 139, NATIVE_OVERFLOW, 0, { 0 } },
};

static int object;
static struct launcher launcher;

static void set_up(void)
{
	object = launch_object("tests/runtime/native.c", "-I.");
}

static struct launched start(const struct row *row, enum native_abi abi)
{
	struct native_params params = { .job = row->job, .number = row->number, .abi = abi };

	memcpy(params.arguments, row->a, sizeof(params.arguments));
	int sealed = launch_params(object, &params, sizeof(params));
	struct launched w = launch_worker(&launcher, sealed);
	close(sealed);
	return w;
}

static bool as_expected(const struct row *row, int status)
{
	if (row->fate == DIES)
		return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
	return WIFEXITED(status) && WEXITSTATUS(status) == row->fate;
}

static void try_all(uid_t user, bool namespaces)
{
	launcher = launch_as(user, namespaces);
	ck_assert_int_eq(lane_new(LANE_RING_SMALL, &launcher.gift), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		/* the row that looks at an empty socket */
		int gift = launcher.gift;
		if (rows[i].job == NATIVE_SYS)
			launcher.gift = -1;
		struct launched w = start(&rows[i], NATIVE_X86_64);
		int status = launch_ended(&launcher, &w);
		ck_assert_msg(
			as_expected(&rows[i], status), "%s: status 0x%x", rows[i].what, status);
		launch_forget(&w);
		launcher.gift = gift;
	}
}

START_TEST(a_locked_worker_of_root_is_locked)
{
	try_all(0, true);
}
END_TEST

START_TEST(a_locked_worker_of_anybody_is_locked)
{
	if (geteuid() == 0)
		try_all(65534, true);
}
END_TEST

START_TEST(without_namespaces_fewer_walls_stand_and_it_is_told)
{
	uint32_t namespaces = 1u << WALL_USER_NAMESPACE | 1u << WALL_MOUNT_NAMESPACE |
			      1u << WALL_NETWORK_NAMESPACE | 1u << WALL_IPC_NAMESPACE |
			      1u << WALL_EMPTY_ROOT;

	try_all(geteuid() == 0 ? 65534 : 0, false);
	ck_assert_uint_eq(launcher.walls & namespaces, 0);
	ck_assert(launcher.walls & 1u << WALL_SECCOMP);
}
END_TEST

START_TEST(the_i386_entry_is_closed)
{
	static const struct row getpid_row = { "getpid by int 0x80", DIES, NATIVE_SYS, 20,
		{ 0 } };

	launcher = launch(0);
	struct launched w = start(&getpid_row, NATIVE_I386);
	ck_assert(as_expected(&getpid_row, launch_ended(&launcher, &w)));
}
END_TEST

/* ppoll that is stopped and continued starts again as itself, not as restart_syscall. */
START_TEST(a_worker_can_be_stopped_and_continued)
{
	static const struct row sleep_row = { "ppoll", LIVES, NATIVE_SYS, SYS_ppoll,
		{ 0, 0, SCRATCH } };

	launcher = launch(0);
	struct native_params params = { .job = NATIVE_SYS, .number = SYS_ppoll };
	params.arguments[2] = MEMORY + sizeof(params);
	struct {
		struct native_params params;
		struct timespec t;
	} image = { params, { 0, 300000000 } };
	struct launched w =
		launch_worker(&launcher, launch_params(object, &image, sizeof(image)));
	launch_ready(&w);
	usleep(50000);
	kill(w.pid, SIGSTOP);
	usleep(50000);
	kill(w.pid, SIGCONT);
	ck_assert(as_expected(&sleep_row, launch_ended(&launcher, &w)));
}
END_TEST

START_TEST(ringing_who_is_gone_ends_nobody)
{
	static const struct row ring_row = { "ring", FAILS, NATIVE_SYS, SYS_write,
		{ FD_PEERS, SCRATCH, 8 } };
	struct native_params params = { .job = NATIVE_SYS, .number = SYS_write };

	launcher = launch(0);
	memcpy(params.arguments, ring_row.a, sizeof(params.arguments));
	launcher.deaf = true;
	struct launched w =
		launch_worker(&launcher, launch_params(object, &params, sizeof(params)));
	ck_assert(as_expected(&ring_row, launch_ended(&launcher, &w)));
}
END_TEST

START_TEST(a_worker_shows_its_walls)
{
	char path[64], text[8192] = "", *line;
	struct launched w = { .pid = 0 };

	launcher = launch(0);
	struct row wait = { "wait", LIVES, NATIVE_WAIT, 0, { 0 } };
	w = start(&wait, NATIVE_X86_64);
	launch_ready(&w);
	snprintf(path, sizeof(path), "/proc/%d/status", w.pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_gt(read(fd, text, sizeof(text) - 1), 0);
	close(fd);
	static const char *const lines[] = { "NoNewPrivs:\t1", "Seccomp:\t2",
		"CapEff:\t0000000000000000", "CapPrm:\t0000000000000000",
		"CapInh:\t0000000000000000", "CapAmb:\t0000000000000000" };
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		ck_assert_msg(strstr(text, lines[i]) != NULL, "%s in %s", lines[i], text);
	line = strstr(text, "Uid:");
	ck_assert_ptr_nonnull(line);
	ck_assert(strncmp(line, "Uid:\t0", 6) != 0);
}
END_TEST

static Suite *lock_suite(void)
{
	Suite *suite = suite_create("lock");
	TCase *worker = tcase_create("worker");

	tcase_add_checked_fixture(worker, set_up, NULL);
	tcase_add_test(worker, a_locked_worker_of_root_is_locked);
	tcase_add_test(worker, a_locked_worker_of_anybody_is_locked);
	tcase_add_test(worker, without_namespaces_fewer_walls_stand_and_it_is_told);
	tcase_add_test(worker, the_i386_entry_is_closed);
	tcase_add_test(worker, a_worker_can_be_stopped_and_continued);
	tcase_add_test(worker, ringing_who_is_gone_ends_nobody);
	tcase_add_test(worker, a_worker_shows_its_walls);
	suite_add_tcase(suite, worker);
	return suite;
}

CHECK_MAIN(lock_suite)
