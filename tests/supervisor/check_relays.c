/* check_relays.c: a mediated lane with real rings: the two far ends are this file's. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <sys/mman.h>

#include "supervisor/workers/relays.h"
#include "tests/check_run.h"

/* ---- the world: a relay and who is at its far ends, by role ---- */

static struct lookout lookout;
static struct relay *relay;
static struct far {
	struct lane lane;
	struct own_page *page;
	struct bell_peer bell; /* as rsd has it */
	int page_fd, rings;
} far[2];

static void far_begin(struct far *end)
{
	ck_assert_int_eq(bell_page_new(&end->page_fd), 0);
	ck_assert_int_eq(bell_open(&end->rings, &end->bell.fd), 0);
	ck_assert_int_eq(fcntl(end->rings, F_SETFL, O_NONBLOCK), 0);
	end->page =
		mmap(NULL, OWN_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, end->page_fd, 0);
	ck_assert_ptr_ne(end->page, MAP_FAILED);
	end->bell.page = end->page;
}

static void far_map(struct far *end, enum lane_role role, int fd)
{
	/* who is rung by the far ends is of no interest here: nobody */
	static const struct own_page awake;
	struct lane_place place;

	ck_assert_int_eq(lane_reserve(LANE_RING_SMALL, &place), 0);
	ck_assert_int_eq(lane_map(&end->lane, fd, place, LANE_RING_SMALL, role), 0);
	end->lane.peer = (struct bell_peer){ .page = &awake, .fd = -1 };
	close(fd);
}

static void set_up(void)
{
	int fds[2];
	const struct bell_peer *const bells[2] = { &far[0].bell, &far[1].bell };

	far_begin(&far[LANE_CLIENT]);
	far_begin(&far[LANE_HANDLER]);
	ck_assert_int_eq(relays_new(&lookout, 7, LANE_RING_SMALL, bells, fds, &relay), 0);
	relay->slots = UINT64_MAX;
	far_map(&far[LANE_CLIENT], LANE_CLIENT, fds[LANE_CLIENT]);
	far_map(&far[LANE_HANDLER], LANE_HANDLER, fds[LANE_HANDLER]);
}

static void tear_down(void)
{
	relay = relays_free(relay);
	for (enum lane_role side = LANE_CLIENT; side <= LANE_HANDLER; side++) {
		lane_unmap(&far[side].lane);
		munmap(far[side].page, OWN_PAGE_BYTES);
		fd_closep(&far[side].page_fd);
		fd_closep(&far[side].rings);
		fd_closep(&far[side].bell.fd);
	}
	ck_assert_uint_eq(lookout.count, 0);
	ck_assert_uint_eq(lookout.claimed, 0);
	lookout_deinit(&lookout);
}

static const uint16_t kind_of[2] = { RECORD_MESSAGE, RECORD_ANSWER };

/* A record whose body tells its id in every byte. */
static bool say(enum lane_role from, uint64_t id, uint32_t bytes)
{
	static uint8_t body[16 * KIB];
	struct record head = { .kind = kind_of[from],
		.flags = (uint16_t)(id & 1),
		.frag_len = bytes,
		.total_len = bytes,
		.id = id,
		.slot = (uint32_t)(id * 7 % 64) };

	memset(body, (int)id, bytes);
	return ring_put(&far[from].lane.out, &head, body) == 0;
}

/* What came to this side; its id, 0: nothing. */
static uint64_t hear(enum lane_role side)
{
	struct record head;
	const uint8_t *body;
	int r = ring_peek(&far[side].lane.in, &head, &body);

	if (r)
		return 0;
	MUST(head.kind == kind_of[relays_other(side)]);
	MUST(head.flags == (head.id & 1) && head.slot == (uint32_t)(head.id * 7 % 64));
	for (uint32_t i = 0; i < head.frag_len; i++)
		MUST(body[i] == (uint8_t)head.id);
	ring_consume(&far[side].lane.in, head.frag_len);
	ring_tell(&far[side].lane.in);
	return head.id;
}

/* Turns of one way until it has no more to do; the last outcome. */
static int turn(enum lane_role from)
{
	int r;

	do
		r = relays_turn(relay, from);
	while (r == RELAYS_MORE);
	return r;
}

static bool watched_changed(enum lane_role from)
{
	struct lookout_scan scan = lookout_all(&lookout);
	struct lookout_item *item;

	while ((item = lookout_next(&lookout, &scan)))
		if (item == &relay->ways[from])
			return true;
	return false;
}

enum {
	FIRST_WAY = LANE_CLIENT,
	WAYS_END = LANE_HANDLER + 1
}; /* of a loop test: _i is who sends */

