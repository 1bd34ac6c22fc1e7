/*
 * redshirt_loop.h: an event loop over next_message(): a function of the program's for every
 * answer, timer and message. It is made of the three calls of redshirt.h, which may be used
 * beside it, and works with and without a C library (then with -mbulk-memory).
 *
 *     RS_LOOP(loop, 64, 1, 4096, 4096);        // the memory it may use
 *
 *     rs_loop_handle(&loop, interface, on_message, context);
 *     rs_loop_ask(&loop, other, body, bytes, 0, on_answer, context, &token);
 *     rs_loop_after(&loop, 1000000000, on_time, context, &token);
 *     return rs_loop_run(&loop) != RS_OK;
 *
 * What the loop promises: every ask and every timer that was taken (RS_OK) ends in exactly one
 * call of its function, whose delivery says how: answered, refused, cancelled, handler gone.
 *
 * RS_BUSY never reaches who asks, answers or cancels while `kept` has room: what cannot go yet
 * is copied there and sent as soon as it can, what goes to one interface in its order. When it
 * is full, RS_BUSY is the answer, nothing was taken, and the program decides.
 *
 * Memory is the program's: tables of fixed size. Only a delivery that is larger than the buffer
 * asks for more (`grow`), which wasi-libc's malloc gives up to `in_max`. Messages beyond that
 * are refused for us; an answer beyond it ends the loop with RS_TOO_BIG: it may be given a
 * larger buffer and run again, nothing was lost.
 */
#pragma once

#include <stdbool.h>

#include "redshirt.h"

struct rs_loop;

/* The delivery and its body (rs_body()) are valid until the function returns; a copy of the
 * head is enough to answer later. It may call all of the loop but rs_loop_run(). */
typedef void rs_loop_call(
	struct rs_loop *loop, const struct rs_delivery *delivery, void *context);

struct rs_loop_wait {   /* one ask, until its function was called */
	uint64_t token; /* 0: free */
	uint64_t id;    /* 0: not sent yet */
	rs_loop_call *call;
	void *context;
};

struct rs_loop_handler {
	uint8_t interface[32];
	rs_loop_call *call; /* NULL: free */
	void *context;
};

struct rs_loop {
	/* given by the program, usually by RS_LOOP */
	struct rs_loop_wait *waits;
	struct rs_loop_handler *handlers;
	struct rs_delivery *in; /* what comes */
	uint8_t *kept;          /* what cannot go yet; aligned to 8 */
	uint32_t waits_max, handlers_max;
	size_t in_bytes, in_max, kept_bytes;

	/* set by the program if it wants to hear of them; they get `context` */
	rs_loop_call *gone;      /* a client ended */
	rs_loop_call *cancelled; /* a message is not waited for any more; it may be answered */
	rs_loop_call *notice;    /* NULL: RS_NOTICE_STOP ends the loop: when what is there was
				    handled, and answered if something under way may bring that.
				    RS_NOTICE_ROOM: what was kept went as far as it could */
	void *context;
	/* Makes in and in_bytes hold so much; false: it cannot. What is there may be lost. */
	bool (*grow)(struct rs_loop *loop, size_t bytes);

	/* the loop's own */
	uint64_t tokens;
	size_t kept_used;
	uint32_t waiting, handling, since_flush;
	uint32_t owed;   /* messages that were not answered yet, by the loop's own functions */
	uint32_t ending; /* deliveries that are still taken, once it shall end; 0: it goes on */
	uint32_t timed;  /* 1: a timer ends it */
	uint32_t next;   /* place in waits where the search begins */
	bool stopping, in_is_heap;
};

#if defined(__wasi__) && !defined(RS_LOOP_NO_MALLOC)
#include <stdlib.h>

static inline bool rs_loop_grow(struct rs_loop *loop, size_t bytes)
{
	if (bytes > loop->in_max)
		return false;
	struct rs_delivery *in = (struct rs_delivery *)malloc(bytes);
	if (!in)
		return false;
	if (loop->in_is_heap)
		free(loop->in);
	loop->in = in;
	loop->in_bytes = bytes;
	loop->in_is_heap = true;
	return true;
}
#define RS_LOOP_GROW rs_loop_grow
#else
#define RS_LOOP_GROW NULL
#endif

