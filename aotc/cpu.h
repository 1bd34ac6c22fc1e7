/*
 * cpu.h: which CPU objects are built for, as words for the compiler. "native" is asked of the
 * compiler once and spelled out, feature by feature: the words are part of the cache key, so
 * objects that use what another machine has not are never found there.
 */
#pragma once

#include "aotc/flags.h"
#include "aotc/work.h"

enum {
	CPU_UNKNOWN = 1 /* the compiler does not say */
};

#define CPU_WORDS_MAX   512u
#define CPU_WORDS_BYTES 8192u

struct cpu {
	char name[64]; /* "x86-64-v3", or what the compiler calls this machine's */
	char words[CPU_WORDS_BYTES]; /* each closed by a zero */
	uint32_t words_bytes;
};

/* 0, -errno or CPU_UNKNOWN. */
int cpu_find(struct work *work, const char *cc, enum flags_compiler compiler,
	enum plan_cpu wish, struct cpu *out) MUST_USE;

/* Appends the words to argv, which has room for CPU_WORDS_MAX more. They live as long as cpu.
 */
void cpu_append(const struct cpu *cpu, const char **argv, size_t *count);
