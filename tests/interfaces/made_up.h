/* made_up.h: an environment for one host: it remembers what was answered and put out, and its
 * clock stands still until a test moves it. */
#pragma once

#include <string.h>

#include "interfaces/encode.h"
#include "interfaces/host.h"
#include "interfaces/limits.h"
#include "tests/check_run.h"

#define MADE_UP_ANSWERS_MAX 70000u
#define MADE_UP_BYTES_MAX   (64 * 1024u)

struct made_up_answer {
	uint64_t process, id;
	uint32_t status, bytes;
};

static struct {
	uint64_t monotonic_ns, realtime_ns;
	uint32_t answers_count;
	struct made_up_answer answers[MADE_UP_ANSWERS_MAX];
	uint8_t body[MADE_UP_BYTES_MAX]; /* of the last answer */
	uint32_t body_bytes;
	uint32_t outputs_count;
	uint64_t output_process;
	uint32_t output_level, output_bytes;
	uint8_t output[64 * 1024];
} made_up = { .monotonic_ns = 1000000, .realtime_ns = 1700000000000000000 };

static void made_up_answer(void *context, uint64_t process, uint64_t id, uint32_t status,
	const void *body, uint32_t bytes)
{
	ck_assert_ptr_eq(context, &made_up);
	ck_assert_uint_ne(id, 0);
	ck_assert_uint_lt(made_up.answers_count, MADE_UP_ANSWERS_MAX);
	ck_assert_uint_le(bytes, sizeof(made_up.body));
	made_up.answers[made_up.answers_count++] =
		(struct made_up_answer){ process, id, status, bytes };
	made_up.body_bytes = bytes;
	if (bytes)
		memcpy(made_up.body, body, bytes);
}

static void made_up_output(
	void *context, uint64_t process, uint32_t level, const void *text, uint32_t bytes)
{
	ck_assert_ptr_eq(context, &made_up);
	ck_assert_uint_le(bytes, sizeof(made_up.output));
	made_up.outputs_count++;
	made_up.output_process = process;
	made_up.output_level = level;
	made_up.output_bytes = bytes;
	memcpy(made_up.output, text, bytes);
}

static uint64_t made_up_monotonic_ns(void *context)
{
	ck_assert_ptr_eq(context, &made_up);
	return made_up.monotonic_ns;
}

static uint64_t made_up_realtime_ns(void *context)
{
	ck_assert_ptr_eq(context, &made_up);
	return made_up.realtime_ns;
}

static const struct host_env made_up_env = {
	.context = &made_up,
	.answer = made_up_answer,
	.output = made_up_output,
	.monotonic_ns = made_up_monotonic_ns,
	.realtime_ns = made_up_realtime_ns,
};

/* The body is handed over in a block of its own size, so that a sanitizer sees reads beyond it.
 */
static inline void made_up_send(const struct host *host, void *self, uint64_t process,
	uint64_t id, const void *body, uint32_t bytes)
{
	CLEANUP(freep) uint8_t *copy = malloc(bytes ? bytes : 1);

	memcpy(copy, body, bytes);
	host->message(self, &(struct host_message){ process, id, copy, bytes });
}

/* The status of the one answer that comes at once. */
static inline uint32_t made_up_ask(const struct host *host, void *self, uint64_t process,
	uint64_t id, const void *body, uint32_t bytes)
{
	uint32_t had = made_up.answers_count;

	made_up_send(host, self, process, id, body, bytes);
	ck_assert_uint_eq(made_up.answers_count, had + 1);
	ck_assert_uint_eq(made_up.answers[had].process, process);
	ck_assert_uint_eq(made_up.answers[had].id, id);
	return made_up.answers[had].status;
}

/* Bodies no host can read: too short for an index, an index that does not exist, messages that
 * are no protobuf. */
static inline void made_up_lies(const struct host *host, void *self)
{
	static const uint8_t zeroes[64];
	static const uint32_t unknown[] = { 3, 99, 0x80000000, UINT32_MAX };
	static const uint8_t broken[][7] = { { 0, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0xff },
		{ 0, 0, 0, 0, 0x0a, 200 }, { 0, 0, 0, 0, 0x09, 1 }, { 0, 0, 0, 0, 0x0b } };

	for (uint32_t bytes = 0; bytes < RS_CODEC_INDEX_BYTES; bytes++)
		ck_assert_uint_eq(made_up_ask(host, self, 1, 1, zeroes, bytes), RS_MALFORMED);
	for (size_t i = 0; i < ARRAY_LEN(broken); i++)
		ck_assert_uint_eq(made_up_ask(host, self, 1, 1, broken[i], sizeof(broken[i])),
			RS_MALFORMED);
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
		ck_assert_uint_eq(
			made_up_ask(host, self, 1, 1, &unknown[i], sizeof(unknown[i])),
			RS_UNSUPPORTED);

	uint32_t had = made_up.answers_count;
	for (uint32_t bytes = 0; bytes < RS_CODEC_INDEX_BYTES; bytes++)
		made_up_send(host, self, 1, 0, zeroes, bytes);
	ck_assert_uint_eq(made_up.answers_count, had); /* id 0 wants none */
}
