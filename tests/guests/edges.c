/*
 * edges.c: one load or store at one place, or all of them where they are allowed.
 *
 *     edges GROW OP OFFSET ADDRESS     after memory.grow of GROW pages; numbers as strtoul
 * reads them, below zero counted from the end of memory; OFFSET is one of those that the
 * instructions here carry edges GROW inside                every OP at the last place where it
 * is allowed edges                            lists all OP
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOAD(type, op, offset)                                                      \
	{                                                                           \
		type got;                                                           \
		__asm__ volatile("local.get %1\n " op " " #offset "\n local.set %0" \
				 : "=r"(got)                                        \
				 : "r"(address));                                   \
		(void)got;                                                          \
	}
#define STORE(type, op, offset)                                                  \
	{                                                                        \
		type value = 0;                                                  \
		__asm__ volatile("local.get %0\n local.get %1\n " op " " #offset \
				 :                                               \
				 : "r"(address), "r"(value)                      \
				 : "memory");                                    \
	}
#define AT_EACH_OFFSET(kind, type, name, op)                                          \
	__attribute__((noinline)) static void name(uint32_t address, uint32_t offset) \
	{                                                                             \
		switch (offset) {                                                     \
		case 0:                                                               \
			kind(type, op, 0) break;                                      \
		case 1:                                                               \
			kind(type, op, 1) break;                                      \
		case 65536:                                                           \
			kind(type, op, 65536) break;                                  \
		case 0x7fffffff:                                                      \
			kind(type, op, 0x7fffffff) break;                             \
		case 0xfffffff0:                                                      \
			kind(type, op, 0xfffffff0) break;                             \
		case 0xffffffff:                                                      \
			kind(type, op, 0xffffffff) break;                             \
		default:                                                              \
			exit(2);                                                      \
		}                                                                     \
	}

/* name, width in bytes */
#define LOADS(X)                                    \
	X(int32_t, i32_load8_s, "i32.load8_s", 1)   \
	X(int32_t, i32_load8_u, "i32.load8_u", 1)   \
	X(int32_t, i32_load16_s, "i32.load16_s", 2) \
	X(int32_t, i32_load16_u, "i32.load16_u", 2) \
	X(int32_t, i32_load, "i32.load", 4)         \
	X(int64_t, i64_load8_s, "i64.load8_s", 1)   \
	X(int64_t, i64_load8_u, "i64.load8_u", 1)   \
	X(int64_t, i64_load16_s, "i64.load16_s", 2) \
	X(int64_t, i64_load16_u, "i64.load16_u", 2) \
	X(int64_t, i64_load32_s, "i64.load32_s", 4) \
	X(int64_t, i64_load32_u, "i64.load32_u", 4) \
	X(int64_t, i64_load, "i64.load", 8)         \
	X(float, f32_load, "f32.load", 4)           \
	X(double, f64_load, "f64.load", 8)
#define STORES(X)                                 \
	X(int32_t, i32_store8, "i32.store8", 1)   \
	X(int32_t, i32_store16, "i32.store16", 2) \
	X(int32_t, i32_store, "i32.store", 4)     \
	X(int64_t, i64_store8, "i64.store8", 1)   \
	X(int64_t, i64_store16, "i64.store16", 2) \
	X(int64_t, i64_store32, "i64.store32", 4) \
	X(int64_t, i64_store, "i64.store", 8)     \
	X(float, f32_store, "f32.store", 4)       \
	X(double, f64_store, "f64.store", 8)

#define AS_LOAD(type, name, op, width)  AT_EACH_OFFSET(LOAD, type, name, op)
#define AS_STORE(type, name, op, width) AT_EACH_OFFSET(STORE, type, name, op)
LOADS(AS_LOAD)
STORES(AS_STORE)

#define AS_ROW(type, name, op, width) { #name, name, width },
static const struct {
	const char *name;
	void (*run)(uint32_t address, uint32_t offset);
	uint32_t width;
} ops[] = { LOADS(AS_ROW) STORES(AS_ROW) };

static uint32_t place(const char *text)
{
	uint64_t end = (uint64_t)__builtin_wasm_memory_size(0) * 65536;

	return (uint32_t)(*text == '-' ? end - strtoul(text + 1, NULL, 0)
				       : strtoul(text, NULL, 0));
}

int main(int argc, char **argv)
{
	uint32_t known = 0, n = sizeof(ops) / sizeof(ops[0]);
	int all = argc == 3 && strcmp(argv[2], "inside") == 0;

	if (argc > 1 && __builtin_wasm_memory_grow(0, strtoul(argv[1], NULL, 0)) == (size_t)-1)
		return 3;
	for (uint32_t i = 0; i < n; i++) {
		if (argc < 2)
			puts(ops[i].name);
		else if (all)
			ops[i].run(place("-0") - ops[i].width, 0);
		else if (argc == 5 && strcmp(argv[2], ops[i].name) == 0)
			known = 1,
			ops[i].run(place(argv[4]), (uint32_t)strtoul(argv[3], NULL, 0));
	}
	if (all)
		puts("ok");
	return argc < 2 || all || known ? 0 : 2;
}
