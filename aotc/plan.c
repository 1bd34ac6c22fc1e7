#include "aotc/plan.h"

#include <string.h>

const struct plan plan_default = { .tier = OBJECT_FULL };

static const char *const forms[PLAN_FORMS] = {
	[PLAN_SPECIAL] = "special",
	[PLAN_PLAIN] = "plain",
};

static const char *const cpus[PLAN_CPUS] = {
	[PLAN_NATIVE] = "native",
	[PLAN_X86_64] = "x86-64",
	[PLAN_X86_64_V2] = "x86-64-v2",
	[PLAN_X86_64_V3] = "x86-64-v3",
	[PLAN_X86_64_V4] = "x86-64-v4",
};

/* The index of the word, or -1. */
static int find(const char *const *words, int count, const char *word)
{
	for (int i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

bool plan_read_tier(const char *word, enum object_tier *tier)
{
	for (uint32_t i = 0; i < OBJECT_TIERS; i++)
		if (strcmp(object_tier_name(i), word) == 0) {
			*tier = (enum object_tier)i;
			return true;
		}
	return false;
}

bool plan_read_form(const char *word, enum plan_form *form)
{
	int i = find(forms, PLAN_FORMS, word);

	if (i >= 0)
		*form = (enum plan_form)i;
	return i >= 0;
}

bool plan_read_cpu(const char *word, enum plan_cpu *cpu)
{
	int i = find(cpus, PLAN_CPUS, word);

	if (i >= 0)
		*cpu = (enum plan_cpu)i;
	return i >= 0;
}

const char *plan_form_name(enum plan_form form)
{
	return forms[form];
}

const char *plan_cpu_name(enum plan_cpu cpu)
{
	return cpus[cpu];
}