/*
 * Defines a loop and its memory: how many asks and timers may be under way, how many interfaces
 * it handles, the longest body it takes without growing, and the bytes for what cannot go yet
 * (72 beside each body).
 */
#define RS_LOOP(name, asks, interfaces, body_bytes, keep_bytes)                         \
	static struct rs_loop_wait name##_waits[asks];                                  \
	static struct rs_loop_handler name##_handlers[interfaces];                      \
	static uint64_t name##_in[(sizeof(struct rs_delivery) + (body_bytes) + 7) / 8]; \
	static uint64_t name##_kept[((keep_bytes) + 7) / 8];                            \
	static struct rs_loop name = { .waits = name##_waits,                           \
		.handlers = name##_handlers,                                            \
		.in = (struct rs_delivery *)name##_in,                                  \
		.kept = (uint8_t *)name##_kept,                                         \
		.waits_max = (asks),                                                    \
		.handlers_max = (interfaces),                                           \
		.in_bytes = sizeof(name##_in),                                          \
		.in_max = sizeof(struct rs_delivery) + RS_BODY_BYTES_DEFAULT,           \
		.kept_bytes = sizeof(name##_kept),                                      \
		.grow = RS_LOOP_GROW }

/* ---- asks that wait for their answer ---- */

/* A token says where it lies, so that it is found at once. NULL: it is over. */
static inline struct rs_loop_wait *rs_loop_by_token(struct rs_loop *loop, uint64_t token)
{
	struct rs_loop_wait *wait =
		token && loop->waits_max ? &loop->waits[token % loop->waits_max] : NULL;

	return wait && wait->token == token ? wait : NULL;
}

/* Answers come mostly in the order of the asks, so the search begins behind the last. */
static inline struct rs_loop_wait *rs_loop_by_id(struct rs_loop *loop, uint64_t id)
{
	for (uint32_t i = 0; i < loop->waits_max; i++) {
		uint32_t place = (loop->next + i) % loop->waits_max;

		if (loop->waits[place].token && loop->waits[place].id == id) {
			loop->next = place + 1;
			return &loop->waits[place];
		}
	}
	return NULL;
}

/* NULL: as many as may be are under way. */
static inline struct rs_loop_wait *rs_loop_new_wait(
	struct rs_loop *loop, rs_loop_call *call, void *context)
{
	for (uint32_t i = 1; i <= loop->waits_max; i++) {
		uint64_t token = loop->tokens + i;
		struct rs_loop_wait *wait = &loop->waits[token % loop->waits_max];

		if (wait->token)
			continue;
		loop->tokens = token;
		*wait = (struct rs_loop_wait){ token, 0, call, context };
		return wait;
	}
	return NULL;
}

static inline void rs_loop_complete(
	struct rs_loop *loop, struct rs_loop_wait *wait, const struct rs_delivery *answer)
{
	struct rs_loop_wait was = *wait;

	wait->token = 0; /* before the call: it may ask again */
	loop->waiting--;
	was.call(loop, answer, was.context);
}

/* ---- what goes, at once or later ---- */

struct rs_loop_out {      /* its body stands behind it when it is kept */
	uint64_t answers; /* the message it answers; 0: it is a message itself */
	uint64_t token;   /* who waits for its answer; 0: nobody */
	uint64_t flags;   /* of a message */
	uint32_t status;  /* of an answer */
	uint32_t bytes;   /* of the body */
	uint32_t room;    /* kept: to the next */
	bool cancelled;   /* kept: is not sent any more */
	uint8_t to[32];   /* interface, or the process that is answered */
};
_Static_assert(sizeof(struct rs_loop_out) == 72, "RS_LOOP says so");

static inline bool rs_loop_same(const uint8_t a[32], const uint8_t b[32])
{
	uint8_t differ = 0;

	for (int i = 0; i < 32; i++)
		differ |= a[i] ^ b[i];
	return differ == 0;
}

static inline uint32_t rs_loop_go(
	struct rs_loop *loop, const struct rs_loop_out *out, const void *body)
{
	struct rs_piece piece = rs_piece(body, out->bytes);
	uint64_t id = 0;

	if (out->answers)
		return rs_emit_answer(&out->answers, &piece, 1, out->status);
	uint32_t status = rs_emit_message(out->to, &piece, 1, out->flags, &id);
	if (status == RS_OK && out->token)
		rs_loop_by_token(loop, out->token)->id = id;
	return status;
}

/* True: a message to the same interface is kept before `end`, which must not be overtaken. */
static inline bool rs_loop_behind(
	const struct rs_loop *loop, const struct rs_loop_out *out, size_t end)
{
	const struct rs_loop_out *kept;

	for (size_t at = 0; !out->answers && at < end; at += kept->room) {
		kept = (const struct rs_loop_out *)(loop->kept + at);
		if (rs_loop_same(kept->to, out->to))
			return true;
	}
	return false;
}

static inline uint32_t rs_loop_keep(
	struct rs_loop *loop, const struct rs_loop_out *out, const void *body)
{
	size_t room = (sizeof(*out) + (size_t)out->bytes + 7) & ~(size_t)7;

	if (out->bytes > loop->kept_bytes || room > loop->kept_bytes - loop->kept_used)
		return RS_BUSY;
	struct rs_loop_out *kept = (struct rs_loop_out *)(loop->kept + loop->kept_used);
	*kept = *out;
	kept->room = (uint32_t)room;
	__builtin_memcpy(kept + 1, body, out->bytes);
	loop->kept_used += room;
	return RS_OK;
}

static inline uint32_t rs_loop_put(
	struct rs_loop *loop, const struct rs_loop_out *out, const void *body)
{
	uint32_t status = rs_loop_behind(loop, out, loop->kept_used)
				  ? RS_BUSY
				  : rs_loop_go(loop, out, body);

	return status == RS_BUSY ? rs_loop_keep(loop, out, body) : status;
}

/* One that was kept is sent, cancelled or refused: in the last two cases nobody else will say
 * so to who waits for its answer. */
static inline void rs_loop_kept_done(struct rs_loop *loop, size_t at, uint32_t status)
{
	struct rs_loop_out out = *(struct rs_loop_out *)(loop->kept + at);
	struct rs_delivery refusal = { .kind = RS_ANSWER, .status = status };

	loop->kept_used -= out.room;
	__builtin_memmove(loop->kept + at, loop->kept + at + out.room, loop->kept_used - at);
	if (status != RS_OK && out.token)
		rs_loop_complete(loop, rs_loop_by_token(loop, out.token), &refusal);
}

/* Who was found busy is not tried again in the same round: so the order is kept, and the round
 * is short. Beyond so many it only costs more. */
#define RS_LOOP_BUSY_MAX 16
struct rs_loop_busy {
	const uint8_t *to[RS_LOOP_BUSY_MAX];
	uint32_t count;
};

static inline bool rs_loop_was_busy(const struct rs_loop *loop, const struct rs_loop_out *out,
	const struct rs_loop_busy *busy)
{
	for (uint32_t i = 0; i < busy->count; i++)
		if (rs_loop_same(busy->to[i], out->to))
			return true;
	return busy->count == RS_LOOP_BUSY_MAX &&
	       rs_loop_behind(loop, out, (size_t)((const uint8_t *)out - loop->kept));
}

static inline uint32_t rs_loop_try(
	struct rs_loop *loop, const struct rs_loop_out *out, struct rs_loop_busy *busy)
{
	if (out->cancelled)
		return RS_CANCELLED;
	if (rs_loop_was_busy(loop, out, busy))
		return RS_BUSY;
	uint32_t status = rs_loop_go(loop, out, out + 1);
	if (status == RS_BUSY && busy->count < RS_LOOP_BUSY_MAX)
		busy->to[busy->count++] = out->to; /* it stays where it lies */
	return status;
}

static inline void rs_loop_flush(struct rs_loop *loop)
{
	struct rs_loop_busy busy = { .count = 0 };

	loop->since_flush = 0;
	for (size_t at = 0; at < loop->kept_used;) {
		const struct rs_loop_out *out = (const struct rs_loop_out *)(loop->kept + at);
		size_t room = out->room;
		uint32_t status = rs_loop_try(loop, out, &busy);

		if (status == RS_BUSY)
			at += room;
		else
			rs_loop_kept_done(loop, at, status);
	}
}

/* ---- what a program says ---- */

/* A message without an answer. RS_OK: sent or kept; kept ones may still be refused unheard. */
static inline uint32_t rs_loop_tell(struct rs_loop *loop, const uint8_t interface[32],
	const void *body, size_t bytes, uint64_t flags)
{
	struct rs_loop_out out = { .flags = flags & ~(uint64_t)RS_NEEDS_ANSWER,
		.bytes = (uint32_t)bytes };

	__builtin_memcpy(out.to, interface, 32);
	return rs_loop_put(loop, &out, body);
}

/*
 * A message whose answer goes to `call`, once. RS_LIMIT: too many are under way; RS_BUSY: no
 * room to keep it; others: refused. In none of these cases is anything called. token (may be
 * NULL): for rs_loop_cancel().
 */
static inline uint32_t rs_loop_ask(struct rs_loop *loop, const uint8_t interface[32],
	const void *body, size_t bytes, uint64_t flags, rs_loop_call *call, void *context,
	uint64_t *token)
{
	struct rs_loop_wait *wait = rs_loop_new_wait(loop, call, context);
	struct rs_loop_out out = { .flags = flags | RS_NEEDS_ANSWER, .bytes = (uint32_t)bytes };

	if (!wait)
		return RS_LIMIT;
	out.token = wait->token;
	__builtin_memcpy(out.to, interface, 32);
	uint32_t status = rs_loop_put(loop, &out, body);
	if (status != RS_OK) {
		wait->token = 0;
		return status;
	}
	loop->waiting++;
	if (token)
		*token = out.token;
	return RS_OK;
}

/* Calls `call` after that time; its delivery is an answer with RS_OK, or RS_CANCELLED, or
 * RS_LIMIT when rsd keeps no more timers for this process. */
static inline uint32_t rs_loop_after(
	struct rs_loop *loop, uint64_t ns, rs_loop_call *call, void *context, uint64_t *token)
{
	struct rs_time_wait_for_request request = { .ns = ns };
	uint8_t body[RS_CODEC_INDEX_BYTES + RS_TIME_WAIT_FOR_REQUEST_BYTES_MAX];
	int64_t bytes = rs_time_wait_for_body(&request, body, sizeof(body));

	return rs_loop_ask(
		loop, rs_interface_time, body, (size_t)bytes, 0, call, context, token);
}

/*
 * Lets go of an ask or a timer: its function is called with RS_CANCELLED, unless the answer was
 * faster. RS_OK also when it is over already; RS_BUSY: no room to keep it, try again.
 */
static inline uint32_t rs_loop_cancel(struct rs_loop *loop, uint64_t token)
{
	const struct rs_loop_wait *wait = rs_loop_by_token(loop, token);

	if (!wait)
		return RS_OK;
	if (wait->id) {
		struct rs_interface_cancel_request request = { .id = wait->id };
		uint8_t body[RS_CODEC_INDEX_BYTES + RS_INTERFACE_CANCEL_REQUEST_BYTES_MAX];
		int64_t bytes = rs_interface_cancel_body(&request, body, sizeof(body));

		return rs_loop_tell(loop, rs_interface_interface, body, (size_t)bytes, 0);
	}
	for (size_t at = 0; at < loop->kept_used;) {
		struct rs_loop_out *out = (struct rs_loop_out *)(loop->kept + at);

		out->cancelled |= out->token == token;
		at += out->room;
	}
	return RS_OK;
}

/* Answers a message, now or later: `to` is the delivery or a copy of its head. */
static inline uint32_t rs_loop_answer(struct rs_loop *loop, const struct rs_delivery *to,
	uint32_t status, const void *body, size_t bytes)
{
	struct rs_loop_out out = {
		.answers = to->id, .status = status, .bytes = (uint32_t)bytes
	};

	__builtin_memcpy(out.to, &to->process, sizeof(to->process));
	uint32_t answered = to->id ? rs_loop_put(loop, &out, body) : RS_OK;
	if (answered == RS_OK && to->id && loop->owed)
		loop->owed--;
	return answered;
}

/* What rs-ifgen's NAME_calls.h is made of: bytes is what encode() said of the body. */
static inline uint32_t rs_loop_tell_encoded(struct rs_loop *loop, const uint8_t interface[32],
	const void *body, int64_t bytes, uint64_t flags)
{
	uint32_t status = rs_encoded(bytes);

	return status == RS_OK ? rs_loop_tell(loop, interface, body, (size_t)bytes, flags)
			       : status;
}

static inline uint32_t rs_loop_ask_encoded(struct rs_loop *loop, const uint8_t interface[32],
	const void *body, int64_t bytes, uint64_t flags, rs_loop_call *call, void *context,
	uint64_t *token)
{
	uint32_t status = rs_encoded(bytes);

	return status == RS_OK ? rs_loop_ask(loop, interface, body, (size_t)bytes, flags, call,
					 context, token)
			       : status;
}

static inline uint32_t rs_loop_answer_encoded(
	struct rs_loop *loop, const struct rs_delivery *to, const void *body, int64_t bytes)
{
	uint32_t status = rs_encoded(bytes);

	return status == RS_OK ? rs_loop_answer(loop, to, RS_OK, body, (size_t)bytes) : status;
}

/* NULL: not ours. */
static inline struct rs_loop_handler *rs_loop_handler(
	struct rs_loop *loop, const uint8_t interface[32])
{
	for (uint32_t i = 0; i < loop->handlers_max; i++)
		if (loop->handlers[i].call &&
			rs_loop_same(loop->handlers[i].interface, interface))
			return &loop->handlers[i];
	return NULL;
}

static inline struct rs_loop_handler *rs_loop_new_handler(
	struct rs_loop *loop, const uint8_t interface[32])
{
	for (uint32_t i = 0; i < loop->handlers_max; i++) {
		struct rs_loop_handler *row = &loop->handlers[i];

		if (row->call)
			continue;
		__builtin_memcpy(row->interface, interface, 32);
		return row;
	}
	return NULL;
}

/* The longest body there may ever be room for. */
static inline uint64_t rs_loop_body_max(const struct rs_loop *loop)
{
	size_t room =
		loop->grow && loop->in_max > loop->in_bytes ? loop->in_max : loop->in_bytes;

	return room > sizeof(*loop->in) ? room - sizeof(*loop->in) : 1; /* 0 would be any */
}

/* Becomes the handler of an interface: its messages go to `call` (of one it handles already:
 * from now on). Messages that could never fit are refused where they are sent. RS_OK, RS_LIMIT:
 * the table is full, or what rs_register() says. */
static inline uint32_t rs_loop_handle(
	struct rs_loop *loop, const uint8_t interface[32], rs_loop_call *call, void *context)
{
	struct rs_loop_handler *row = rs_loop_handler(loop, interface);

	if (!row) {
		row = rs_loop_new_handler(loop, interface);
		uint32_t status =
			row ? rs_register_with_limit(interface, rs_loop_body_max(loop))
			    : RS_LIMIT;
		if (status != RS_OK)
			return status;
		loop->handling++;
	}
	row->call = call;
	row->context = context;
	return RS_OK;
}

/* Handles it no more; another may. */
static inline uint32_t rs_loop_let_go(struct rs_loop *loop, const uint8_t interface[32])
{
	struct rs_loop_handler *row = rs_loop_handler(loop, interface);

	if (!row)
		return RS_BAD_ARGUMENT;
	row->call = NULL;
	loop->handling--;
	return rs_unregister(interface);
}

/* rs_loop_run() returns when the function that called this has. */
static inline void rs_loop_stop(struct rs_loop *loop)
{
	loop->stopping = true;
}

/* ---- what comes ---- */

static inline void rs_loop_on_message(struct rs_loop *loop)
{
	const struct rs_loop_handler *row = rs_loop_handler(loop, loop->in->interface);

	loop->owed += loop->in->id != 0;
	if (row)
		row->call(loop, loop->in, row->context);
	else /* it was under way when we let go */
		rs_loop_answer(loop, loop->in, RS_HANDLER_GONE, NULL, 0);
}

#define RS_LOOP_LAST 65536 /* deliveries: who is flooded ends all the same */

static inline void rs_loop_enough(
	struct rs_loop *loop, const struct rs_delivery *delivery, void *context)
{
	(void)delivery, (void)context;
	rs_loop_stop(loop);
}

/* What it owes may come for half of the time that it is given. */
static inline void rs_loop_end(struct rs_loop *loop)
{
	uint64_t left_ms = 0;

	loop->ending = RS_LOOP_LAST;
	if (loop->in->body_bytes >= sizeof(left_ms))
		__builtin_memcpy(&left_ms, rs_body(loop->in), sizeof(left_ms));
	loop->timed =
		loop->owed && loop->waiting &&
		rs_loop_after(loop, left_ms * 500000, rs_loop_enough, NULL, NULL) == RS_OK;
}

static inline void rs_loop_on_notice(struct rs_loop *loop)
{
	if (loop->in->status == RS_NOTICE_ROOM)
		rs_loop_flush(loop);
	if (loop->notice)
		loop->notice(loop, loop->in, loop->context);
	else if (loop->in->status == RS_NOTICE_STOP)
		rs_loop_end(loop);
}

static inline void rs_loop_deliver(struct rs_loop *loop)
{
	struct rs_loop_wait *wait;

	switch (loop->in->kind) {
	case RS_MESSAGE:
		rs_loop_on_message(loop);
		break;
	case RS_ANSWER:
		if ((wait = rs_loop_by_id(loop, loop->in->id)))
			rs_loop_complete(loop, wait, loop->in);
		break;
	case RS_PROCESS_GONE:
		if (loop->gone)
			loop->gone(loop, loop->in, loop->context);
		break;
	case RS_CANCELLED_BY:
		if (loop->cancelled)
			loop->cancelled(loop, loop->in, loop->context);
		break;
	case RS_NOTICE:
		rs_loop_on_notice(loop);
		break;
	}
}

/* Room is told of when nothing else comes; under load it is looked for now and then. */
#define RS_LOOP_FLUSH_AFTER 32  /* deliveries */
#define RS_LOOP_LINGER      100 /* tries at the end */
#define RS_LOOP_LINGER_NS   1000000

/* It shall end, and nothing that is under way can bring an answer that it owes. */
static inline bool rs_loop_is_idle(const struct rs_loop *loop)
{
	return loop->ending &&
	       !(loop->owed && (loop->waiting > loop->timed || loop->kept_used));
}

/* One delivery. RS_OK, or why the loop cannot go on. */
static inline uint32_t rs_loop_step(struct rs_loop *loop)
{
	int64_t timeout_ns = rs_loop_is_idle(loop) ? 0 : RS_FOREVER;
	int64_t bytes = rs_wait(loop->in, loop->in_bytes, timeout_ns);

	if (bytes == 0 || (loop->ending && --loop->ending == 0))
		loop->stopping = true;
	if (bytes == 0)
		return RS_OK;
	if (bytes < 0)
		return (uint32_t)-bytes;
	if ((uint64_t)bytes > loop->in_bytes)
		return loop->grow && loop->grow(loop, (size_t)bytes) ? RS_OK : RS_TOO_BIG;
	rs_loop_deliver(loop);
	if (loop->kept_used && ++loop->since_flush >= RS_LOOP_FLUSH_AFTER)
		rs_loop_flush(loop);
	return RS_OK;
}

/*
 * Runs until rs_loop_stop(), until the process shall end, or until nothing can happen any more:
 * nothing is handled, awaited or kept. RS_OK, or why it could not go on; it may be run again.
 * What is kept at the end is tried for a tenth of a second.
 */
static inline uint32_t rs_loop_run(struct rs_loop *loop)
{
	uint32_t status = RS_OK;

	loop->stopping = false;
	loop->ending = 0;
	while (status == RS_OK && !loop->stopping &&
		(loop->waiting || loop->handling || loop->kept_used))
		status = rs_loop_step(loop);
	for (int i = 0; i < RS_LOOP_LINGER && loop->kept_used; i++) {
		rs_pause(RS_LOOP_LINGER_NS);
		rs_loop_flush(loop);
	}
	return status;
}
