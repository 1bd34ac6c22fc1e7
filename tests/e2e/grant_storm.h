/*
 * grant_storm.h: programs talk while the user keeps changing his mind: grants, denials,
 * revocations, answers, mediation, bindings, kills, in any order. The guests
 * (tests/guests/grant_storm_*.c) keep the books; a native process that the handlers report to
 * (the book) knows when nothing was allowed, and finds what was sent then and came all the
 * same.
 *
 *     STORM_ROUNDS=3000   changes
 *     STORM_SEED=4711     which; what then happens is up to the machine
 */
#pragma once

#include <stdint.h>

/* Prints the seed; before the tests. */
void grant_storm_seed(void);
/* rsd runs (grant_storm_rsd()); so many changes of one of the storms of this seed, unless
 * STORM_ROUNDS says how many. */
void grant_storm(uint64_t rounds, int which);
void grant_storm_rsd(void);
