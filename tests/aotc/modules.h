/*
 * modules.h: small modules for tests. A plan is a module by its sections; modules_plain is the
 * smallest program, and a test replaces the sections it is about. Parts point to bytes of the
 * test; built modules are freed by their owner.
 */
#pragma once

#include "aotc/front.h"
#include "aotc/wasm.h"

struct modules_part {
	const uint8_t *bytes;
	size_t size;
};

/* `plan.sections[WASM_TYPES] = PART(1, 0x60, 0, 0);` in a function; PART_OF in tables at file
 * scope. */
#define PART(...) ((struct modules_part)PART_OF(__VA_ARGS__))
#define PART_OF(...)                                                                       \
	{                                                                                  \
		(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
	}
#define PART_NONE ((struct modules_part){ 0 })

/* Names, with their sizes before them. */
#define NAME_START    6, '_', 's', 't', 'a', 'r', 't'
#define NAME_FD_CLOSE 8, 'f', 'd', '_', 'c', 'l', 'o', 's', 'e'
#define NAME_WASI                                                                                \
	22, 'w', 'a', 's', 'i', '_', 's', 'n', 'a', 'p', 's', 'h', 'o', 't', '_', 'p', 'r', 'e', \
		'v', 'i', 'e', 'w', '1'

struct modules_plan {
	struct modules_part
		sections[WASM_SECTIONS]; /* bodies; WASM_CUSTOM stands last in the file */
	struct modules_part
		code; /* of the only function, without `end`; unless sections has code */
};

/* One type () -> (), one function, one memory of a page, _start exported. */
extern const struct modules_plan modules_plain;

/* A bit of everything: what damage can hit, and what counts against each limit. It is valid in
 * full. */
extern const struct modules_plan modules_rich;

struct modules_bytes {
	uint8_t *bytes;
	size_t size, room;
};
void modules_deinit(struct modules_bytes *m);

/* The pieces of the format, appended. */
void modules_put(struct modules_bytes *m, const void *bytes, size_t size);
void modules_u32(struct modules_bytes *m, uint32_t value);
void modules_name(struct modules_bytes *m, const void *name, size_t size);
void modules_section(struct modules_bytes *m, uint8_t id, const void *body, size_t size);

struct modules_bytes modules_build(const struct modules_plan *plan);

/* front_run with every feature, the default limits and the name "wasm2c 1.0.32". */
int modules_run(const struct modules_plan *plan, struct front *out,
	char reason[FRONT_REASON_SIZE]) MUST_USE;

/* Fail the test unless it is so. modules_accept: the caller deinits what it returns. */
struct front modules_accept(const struct modules_plan *plan);
void modules_refuse(const struct modules_plan *plan, const char *part_of_reason);