/* ---- passing on ---- */

START_TEST(a_record_comes_as_it_was_sent)
{
	struct record sent = { .kind = kind_of[_i],
		.flags = RS_NEEDS_ANSWER,
		.id = 0x1122334455667788,
		.slot = 61,
		.frag_len = 5,
		.total_len = 100,
		.reserved = 9 },
		      came;
	enum lane_role other = relays_other((enum lane_role)_i);
	const uint8_t *body;

	ck_assert_int_eq(ring_put(&far[_i].lane.out, &sent, "hello"), 0);
	ck_assert(watched_changed((enum lane_role)_i));
	ck_assert_int_eq(turn((enum lane_role)_i), 0);
	ck_assert(!watched_changed((enum lane_role)_i));
	ck_assert_int_eq(ring_peek(&far[other].lane.in, &came, &body), 0);
	ck_assert_mem_eq(&sent, &came, sizeof(sent));
	ck_assert_mem_eq(body, "hello", 5);
	ck_assert_int_eq(ring_peek(&far[_i].lane.in, &came, &body), RING_EMPTY);
}
END_TEST

START_TEST(all_that_belongs_on_a_lane_passes)
{
	static const uint16_t kinds[2][3] = {
		[LANE_CLIENT] = { RECORD_MESSAGE, RECORD_CANCEL, RECORD_ABORT },
		[LANE_HANDLER] = { RECORD_ANSWER, RECORD_ABORT, RECORD_ANSWER },
	};
	enum lane_role other = relays_other((enum lane_role)_i);
	struct record head;
	const uint8_t *body;

	for (size_t k = 0; k < ARRAY_LEN(kinds[0]); k++) {
		head = (struct record){ .kind = kinds[_i][k], .id = k + 1 };
		/* as if fragments had been before it: what is aborted has a beginning */
		relay->bodies[_i].next = head.kind == RECORD_ABORT;
		ck_assert_int_eq(ring_put(&far[_i].lane.out, &head, ""), 0);
		ck_assert_int_eq(turn((enum lane_role)_i), 0);
		ck_assert_int_eq(ring_peek(&far[other].lane.in, &head, &body), 0);
		ck_assert_uint_eq(head.kind, kinds[_i][k]);
		ring_consume(&far[other].lane.in, 0);
	}
}
END_TEST

START_TEST(a_body_in_fragments_passes_however_slowly_it_is_read)
{
	struct record head = { .kind = kind_of[_i], .id = 1, .total_len = 200000 }, came;
	struct ring_out *out = &far[_i].lane.out;
	struct ring_in *in = &far[relays_other((enum lane_role)_i)].lane.in;
	static uint8_t bytes[200000];
	const uint8_t *body;
	uint32_t got = 0;

	for (uint32_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 31 + i / 256);
	while (got < head.total_len) {
		uint32_t left = head.total_len - head.offset;
		head.frag_len =
			left < ring_body_max(out->bytes) ? left : ring_body_max(out->bytes);
		if (left && ring_put(out, &head, bytes + head.offset) == 0)
			head.offset += head.frag_len;
		ck_assert_int_eq(turn((enum lane_role)_i), 0);
		if (ring_peek(in, &came, &body))
			continue;
		ck_assert_uint_eq(came.offset, got);
		ck_assert_uint_eq(came.total_len, head.total_len);
		ck_assert_mem_eq(body, bytes + got, came.frag_len);
		got += came.frag_len;
		ring_consume(in, came.frag_len);
		ring_tell(in);
	}
	ck_assert_uint_eq(relay->counts[_i].records, 1); /* and it is one message */
	ck_assert_uint_eq(relay->counts[_i].bytes, sizeof(bytes));
}
END_TEST

static uint32_t pick_state;

static uint32_t pick(uint32_t n) /* a congruential generator will do */
{
	pick_state = pick_state * 1664525u + 1013904223u;
	return (pick_state >> 8) % n;
}

