#include "runtime/imports.h"

#include <math.h>
#include <string.h>

#include "runtime/abi.h"
#include "runtime/calls.h"
#include "runtime/memory.h"
#include "runtime/trap.h"
#include "runtime/unwind.h"
#include "runtime/w2c/symbols.h"
#include "runtime/wasi.h"

__attribute__((naked)) void rs_trap(uint32_t cause __attribute__((unused)))
{
	__asm__(UNWIND_CAPTURE "mov %rsp, %rsi\n\t"
			       "call trap_called");
}

uint32_t rs_memory_grow(uint32_t had_pages, uint32_t more_pages)
{
	return memory_grow(had_pages, more_pages);
}

struct import {
	const char *name;
	uintptr_t address; /* of a function; a plain number, since they have many types */
};

/* The order is that of host_functions[], see imports_agree(). */
/* clang-format off */
#define CALL(name) { #name, (uintptr_t)calls_##name },
#define WASI(name) { #name, (uintptr_t)wasi_##name },
static const struct import host_rows[] = {
	CALL(emit_message) CALL(emit_answer) CALL(next_message)
	WASI_FUNCTIONS(WASI)
};


#define ROW(name) { #name, (uintptr_t)name },
static const struct import helpers[] = { OBJECT_SYMBOLS(ROW) };
/* clang-format on */

bool imports_agree(void)
{
	if (ARRAY_LEN(host_rows) != host_functions_count)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(host_rows); i++)
		if (strcmp(host_rows[i].name, host_functions[i].field) != 0)
			return false;
	return true;
}

/* "rs_i<k>": row k. */
static void *host_row(const char *digits)
{
	char *end;

	if (*digits < '0' || *digits > '9')
		return NULL;
	unsigned long k = strtoul(digits, &end, 10);
	return *end == 0 && k < ARRAY_LEN(host_rows) ? (void *)host_rows[k].address : NULL;
}

void *imports_find(const char *name)
{
	size_t prefix = strlen(OBJECT_HOST_PREFIX);

	if (strncmp(name, OBJECT_HOST_PREFIX, prefix) == 0)
		return host_row(name + prefix);
	for (size_t i = 0; i < ARRAY_LEN(helpers); i++)
		if (strcmp(helpers[i].name, name) == 0)
			return (void *)helpers[i].address;
	return NULL;
}
