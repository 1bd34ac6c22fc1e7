/*
 * redshirt_program.h: a program that starts programs, made of the three calls: each of these
 * sends one request to the interface `program` and waits for its answer. With an event loop the
 * same requests are asked with rs_loop_ask(); interfaces/program.h has all of them.
 *
 *     struct rs_program_start_request request = { .program = { hash, 32 } };
 *     struct rs_child child;
 *     struct rs_end end;
 *
 *     if (rs_start_program(&request, &child) == RS_OK && rs_wait_program(&child, &end) ==
 * RS_OK) printf("%s %u\n", rs_end_text(&end), end.number);
 */
#pragma once

#include "interfaces/program.h"
#include "redshirt.h"

#define RS_PROGRAM_BODY_BYTES_MAX   (16u * 1024) /* of a request */
#define RS_PROGRAM_ANSWER_BYTES_MAX 1024u
#define RS_CHILD_INSTANCES_MAX      16u
#define RS_END_TRAP_SIZE            256u

struct rs_child {
	uint64_t process;
	uint32_t instances_count;
	uint8_t instances[RS_CHILD_INSTANCES_MAX][32]; /* one for each private interface */
};

struct rs_end {
	uint32_t which;  /* RS_PROGRAM_WAIT_ANSWER_STATUS, _SIGNAL or _TRAP */
	uint32_t number; /* status or signal */
	char trap[RS_END_TRAP_SIZE];
};

static inline const char *rs_end_text(const struct rs_end *end)
{
	switch (end->which) {
	case RS_PROGRAM_WAIT_ANSWER_STATUS:
		return "status";
	case RS_PROGRAM_WAIT_ANSWER_SIGNAL:
		return "signal";
	default:
		return end->trap;
	}
}

/* 64 hex digits, as rsctl prints them; false: it is none. */
static inline bool rs_hash_of_hex(const char *hex, uint8_t out[32])
{
	for (int i = 0; i < 64; i++) {
		char c = hex[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
						   : -1;
		if (digit < 0)
			return false;
		out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] << 4 | digit : digit);
	}
	return hex[64] == 0;
}

struct rs_program_answer {
	struct rs_delivery head;
	uint8_t body[RS_PROGRAM_ANSWER_BYTES_MAX];
};

static inline uint32_t rs_ask_program(
	const uint8_t *body, int64_t bytes, struct rs_program_answer *answer)
{
	uint64_t id;

	if (bytes < 0)
		return RS_TOO_BIG;
	uint32_t status =
		rs_send(rs_interface_program, body, (size_t)bytes, RS_NEEDS_ANSWER, &id);
	if (status != RS_OK)
		return status;
	int64_t got = rs_wait_answer(id, answer, sizeof(*answer), RS_FOREVER);
	return got < 0 ? (uint32_t)-got : answer->head.status;
}

/* What the answer to a Start says. RS_OK, or RS_MALFORMED. */
static inline uint32_t rs_read_child(const struct rs_delivery *answer, struct rs_child *out)
{
	struct rs_program_start_answer started;
	struct rs_bytes instance;
	struct rs_walk walk;

	if (rs_program_start_answer_decode(&started, rs_body(answer), answer->body_bytes))
		return RS_MALFORMED;
	out->process = started.child;
	out->instances_count = 0;
	rs_walk_begin(&walk, &started.instances);
	while (out->instances_count < RS_CHILD_INSTANCES_MAX &&
		rs_program_start_answer_instances_next(&walk, &instance)) {
		if (instance.bytes != 32)
			return RS_MALFORMED;
		__builtin_memcpy(out->instances[out->instances_count++], instance.at, 32);
	}
	return RS_OK;
}

/* Answers when it runs. RS_OK, or what Start says. */
static inline uint32_t rs_start_program(
	const struct rs_program_start_request *request, struct rs_child *out)
{
	static uint8_t body[RS_PROGRAM_BODY_BYTES_MAX];
	struct rs_program_answer answer;
	uint32_t status = rs_ask_program(
		body, rs_program_start_body(request, body, sizeof(body)), &answer);

	return status == RS_OK ? rs_read_child(&answer.head, out) : status;
}

static inline uint32_t rs_read_end(const struct rs_delivery *answer, struct rs_end *out)
{
	struct rs_program_wait_answer ended;

	if (rs_program_wait_answer_decode(&ended, rs_body(answer), answer->body_bytes))
		return RS_MALFORMED;
	*out = (struct rs_end){ .which = ended.which_end };
	if (ended.which_end != RS_PROGRAM_WAIT_ANSWER_TRAP) {
		out->number = ended.end.status; /* or signal: the same place */
		return RS_OK;
	}
	uint32_t bytes = ended.end.trap.bytes;
	bytes = bytes < RS_END_TRAP_SIZE ? bytes : RS_END_TRAP_SIZE - 1;
	__builtin_memcpy(out->trap, ended.end.trap.at, bytes);
	return RS_OK;
}

/* Answers when it is gone. RS_OK, or what Wait says. */
static inline uint32_t rs_wait_program(const struct rs_child *child, struct rs_end *out)
{
	const struct rs_program_wait_request request = { .child = child->process };
	uint8_t body[RS_CODEC_INDEX_BYTES + RS_PROGRAM_WAIT_REQUEST_BYTES_MAX];
	struct rs_program_answer answer;
	uint32_t status = rs_ask_program(
		body, rs_program_wait_body(&request, body, sizeof(body)), &answer);

	return status == RS_OK ? rs_read_end(&answer.head, out) : status;
}

/* Asks it to end, kills it after the time; answers when it is gone. */
static inline uint32_t rs_stop_program(
	const struct rs_child *child, uint64_t timeout_ns, struct rs_end *out)
{
	const struct rs_program_stop_request request = { .child = child->process,
		.timeout_ns = timeout_ns };
	uint8_t body[RS_CODEC_INDEX_BYTES + RS_PROGRAM_STOP_REQUEST_BYTES_MAX];
	struct rs_program_answer answer;
	uint32_t status = rs_ask_program(
		body, rs_program_stop_body(&request, body, sizeof(body)), &answer);

	return status == RS_OK ? rs_read_end(&answer.head, out) : status;
}
