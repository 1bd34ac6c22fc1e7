/*
 * toolchain.h: which wasm2c and which compiler, what they can do, and one hash over all of it
 * for cache keys.
 *
 * wasm2c: $REDSHIRT_WASM2C; else wabt/bin/wasm2c beside aotc; else the first in $PATH. The
 * compiler: $REDSHIRT_CC, else gcc, else clang, from $PATH. The quick tier's: $REDSHIRT_TCC
 * (empty: none), else tcc from $PATH. All are asked for their versions inside the jail.
 */
#pragma once

#include "aotc/cpu.h"
#include "aotc/front.h"
#include "aotc/headers.h"
#include "ipc/hash.h"

enum {
	TOOLCHAIN_MISSING = 1
};

#define TOOLCHAIN_PATH_SIZE   4096
#define TOOLCHAIN_REASON_SIZE 256

struct toolchain {
	enum headers_family family;
	enum flags_compiler compiler;
	char wasm2c[TOOLCHAIN_PATH_SIZE], wasm2c_version[32];
	char cc[TOOLCHAIN_PATH_SIZE], cc_version[32];
	char tcc[TOOLCHAIN_PATH_SIZE], tcc_version[32]; /* empty: none */
	char linker[TOOLCHAIN_PATH_SIZE];               /* the compiler that links */
	struct cpu cpu;                    /* that it builds for: toolchain_aim() */
	uint32_t features;                 /* enum feature: what a module may use */
};

/* 0, -errno, or TOOLCHAIN_MISSING with a line in reason that says what to install. */
int toolchain_find(
	struct work *work, struct toolchain *out, char reason[TOOLCHAIN_REASON_SIZE]) MUST_USE;

/* Of tools->wasm2c alone: version, family, features. 0, -errno, or TOOLCHAIN_MISSING. */
int toolchain_ask_wasm2c(struct work *work, struct toolchain *tools) MUST_USE;

/* Where programs are looked for: in $PATH, and the wasm2c installed with aotc. */
bool toolchain_in_path(const char *name, char path[TOOLCHAIN_PATH_SIZE]) MUST_USE;
bool toolchain_beside(char path[TOOLCHAIN_PATH_SIZE]) MUST_USE;

/* Has the compiler build for that CPU; before, it builds for any. Outcomes as toolchain_find().
 */
int toolchain_aim(struct work *work, struct toolchain *tools, enum plan_cpu cpu,
	char reason[TOOLCHAIN_REASON_SIZE]) MUST_USE;

/* The tools as a tier uses them: the quick one is compiled by tcc, for any CPU, and linked by the
 * other compiler. */
void toolchain_take_tier(struct toolchain *tools, enum object_tier tier);

/* Everything that decides the bytes of an object but the module: programs, flags, headers,
 * layout, what is asked for. */
int toolchain_id(struct work *work, const struct toolchain *tools, const struct plan *plan,
	struct hash *id) MUST_USE;

const char *toolchain_cc_name(const struct toolchain *tools);

/* Names of the features, separated by spaces. */
void toolchain_features(const struct toolchain *tools, char *text, size_t size);
