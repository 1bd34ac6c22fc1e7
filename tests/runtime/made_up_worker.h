/*
 * made_up_worker.h: the rest of a worker, made up, for the tests of WASI: two pages of memory
 * before a guard, calls that remember what was sent and answer as the test says, a clock that a
 * sleep moves.
 */
#pragma once

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sys/mman.h>

#include "interfaces/console.h"
#include "interfaces/limits.h"
#include "interfaces/log.h"
#include "interfaces/random.h"
#include "runtime/calls.h"
#include "runtime/memory.h"
#include "runtime/trap.h"
#include "runtime/wasi.h"
#include "runtime/wasi_abi.h"
#include "tests/check_run.h"

#define PAGES  2u
#define MEMORY ((uint8_t *)MEMORY_BASE)
#define END    ((uint32_t)(PAGES * MEMORY_PAGE_BYTES))

uint64_t memory_bytes = END;

static uint64_t now_ns, slept_until_ns;
static uint32_t sleeps;

static struct {
	uint32_t count, bytes, level, largest;
	uint8_t text[1 << 20]; /* all of it, in order */
	uint32_t refuse_at;    /* the message with this number, from 1; 0: none */
	uint32_t refuse_with;
} sent;

static struct {
	uint32_t count;
	uint8_t interface[32];
	uint8_t body[64]; /* of the last one */
	uint32_t body_bytes;
	uint32_t status;
	uint8_t answer[RS_CONSOLE_ANSWER_BYTES_MAX + 1];
	uint32_t answer_bytes;   /* UINT32_MAX: as many bytes as were asked for */
	uint64_t takes_until_ns; /* time that passes before the answer */
} asked;

uint64_t calls_monotonic_ns(void)
{
	return now_ns;
}

void calls_sleep_until(uint64_t monotonic_ns)
{
	sleeps++;
	slept_until_ns = monotonic_ns;
	if (monotonic_ns > now_ns)
		now_ns = monotonic_ns;
}

uint32_t calls_send(const uint8_t interface[32], const void *body, uint32_t bytes)
{
	struct rs_log_write_request request;
	const void *message;
	size_t message_bytes;
	uint32_t rpc;

	ck_assert_mem_eq(interface, rs_interface_log, 32);
	ck_assert_uint_le(bytes, CALLS_BODY_MAX);
	if (++sent.count == sent.refuse_at)
		return sent.refuse_with;
	ck_assert_int_eq(rs_decode_split(body, bytes, &rpc, &message, &message_bytes), 0);
	ck_assert_uint_eq(rpc, RS_LOG_WRITE);
	ck_assert_int_eq(rs_log_write_request_decode(&request, message, message_bytes), 0);
	uint32_t text_bytes = (uint32_t)request.text.bytes;
	ck_assert_uint_le(text_bytes, sizeof(sent.text) - sent.bytes);
	memcpy(sent.text + sent.bytes, request.text.at, text_bytes);
	sent.bytes += text_bytes;
	sent.largest = text_bytes > sent.largest ? text_bytes : sent.largest;
	sent.level = (uint32_t)request.level;
	return RS_OK;
}

static inline struct rs_bytes asked_message(uint32_t *rpc)
{
	const void *message;
	size_t bytes;

	ck_assert_int_eq(
		rs_decode_split(asked.body, asked.body_bytes, rpc, &message, &bytes), 0);
	return (struct rs_bytes){ message, bytes };
}

/* A Generate of `random` and a Read of `console` ask for a number of bytes and get as many:
 * their messages look the same. */
_Static_assert((int)RS_RANDOM_GENERATE == (int)RS_CONSOLE_READ, "their indices do");
static inline uint32_t asked_bytes(void)
{
	struct rs_console_read_request request;
	uint32_t rpc;
	struct rs_bytes message = asked_message(&rpc);

	ck_assert_uint_eq(rpc, RS_CONSOLE_READ);
	ck_assert_int_eq(
		rs_console_read_request_decode(&request, message.at, message.bytes), 0);
	return request.bytes;
}

static inline void will_answer(const void *bytes, size_t n)
{
	struct rs_console_read_answer answer = { .bytes = { bytes, n } };
	int64_t encoded =
		rs_console_read_answer_encode(&answer, asked.answer, sizeof(asked.answer));

	ck_assert_int_ge(encoded, 0);
	asked.answer_bytes = (uint32_t)encoded;
}

static inline uint32_t answer_as_asked(void)
{
	static uint8_t bytes[RS_CONSOLE_BYTES_MAX];
	uint32_t rpc;

	asked_message(&rpc);
	if (rpc != RS_CONSOLE_READ)
		return 0;
	uint32_t n = asked_bytes();
	ck_assert_uint_le(n, sizeof(bytes));
	memset(bytes, 0xa0 + (int)(asked.count % 16), n);
	will_answer(bytes, n);
	n = asked.answer_bytes;
	asked.answer_bytes = UINT32_MAX;
	return n;
}

uint32_t calls_request(const uint8_t interface[32], const void *body, uint32_t bytes,
	void *answer, uint32_t *answer_bytes)
{
	ck_assert_uint_le(bytes, sizeof(asked.body));
	asked.count++;
	memcpy(asked.interface, interface, 32);
	memcpy(asked.body, body, bytes);
	asked.body_bytes = bytes;
	uint32_t had =
		asked.answer_bytes == UINT32_MAX ? answer_as_asked() : asked.answer_bytes;
	if (asked.takes_until_ns > now_ns)
		now_ns = asked.takes_until_ns;
	if (had > *answer_bytes) {
		*answer_bytes = 0;
		return RS_TOO_BIG;
	}
	memcpy(answer, asked.answer, had);
	*answer_bytes = had;
	return asked.status;
}

void calls_last(void)
{
}

void trap_exit(uint32_t code)
{
	exit((int)code);
}

static inline struct start_block *block_of(uint32_t arguments, uint32_t variables,
	const char *strings, uint32_t bytes, bool console)
{
	static struct start_block *block; /* the last one: used as long as the program runs */

	free(block);
	block = calloc(1, sizeof(*block) + bytes);
	block->arguments_count = arguments;
	block->environment_count = variables;
	block->strings_bytes = bytes;
	block->console = console;
	memcpy(block->strings, strings, bytes);
	return block;
}

static inline int init_with(
	uint32_t arguments, uint32_t variables, const char *strings, uint32_t bytes)
{
	struct start_block *block = block_of(arguments, variables, strings, bytes, false);

	return wasi_init(block, sizeof(*block) + bytes);
}

/* Memory that ends exactly where the guards begin. */
static inline void setup(void)
{
	size_t guard = 16 * HOST_PAGE_BYTES;

	ck_assert_ptr_eq(mmap(MEMORY, END, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
		MEMORY);
	ck_assert_ptr_eq(mmap(MEMORY + END, guard, PROT_NONE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
		MEMORY + END);
	now_ns = 5000000;
	asked.answer_bytes = 0;
	ck_assert_int_eq(init_with(2, 1, "prog\0a b\0K=V", 13), 0);
}

static inline uint32_t u32_at(uint32_t at)
{
	uint32_t value;

	memcpy(&value, MEMORY + at, sizeof(value));
	return value;
}

static inline uint64_t u64_at(uint32_t at)
{
	uint64_t value;

	memcpy(&value, MEMORY + at, sizeof(value));
	return value;
}

static inline void attach(void)
{
	struct start_block *block = block_of(0, 0, "", 0, true);

	ck_assert_int_eq(wasi_init(block, sizeof(*block)), 0);
}

static inline TCase *add_case(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, NULL);
	suite_add_tcase(s, tc);
	return tc;
}
