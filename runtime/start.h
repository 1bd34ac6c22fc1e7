/*
 * start.h: what rsd and the launcher say to each other, over one SOCK_SEQPACKET pair
 * (descriptor LAUNCHER_SOCKET in the launcher). rsd asks for workers; the launcher forks them,
 * reaps them and tells how they ended.
 */
#pragma once

#include "ipc/base.h"
#include "ipc/hash.h"

enum {
	LAUNCHER_SOCKET = 3
};

/* Descriptors of a start request, in this order. */
enum start_fd {
	START_OBJECT,    /* sealed memfd of the object file (abi.h); its MAC was checked */
	START_BLOCK,     /* sealed memfd: struct start_block */
	START_BELL,      /* read end of the worker's bell */
	START_SOCKET,    /* the worker's end of its unix socket: descriptors of new lanes */
	START_HOME_LANE, /* lane.h; the worker is the client */
	START_OWN_PAGE,  /* bell.h; the worker maps it and seals it */
	START_TABLE,     /* table.h; read-only for the worker */
	START_RSD_BELL,  /* write end of rsd's bell */
	START_RSD_PAGE,  /* rsd's own page */
	START_FDS,

	/* Only with an instrumented object: a memfd as long as its counters_bytes, that cannot
	 * shrink. The worker shares it with rsd, which looks at it when it likes. */
	START_COUNTERS = START_FDS,
	START_FDS_MAX,
};

struct start_request {
	uint64_t process;
};

/* Limits and environment of one process. Strings: arguments, then environment ("K=V"), each
 * closed with a zero. */
#define START_STRINGS_BYTES_MAX (128 * KIB)
#define START_STRINGS_MAX       4096u
struct start_block {
	uint64_t process;
	struct hash program;
	uint64_t memory_bytes_max; /* linear memory may grow to this */
	uint64_t cpu_s_max;        /* 0: no limit */
	uint32_t body_bytes_max;   /* the longest body it may send, or be sent */
	uint32_t outstanding_max;  /* own messages at a time; 0: TICKETS_OWN_MAX */
	uint32_t arguments_count, environment_count;
	uint32_t strings_bytes;
	uint32_t console; /* 1: somebody is attached, standard input can be asked for on
			     `console` */
	char strings[];
};

/* Walls that stand (bits of LAUNCHER_HELLO's value), for doctor and inspect. */
enum wall {
	WALL_USER_NAMESPACE,
	WALL_MOUNT_NAMESPACE,
	WALL_NETWORK_NAMESPACE,
	WALL_IPC_NAMESPACE,
	WALL_EMPTY_ROOT,
	WALL_NO_WRITE_EXEC, /* PR_SET_MDWE, Linux 6.3 */
	WALL_LANDLOCK,
	WALL_UNPRIVILEGED, /* not root any more */
	WALL_SECCOMP,      /* never optional */
	WALLS,
};

enum launcher_event_kind {
	LAUNCHER_HELLO = 1, /* value: walls */
	LAUNCHER_STARTED,   /* value: pid as the launcher sees it; one descriptor: its pidfd */
	LAUNCHER_FAILED,    /* value: errno; the worker never was */
	LAUNCHER_ENDED,     /* value: wait status; sent once, after the process is gone */
};

struct launcher_event {
	uint32_t kind;
	int32_t value;
	uint64_t process; /* 0 for HELLO */
};

/* Exit codes of a worker whose start failed before the program ran; the step is in its
 * trap_report as TRAP_RUNTIME. */
enum {
	WORKER_EXIT_MAP = 120,
	WORKER_EXIT_OBJECT,
	WORKER_EXIT_LOCK,
	WORKER_EXIT_RUNTIME,
	WORKER_EXIT_MEMORY, /* it begins with more than it may have */
};
