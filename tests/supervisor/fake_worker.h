/*
 * fake_worker.h: rsd's half of lanes (supervisor/workers/workers.h) against workers that the
 * test plays itself, honest and hostile.
 */
#pragma once

#include <fcntl.h>
#include <string.h>

#include <sys/mman.h>

#include "interfaces/interface.h"
#include "interfaces/log.h"
#include "interfaces/random.h"
#include "ipc/fdpass.h"
#include "ipc/home.h"
#include "ipc/table.h"
#include "supervisor/workers/workers.h"
#include "tests/check_run.h"

/* ---- rsd's side: what it heard ---- */

static struct workers *workers;
static uint64_t ready_process, broken_process;
static const char *broken_why;
static char output[65536];
static uint32_t output_bytes;
static bool block_output;

static inline void on_ready(void *context, uint64_t process)
{
	(void)context;
	ready_process = process;
}

static inline void on_broken(void *context, uint64_t process, const char *why)
{
	(void)context;
	MUST(broken_process != process); /* told once */
	broken_process = process;
	broken_why = why;
}

static inline void on_output(
	void *context, uint64_t process, uint32_t level, const void *text, uint32_t bytes)
{
	(void)context, (void)process, (void)level;
	MUST(output_bytes + bytes < sizeof(output));
	memcpy(output + output_bytes, text, bytes);
	output_bytes += bytes;
}

static inline bool on_output_blocked(void *context, uint64_t process)
{
	(void)context, (void)process;
	return block_output;
}

/* ---- the worker's side, as its runtime would see it ---- */

struct fake {
	uint64_t process;
	struct lane home;
	struct own_page *own;
	const struct table *table;
	int fds[START_FDS];
	uint64_t next_id;
};

static struct hash a_program = { "program" }; /* what the next one runs */

static inline void fake_start(struct fake *fake, uint64_t process)
{
	struct lane_place place;

	*fake = (struct fake){ .process = process, .next_id = 1 };
	ck_assert_int_eq(workers_add(workers, process, &a_program, fake->fds), 0);
	fake->own = mmap(NULL, OWN_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
		fake->fds[START_OWN_PAGE], 0);
	fake->table = mmap(NULL, TABLE_BYTES, PROT_READ, MAP_SHARED, fake->fds[START_TABLE], 0);
	ck_assert_ptr_ne(fake->own, MAP_FAILED);
	ck_assert_ptr_ne(fake->table, MAP_FAILED);
	ck_assert_int_eq(bell_page_seal(fake->fds[START_OWN_PAGE]), 0);
	ck_assert_int_eq(lane_reserve(LANE_RING_SMALL, &place), 0);
	ck_assert_int_eq(lane_map(&fake->home, fake->fds[START_HOME_LANE], place,
				 LANE_RING_SMALL, LANE_CLIENT),
		0);
}

static inline void say(struct fake *fake, uint16_t kind, uint16_t flags, uint64_t id,
	uint32_t slot, const void *body, uint32_t bytes)
{
	struct record head = { .kind = kind,
		.flags = flags,
		.id = id,
		.slot = slot,
		.frag_len = bytes,
		.total_len = bytes };

	MUST(ring_put(&fake->home.out, &head, bytes ? body : "") == 0);
}

/* The next record from rsd; its kind, 0 for none. */
static inline uint16_t hear(struct fake *fake, struct record *head, void *body, uint32_t room)
{
	const uint8_t *at;

	if (ring_peek(&fake->home.in, head, &at))
		return 0;
	MUST(head->frag_len <= room);
	memcpy(body, at, head->frag_len);
	ring_consume(&fake->home.in, head->frag_len);
	ring_tell(&fake->home.in);
	return head->kind;
}

static inline void pump(void)
{
	while (workers_pump(workers))
		;
}

static inline void fake_ready(struct fake *fake, uint64_t process)
{
	fake_start(fake, process);
	say(fake, RECORD_READY, 0, 0, 0, "", 0);
	pump();
	ck_assert_uint_eq(ready_process, process);
}

static inline struct home_opened open_interface(
	struct fake *fake, const uint8_t interface[32], uint32_t flags)
{
	struct home_open open = { .flags = flags };
	struct home_opened opened = { 0 };
	struct record head;

	memcpy(open.interface, interface, 32);
	say(fake, RECORD_OPEN, 0, fake->next_id, 0, &open, sizeof(open));
	pump();
	MUST(hear(fake, &head, &opened, sizeof(opened)) == RECORD_OPENED);
	MUST(head.id == fake->next_id++);
	return opened;
}

/* A request to `interface` about an interface: REGISTER, UNREGISTER. */
static inline uint32_t interface_body(uint32_t request, const uint8_t interface[32],
	uint64_t body_bytes_max, uint8_t *body, size_t room)
{
	struct rs_interface_register_request message = { .interface = { interface, 32 },
		.body_bytes_max = body_bytes_max };

	return (uint32_t)rs_encode_body(
		request, &rs_interface_register_request_layout, &message, body, room);
}

static inline uint32_t ask_limited(struct fake *fake, uint32_t request,
	const uint8_t interface[32], uint64_t body_bytes_max)
{
	struct home_opened host = open_interface(fake, rs_interface_interface, 0);
	struct record head;
	uint8_t body[64];
	char nothing[1];

	say(fake, RECORD_MESSAGE, RS_NEEDS_ANSWER, fake->next_id, host.slot, body,
		interface_body(request, interface, body_bytes_max, body, sizeof(body)));
	pump();
	MUST(hear(fake, &head, nothing, 0) == RECORD_ANSWER);
	MUST(head.id == fake->next_id++);
	return head.slot;
}

static inline uint32_t ask_interface(
	struct fake *fake, uint32_t request, const uint8_t interface[32])
{
	return ask_limited(fake, request, interface, 0);
}

static inline void log_line(
	struct fake *fake, const struct home_opened *log, int32_t level, const char *text)
{
	struct rs_log_write_request line = { level, { (const uint8_t *)text, strlen(text) } };
	uint8_t body[64];

	say(fake, RECORD_MESSAGE, 0, 0, log->slot, body,
		(uint32_t)rs_log_write_body(&line, body, sizeof(body)));
}

static inline void ask_random(
	struct fake *fake, const struct home_opened *host, uint64_t id, uint32_t bytes)
{
	struct rs_random_generate_request ask = { bytes };
	uint8_t body[16];

	say(fake, RECORD_MESSAGE, RS_NEEDS_ANSWER, id, host->slot, body,
		(uint32_t)rs_random_generate_body(&ask, body, sizeof(body)));
}

static inline int take_lane(struct fake *fake, uint32_t *lane)
{
	struct home_lane_tag tag;
	int fds[HOME_FDS];
	int r = fdpass_receive(fake->fds[START_SOCKET], &tag, sizeof(tag), fds, HOME_FDS);

	if (r)
		return r;
	*lane = tag.lane;
	for (size_t i = 0; i < HOME_FDS; i++)
		close(fds[i]);
	return 0;
}

static const uint8_t echo[32] = "example:echo";

static inline void set_up(void)
{
	const struct workers_events events = { .ready = on_ready,
		.broken = on_broken,
		.output = on_output,
		.output_blocked = on_output_blocked };

	ready_process = broken_process = 0;
	output_bytes = 0;
	block_output = false;
	ck_assert_int_eq(workers_new(&events, &workers), 0);
}

static inline void tear_down(void)
{
	workers = workers_free(workers);
}
