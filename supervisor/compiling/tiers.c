#include "supervisor/compiling/tiers.h"

#define RUNNING (TIERS_BIT(OBJECT_QUICK) | TIERS_BIT(OBJECT_FULL) | TIERS_BIT(OBJECT_PROFILED))

_Static_assert(OBJECT_QUICK < OBJECT_FULL && OBJECT_FULL < OBJECT_PROFILED &&
		       OBJECT_PROFILED < OBJECT_INSTRUMENTED,
	"better ones are later, and the one that counts is none of them");

static enum object_tier lowest(uint32_t set)
{
	return set ? (enum object_tier)__builtin_ctz(set) : TIERS_NONE;
}

static enum object_tier highest(uint32_t set)
{
	return set ? (enum object_tier)(31 - __builtin_clz(set)) : TIERS_NONE;
}

/* The bits of all later tiers. */
static uint32_t beyond(enum object_tier tier)
{
	return ~(TIERS_BIT(tier) | (TIERS_BIT(tier) - 1));
}

uint32_t tiers_possible(uint32_t compiler, bool quick, bool profile)
{
	return compiler & ~(quick ? 0 : TIERS_BIT(OBJECT_QUICK)) &
	       ~(profile ? 0 : TIERS_BIT(OBJECT_PROFILED));
}

enum object_tier tiers_best(uint32_t possible)
{
	return highest(possible & RUNNING);
}

enum object_tier tiers_first(uint32_t possible, enum tiers_quality quality)
{
	switch (quality) {
	case TIERS_NOW:
		return lowest(possible & RUNNING);
	case TIERS_BEST:
		return tiers_best(possible);
	default:
		return lowest(possible & TIERS_BIT(OBJECT_INSTRUMENTED));
	}
}

enum object_tier tiers_instead(uint32_t possible, enum object_tier tier)
{
	uint32_t full = possible & TIERS_BIT(OBJECT_FULL);

	return tier == OBJECT_QUICK || tier == OBJECT_PROFILED ? lowest(full) : TIERS_NONE;
}

enum object_tier tiers_behind(uint32_t possible, uint32_t in_vain, enum object_tier there)
{
	if (there == OBJECT_INSTRUMENTED)
		return TIERS_NONE;
	return highest(possible & RUNNING & ~in_vain & beyond(there));
}

uint32_t tiers_serving(uint32_t possible, enum object_tier tier)
{
	uint32_t set = possible & (TIERS_BIT(tier) | beyond(tier));

	return tier == OBJECT_INSTRUMENTED ? set : set & RUNNING;
}