START_TEST(nothing_is_lost_doubled_or_overtaken)
{
	uint64_t said[2] = { 0 }, heard[2] = { 0 };

	pick_state = (uint32_t)_i;
	for (uint32_t step = 0; step < 20000; step++) {
		enum lane_role side = (enum lane_role)pick(2);
		uint32_t what = pick(5);
		if (what <= 1) {
			said[side] += say(side, said[side] + 1, pick(pick(2) ? 100 : 8000));
		} else if (what == 2) {
			MUST(relays_turn(relay, side) <= RELAYS_MORE);
		} else {
			uint64_t id = hear(side);
			heard[relays_other(side)] += id != 0;
			MUST(id == 0 || id == heard[relays_other(side)]);
		}
	}
	for (enum lane_role side = LANE_CLIENT; side <= LANE_HANDLER; side++)
		do
			MUST(turn(side) == 0);
		while (hear(relays_other(side)) && ++heard[side]);
	ck_assert_uint_gt(said[LANE_CLIENT], 1000);
	ck_assert_uint_eq(said[LANE_CLIENT], heard[LANE_CLIENT]);
	ck_assert_uint_eq(said[LANE_HANDLER], heard[LANE_HANDLER]);
	ck_assert_uint_eq(relay->counts[LANE_CLIENT].records, said[LANE_CLIENT]);
}
END_TEST

/* ---- limits ---- */

/* Fills both rings of a way; how many records that are. */
static uint64_t stuff(enum lane_role from, uint32_t bytes)
{
	uint64_t n = 0;

	for (uint64_t before = UINT64_MAX; before != n;) {
		before = n;
		while (say(from, n + 1, bytes))
			n++;
		ck_assert_int_eq(turn(from), 0);
	}
	return n;
}

START_TEST(who_is_not_read_fills_two_rings_and_no_more)
{
	enum lane_role from = (enum lane_role)_i;
	uint64_t n = stuff(from, 1000);

	ck_assert_uint_eq(n, 2 * ((1u << LANE_RING_SMALL) / record_room(1000)));
	/* the other way is not held up by it */
	ck_assert(say(relays_other(from), 5, 10));
	ck_assert_int_eq(turn(relays_other(from)), 0);
	ck_assert_uint_eq(hear(from), 5);
	for (uint64_t id = 1; id <= n; id++) {
		MUST(hear(relays_other(from)) == id);
		MUST(turn(from) == 0);
	}
	ck_assert_uint_eq(hear(relays_other(from)), 0);
}
END_TEST

START_TEST(while_there_is_no_room_rsd_may_sleep)
{
	enum lane_role from = (enum lane_role)_i;
	struct ring_in *in = &far[relays_other(from)].lane.in;

	stuff(from, 1000);
	ck_assert(!watched_changed(from));  /* though the sender has said more */
	ck_assert(!ring_space_awaited(in)); /* too little of it is free */
	while (in->bytes / 2 > in->position)
		ck_assert_uint_ne(hear(relays_other(from)), 0);
	ck_assert(ring_space_awaited(in)); /* so rsd's bell rings */
	ck_assert(watched_changed(from));
	ck_assert_int_eq(turn(from), 0);
	ck_assert(!ring_space_awaited(in));
}
END_TEST

START_TEST(a_head_that_lies_does_not_keep_rsd_awake)
{
	enum lane_role from = (enum lane_role)_i;

	stuff(from, 1000);
	atomic_store(&far[relays_other(from)].lane.in.head->position, 12345);
	ck_assert(watched_changed(from));
	ck_assert_int_eq(turn(from), 0);
	ck_assert(!watched_changed(from));
}
END_TEST

START_TEST(a_turn_has_an_end)
{
	for (uint64_t id = 1; id <= RELAYS_TURN_RECORDS + 1; id++)
		ck_assert(say(LANE_CLIENT, id, 10));
	ck_assert_int_eq(relays_turn(relay, LANE_CLIENT), RELAYS_MORE);
	ck_assert(watched_changed(LANE_CLIENT));
	ck_assert_int_eq(relays_turn(relay, LANE_CLIENT), 0);
}
END_TEST

/* ---- bells ---- */

static bool rang(enum lane_role side)
{
	uint8_t rings[64];

	return read(far[side].rings, rings, sizeof(rings)) > 0;
}

START_TEST(who_sleeps_is_rung_once_a_turn)
{
	enum lane_role from = (enum lane_role)_i, to = relays_other(from);

	for (uint64_t id = 1; id <= 3; id++)
		ck_assert(say(from, id, 10));
	bell_sleep_begin(far[to].page);
	ck_assert_int_eq(turn(from), 0);
	uint8_t rings[64];
	ck_assert_int_eq(read(far[to].rings, rings, sizeof(rings)), 8);
	ck_assert(!rang(from)); /* it is awake */
}
END_TEST

START_TEST(who_waits_for_room_is_rung_when_half_is_free)
{
	enum lane_role from = (enum lane_role)_i;

	while (say(from, 1, 1000))
		;
	ck_assert(!ring_want_space(&far[from].lane.out, 1000));
	bell_sleep_begin(far[from].page);
	ck_assert_int_eq(turn(from), 0);
	ck_assert(rang(from));
}
END_TEST

