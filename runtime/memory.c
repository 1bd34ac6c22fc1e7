#include "runtime/memory.h"

#include <sys/mman.h>
#include <sys/resource.h>

#define HUGE_PAGE_BYTES (2 * MIB)
#define SMALL_BYTES     (4 * MIB) /* of a program's memory have pages of the usual size */

uint64_t memory_bytes;
static uint64_t limit_bytes; /* it may grow to this */

static uint8_t *at(uint64_t offset)
{
	return (uint8_t *)MEMORY_BASE + offset;
}

static bool reserve(void)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;

	return mmap(at(0), MEMORY_RESERVED, PROT_NONE, flags, -1, 0) == at(0);
}

/*
 * Large programs get large pages, where the kernel has them to give: fewer faults, and fewer
 * misses of the TLB, which a virtual machine pays for twice. Not small ones: they would pay for
 * 2 MiB where they touch a page.
 */
static void ask_for_huge_pages(void)
{
	uint64_t from = (MEMORY_BASE + SMALL_BYTES) & ~(HUGE_PAGE_BYTES - 1);

	(void)madvise((void *)from, MEMORY_BASE + MEMORY_RESERVED - from, MADV_HUGEPAGE);
}

/* The runs were checked against the memory's size by the loader (object.c). */
static int map_runs(const struct object_header *head, int file)
{
	for (uint32_t i = 0; i < head->runs_count; i++) {
		const struct object_run *run = &head->runs[i];

		if (mmap(at(run->memory_offset), run->bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_FIXED, file,
			    (off_t)run->file_offset) == MAP_FAILED)
			return -errno;
	}
	return 0;
}

int memory_map(const struct object_header *head, int file, uint64_t bytes_max)
{
	uint64_t begins = head->memory_pages * MEMORY_PAGE_BYTES,
		 declared = head->memory_pages_max * MEMORY_PAGE_BYTES;

	if (begins > bytes_max)
		return MEMORY_OVER_LIMIT;
	if (!reserve())
		return -errno;
	ask_for_huge_pages();
	if (begins && mprotect(at(0), begins, PROT_READ | PROT_WRITE))
		return -errno;
	int r = map_runs(head, file);
	if (r)
		return r;
	memory_bytes = begins;
	limit_bytes = declared < bytes_max ? declared : bytes_max;
	return 0;
}

/* ---- the wall behind the limit ---- */

static int set_data_limit(uint64_t bytes)
{
	struct rlimit limit = { bytes, RLIM_INFINITY };

	return setrlimit(RLIMIT_DATA, &limit) ? -errno : 0;
}

/* True: with this limit one more page could be had, so less than that is mapped. */
static bool leaves_room(uint64_t bytes)
{
	if (set_data_limit(bytes))
		return false;
	void *page = mmap(NULL, HOST_PAGE_BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return false;
	munmap(page, HOST_PAGE_BYTES);
	return true;
}

/*
 * How much writable private memory is mapped is written in /proc only, which is not there any
 * more; so it is found by trying.
 */
static uint64_t data_bytes(void)
{
	uint64_t below = 0, above = 2 * MEMORY_RESERVED;

	while (above - below > HOST_PAGE_BYTES) {
		uint64_t middle = (below + above) / 2 & ~(HOST_PAGE_BYTES - 1);

		if (leaves_room(middle))
			above = middle;
		else
			below = middle;
	}
	return below;
}

int memory_limit(void)
{
	uint64_t may = data_bytes() + limit_bytes - memory_bytes;
	struct rlimit limit = { may, may };

	return setrlimit(RLIMIT_DATA, &limit) ? -errno : 0;
}

/* ---- while the program runs ---- */

uint32_t memory_grow(uint32_t had_pages, uint32_t more_pages)
{
	uint64_t more = more_pages * MEMORY_PAGE_BYTES;

	/* had_pages comes from the program's side: it must agree with ours */
	if (had_pages * MEMORY_PAGE_BYTES != memory_bytes || more > limit_bytes - memory_bytes)
		return 1;
	if (more && mprotect(at(memory_bytes), more, PROT_READ | PROT_WRITE))
		return 1;
	memory_bytes += more;
	return 0;
}

bool memory_holds(uint64_t address, uint64_t *offset)
{
	*offset = address - MEMORY_BASE;
	return address >= MEMORY_BASE && *offset < MEMORY_RESERVED;
}
