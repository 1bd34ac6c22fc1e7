/*
 * world.h: a made-up rsd and made-up peers for the runtime of one worker, all in the process of
 * the test. The test holds the other ends, says what a peer or rsd says, and looks at what the
 * worker said. Check forks each test, so each has a runtime of its own.
 */
#pragma once

#include <check.h>
#include <fcntl.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/socket.h>

#include "interfaces/interface.h"
#include "interfaces/limits.h"
#include "interfaces/log.h"
#include "interfaces/random.h"
#include "interfaces/time.h"
#include "ipc/fdpass.h"
#include "ipc/home.h"
#include "ipc/memfd.h"
#include "ipc/table.h"
#include "runtime/calls.h"
#include "runtime/ends.h"
#include "runtime/held.h"
#include "runtime/inbox.h"
#include "runtime/memory.h"

#define WORLD_PAGES 4u /* of the program's memory */

static struct {
	struct lane home; /* rsd's end */
	struct table *table;
	struct own_page *rsd_page;
	const struct own_page *worker_page;
	int socket, bell; /* rsd's end; the write end of the worker's bell */
	int rsd_rings;    /* read end of rsd's bell */
} world;

struct peer {
	struct lane lane;
	struct own_page *page;
	uint32_t index;
	int rings; /* read end of its bell */
};

static inline void *world_map(int fd, size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	ck_assert_ptr_ne(at, MAP_FAILED);
	return at;
}

static inline void world_lane(struct lane *lane, int fd, enum lane_role role)
{
	struct lane_place place;

	ck_assert_int_eq(lane_reserve(LANE_RING_SMALL, &place), 0);
	ck_assert_int_eq(lane_map(lane, fd, place, LANE_RING_SMALL, role), 0);
}

/* A bell and a page, as every process has them. */
static inline struct own_page *world_own(int *page_fd, int *reads, int *writes)
{
	ck_assert_int_eq(bell_page_new(page_fd), 0);
	ck_assert_int_eq(bell_open(reads, writes), 0);
	ck_assert_int_eq(fcntl(*reads, F_SETFL, O_NONBLOCK), 0);
	return world_map(*page_fd, OWN_PAGE_BYTES);
}

static inline void world_new(void)
{
	struct object_header head = { .memory_pages = WORLD_PAGES,
		.memory_pages_max = 2 * WORLD_PAGES };
	struct ends_start start;
	int sockets[2], worker_bell[2], rsd_bell;

	ck_assert_int_eq(memory_map(&head, -1, 1 * GIB), 0);
	ck_assert_int_eq(bell_page_new(&start.own_page), 0);
	ck_assert_int_eq(bell_open(&worker_bell[0], &worker_bell[1]), 0);
	world.rsd_page = world_own(&start.rsd_page, &world.rsd_rings, &rsd_bell);
	ck_assert_int_eq(memfd_new("table", TABLE_BYTES, 0, &start.table), 0);
	world.table = world_map(start.table, TABLE_BYTES);
	world.table->lanes[LANE_HOME].ring_log2 = LANE_RING_SMALL;
	world.table->lanes[LANE_HOME].slots = UINT64_MAX;
	ck_assert_int_eq(lane_new(LANE_RING_SMALL, &start.home_lane), 0);
	world_lane(&world.home, start.home_lane, LANE_HANDLER);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets), 0);
	world.socket = sockets[0];
	world.bell = worker_bell[1];
	start.bell = worker_bell[0];
	start.socket = sockets[1];
	start.rsd_bell = rsd_bell;
	ck_assert_int_eq(ends_init(&start), 0);
	world.worker_page = ends.own;
	world.home.peer = (struct bell_peer){ .page = ends.own, .fd = world.bell };
	ck_assert_int_eq(inbox_init(RS_BODY_BYTES_DEFAULT), 0);
	ck_assert_int_eq(held_init(), 0);
}

/* ---- rsd says ---- */

static inline void world_changed(void)
{
	atomic_fetch_add(&world.table->version, 1);
	bell_ring(&world.home.peer);
}

static inline void world_state(const struct peer *peer, enum table_state state)
{
	atomic_store(&world.table->lanes[peer->index].state, state);
	world_changed();
}

static inline void world_slots(const struct peer *peer, uint64_t slots)
{
	atomic_store(&world.table->lanes[peer->index].slots, slots);
	world_changed();
}