/* ---- death ---- */

START_TEST(what_was_published_is_passed_on_first)
{
	enum lane_role from = (enum lane_role)_i, to = relays_other(from);

	for (uint64_t id = 1; id <= 5; id++)
		ck_assert(say(from, id, 10));
	relays_gone(relay, from);
	ck_assert_int_eq(turn(from), RELAYS_DRAINED);
	for (uint64_t id = 1; id <= 5; id++)
		ck_assert_uint_eq(hear(to), id);
	ck_assert_uint_eq(hear(to), 0);
}
END_TEST

START_TEST(what_is_said_after_the_end_is_not_heard)
{
	enum lane_role from = (enum lane_role)_i;

	ck_assert(say(from, 1, 10));
	relays_gone(relay, from);
	ck_assert(say(from, 2, 10)); /* by somebody who shares its memory */
	ck_assert_int_eq(turn(from), RELAYS_DRAINED);
	ck_assert_uint_eq(hear(relays_other(from)), 1);
	ck_assert_uint_eq(hear(relays_other(from)), 0);
}
END_TEST

START_TEST(what_has_no_room_waits_for_it)
{
	enum lane_role from = (enum lane_role)_i, to = relays_other(from);
	uint64_t n = stuff(from, 1000), heard = 0;
	int r = 0;

	relays_gone(relay, from);
	ck_assert(watched_changed(from));
	ck_assert_int_eq(turn(from), 0);
	ck_assert(!watched_changed(from));
	while (r == 0) {
		MUST(hear(to) == ++heard);
		r = turn(from);
	}
	ck_assert_int_eq(r, RELAYS_DRAINED);
	while (hear(to) == heard + 1)
		heard++;
	ck_assert_uint_eq(heard, n);
}
END_TEST

/* Whatever was passed on before, and whatever was read: published is published. */
START_TEST(at_whatever_point_it_dies_all_arrives)
{
	for (enum lane_role from = LANE_CLIENT; from <= LANE_HANDLER; from++)
		for (uint64_t turns_at = 0; turns_at <= (uint64_t)_i; turns_at++) {
			enum lane_role to = relays_other(from);
			uint64_t heard = 0;

			for (uint64_t id = 1; id <= (uint64_t)_i; id++) {
				ck_assert(say(from, id, (uint32_t)id * 100));
				if (id == turns_at)
					ck_assert_int_eq(turn(from), 0);
			}
			relays_gone(relay, from);
			ck_assert_int_eq(turn(from), RELAYS_DRAINED);
			while (hear(to) == heard + 1)
				heard++;
			ck_assert_uint_eq(heard, (uint64_t)_i);
			tear_down();
			set_up();
		}
}
END_TEST

START_TEST(to_somebody_gone_nothing_is_said_and_nobody_is_held_up)
{
	enum lane_role from = (enum lane_role)_i;

	stuff(from, 1000);
	relays_gone(relay, relays_other(from));
	bell_sleep_begin(far[relays_other(from)].page);
	uint64_t counted = relay->counts[from].records;
	for (uint64_t id = 1; id <= 500; id++) {
		ck_assert_int_eq(turn(from), 0);
		ck_assert(say(from, id, 1000));
	}
	ck_assert(!rang(relays_other(from)));
	ck_assert_uint_eq(relay->counts[from].records, counted);
}
END_TEST

/* ---- lies ---- */

static const struct lie {
	const char *name;
	enum lane_role from;
	uint16_t kind;
} lies[] = {
	{ "a client answers", LANE_CLIENT, RECORD_ANSWER },
	{ "a handler asks", LANE_HANDLER, RECORD_MESSAGE },
	{ "a handler cancels", LANE_HANDLER, RECORD_CANCEL },
	{ "a client speaks as if to rsd", LANE_CLIENT, RECORD_OPEN },
	{ "a handler speaks as rsd", LANE_HANDLER, RECORD_OPENED },
	{ "a client is ready", LANE_CLIENT, RECORD_READY },
	{ "kind 0", LANE_CLIENT, 0 },
	{ "kind 32", LANE_HANDLER, 32 },
	{ "a kind that does not exist", LANE_CLIENT, 65535 },
};

START_TEST(a_record_that_does_not_belong_here_is_a_lie)
{
	struct record head = { .kind = lies[_i].kind };
	enum lane_role from = lies[_i].from;

	ck_assert(say(from, 1, 10));
	ck_assert_int_eq(ring_put(&far[from].lane.out, &head, ""), 0);
	ck_assert_msg(turn(from) == RELAYS_LIE, "%s", lies[_i].name);
	ck_assert_uint_eq(hear(relays_other(from)), 1); /* what came before it stands */
	ck_assert_uint_eq(hear(relays_other(from)), 0);
}
END_TEST

