/*
 * jail.h: runs one step of a compile where it can do no harm: a tool, or a function of ours
 * that reads hostile bytes. It sees the toolchain's files and its work folder, nothing else,
 * has no network, limits on time, memory and file sizes, and dies with us.
 *
 * A step is two processes. The warden is ours and reads nothing: it makes the namespaces,
 * starts the job, waits for its end, its deadline or ours, and ends all that is left. The job
 * goes through the table of steps in jail.c and becomes the tool. A wall that the kernel lacks
 * or forbids is left out and reported; those marked `must` are not optional.
 *
 * One thread. No descriptor but the streams and job->keep_fds reaches the job.
 */
#pragma once

#include "ipc/base.h"

enum jail_wall {
	JAIL_NAMESPACES, /* own network, IPC and process numbers */
	JAIL_PRIVILEGES, /* none to be gained, none kept */
	JAIL_USER,       /* not root */
	JAIL_FILES,      /* landlock */
	JAIL_PROCESSES,  /* a limit on their number */
	JAIL_CALLS,      /* seccomp */
	JAIL_WALLS,
};
extern const char *const jail_wall_names[JAIL_WALLS];

struct jail_limits {
	uint64_t cpu_s;        /* of one process */
	uint64_t wall_s;       /* of the whole step: sleeping is not free either */
	uint64_t memory_bytes; /* of address space of one process */
	uint64_t file_bytes;   /* of one file */
};

#define JAIL_KEPT_FD_FIRST \
	10 /* job->keep_fds[i] is descriptor JAIL_KEPT_FD_FIRST + i in the job */
#define JAIL_KEPT_FDS_MAX 2
#define JAIL_READ_MAX     8

struct jail_job {
	const char *program; /* path, opened before the walls stand ... */
	const char *const *argv;
	int (*function)(
		void *argument); /* ... or this is called, and its answer is the exit code */
	void *argument;
	int work_fd;                     /* the work folder, becomes the current one */
	int output_fd, error_fd;         /* -1: the null device */
	int keep_fds[JAIL_KEPT_FDS_MAX]; /* folders the tool reaches as /proc/self/fd/N; -1:
					    none */
	const char *read[JAIL_READ_MAX]; /* paths it may read and execute, beside the system's
					    own; NULL ends */
	struct jail_limits limits;
};

enum jail_how {
	JAIL_EXITED,   /* code is the exit code */
	JAIL_KILLED,   /* code is the signal */
	JAIL_NO_CPU,   /* used up limits.cpu_s; a driver hides in words that its tool did */
	JAIL_NO_TIME,  /* used up limits.wall_s */
	JAIL_BIG_FILE, /* wrote beyond limits.file_bytes */
	JAIL_BROKEN,   /* a wall that must stand does not, or the program cannot be run: code is
			  the errno */
};

struct jail_end {
	enum jail_how how;
	int code;
	uint32_t walls; /* bits of enum jail_wall: those that stand */
	uint64_t cpu_ms;
	const char *where; /* JAIL_BROKEN: which step */
};

struct jail_child {
	pid_t pid;
	int pidfd, report_fd;
};
#define JAIL_NO_CHILD ((struct jail_child){ .pid = -1, .pidfd = -1, .report_fd = -1 })

int jail_start(const struct jail_job *job, struct jail_child *out) MUST_USE;

/* Reads how it ended; only when pidfd is readable, else it waits. The child is gone afterwards.
 */
int jail_finish(struct jail_child *child, struct jail_end *end) MUST_USE;

/* Kills all of it; safe on JAIL_NO_CHILD. */
void jail_kill(struct jail_child *child);

/* Start and finish. */
int jail_run(const struct jail_job *job, struct jail_end *end) MUST_USE;
