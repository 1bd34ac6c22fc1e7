/*
 * bell.h: how a sleeping process is woken. Every process has one own page, which only it writes
 * (sealed FUTURE_WRITE after its owner mapped it), and one bell: a pipe whose read end it keeps
 * and whose write end its peers hold.
 *
 * The sleep epoch in the own page is odd while the owner sleeps or is about to. A peer that
 * published something looks at the epoch and rings at most once per epoch, so a flood costs one
 * system call per sleep. A pipe, because an eventfd's O_NONBLOCK is shared by both ends and a
 * peer could drain or fill it (notes: chain, lesson 1).
 */
#pragma once

#include <stdatomic.h>

#include "ipc/base.h"

#define OWN_PAGE_BYTES  4096
#define TRAP_FRAMES_MAX 48u

/* Why the owner ended, written by itself just before the end: believed for what is shown, for
 * nothing else. */
struct trap_report {
	uint32_t cause;   /* enum trap_cause, 0: none */
	uint32_t signal;  /* 0: the program's own check */
	uint64_t address; /* OUT_OF_BOUNDS: address in linear memory */
	uint64_t code;    /* offset in the object's ELF; 0: not in the object */

	/* Offsets as well: who called whom, innermost first. Calls that do not return may end a
	 * function, so those of calls lie one byte before where they return. */
	uint32_t frames_count;
	uint32_t frames_more; /* 1: there were more than fit */
	uint32_t frames[TRAP_FRAMES_MAX];
};

struct own_page {
	_Atomic uint64_t sleep_epoch; /* odd: asleep or about to be */
	struct trap_report trap;
};
_Static_assert(sizeof(struct own_page) <= OWN_PAGE_BYTES, "one page");

struct bell_peer { /* somebody who can be rung */
	const struct own_page *page;
	uint64_t last_rung; /* epoch of the last ring */
	int fd;             /* write end of its bell */
};

/* Two ends with flags of their own: reading blocks, writing does not. */
int bell_open(int *read_end, int *write_end) MUST_USE;

/* An own page as a memfd; bell_seal_page() once its owner has mapped it; bell_page_sealed() for
 * those who get it. */
int bell_page_new(int *fd) MUST_USE;
int bell_page_seal(int fd) MUST_USE;
bool bell_page_sealed(int fd) MUST_USE;

/* Rings if the peer sleeps and was not rung in this sleep. Call after publishing, once per
 * batch. */
void bell_ring(struct bell_peer *peer);

/*
 * The sleeper: begin, look once more at everything that may wake it, block reading the bell
 * only if there is nothing, end. What bell_sleep_begin() answers goes to bell_sleep_end().
 */
uint64_t bell_sleep_begin(struct own_page *own);
void bell_sleep_end(struct own_page *own, uint64_t epoch);