#define BEGUN                                                          \
	{                                                              \
		.kind = RECORD_MESSAGE, .frag_len = 5, .total_len = 20 \
	}
static const struct {
	const char *name;
	struct record first, second;
} disorders[] = {
	{ "an end of nothing", { .kind = RECORD_ABORT }, { 0 } },
	{ "the middle of nothing",
		{ .kind = RECORD_MESSAGE, .frag_len = 5, .offset = 5, .total_len = 20 },
		{ 0 } },
	{ "a fragment of nothing", { .kind = RECORD_MESSAGE, .total_len = 20 }, { 0 } },
	{ "a cancel in fragments", { .kind = RECORD_CANCEL, .frag_len = 5, .total_len = 20 },
		{ 0 } },
	{ "a gap", BEGUN,
		{ .kind = RECORD_MESSAGE, .frag_len = 5, .offset = 10, .total_len = 20 } },
	{ "the same again", BEGUN, BEGUN },
	{ "no progress", BEGUN, { .kind = RECORD_MESSAGE, .offset = 5, .total_len = 20 } },
	{ "another length", BEGUN,
		{ .kind = RECORD_MESSAGE, .frag_len = 5, .offset = 5, .total_len = 21 } },
	{ "another slot", BEGUN,
		{ .kind = RECORD_MESSAGE,
			.frag_len = 5,
			.offset = 5,
			.total_len = 20,
			.slot = 1 } },
	{ "another id", BEGUN,
		{ .kind = RECORD_MESSAGE,
			.frag_len = 5,
			.offset = 5,
			.total_len = 20,
			.id = 1 } },
	{ "a cancel in between", BEGUN, { .kind = RECORD_CANCEL } },
};

START_TEST(a_body_out_of_order_is_a_lie)
{
	struct ring_out *out = &far[LANE_CLIENT].lane.out;

	ck_assert_int_eq(ring_put(out, &disorders[_i].first, "hello"), 0);
	if (disorders[_i].second.kind) {
		ck_assert_int_eq(turn(LANE_CLIENT), 0);
		ck_assert_int_eq(ring_put(out, &disorders[_i].second, "hello"), 0);
	}
	ck_assert_msg(turn(LANE_CLIENT) == RELAYS_LIE, "%s", disorders[_i].name);
}
END_TEST

/* ---- slots ---- */

/* The client says so much of message `id` in slot 3; nothing: it takes the message back. */
static void say_part(uint64_t id, uint32_t offset, uint32_t frag_len, uint32_t total_len)
{
	struct record head = { .kind = frag_len ? RECORD_MESSAGE : RECORD_ABORT,
		.flags = frag_len ? RS_NEEDS_ANSWER : 0,
		.id = id,
		.slot = frag_len ? 3 : 0,
		.offset = offset,
		.frag_len = frag_len,
		.total_len = total_len };
	static const uint8_t body[1000];

	ck_assert_int_eq(ring_put(&far[LANE_CLIENT].lane.out, &head, body), 0);
	ck_assert_int_eq(turn(LANE_CLIENT), 0);
}

static bool handler_has_something(void)
{
	return ring_waiting(&far[LANE_HANDLER].lane.in);
}

#define NOTHING UINT32_MAX

/* The status that came to the client for this id; NOTHING: none did. */
static uint32_t answered(uint64_t id)
{
	struct record head;
	const uint8_t *body;

	if (ring_peek(&far[LANE_CLIENT].lane.in, &head, &body))
		return NOTHING;
	ck_assert_uint_eq(head.kind, RECORD_ANSWER);
	ck_assert_uint_eq(head.id, id);
	ring_consume(&far[LANE_CLIENT].lane.in, head.frag_len);
	ring_tell(&far[LANE_CLIENT].lane.in);
	return head.slot;
}

START_TEST(a_message_in_a_slot_that_was_taken_away_comes_back)
{
	relay->slots = ~(1ull << 3);
	bell_sleep_begin(far[LANE_CLIENT].page);
	say_part(9, 0, 100, 100);
	ck_assert(rang(LANE_CLIENT));
	ck_assert(!handler_has_something());
	ck_assert_uint_eq(answered(9), RS_HANDLER_GONE);
	ck_assert_uint_eq(relay->counts[LANE_CLIENT].records, 0);
	relay->slots = UINT64_MAX;
	say_part(10, 0, 100, 100);
	ck_assert(handler_has_something());
	ck_assert_uint_eq(answered(10), NOTHING);
}
END_TEST