static inline void world_revoke(const struct peer *peer, uint64_t slots)
{
	struct table_lane *entry = &world.table->lanes[peer->index];

	atomic_store(&entry->revoked, slots);
	world_slots(peer, atomic_load(&entry->slots) & ~slots);
}

static inline void world_say(
	uint16_t kind, uint64_t id, uint32_t slot, const void *body, uint32_t bytes)
{
	struct record head = {
		.kind = kind, .id = id, .slot = slot, .frag_len = bytes, .total_len = bytes
	};

	ck_assert_int_eq(ring_put(&world.home.out, &head, bytes ? body : ""), 0);
	lane_ring(&world.home);
}

static inline void world_opened(const uint8_t interface[32], uint32_t status, uint32_t lane,
	uint32_t slot, bool new_lane)
{
	struct home_opened body = { .status = status,
		.lane = lane,
		.slot = slot,
		.new_lane = new_lane,
		.body_bytes_max = RS_BODY_BYTES_DEFAULT };

	memcpy(body.interface, interface, 32);
	world_say(RECORD_OPENED, 1, lane, &body, sizeof(body));
}

/* A new lane at that index; its descriptors lie in the socket, nothing is announced yet. */
static inline struct peer world_peer(
	uint32_t index, enum lane_role worker_role, uint64_t process, uint64_t slots)
{
	struct table_lane *entry = &world.table->lanes[index];
	struct peer peer = { .index = index };
	struct home_lane_tag tag = { .lane = index };
	int fds[HOME_FDS];

	ck_assert_int_eq(lane_new(LANE_RING_SMALL, &fds[HOME_FD_LANE]), 0);
	world_lane(&peer.lane, fds[HOME_FD_LANE],
		worker_role == LANE_CLIENT ? LANE_HANDLER : LANE_CLIENT);
	peer.page = world_own(&fds[HOME_FD_PAGE], &peer.rings, &fds[HOME_FD_BELL]);
	peer.lane.peer = (struct bell_peer){ .page = ends.own, .fd = world.bell };
	entry->role = worker_role;
	entry->ring_log2 = LANE_RING_SMALL;
	entry->generation++;
	entry->peer_process = process;
	atomic_store(&entry->slots, slots);
	atomic_store(&entry->state, TABLE_OPEN);
	ck_assert_int_eq(fdpass_send(world.socket, &tag, sizeof(tag), fds, HOME_FDS), 0);
	for (size_t i = 0; i < HOME_FDS; i++)
		close(fds[i]);
	return peer;
}

/* The worker will find this handler behind the interface. */
static inline struct peer world_handler(const uint8_t interface[32], uint32_t index)
{
	struct peer peer = world_peer(index, LANE_CLIENT, 0, 1);

	world_opened(interface, RS_OK, index, 0, true);
	return peer;
}

/* The worker is the handler of this client; slot 3. */
#define WORLD_SLOT 3u
static const uint8_t world_handled[32] = "test:handled";
static inline void world_limit(uint32_t body_bytes_max)
{
	atomic_store(&world.table->body_bytes_max[WORLD_SLOT], body_bytes_max);
}

static inline struct peer world_client(uint32_t index, uint64_t process)
{
	struct peer peer = world_peer(index, LANE_HANDLER, process, 1u << WORLD_SLOT);
	struct home_lane body = { .lane = index,
		.generation = world.table->lanes[index].generation };

	memcpy(world.table->interfaces[WORLD_SLOT], world_handled, 32);
	world_limit(RS_BODY_BYTES_DEFAULT);
	world_say(RECORD_NEW_LANE, 0, index, &body, sizeof(body));
	return peer;
}

/* ---- peers say, and look at what the worker said ---- */

static inline int peer_put(struct peer *peer, const struct record *head, const void *body)
{
	int r = ring_put(&peer->lane.out, head, body);

	lane_ring(&peer->lane);
	return r;
}

static inline int peer_say(struct peer *peer, uint16_t kind, uint64_t id, uint32_t slot,
	const void *body, uint32_t bytes)
{
	struct record head = { .kind = kind,
		.id = id,
		.slot = slot,
		.frag_len = bytes,
		.total_len = bytes,
		.flags = kind == RECORD_MESSAGE && id ? RS_NEEDS_ANSWER : 0 };

	return peer_put(peer, &head, bytes ? body : "");
}

