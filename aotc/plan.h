/*
 * plan.h: what somebody asks to be made of a module, and the words for it on the command line,
 * in ids and in records.
 */
#pragma once

#include "runtime/abi.h"

/* How the translator's text is compiled. */
enum plan_form {
	PLAN_SPECIAL, /* one instance, its memory at a known address (runtime/w2c/rs-common.h)
		       */
	PLAN_PLAIN, /* as the translator's own runtime would have it: correct for every text */
	PLAN_FORMS,
};

enum plan_cpu {
	PLAN_NATIVE, /* this machine's, by its features */
	PLAN_X86_64, /* levels of the x86-64 psABI, for objects that travel */
	PLAN_X86_64_V2,
	PLAN_X86_64_V3,
	PLAN_X86_64_V4,
	PLAN_CPUS,
};

struct plan {
	enum object_tier tier;
	enum plan_form form; /* a wish: what special does not fit becomes plain */
	enum plan_cpu cpu;
	bool unknown_imports; /* those that nothing provides trap when called, and are no reason
				 to refuse */
	bool relaxed_reads;   /* a load beyond memory whose value nobody uses need not trap */
};

/* The full tier, special, for this machine, exact. */
extern const struct plan plan_default;

/* The value of a word, or false. */
bool plan_read_tier(const char *word, enum object_tier *tier);
bool plan_read_form(const char *word, enum plan_form *form);
bool plan_read_cpu(const char *word, enum plan_cpu *cpu);

const char *plan_form_name(enum plan_form form);
const char *plan_cpu_name(enum plan_cpu cpu);