START_TEST(a_message_in_a_slot_that_was_revoked_is_denied)
{
	relay->slots = ~(1ull << 3);
	relay->revoked = 1ull << 3;
	say_part(9, 0, 100, 100);
	ck_assert(!handler_has_something());
	ck_assert_uint_eq(answered(9), RS_DENIED);
}
END_TEST

START_TEST(a_long_one_comes_back_at_its_end)
{
	relay->slots = 0;
	say_part(9, 0, 100, 300);
	say_part(9, 100, 100, 300);
	relay->slots = UINT64_MAX; /* too late for this one */
	ck_assert_uint_eq(answered(9), NOTHING);
	say_part(9, 200, 100, 300);
	ck_assert_uint_eq(answered(9), RS_HANDLER_GONE);
	ck_assert(!handler_has_something());
}
END_TEST

START_TEST(a_refused_one_that_its_sender_takes_back_is_nothing)
{
	relay->slots = 0;
	say_part(9, 0, 100, 300);
	say_part(9, 0, 0, 0);
	ck_assert_uint_eq(answered(9), NOTHING);
	ck_assert(!handler_has_something());
	relay->slots = UINT64_MAX;
	say_part(10, 0, 100, 100);
	ck_assert(handler_has_something());
}
END_TEST

START_TEST(a_refusal_waits_for_the_end_of_a_long_answer)
{
	struct record part = {
		.kind = RECORD_ANSWER, .id = 1, .frag_len = 10, .total_len = 20
	};

	relay->slots = 0;
	ck_assert_int_eq(ring_put(&far[LANE_HANDLER].lane.out, &part, "0123456789"), 0);
	ck_assert_int_eq(turn(LANE_HANDLER), 0);
	say_part(9, 0, 100, 100);
	ck_assert(!watched_changed(LANE_CLIENT)); /* rsd may sleep */
	part.offset = 10;
	ck_assert_int_eq(ring_put(&far[LANE_HANDLER].lane.out, &part, "0123456789"), 0);
	ck_assert_int_eq(turn(LANE_HANDLER), 0);
	ck_assert(watched_changed(LANE_CLIENT));
	ck_assert_int_eq(turn(LANE_CLIENT), 0);
	ck_assert_uint_eq(answered(1), RS_OK);
	ck_assert_uint_eq(answered(1), RS_OK);
	ck_assert_uint_eq(answered(9), RS_HANDLER_GONE);
}
END_TEST

START_TEST(a_refusal_waits_for_room)
{
	relay->slots = 0;
	stuff(LANE_HANDLER, 32); /* to the last place */
	say_part(9, 0, 100, 100);
	ck_assert(!watched_changed(LANE_CLIENT));
	ck_assert_uint_eq(hear(LANE_CLIENT), 1);
	ck_assert(watched_changed(LANE_CLIENT));
	ck_assert_int_eq(turn(LANE_CLIENT), 0);
	ck_assert(!ring_waiting(&relay->lanes[LANE_CLIENT].in));
}
END_TEST

/* ---- limits ---- */

static void limit(uint32_t body_bytes, uint32_t a_second, uint32_t outstanding)
{
	const struct broker_limits limits = { body_bytes, a_second, outstanding };

	meters_set(&relay->meters, 3, &limits);
}

static void answer(uint64_t id)
{
	struct record head = { .kind = RECORD_ANSWER, .id = id };

	ck_assert_int_eq(ring_put(&far[LANE_HANDLER].lane.out, &head, ""), 0);
	ck_assert_int_eq(turn(LANE_HANDLER), 0);
	ck_assert_uint_eq(answered(id), RS_OK);
}

START_TEST(a_message_beyond_a_limit_comes_back)
{
	limit(0, 0, 1);
	say_part(9, 0, 100, 100);
	ck_assert_uint_eq(answered(9), NOTHING);
	say_part(10, 0, 100, 100);
	ck_assert_uint_eq(answered(10), RS_LIMIT);
	answer(9);
	say_part(11, 0, 100, 100);
	ck_assert_uint_eq(answered(11), NOTHING);
	ck_assert_uint_eq(relay->counts[LANE_CLIENT].records, 2);
	ck_assert_uint_eq(relay->meters.refused, 1);
	ck_assert_uint_eq(relay->refused, 0);
}
END_TEST

START_TEST(a_body_beyond_its_limit_comes_back_at_its_end)
{
	limit(299, 0, 1);
	say_part(9, 0, 100, 300);
	say_part(9, 100, 200, 300);
	ck_assert_uint_eq(answered(9), RS_TOO_BIG);
	ck_assert(!handler_has_something());
	say_part(10, 0, 100, 299); /* the one before was not counted */
	say_part(10, 100, 199, 299);
	ck_assert(handler_has_something());
}
END_TEST

