/*
 * fake_counting.h: the least of an instrumented object: a header, and a skeleton that nobody
 * reads here.
 */
#pragma once

#include <string.h>

#include "ipc/memfd.h"
#include "runtime/abi.h"
#include "tests/check_run.h"

#define COUNTERS ((size_t)(HOST_PAGE_BYTES / 8))

static inline int counting_object(uint64_t counters_id)
{
	const struct object_header head = { .magic = OBJECT_MAGIC,
		.abi_version = OBJECT_ABI_VERSION,
		.tier = OBJECT_INSTRUMENTED,
		.counters_address = HOST_PAGE_BYTES,
		.counters_bytes = HOST_PAGE_BYTES,
		.counters_id = counters_id,
		.skeleton_offset = HOST_PAGE_BYTES,
		.skeleton_bytes = sizeof(struct skeleton) };
	const struct skeleton skeleton = { .compiler = 7 };
	int fd;

	ck_assert_int_eq(memfd_new("object", 2 * HOST_PAGE_BYTES, 0, &fd), 0);
	ck_assert_int_eq(pwrite(fd, &head, sizeof(head), 0), sizeof(head));
	ck_assert_int_eq(
		pwrite(fd, &skeleton, sizeof(skeleton), HOST_PAGE_BYTES), sizeof(skeleton));
	return fd;
}

/* What a process counted, in memory of ours. */
static inline int counted(uint64_t first, uint64_t last)
{
	int fd;

	ck_assert_int_eq(memfd_new("counters", HOST_PAGE_BYTES, 0, &fd), 0);
	ck_assert_int_eq(pwrite(fd, &first, 8, 0), 8);
	ck_assert_int_eq(pwrite(fd, &last, 8, HOST_PAGE_BYTES - 8), 8);
	return fd;
}
