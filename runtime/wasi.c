#include "runtime/wasi.h"

#include <string.h>

#include "interfaces/limits.h"
#include "interfaces/random.h"
#include "runtime/calls.h"
#include "runtime/memory.h"
#include "runtime/trap.h"
#include "runtime/wasi_abi.h"
#include "runtime/wasi_clock.h"
#include "runtime/wasi_stream.h"

/* Strings of one kind: as they lie in the start block, each closed with a zero. */
struct strings {
	const char *text;
	uint32_t bytes, count;
};

static struct strings arguments, environment;
LARGE_TABLE static uint8_t random_answer[RS_RANDOM_ANSWER_BYTES_MAX];

/* Takes count strings off the front. False: there are fewer. */
static bool take_strings(const char **text, uint32_t *left, uint32_t count, struct strings *out)
{
	*out = (struct strings){ .text = *text, .count = count };
	for (uint32_t i = 0; i < count; i++) {
		const char *end = memchr(*text, 0, *left);

		if (!end)
			return false;
		uint32_t bytes = (uint32_t)(end - *text) + 1;
		out->bytes += bytes;
		*text += bytes;
		*left -= bytes;
	}
	return true;
}

int wasi_init(const struct start_block *block, uint64_t bytes)
{
	if (bytes < sizeof(*block) || block->strings_bytes > bytes - sizeof(*block))
		return WASI_BAD_START;
	const char *text = block->strings;
	uint32_t left = block->strings_bytes;
	if (!take_strings(&text, &left, block->arguments_count, &arguments) ||
		!take_strings(&text, &left, block->environment_count, &environment) || left)
		return WASI_BAD_START;
	wasi_clock_init();
	wasi_stream_init(block->console);
	return 0;
}

/* --- arguments and environment --- */

static uint32_t strings_get(const struct strings *strings, uint32_t pointers, uint32_t text)
{
	uint8_t *pointer_out = memory_guest(pointers, strings->count * sizeof(uint32_t));
	char *text_out = memory_guest(text, strings->bytes);
	const char *at = strings->text;

	if (!pointer_out || !text_out)
		return WASI_FAULT;
	if (strings->bytes)
		memcpy(text_out, strings->text, strings->bytes);
	for (uint32_t i = 0; i < strings->count; i++, at += strlen(at) + 1) {
		uint32_t pointer = text + (uint32_t)(at - strings->text);

		memcpy(pointer_out + i * sizeof(pointer), &pointer, sizeof(pointer));
	}
	return WASI_OK;
}

static uint32_t strings_sizes(const struct strings *strings, uint32_t count, uint32_t bytes)
{
	void *count_out = memory_guest(count, sizeof(strings->count));
	void *bytes_out = memory_guest(bytes, sizeof(strings->bytes));

	if (!count_out || !bytes_out)
		return WASI_FAULT;
	memcpy(count_out, &strings->count, sizeof(strings->count));
	memcpy(bytes_out, &strings->bytes, sizeof(strings->bytes));
	return WASI_OK;
}

uint32_t wasi_args_get(void *, uint32_t pointers, uint32_t text)
{
	return strings_get(&arguments, pointers, text);
}

uint32_t wasi_args_sizes_get(void *, uint32_t count_out, uint32_t bytes_out)
{
	return strings_sizes(&arguments, count_out, bytes_out);
}

uint32_t wasi_environ_get(void *, uint32_t pointers, uint32_t text)
{
	return strings_get(&environment, pointers, text);
}

uint32_t wasi_environ_sizes_get(void *, uint32_t count_out, uint32_t bytes_out)
{
	return strings_sizes(&environment, count_out, bytes_out);
}

/* --- chance, and the end --- */

/* Less chance than asked for must not pass as enough. */
static uint32_t ask_random(uint8_t *out, uint32_t bytes)
{
	struct rs_random_generate_request request = { .bytes = bytes };
	struct rs_random_generate_answer answer;
	uint8_t body[RS_CODEC_INDEX_BYTES + RS_RANDOM_GENERATE_REQUEST_BYTES_MAX];
	uint32_t got = sizeof(random_answer);
	uint32_t status = calls_request(rs_interface_random, body,
		(uint32_t)rs_random_generate_body(&request, body, sizeof(body)), random_answer,
		&got);

	if (status != RS_OK)
		return wasi_stream_errno(status);
	if (rs_random_generate_answer_decode(&answer, random_answer, got) ||
		answer.bytes.bytes != bytes)
		return WASI_IO;
	memcpy(out, answer.bytes.at, bytes);
	return WASI_OK;
}

uint32_t wasi_random_get(void *, uint32_t out, uint32_t bytes)
{
	uint8_t *at = memory_guest(out, bytes);

	if (!at)
		return WASI_FAULT;
	while (bytes) {
		uint32_t part = bytes < RS_RANDOM_BYTES_MAX ? bytes : RS_RANDOM_BYTES_MAX;
		uint32_t error = ask_random(at, part);

		if (error)
			return error;
		at += part;
		bytes -= part;
	}
	return WASI_OK;
}

void wasi_proc_exit(void *, uint32_t code)
{
	calls_last();
	trap_exit(code);
}

/* A program is one thread, and nothing it could give way to waits for it. */
uint32_t wasi_sched_yield(void *)
{
	return WASI_OK;
}