START_TEST(too_many_a_second_come_back)
{
	limit(0, 2, 0);
	relay->meters.slots[3].since_ns = UINT64_MAX; /* no time passes */
	say_part(9, 0, 100, 100);
	say_part(10, 0, 100, 100);
	ck_assert_uint_eq(answered(9), NOTHING);
	say_part(11, 0, 100, 100);
	ck_assert_uint_eq(answered(11), RS_LIMIT);
}
END_TEST

START_TEST(what_wants_no_answer_is_dropped)
{
	struct record head = {
		.kind = RECORD_MESSAGE, .slot = 3, .frag_len = 100, .total_len = 100
	};
	static const uint8_t body[100];

	limit(10, 0, 0);
	ck_assert_int_eq(ring_put(&far[LANE_CLIENT].lane.out, &head, body), 0);
	ck_assert_int_eq(turn(LANE_CLIENT), 0);
	ck_assert(!handler_has_something());
	ck_assert(!ring_waiting(&far[LANE_CLIENT].lane.in));
	ck_assert_uint_eq(relay->meters.refused, 1);
}
END_TEST

START_TEST(a_cancelled_one_waits_for_no_answer)
{
	struct record cancel = { .kind = RECORD_CANCEL, .id = 9 };

	limit(0, 0, 1);
	say_part(9, 0, 100, 100);
	ck_assert_int_eq(ring_put(&far[LANE_CLIENT].lane.out, &cancel, ""), 0);
	say_part(10, 0, 100, 100);
	ck_assert_uint_eq(answered(10), NOTHING);
}
END_TEST

START_TEST(one_that_its_sender_takes_back_is_not_counted)
{
	limit(0, 0, 1);
	say_part(9, 0, 100, 300);
	say_part(9, 0, 0, 0);
	say_part(10, 0, 100, 100);
	ck_assert_uint_eq(answered(10), NOTHING);
}
END_TEST

START_TEST(one_that_waits_for_room_is_counted_once)
{
	for (uint64_t n = 1; !relay->full[LANE_HANDLER]; n++) {
		ck_assert(say(LANE_CLIENT, n, 1000));
		ck_assert_int_eq(turn(LANE_CLIENT), 0);
	}
	limit(0, 0, 2);
	say_part(1001, 0, 100, 100);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(turn(LANE_CLIENT), 0);
	ck_assert_uint_eq(relay->meters.asked_count, 0); /* it did not go on yet */
	while (handler_has_something() || ring_waiting(&relay->lanes[LANE_CLIENT].in)) {
		struct record head;
		const uint8_t *body;
		ck_assert_int_eq(ring_peek(&far[LANE_HANDLER].lane.in, &head, &body), 0);
		ring_consume(&far[LANE_HANDLER].lane.in, head.frag_len);
		ring_tell(&far[LANE_HANDLER].lane.in);
		ck_assert_int_eq(turn(LANE_CLIENT), 0);
	}
	ck_assert_uint_eq(relay->meters.slots[3].outstanding, 1);
	ck_assert_uint_eq(relay->meters.refused, 0);
}
END_TEST

static const uint64_t positions[] = { 7, 1, 1ull << 40, UINT64_MAX, (1 << 15) + 64, 64 };

START_TEST(a_scribbled_tail_is_a_lie)
{
	/* the last of them is a position that may be, over a record that may not */
	struct record *at = (struct record *)(void *)far[LANE_CLIENT].lane.out.data;

	*at = (struct record){ .kind = RECORD_MESSAGE, .frag_len = 65, .total_len = 65 };
	atomic_store(&far[LANE_CLIENT].lane.out.tail->position, positions[_i]);
	ck_assert_int_eq(turn(LANE_CLIENT), RELAYS_LIE);
	ck_assert_uint_eq(hear(LANE_HANDLER), 0);
}
END_TEST

/* ---- what it takes ---- */

static size_t mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	size_t n = 0;

	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof(line), maps))
		n += strstr(line, "memfd:lane") != NULL;
	fclose(maps);
	return n;
}

