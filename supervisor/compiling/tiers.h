/*
 * tiers.h: which tier of a program's object is made first, which next, and which is the best
 * that can be had. Plain rules over sets; what there is and how it is made is compile.c's.
 *
 * The tiers of programs that just run are in order: quick, full, profiled; a later one runs
 * faster and takes longer to make. The instrumented one is made only for who asks for it.
 */
#pragma once

#include "runtime/abi.h"

/* A set of tiers: bit 1 << tier. */
#define TIERS_BIT(tier) (1u << (tier))
#define TIERS_NONE      OBJECT_TIERS /* no tier */

enum tiers_quality {
	TIERS_NOW,          /* the best there is; if there is none, what is soonest made */
	TIERS_BEST,         /* waits for the best that can be made */
	TIERS_INSTRUMENTED, /* the one that counts, to make a profile */
};

/* What can be made of a program: of the tiers that the compiler has, the quick one only if it
 * is wanted, the profiled one only of a program that has a profile. */
uint32_t tiers_possible(uint32_t compiler, bool quick, bool profile);

/* The tier to be made when nothing is there; TIERS_NONE: it cannot be. */
enum object_tier tiers_first(uint32_t possible, enum tiers_quality quality);

/* The best of a set for a program that just runs. */
enum object_tier tiers_best(uint32_t possible);

/* What takes the place of a tier that could not be made of a module: a slower one to make in
 * that of quick, a lesser one in that of profiled; TIERS_NONE: that was the last word. */
enum object_tier tiers_instead(uint32_t possible, enum object_tier tier);

/* What is made behind one that is there: the best that was not tried in vain, if it is better;
 * else TIERS_NONE. */
enum object_tier tiers_behind(uint32_t possible, uint32_t in_vain, enum object_tier there);

/* Those that serve somebody who would have `tier` made: it and better ones. */
uint32_t tiers_serving(uint32_t possible, enum object_tier tier);
