/*
 * trap.c: goes wrong in the way its argument names; without one it lists them. What is no trap
 * (a null pointer is address 0, which a Wasm program may read and write) ends with status 0.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Stops the compiler from seeing through a number. */
static volatile uint32_t zero;

static void oob(void)
{
	*(volatile uint8_t *)(uintptr_t)(0xfffffff0u + zero) = 1;
}

static void oob_load(void)
{
	(void)*(volatile uint64_t *)(uintptr_t)(0xffffffffu - zero);
}

static void just_past_the_end(void)
{
	(void)*(volatile uint8_t *)(uintptr_t)(__builtin_wasm_memory_size(0) * 65536 + zero);
}

static void last_byte(void)
{
	(void)*(volatile uint8_t *)(uintptr_t)(__builtin_wasm_memory_size(0) * 65536 - 1 -
					       zero);
}

/* The pages that memory.grow gave are usable to their last byte, and not beyond. */
static void past_grown(void)
{
	uint32_t had = (uint32_t)__builtin_wasm_memory_grow(0, 3);
	volatile uint8_t *end = (volatile uint8_t *)(uintptr_t)((had + 3) * 65536);

	end[-1] = 1;
	end[0] = 1;
}

static void unreachable(void)
{
	__builtin_trap();
}

static void divide(void)
{
	volatile uint32_t lost = 100 / zero;
	(void)lost;
}

static void overflow(void)
{
	int32_t lowest, minus = -1 - (int32_t)zero, quotient = 0;

	lowest = INT32_MIN + (int32_t)zero;
	/* In C this has no meaning, and a compiler may drop it: so it is asked for in Wasm. */
	__asm__ volatile("local.get %1\n local.get %2\n i32.div_s\n local.set %0"
			 : "=r"(quotient)
			 : "r"(lowest), "r"(minus));
	(void)quotient;
}

static void convert(void)
{
	volatile float huge = 1e30f + (float)zero;
	int32_t whole;

	__asm__ volatile("local.get %1\n i32.trunc_f32_s\n local.set %0"
			 : "=r"(whole)
			 : "r"(huge));
}

static void indirect(void)
{
	void (*volatile wrong)(void) = (void (*)(void))(void *)strlen;

	wrong();
}

static void indirect_past_table(void)
{
	void (*volatile wrong)(void) = (void (*)(void))(uintptr_t)(100000 + zero);

	wrong();
}

static void indirect_null(void)
{
	void (*volatile wrong)(void) = (void (*)(void))(uintptr_t)zero;

	wrong();
}

static uint64_t deeper(uint64_t depth)
{
	return zero ? depth : deeper(depth + 1) * 3 + depth;
}

/* The machine's stack, not the one that C keeps in linear memory: nothing here has an address.
 */
static void stack(void)
{
	volatile uint64_t lost = deeper(zero);
	(void)lost;
}

static void grow(void)
{
	while (__builtin_wasm_memory_grow(0, 16) != (size_t)-1)
		;
	printf("memory ends at %zu pages\n", (size_t)__builtin_wasm_memory_size(0));
}

static void spin(void)
{
	while (zero == 0)
		;
}

static void null(void)
{
	volatile uint8_t *null = (volatile uint8_t *)(uintptr_t)zero;

	printf("address 0 holds %u\n", *null);
}

static void abort_(void)
{
	abort();
}

static void printed_before(void)
{
	printf("the last words\n");
	fflush(stdout);
	__builtin_trap();
}

static const struct {
	const char *name;
	void (*run)(void);
} ways[] = {
	{ "oob", oob },
	{ "oob-load", oob_load },
	{ "just-past-the-end", just_past_the_end },
	{ "last-byte", last_byte },
	{ "past-grown", past_grown },
	{ "unreachable", unreachable },
	{ "divide", divide },
	{ "overflow", overflow },
	{ "convert", convert },
	{ "indirect", indirect },
	{ "indirect-past-table", indirect_past_table },
	{ "indirect-null", indirect_null },
	{ "stack", stack },
	{ "grow", grow },
	{ "spin", spin },
	{ "null", null },
	{ "abort", abort_ },
	{ "printed-before", printed_before },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (argc < 2)
			puts(ways[i].name);
		else if (strcmp(argv[1], ways[i].name) == 0) {
			ways[i].run();
			return 0;
		}
	}
	return argc < 2 ? 0 : 2;
}
