/*
 * offload.h: one helper thread for what would block the loop: disk, fsync, hashing.
 *
 * A job is its owner's memory from offload_push() until its done() was called. run() is called
 * on the helper and touches nothing but the job; done() is called on the loop. First in, first
 * out.
 */
#pragma once

#include "supervisor/loop.h"

#define OFFLOAD_JOBS_MAX 1024u

enum {
	OFFLOAD_FULL =
		1 /* OFFLOAD_JOBS_MAX are waiting, or rsd is ending: refuse what wanted it */
};

struct offload_job {
	struct offload_job *next;
	void (*run)(struct offload_job *job);
	void (*done)(struct offload_job *job);
};

struct offload;

int offload_new(struct loop *loop, struct offload **out) MUST_USE;
/* Runs what waits, calls every done(), and ends the thread. Returns NULL. */
struct offload *offload_free(struct offload *offload);

int offload_push(struct offload *offload, struct offload_job *job) MUST_USE;
