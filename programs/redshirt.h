/*
 * redshirt.h: what a program needs to talk to other programs: the three calls, and small
 * helpers made of them. Works with and without a C library:
 *
 *     clang --target=wasm32-wasi -O2 -I include/redshirt -o program.wasm program.c
 *     clang --target=wasm32-unknown-unknown -O2 -nostdlib ...   (export "memory" and "_start")
 *
 * Every call answers an enum rs_status; a mistake (a bad pointer, an unknown id) is such an
 * answer too and never ends the program.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "interfaces/interface.h"
#include "interfaces/limits.h"
#include "interfaces/time.h"
#include "message.h"

#define RS_IMPORT(name) __attribute__((import_module("redshirt"), import_name(#name)))

/*
 * Sends the pieces as one message to whoever handles the interface; never waits for the
 * handler, but that it reads what is long: a body that does not fit beside what it has not read
 * yet (16 KiB always may) goes in parts, and is RS_BUSY when the handler reads nothing for half
 * a second. After RS_BUSY one RS_NOTICE comes with the status RS_NOTICE_ROOM, when nothing else
 * does: once there is room, or the handler is gone, so that trying again has a point.
 * RS_HANDLER_GONE: it ended in the middle of it. flags: RS_NEEDS_ANSWER and others.
 * *id: what the answer will carry (0 when none is wanted).
 */
RS_IMPORT(emit_message)
uint32_t rs_emit_message(const uint8_t interface[32], const struct rs_piece *pieces,
	uint32_t count, uint64_t flags, uint64_t *id);

/* Answers a message that asked for it, once. After RS_BUSY it may be tried again, as above. */
RS_IMPORT(emit_answer)
uint32_t rs_emit_answer(
	const uint64_t *id, const struct rs_piece *pieces, uint32_t count, uint32_t status);

/*
 * Waits for the next delivery (struct rs_delivery, then its body) and writes it to out. Answers
 * the bytes of the delivery; more than out_bytes: it was kept, come again with that much room
 * (of a long body only the beginning may be there yet, so that this is told early; its sender
 * may still end, and then nothing comes of it). What lies in out beyond the delivery may have
 * changed as well: long bodies are put together there, whether they come to their end or not.
 * 0: nothing came in time. Below 0: minus a status. timeout_ns: 0 only looks, -1 waits for
 * ever. poll: NULL and 0 for anything; else only answers to these ids, and (id 0) messages; the
 * entry that was served becomes 0.
 */
RS_IMPORT(next_message)
int64_t rs_next_message(
	uint64_t *poll, uint32_t count, uint8_t *out, uint32_t out_bytes, int64_t timeout_ns);

/*
 * The manifest: what a program says it uses and handles, and why; written once each, anywhere
 * outside of functions:
 *
 *     RS_MANIFEST_USES(COUNTER, "to count your visitors");
 *     RS_MANIFEST_REGISTERS(GREETER, "to greet others");
 *
 * with the header that rs-ifgen wrote for the interface. The reason is one line of at most 200
 * bytes, without quotation marks and backslashes. People read it when they are to decide, and a
 * program that has a manifest may do no more than it says. What every program may use (log,
 * time, random, console, interface) need not be named.
 */
