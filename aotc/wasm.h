/*
 * wasm.h: reading the binary format's smallest pieces (WebAssembly core specification, chapter
 * 5) from bytes that may be anything. A reader that met something wrong says so in `wrong` and
 * from then on answers 0 and moves no further, so that a caller may read a whole row of things
 * and look once. It owns nothing.
 */
#pragma once

#include "ipc/base.h"

struct wasm_reader {
	const uint8_t *at, *end;
	const char *wrong; /* NULL while all is well; else what is wrong with the byte at `at`
			      or after it */
};

struct wasm_name {
	const char *text; /* not zero-closed, and may hold zeros */
	uint32_t size;
};

enum wasm_section {
	WASM_CUSTOM,
	WASM_TYPES,
	WASM_IMPORTS,
	WASM_FUNCTIONS,
	WASM_TABLES,
	WASM_MEMORIES,
	WASM_GLOBALS,
	WASM_EXPORTS,
	WASM_START,
	WASM_ELEMENTS,
	WASM_CODE,
	WASM_DATA,
	WASM_DATA_COUNT,
	WASM_TAGS,
	WASM_SECTIONS,
};

enum wasm_type {
	WASM_I32 = 0x7f,
	WASM_I64 = 0x7e,
	WASM_F32 = 0x7d,
	WASM_F64 = 0x7c,
	WASM_V128 = 0x7b,
	WASM_FUNCREF = 0x70,
	WASM_EXTERNREF = 0x6f,
	WASM_FUNCTION_TYPE = 0x60,
	WASM_EMPTY_BLOCK = 0x40,
};

enum wasm_extern {
	WASM_FUNCTION,
	WASM_TABLE,
	WASM_MEMORY,
	WASM_GLOBAL,
	WASM_TAG,
	WASM_EXTERNS
};

/* The instructions that a constant expression may hold, and those that canon.c rewrites. */
enum wasm_opcode {
	WASM_OP_END = 0x0b,
	WASM_OP_GLOBAL_GET = 0x23,
	WASM_OP_I32_CONST = 0x41,
	WASM_OP_I64_CONST = 0x42,
	WASM_OP_F32_CONST = 0x43,
	WASM_OP_F64_CONST = 0x44,
	WASM_OP_I32_ADD = 0x6a,
	WASM_OP_I32_SUB = 0x6b,
	WASM_OP_I32_MUL = 0x6c,
	WASM_OP_I64_ADD = 0x7c,
	WASM_OP_I64_SUB = 0x7d,
	WASM_OP_I64_MUL = 0x7e,
	WASM_OP_F32_NEG = 0x8c,
	WASM_OP_F64_NEG = 0x9a,
	WASM_OP_REF_NULL = 0xd0,
	WASM_OP_REF_FUNC = 0xd2,
	WASM_OP_SIMD = 0xfd,
	WASM_OP_V128_CONST = 0x0c, /* after WASM_OP_SIMD */
};

struct wasm_reader wasm_reader_of(const uint8_t *bytes, size_t size);
size_t wasm_left(const struct wasm_reader *r);

/* Remembers the first thing that went wrong. */
void wasm_fail(struct wasm_reader *r, const char *wrong);

uint8_t wasm_byte(struct wasm_reader *r);
uint32_t wasm_u32(struct wasm_reader *r);
int32_t wasm_s32(struct wasm_reader *r);
int64_t wasm_s33(struct wasm_reader *r);
int64_t wasm_s64(struct wasm_reader *r);

/* The next size bytes in place; NULL when there are fewer. */
const uint8_t *wasm_bytes(struct wasm_reader *r, size_t size);

/* A reader of the next size bytes, which this one skips. */
struct wasm_reader wasm_part(struct wasm_reader *r, size_t size);

/* How many items follow; wrong when there cannot be so many, as each takes a byte at least. */
uint32_t wasm_count(struct wasm_reader *r);

/* A name: its size, then UTF-8 as the specification wants it. */
struct wasm_name wasm_name(struct wasm_reader *r);

/* Strict: shortest form, no surrogates, nothing above U+10FFFF. */
bool wasm_is_utf8(const uint8_t *text, size_t size);
