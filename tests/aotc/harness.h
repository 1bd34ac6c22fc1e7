/*
 * harness.h: compiles a module given as text, as aotc does but in this process, and runs the
 * object in a child with the worker's own loader and the least of a worker around it: linear
 * memory, four imports, no lock.
 */
#pragma once

#include "aotc/build.h"

#define HARNESS_TRAP     100 /* exit code of a child that trapped: this plus the cause */
#define HARNESS_FAULT    200 /* ... that touched memory it has not */
#define HARNESS_OVERFLOW 201 /* ... that ran out of stack */

/* Which wasm2c: the one of Debian, and a newer one when it is installed. */
enum harness_wasm2c {
	HARNESS_OLD,
	HARNESS_NEW,
	HARNESS_WASM2CS
};
bool harness_has(enum harness_wasm2c which);

/* What is asked for: plan_default, until a test sets something else. */
extern struct plan harness_plan;

struct harness {
	struct build build;
	char folder[64]; /* kept; the text is text.wat, the module module.wasm */
	int object;      /* memfd */
};

/* Text to module, module to C. Fails the test when wat2wasm does not like the text. Outcomes of
 * translate(). */
int harness_translate(struct harness *h, enum harness_wasm2c which, uint64_t part_bytes,
	const char *wat) MUST_USE;

/* C to object. */
int harness_compile(struct harness *h) MUST_USE;
void harness_deinit(struct harness *h);

/* The exit code of the program. */
int harness_run(int object) MUST_USE;
/* The same of an instrumented object, which counts in that memfd. */
int harness_run_counting(int object, int counters) MUST_USE;

/* All of it, for a text that is fine. */
int harness_run_text(
	enum harness_wasm2c which, uint64_t part_bytes, bool plain, const char *wat) MUST_USE;
