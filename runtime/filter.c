#include "runtime/filter.h"

#include <seccomp.h>

#include <sys/mman.h>
#include <sys/socket.h>

#include "ipc/lane.h"
#include "ipc/memfd.h"
#include "runtime/abi.h"
#include "runtime/parcels.h"

/*
 * libseccomp 2.5 takes one comparison per argument and rule, so a range is a power of two and
 * MASKED_EQ. Not GE: it compares 64 bits, but the kernel cuts a descriptor to 32, and
 * close(1 << 32 | 3) would pass "at least 8" and close 3 (notes: chain, lesson 3). PEER marks
 * the descriptor that must lie in [FD_PEERS, FD_MAX): its row becomes one rule per power of
 * two.
 */
#define PEER(n)                               \
	{                                     \
		(n), SCMP_CMP_MASKED_EQ, 0, 0 \
	}
/* Every lane leaves its peer's bell; the one that is being taken has two more for a moment. */
_Static_assert(FD_PEERS + LANES_MAX + 2 == FD_MAX, "a number for each received descriptor");

#define IN_PARCELS SCMP_A0_64(SCMP_CMP_MASKED_EQ, ~((1ull << PARCELS_BITS) - 1), PARCELS_BASE)
#define LOW_8G     0x1ffffffffull /* what is writable of linear memory lies below 8 GiB */
#define IN_LANES \
	SCMP_A0_64(SCMP_CMP_MASKED_EQ, ~((1ull << LANE_RANGE_BITS) - 1), LANE_RANGE_BASE)
#define LEN_ONE_LANE SCMP_A1_64(SCMP_CMP_LE, LANE_SLOT_BYTES)
#define READ_WRITE   ((uint64_t)(PROT_READ | PROT_WRITE))

struct row {
	int call;
	unsigned n;
	struct scmp_arg_cmp args[5];
};

/*
 * close: each lane that is let go leaves a bell, but never 3 or 4: a peer's bell that is then
 * received as 3 could be read, which steals other senders' wake-ups. No restart_syscall: a
 * stopped and continued ppoll or read restarts as itself.
 */
static const struct row rows[] = {
	{ SCMP_SYS(read), 1, { SCMP_A0_64(SCMP_CMP_EQ, FD_BELL) } },
	{ SCMP_SYS(write), 2, { PEER(0), SCMP_A2_64(SCMP_CMP_EQ, 8) } },
	{ SCMP_SYS(ppoll), 0, { { 0 } } },
	{ SCMP_SYS(sched_yield), 0, { { 0 } } },
	{ SCMP_SYS(recvmsg), 2,
		{ SCMP_A0_64(SCMP_CMP_EQ, FD_SOCKET), SCMP_A2_64(SCMP_CMP_EQ, MSG_DONTWAIT) } },
	{ SCMP_SYS(close), 1, { PEER(0) } },
	{ SCMP_SYS(mmap), 5,
		{ IN_LANES, LEN_ONE_LANE, SCMP_A2_64(SCMP_CMP_MASKED_EQ, ~READ_WRITE, 0),
			SCMP_A3_64(SCMP_CMP_EQ, MAP_SHARED | MAP_FIXED), PEER(4) } },
	{ SCMP_SYS(munmap), 2, { IN_LANES, LEN_ONE_LANE } },
	{ SCMP_SYS(mprotect), 3,
		{ SCMP_A0_64(SCMP_CMP_MASKED_EQ, ~LOW_8G, 0),
			SCMP_A1_64(SCMP_CMP_LE, MEMORY_SIZE_MAX),
			SCMP_A2_64(SCMP_CMP_EQ, READ_WRITE) } },
	/* nothing but the worker's own memory can lie behind that place */
	{ SCMP_SYS(madvise), 3,
		{ IN_PARCELS, SCMP_A1_64(SCMP_CMP_LE, 1ull << PARCELS_BITS),
			SCMP_A2_64(SCMP_CMP_EQ, MADV_DONTNEED) } },
	{ SCMP_SYS(exit_group), 0, { { 0 } } },
};
static const struct row clock_row = { SCMP_SYS(clock_gettime), 0, { { 0 } } };

static int add_row(scmp_filter_ctx filter, struct row row)
{
	struct scmp_arg_cmp *peer = NULL;
	int r = 0;

	for (unsigned i = 0; i < row.n; i++)
		if (row.args[i].op == SCMP_CMP_MASKED_EQ && !row.args[i].datum_a)
			peer = &row.args[i];
	if (!peer)
		return seccomp_rule_add_array(
			filter, SCMP_ACT_ALLOW, row.call, row.n, row.args);
	for (uint64_t from = FD_PEERS; r == 0 && from < FD_MAX; from *= 2) {
		peer->datum_a = ~(from - 1); /* [from, 2 * from) */
		peer->datum_b = from;
		r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, row.call, row.n, row.args);
	}
	return r;
}

static int export(scmp_filter_ctx filter, struct sock_fprog *out)
{
	CLEANUP(fd_closep) int fd = -1;
	int r = memfd_new("filter", 0, 0, &fd);

	if (r == 0)
		r = seccomp_export_bpf(filter, fd);
	if (r)
		return r;
	off_t size = lseek(fd, 0, SEEK_END);
	CLEANUP(freep) struct sock_filter *code = malloc((size_t)size);
	if (!code)
		return -ENOMEM;
	if (pread(fd, code, (size_t)size, 0) != size)
		return -EIO;
	out->len = (unsigned short)((size_t)size / sizeof(*code));
	out->filter = code;
	code = NULL;
	return 0;
}

int filter_new(bool clock_call, struct sock_fprog *out)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r = filter ? seccomp_attr_set(
				 filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS)
		       : -ENOMEM;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(rows); i++)
		r = add_row(filter, rows[i]);
	if (r == 0 && clock_call)
		r = add_row(filter, clock_row);
	if (r == 0)
		r = export(filter, out);
	seccomp_release(filter);
	return r;
}
