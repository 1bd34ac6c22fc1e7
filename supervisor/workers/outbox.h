/*
 * outbox.h: what rsd has to tell one worker and its ring has no room for yet: records in order,
 * some with descriptors. In the ordinary case it stays empty and a record goes straight into
 * the ring. It is bounded: a worker that asks and never listens fills its own outbox, and that
 * is its end.
 */
#pragma once

#include "ipc/home.h"
#include "ipc/lane.h"

#define OUTBOX_RECORDS_MAX 2048u
#define OUTBOX_BYTES_MAX   (16 * MIB) /* bodies */

enum {
	OUTBOX_FULL = 1
};

struct outbox_entry;
struct outbox {
	struct outbox_entry *first, **last;
	uint32_t records;
	uint64_t bytes;
	bool fds_in_flight; /* the worker has not taken the last descriptors yet
			       (RECORD_LANE_TAKEN) */
};

void outbox_init(struct outbox *outbox);
void outbox_deinit(struct outbox *outbox); /* closes the descriptors it still holds */

/* fds: HOME_FDS descriptors, which are the outbox's then whatever is answered; NULL: none. 0,
 * OUTBOX_FULL or -ENOMEM. */
int outbox_add(struct outbox *outbox, const struct record *head, const void *body,
	const int *fds) MUST_USE;

/*
 * Puts into the answer ring of the home lane (and descriptors into the socket) what fits. 0, or
 * -errno of the socket. On return without everything sent, the worker will ring when there is
 * room or descriptors were taken.
 */
int outbox_flush(struct outbox *outbox, struct lane *home, int socket) MUST_USE;
