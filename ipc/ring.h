/*
 * ring.h: one direction of a lane: records in shared memory, one producer, one consumer, no
 * locks.
 *
 * The ring's bytes are mapped twice back to back, so a record never wraps. Positions are
 * free-running byte counts; each side keeps its own in private memory and only publishes it: a
 * peer that scribbles over the shared words breaks its own lane and nothing else. The orders
 * were model-checked (notes: ipc, sections 1.2 and 4); each names its pair.
 */
#pragma once

#include <stdatomic.h>
#include <string.h>

#include "ipc/base.h"
#include "ipc/record.h"

enum {
	RING_EMPTY = 1, /* peek: nothing now */
	RING_FULL,      /* put: no room now */
	RING_BROKEN,    /* the other side lied: close the lane, trust nothing of it */
};

/* Words that both sides see. Each has one writer. */
struct ring_tail {
	_Atomic uint64_t position;   /* producer: bytes published */
	_Atomic uint32_t want_space; /* producer: 1 while it sleeps for room */
};
struct ring_head {
	_Atomic uint64_t position; /* consumer: bytes done with */
};

struct ring_out { /* the producer's end */
	uint8_t *data;
	uint64_t bytes; /* power of two */
	struct ring_tail *tail;
	const struct ring_head *head;
	uint64_t position;
	uint64_t head_seen;
	bool unrung; /* something was published since the last ring of the bell */
};

struct ring_in { /* the consumer's end */
	const uint8_t *data;
	uint64_t bytes;
	const struct ring_tail *tail;
	struct ring_head *head;
	uint64_t position;
	uint64_t tail_seen;
	uint64_t told;   /* last published head */
	uint64_t looked; /* position at the last look whether the producer sleeps for room */
};

/* Largest body of one record. */
static inline uint32_t ring_body_max(uint64_t ring_bytes)
{
	return (uint32_t)(ring_bytes / 2 - sizeof(struct record));
}

/* What a fragment of a longer body carries: eight of them fill a ring, and a record without
 * body still fits beside them. */
static inline uint32_t ring_fragment_bytes(uint64_t ring_bytes)
{
	return (uint32_t)(ring_bytes / 8 - RECORD_ALIGN - sizeof(struct record));
}

/* Takes a fresh look at the consumer's head. False: it lied (the producer then sees a ring that
 * stays full). */
static inline bool ring_refresh(struct ring_out *ring)
{
	/* pairs with the release in ring_tell(): the consumer is done with the bytes before it
	 */
	uint64_t head = atomic_load_explicit(&ring->head->position, memory_order_acquire);

	if (head > ring->position || head < ring->head_seen || head % RECORD_ALIGN)
		return false;
	ring->head_seen = head;
	return true;
}

static inline bool ring_has_room(struct ring_out *ring, uint64_t room)
{
	if (ring->bytes - (ring->position - ring->head_seen) >= room)
		return true;
	return ring_refresh(ring) && ring->bytes - (ring->position - ring->head_seen) >= room;
}

/* Where the next record goes, or NULL when there is no room. frag_len <= ring_body_max(). */
static inline struct record *ring_reserve(struct ring_out *ring, uint32_t frag_len)
{
	if (!ring_has_room(ring, record_room(frag_len)))
		return NULL;
	return (struct record *)(void *)(ring->data + (ring->position & (ring->bytes - 1)));
}

static inline void ring_commit(struct ring_out *ring, uint32_t frag_len)
{
	ring->position += record_room(frag_len);
	/* pairs with the acquire in ring_peek(): the record first, then the tail */
	atomic_store_explicit(&ring->tail->position, ring->position, memory_order_release);
	ring->unrung = true;
}

/* Copies a whole record in. 0 or RING_FULL. The bell is the caller's to ring, once per batch.
 */
static inline int MUST_USE ring_put(
	struct ring_out *ring, const struct record *head, const void *body)
{
	struct record *to = ring_reserve(ring, head->frag_len);

	if (!to)
		return RING_FULL;
	*to = *head;
	if (head->frag_len)
		memcpy(to + 1, body, head->frag_len);
	ring_commit(ring, head->frag_len);
	return 0;
}

static inline bool ring_waiting(const struct ring_in *ring)
{
	return ring->tail_seen != ring->position ||
	       atomic_load_explicit(&ring->tail->position, memory_order_acquire) !=
		       ring->position;
}

/*
 * 0: *head is a checked copy of the next record's header and *body its body, still in shared
 * memory: copy it once. RING_EMPTY or RING_BROKEN otherwise. Nothing is consumed.
 */
static inline int MUST_USE ring_peek(
	struct ring_in *ring, struct record *head, const uint8_t **body)
{
	if (ring->tail_seen == ring->position) {
		/* pairs with the release in ring_commit() */
		uint64_t tail =
			atomic_load_explicit(&ring->tail->position, memory_order_acquire);
		if (tail == ring->position)
			return RING_EMPTY;
		if (tail - ring->position > ring->bytes || tail % RECORD_ALIGN)
			return RING_BROKEN;
		ring->tail_seen = tail;
	}
	const uint8_t *at = ring->data + (ring->position & (ring->bytes - 1));
	memcpy(head, at, sizeof(*head));
	/* from here on only the copy: the compiler must not fetch the header again from memory
	 * a peer may change */
	__asm__ volatile("" ::: "memory");
	if (head->frag_len > ring_body_max(ring->bytes) ||
		record_room(head->frag_len) > ring->tail_seen - ring->position ||
		head->offset > head->total_len ||
		head->frag_len > head->total_len - head->offset)
		return RING_BROKEN;
	*body = at + sizeof(*head);
	return 0;
}

/* Publishes the consumer's head; for the end of a batch. */
static inline void ring_tell(struct ring_in *ring)
{
	if (ring->told == ring->position)
		return;
	/* pairs with the acquire in ring_refresh(): done with the bytes, then the head */
	atomic_store_explicit(&ring->head->position, ring->position, memory_order_release);
	ring->told = ring->position;
}

/* Done with the record that ring_peek() showed; frag_len from the checked copy. */
static inline void ring_consume(struct ring_in *ring, uint32_t frag_len)
{
	ring->position += record_room(frag_len);
	if (ring->position - ring->told >= ring->bytes / 4)
		ring_tell(ring);
}

/* Producer, before it sleeps for room. True: there is room by now, do not sleep. */
bool ring_want_space(struct ring_out *ring, uint32_t frag_len) MUST_USE;
void ring_got_space(struct ring_out *ring);

/* Consumer, after ring_tell(): the producer sleeps for room and half of the ring is free, so
 * its bell should be rung. */
bool ring_space_awaited(const struct ring_in *ring) MUST_USE;
