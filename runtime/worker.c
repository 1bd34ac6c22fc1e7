/* worker.c: read steps[] top down. After the last of them only the calls in filter.c are left.
 */
#include "runtime/worker.h"

#include <fcntl.h>

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "runtime/calls.h"
#include "runtime/ends.h"
#include "runtime/filter.h"
#include "runtime/held.h"
#include "runtime/imports.h"
#include "runtime/inbox.h"
#include "runtime/memory.h"
#include "runtime/object.h"
#include "runtime/tickets.h"
#include "runtime/trap.h"
#include "runtime/wasi.h"

#define HIGH_FD 100 /* above all numbers that are given out on purpose */

static const struct start_block *block;
static struct object object;

static int die_with_launcher(const struct worker_birth *birth)
{
	return lock_die_with_parent(birth->launcher);
}

/* The own page comes with the lanes, so from here on a failure can be told. */
static int map_ends(const struct worker_birth *birth)
{
	struct ends_start start = { .home_lane = birth->fds[START_HOME_LANE],
		.own_page = birth->fds[START_OWN_PAGE],
		.table = birth->fds[START_TABLE],
		.rsd_page = birth->fds[START_RSD_PAGE],
		.bell = FD_BELL,
		.socket = FD_SOCKET,
		.rsd_bell = FD_PEERS };
	int r = ends_init(&start);

	return r ? r : trap_catch(ends.own);
}

static int map_block(const struct worker_birth *birth)
{
	struct stat stat;

	if (fstat(birth->fds[START_BLOCK], &stat))
		return -errno;
	void *at = mmap(
		NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, birth->fds[START_BLOCK], 0);
	if (at == MAP_FAILED)
		return -errno;
	block = at;
	return wasi_init(block, (uint64_t)stat.st_size);
}

static int map_room(const struct worker_birth *birth)
{
	int r = inbox_init(block->body_bytes_max);

	(void)birth;
	tickets_limit(block->outstanding_max);
	return r ? r : held_init();
}

static int load_object(const struct worker_birth *birth)
{
	int r = object_load(birth->fds[START_OBJECT], imports_find, &object);

	if (r)
		return r;
	trap_code_at(&(struct trap_code){ .base = object.base,
		.bytes = object.bytes,
		.functions = object.functions,
		.functions_count = object.head->functions_count,
		.unwind = object.base + object.head->unwind_address,
		.unwind_bytes = object.head->unwind_bytes });
	return 0;
}

static int share_counters(const struct worker_birth *birth)
{
	int counters = birth->fds[START_COUNTERS];

	return counters < 0 ? 0 : object_share_counters(&object, counters);
}

static int map_memory(const struct worker_birth *birth)
{
	int r = memory_map(object.head, birth->fds[START_OBJECT], block->memory_bytes_max);

	if (r == MEMORY_OVER_LIMIT)
		trap_start_failed(WORKER_EXIT_MEMORY);
	return r;
}

/* To high numbers first, so that no number is taken before what lies there has moved. */
static int place_descriptors(const struct worker_birth *birth)
{
	static const struct {
		enum start_fd from;
		int to;
	} places[] = {
		{ START_BELL, FD_BELL },
		{ START_SOCKET, FD_SOCKET },
		{ START_RSD_BELL, FD_PEERS },
	};
	int high[ARRAY_LEN(places)], null = fcntl(birth->null_fd, F_DUPFD, HIGH_FD);

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		high[i] = fcntl(birth->fds[places[i].from], F_DUPFD, HIGH_FD);
		if (high[i] < 0 || null < 0)
			return -errno;
	}
	for (int fd = 0; fd < FD_PEERS; fd++)
		if (dup2(null, fd) < 0)
			return -errno;
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (dup2(high[i], places[i].to) < 0)
			return -errno;
	return syscall(SYS_close_range, FD_PEERS + 1, ~0u, 0) ? -errno : 0;
}

static int limit_memory(const struct worker_birth *birth)
{
	(void)birth;
	return memory_limit();
}

static int lock(const struct worker_birth *birth)
{
	struct lock_worker worker = { .filter = birth->filter, .cpu_s_max = block->cpu_s_max };
	const char *failed;

	return lock_worker(&worker, &failed);
}

static const struct {
	int (*run)(const struct worker_birth *birth);
	int failed; /* exit code */
} steps[] = {
	{ die_with_launcher, WORKER_EXIT_RUNTIME },
	{ map_ends, WORKER_EXIT_MAP },
	{ map_block, WORKER_EXIT_MAP },
	{ map_room, WORKER_EXIT_MAP },
	{ load_object, WORKER_EXIT_OBJECT },
	{ share_counters, WORKER_EXIT_OBJECT },
	{ map_memory, WORKER_EXIT_OBJECT },
	{ place_descriptors, WORKER_EXIT_MAP }, /* the files were mapped, and are closed here */
	{ limit_memory, WORKER_EXIT_MAP },      /* all is mapped now */
	{ lock, WORKER_EXIT_LOCK },
};

_Noreturn void worker_live(const struct worker_birth *birth)
{
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (steps[i].run(birth))
			trap_start_failed(steps[i].failed);
	ends_ready();
	/* what comes from the program begins here: its start function, then _start */
	object.instantiate();
	object.run();
	calls_last();
	trap_exit(0);
}