START_TEST(a_thousand_relays_leave_nothing)
{
	const struct bell_peer *const bells[2] = { &far[0].bell, &far[1].bell };
	struct relay *many[1000];
	size_t before = mappings();
	int first = dup(0), fds[2];

	close(first);
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		ck_assert_int_eq(
			relays_new(&lookout, 7, LANE_RING_SMALL, bells, fds, &many[i]), 0);
		close(fds[0]);
		close(fds[1]);
	}
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		relays_free(many[(i * 7) % ARRAY_LEN(many)]);
	ck_assert_uint_eq(mappings(), before);
	int last = dup(0);
	ck_assert_int_eq(first, last);
	close(last);
	/* and the one that was there before works as ever */
	ck_assert(say(LANE_CLIENT, 1, 10));
	ck_assert(watched_changed(LANE_CLIENT));
	ck_assert_int_eq(turn(LANE_CLIENT), 0);
	ck_assert_uint_eq(hear(LANE_HANDLER), 1);
}
END_TEST

static TCase *new_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, set_up, tear_down);
	suite_add_tcase(suite, tc);
	return tc;
}

static Suite *relays_suite(void)
{
	Suite *suite = suite_create("relays");
	TCase *tc = new_case(suite, "passing on");

	tcase_add_loop_test(tc, a_record_comes_as_it_was_sent, FIRST_WAY, WAYS_END);
	tcase_add_loop_test(tc, all_that_belongs_on_a_lane_passes, FIRST_WAY, WAYS_END);
	tcase_add_loop_test(
		tc, a_body_in_fragments_passes_however_slowly_it_is_read, FIRST_WAY, WAYS_END);
	tcase_add_loop_test(tc, nothing_is_lost_doubled_or_overtaken, 1, 21);
	tc = new_case(suite, "limits");
	tcase_add_loop_test(
		tc, who_is_not_read_fills_two_rings_and_no_more, FIRST_WAY, WAYS_END);
	tcase_add_loop_test(tc, while_there_is_no_room_rsd_may_sleep, FIRST_WAY, WAYS_END);
	tcase_add_loop_test(tc, a_head_that_lies_does_not_keep_rsd_awake, FIRST_WAY, WAYS_END);
	tcase_add_test(tc, a_turn_has_an_end);
	tcase_add_test(tc, a_thousand_relays_leave_nothing);
	tc = new_case(suite, "bells");
	tcase_add_loop_test(tc, who_sleeps_is_rung_once_a_turn, FIRST_WAY, WAYS_END);
	tcase_add_loop_test(
		tc, who_waits_for_room_is_rung_when_half_is_free, FIRST_WAY, WAYS_END);
	tc = new_case(suite, "death");
	tcase_add_loop_test(tc, what_was_published_is_passed_on_first, FIRST_WAY, WAYS_END);
	tcase_add_loop_test(tc, what_is_said_after_the_end_is_not_heard, FIRST_WAY, WAYS_END);
	tcase_add_loop_test(tc, what_has_no_room_waits_for_it, FIRST_WAY, WAYS_END);
	tcase_add_loop_test(tc, at_whatever_point_it_dies_all_arrives, 0, 9);
	tcase_add_loop_test(tc, to_somebody_gone_nothing_is_said_and_nobody_is_held_up,
		FIRST_WAY, WAYS_END);
	tc = new_case(suite, "slots");
	tcase_add_test(tc, a_message_in_a_slot_that_was_taken_away_comes_back);
	tcase_add_test(tc, a_message_in_a_slot_that_was_revoked_is_denied);
	tcase_add_test(tc, a_long_one_comes_back_at_its_end);
	tcase_add_test(tc, a_refused_one_that_its_sender_takes_back_is_nothing);
	tcase_add_test(tc, a_refusal_waits_for_the_end_of_a_long_answer);
	tcase_add_test(tc, a_refusal_waits_for_room);
	tc = new_case(suite, "limits of the client");
	tcase_add_test(tc, a_message_beyond_a_limit_comes_back);
	tcase_add_test(tc, a_body_beyond_its_limit_comes_back_at_its_end);
	tcase_add_test(tc, too_many_a_second_come_back);
	tcase_add_test(tc, what_wants_no_answer_is_dropped);
	tcase_add_test(tc, a_cancelled_one_waits_for_no_answer);
	tcase_add_test(tc, one_that_its_sender_takes_back_is_not_counted);
	tcase_add_test(tc, one_that_waits_for_room_is_counted_once);
	tc = new_case(suite, "lies");
	tcase_add_loop_test(
		tc, a_record_that_does_not_belong_here_is_a_lie, 0, ARRAY_LEN(lies));
	tcase_add_loop_test(tc, a_body_out_of_order_is_a_lie, 0, ARRAY_LEN(disorders));
	tcase_add_loop_test(tc, a_scribbled_tail_is_a_lie, 0, ARRAY_LEN(positions));
	return suite;
}

CHECK_MAIN(relays_suite)
