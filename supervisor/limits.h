/*
 * limits.h: what one process may use, and how many there may be. What a request does not say
 * is rsd's default.
 */
#pragma once

#include "ipc/base.h"

#define LIMITS_MEMORY_DEFAULT (1 * GIB)
#define LIMITS_MEMORY_MAX     (4 * GIB) /* all that a wasm module can address */
#define LIMITS_BODY_MIN       (64 * KIB)
#define LIMITS_CPU_S_MAX      (10ull * 365 * 86400)
#define LIMITS_PROCESSES_MAX  4096u

/* Of the processes that a process starts, and those that they start: allowance.h. */
#define LIMITS_CHILDREN_DEFAULT       16u
#define LIMITS_CHILDREN_DEPTH_DEFAULT 4u
#define LIMITS_CHILDREN_DEPTH_MAX     15u
#define LIMITS_CHILDREN_MEMORY_MAX    (LIMITS_PROCESSES_MAX * LIMITS_MEMORY_MAX)
#define LIMITS_OUTSTANDING_MAX        4096u /* as many ids as the runtime gives at a time */

/* Lanes of one process as a client, until both ends have let go of them: so that no client
 * takes all the lanes that its handlers may have (LANES_MAX), nor the memory of the machine. */
#define LIMITS_LANES_AS_CLIENT 256u
#define LIMITS_LANE_BYTES      (64 * MIB) /* a small lane takes 68 KiB, a large one 2 MiB */

/* Descriptors in rsd: of one process (bell, socket, page, pidfd, and for moments those of its
 * lanes), and of all else. */
#define LIMITS_FDS_PER_PROCESS 8u
#define LIMITS_FDS_OWN         512u

enum {
	LIMITS_OUT_OF_RANGE = 1
};

struct limits {
	uint64_t memory_bytes; /* linear memory may grow to this; whole wasm pages */
	uint64_t cpu_s;        /* 0: no limit */
	uint32_t body_bytes;   /* of a body between processes; one for all of rsd */
	uint32_t outstanding;  /* messages of its own that were not yet answered */

	/* of all its descendants together */
	uint64_t children_memory_bytes;
	uint32_t children; /* at the same time */
	uint32_t children_depth;
};
/* A process that nobody has said anything about. */
struct limits limits_default(void);

/* memory_bytes is rounded up to whole pages. */
int limits_memory(struct limits *limits, uint64_t bytes) MUST_USE;
int limits_cpu(struct limits *limits, uint64_t seconds) MUST_USE;
int limits_body(struct limits *limits, uint64_t bytes) MUST_USE;
int limits_outstanding(struct limits *limits, uint64_t messages) MUST_USE;
int limits_children(struct limits *limits, uint64_t processes) MUST_USE;
int limits_children_memory(struct limits *limits, uint64_t bytes) MUST_USE;
int limits_children_depth(struct limits *limits, uint64_t generations) MUST_USE;

/* Raises the limit of open descriptors to what is allowed; how many processes fit into that. */
uint32_t limits_raise_processes(void);