/* A fragment of a body. */
static inline int peer_part(struct peer *peer, uint16_t kind, uint64_t id, const uint8_t *body,
	uint32_t total, uint32_t offset, uint32_t bytes)
{
	struct record head = { .kind = kind,
		.id = id,
		.slot = kind == RECORD_MESSAGE ? WORLD_SLOT : RS_OK,
		.frag_len = bytes,
		.total_len = total,
		.offset = offset,
		.flags = kind == RECORD_MESSAGE && id ? RS_NEEDS_ANSWER : 0 };

	return peer_put(peer, &head, body + offset);
}

struct heard {
	struct record head;
	char body[256];
};

/* The next record from the worker; kind 0: none. */
static inline struct heard lane_hear(struct lane *lane)
{
	struct heard heard = { .head = { .kind = 0 } };
	const uint8_t *body;

	if (ring_peek(&lane->in, &heard.head, &body) != 0)
		return (struct heard){ .head = { .kind = 0 } };
	memcpy(heard.body, body,
		heard.head.frag_len < sizeof(heard.body) ? heard.head.frag_len
							 : sizeof(heard.body));
	ring_consume(&lane->in, heard.head.frag_len);
	lane_tell(lane);
	return heard;
}

static inline struct heard peer_hear(struct peer *peer)
{
	return lane_hear(&peer->lane);
}

/* The next record of this kind on the home lane; others before it are passed over. */
static inline struct heard world_hear(uint16_t kind)
{
	for (;;) {
		struct heard heard = lane_hear(&world.home);

		if (heard.head.kind == kind || heard.head.kind == 0)
			return heard;
	}
}

/* How often the bell rang since the last look. */
static inline int world_rung(int rings)
{
	uint64_t one;
	int n = 0;

	while (read(rings, &one, sizeof(one)) == sizeof(one))
		n++;
	return n;
}

/* ---- the program ---- */

/* Places in its memory. */
enum {
	AT_INTERFACE = 0,
	AT_ID = 64,
	AT_PIECES = 128,
	AT_POLL = 1024,
	AT_BODY = 8192,
	AT_OUT = 65536,
	OUT_BYTES = 65536
};

static inline void *guest_at(uint32_t place)
{
	return (void *)(MEMORY_BASE + place);
}

static inline uint32_t guest_pieces(const struct rs_piece *pieces, uint32_t n)
{
	memcpy(guest_at(AT_PIECES), pieces, n * sizeof(*pieces));
	return AT_PIECES;
}

static inline uint32_t guest_body(const void *body, uint32_t bytes)
{
	struct rs_piece piece = { AT_BODY, bytes };

	memcpy(guest_at(AT_BODY), body, bytes);
	return guest_pieces(&piece, 1);
}

static inline uint32_t guest_send(const uint8_t interface[32], const void *body, uint32_t bytes,
	uint64_t flags, uint64_t *id)
{
	memcpy(guest_at(AT_INTERFACE), interface, 32);
	uint32_t pieces = guest_body(body, bytes);
	uint32_t status = calls_emit_message(NULL, AT_INTERFACE, pieces, 1, flags, AT_ID);

	memcpy(id, guest_at(AT_ID), sizeof(*id));
	return status;
}

static inline uint32_t guest_answer(
	uint64_t id, uint32_t status, const void *body, uint32_t bytes)
{
	uint32_t pieces = guest_body(body, bytes);

	memcpy(guest_at(AT_ID), &id, sizeof(id));
	return calls_emit_answer(NULL, AT_ID, pieces, 1, status);
}

static inline uint32_t guest_cancel(uint64_t id)
{
	struct rs_interface_cancel_request request = { .id = id };
	uint8_t body[RS_CODEC_INDEX_BYTES + RS_INTERFACE_CANCEL_REQUEST_BYTES_MAX];
	int64_t bytes = rs_interface_cancel_body(&request, body, sizeof(body));
	uint64_t none;

	return guest_send(rs_interface_interface, body, (uint32_t)bytes, 0, &none);
}

static struct {
	struct rs_delivery head;
	char body[256];
} got;

/* Waits for one of n ids (n 0: anything); the delivery is in `got`. */
static inline int64_t guest_wait(const uint64_t *ids, uint32_t n, int64_t timeout_ns)
{
	if (n)
		memcpy(guest_at(AT_POLL), ids, n * sizeof(*ids));
	int64_t bytes = (int64_t)calls_next_message(
		NULL, AT_POLL, n, AT_OUT, OUT_BYTES, (uint64_t)timeout_ns);
	memcpy(&got, guest_at(AT_OUT), sizeof(got));
	return bytes;
}

static inline int64_t guest_look(void)
{
	return guest_wait(NULL, 0, 0);
}
