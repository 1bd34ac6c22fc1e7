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
	uint32_t status;
	const void *answer;
	uint32_t answer_bytes;   /* UINT32_MAX: as many random ones as were asked for */
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
	struct rs_log_write head;

	ck_assert_mem_eq(interface, rs_interface_log, 32);
	ck_assert_uint_ge(bytes, sizeof(head));
	ck_assert_uint_le(bytes, CALLS_BODY_MAX);
	if (++sent.count == sent.refuse_at)
		return sent.refuse_with;
	memcpy(&head, body, sizeof(head));
	ck_assert_uint_eq(head.request, RS_LOG_WRITE);
	bytes -= (uint32_t)sizeof(head);
	ck_assert_uint_le(bytes, sizeof(sent.text) - sent.bytes);
	memcpy(sent.text + sent.bytes, (const uint8_t *)body + sizeof(head), bytes);
	sent.bytes += bytes;
	sent.largest = bytes > sent.largest ? bytes : sent.largest;
	sent.level = head.level;
	return RS_OK;
}

uint32_t calls_request(const uint8_t interface[32], const void *body, uint32_t bytes,
	void *answer, uint32_t *answer_bytes)
{
	uint32_t had = asked.answer_bytes == UINT32_MAX ? *answer_bytes : asked.answer_bytes;

	ck_assert_uint_le(bytes, sizeof(asked.body));
	asked.count++;
	memcpy(asked.interface, interface, 32);
	memcpy(asked.body, body, bytes);
	if (asked.takes_until_ns > now_ns)
		now_ns = asked.takes_until_ns;
	if (had > *answer_bytes) {
		*answer_bytes = 0;
		return RS_TOO_BIG;
	}
	if (asked.answer_bytes == UINT32_MAX)
		memset(answer, 0xa0 + (int)(asked.count % 16), had);
	else if (had)
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