#define RS_MANIFEST_USES(name, reason) RS_MANIFEST_RECORD("1", RS_##name##_MANIFEST, reason)
#define RS_MANIFEST_REGISTERS(name, reason) \
	RS_MANIFEST_RECORD("2", RS_##name##_MANIFEST, reason)

/* A record of the custom section redshirt.manifest: version 1, right, interface, its name,
 * reason. An attribute would make a piece of the program's memory of it. */
#define RS_MANIFEST_RECORD(right, name, reason)                       \
	__asm__(".section .custom_section.redshirt.manifest,\"\",@\n" \
		".byte 1," right "," name ".asciz \"" reason "\"\n"   \
		".text\n");                                           \
	RS_STATIC_ASSERT(sizeof(reason) <= 201, "a manifest's reason has at most 200 bytes")

#define RS_FOREVER (-1ll)

/* What stands behind the head of a delivery: head->body_bytes of it. */
static inline const void *rs_body(const struct rs_delivery *head)
{
	return head + 1;
}

static inline struct rs_piece rs_piece(const void *bytes, size_t size)
{
	return (struct rs_piece){ (uint32_t)(uintptr_t)bytes, (uint32_t)size };
}

static inline uint32_t rs_send(const uint8_t interface[32], const void *body, size_t bytes,
	uint64_t flags, uint64_t *id)
{
	struct rs_piece piece = rs_piece(body, bytes);

	return rs_emit_message(interface, &piece, 1, flags, id);
}

static inline uint32_t rs_answer(
	const struct rs_delivery *to, uint32_t status, const void *body, size_t bytes)
{
	struct rs_piece piece = rs_piece(body, bytes);

	return rs_emit_answer(&to->id, &piece, 1, status);
}

/* The next delivery of any kind. */
static inline int64_t rs_wait(void *out, size_t size, int64_t timeout_ns)
{
	return rs_next_message(NULL, 0, (uint8_t *)out, (uint32_t)size, timeout_ns);
}

/* The answer to one message; what else comes stays where it is. */
static inline int64_t rs_wait_answer(uint64_t id, void *out, size_t size, int64_t timeout_ns)
{
	return rs_next_message(&id, 1, (uint8_t *)out, (uint32_t)size, timeout_ns);
}

/* The same. RS_OK: all of it is there; RS_TOO_BIG: it is longer, and was kept. */
static inline uint32_t rs_wait_whole_answer(uint64_t id, struct rs_delivery *in, size_t size)
{
	int64_t bytes = rs_wait_answer(id, in, size, RS_FOREVER);

	if (bytes < 0)
		return (uint32_t)-bytes;
	return (uint64_t)bytes > size ? RS_TOO_BIG : RS_OK;
}

/* ---- what rs-ifgen's NAME_calls.h is made of: bytes is what encode() said of the body ---- */

static inline uint32_t rs_encoded(int64_t bytes)
{
	if (bytes >= 0)
		return RS_OK;
	return bytes == -(int64_t)RS_CODEC_NO_ROOM ? RS_TOO_BIG : RS_BAD_ARGUMENT;
}

static inline uint32_t rs_send_encoded(const uint8_t interface[32], const void *body,
	int64_t bytes, uint64_t flags, uint64_t *id)
{
	uint32_t status = rs_encoded(bytes);

	return status == RS_OK ? rs_send(interface, body, (size_t)bytes, flags, id) : status;
}

static inline uint32_t rs_answer_encoded(
	const struct rs_delivery *to, const void *body, int64_t bytes)
{
	uint32_t status = rs_encoded(bytes);

	return status == RS_OK ? rs_answer(to, RS_OK, body, (size_t)bytes) : status;
}

/* Sends, waits for an answer with an empty body, gives its status. */
static inline uint32_t rs_ask_status(
	const uint8_t interface[32], const void *body, size_t bytes, uint64_t flags)
{
	struct rs_delivery answer;
	uint64_t id;
	uint32_t status = rs_send(interface, body, bytes, flags | RS_NEEDS_ANSWER, &id);

	if (status != RS_OK)
		return status;
	int64_t got = rs_wait_answer(id, &answer, sizeof(answer), RS_FOREVER);
	return got < 0 ? (uint32_t)-got : answer.status;
}

/* Index, name and a number, as bytes. */
#define RS_REGISTER_BYTES_MAX 64u

/* Becomes the handler of an interface. RS_OK, or RS_TAKEN, RS_DENIED, RS_LIMIT. Who sends a
 * body of more bytes hears RS_TOO_BIG (0: as rsd allows, 16 MiB if it was told nothing): so
 * with room for that, and the head, whatever comes fits. */
static inline uint32_t rs_register_with_limit(
	const uint8_t interface[32], uint64_t body_bytes_max)
{
	struct rs_interface_register_request request = { .interface = { interface, 32 },
		.body_bytes_max = body_bytes_max };
	uint8_t body[RS_REGISTER_BYTES_MAX];
	int64_t bytes = rs_interface_register_body(&request, body, sizeof(body));

	return rs_ask_status(rs_interface_interface, body, (size_t)bytes, 0);
}

static inline uint32_t rs_register(const uint8_t interface[32])
{
	return rs_register_with_limit(interface, 0);
}

/* Handles it no more: what was not answered completes with RS_HANDLER_GONE, what comes later
 * waits for the next handler or is refused. RS_OK, or RS_BAD_ARGUMENT: it was not ours. */
static inline uint32_t rs_unregister(const uint8_t interface[32])
{
	struct rs_interface_unregister_request request = { .interface = { interface, 32 } };
	uint8_t body[RS_REGISTER_BYTES_MAX];
	int64_t bytes = rs_interface_unregister_body(&request, body, sizeof(body));

	return rs_ask_status(rs_interface_interface, body, (size_t)bytes, 0);
}

/* The longest reason that a person is shown, in bytes, and what stands around it. */
#define RS_REASON_BYTES_MAX 200u
#define RS_PLEA_BYTES_MAX   (RS_REASON_BYTES_MAX + 64)

/*
 * Asks to be allowed to use an interface, or to handle it (RS_INTERFACE_RIGHT_...), and waits
 * for what a person says. RS_OK: it is allowed now, or was before. RS_DENIED; RS_TIMED_OUT:
 * nobody said anything; RS_LIMIT: too much is asked already. What is not allowed yet is asked
 * for by itself when it is used; this gives a reason, so it comes first.
 */
static inline uint32_t rs_plead(
	const uint8_t interface[32], enum rs_interface_right right, const char *reason)
{
	struct rs_interface_ask_request request = {
		.interface = { interface, 32 }, .right = (int32_t)right, .reason = { reason, 0 }
	};
	uint8_t body[RS_PLEA_BYTES_MAX];

	while (reason[request.reason.bytes] && request.reason.bytes < RS_REASON_BYTES_MAX)
		request.reason.bytes++;
	int64_t bytes = rs_interface_ask_body(&request, body, sizeof(body));
	return bytes < 0 ? RS_BAD_ARGUMENT
			 : rs_ask_status(rs_interface_interface, body, (size_t)bytes, 0);
}

/* Sleeps; what comes meanwhile stays where it is. */
static inline uint32_t rs_pause(uint64_t ns)
{
	struct rs_time_wait_for_request request = { .ns = ns };
	uint8_t body[RS_CODEC_INDEX_BYTES + RS_TIME_WAIT_FOR_REQUEST_BYTES_MAX];
	int64_t bytes = rs_time_wait_for_body(&request, body, sizeof(body));

	return rs_ask_status(rs_interface_time, body, (size_t)bytes, 0);
}

/* Lets go of a message that was sent: it completes with RS_CANCELLED, unless it was answered.
 */
static inline uint32_t rs_cancel(uint64_t id)
{
	struct rs_interface_cancel_request request = { .id = id };
	uint8_t body[RS_CODEC_INDEX_BYTES + RS_INTERFACE_CANCEL_REQUEST_BYTES_MAX];
	int64_t bytes = rs_interface_cancel_body(&request, body, sizeof(body));
	uint64_t none;

	return rs_send(rs_interface_interface, body, (size_t)bytes, 0, &none);
}
