/*
 * yielding.h: whether to give the processor away once before sleeping. Where the peer wants the
 * same processor and nobody else does, that is all it takes to get its message: no bell, no
 * sleep. Where others want it too, a yield lasts as long as they like; where nobody does, it is
 * of no use. Such a one makes a debt: so many waits without a yield as would have gained what
 * it took, and many more as long as there is no trust. Trust comes slowly, with many yields in
 * a row that paid, and goes quickly: beside a busy process there is hardly ever a yield.
 */
#pragma once

#include "ipc/base.h"

/* Ticks of the time stamp counter. */
#define YIELDING_SLOW  50000u /* about 20 us */
#define YIELDING_GAINS 2048u  /* what a yield saves where it pays: a bell and a sleep */

#define YIELDING_DEBT_MAX  (1u << 15) /* waits, with full trust */
#define YIELDING_TRUST_MAX 3u         /* each doubles the debt that is missing */
#define YIELDING_PROOF     1024u      /* yields in a row that paid, for one more */

struct yielding {      /* { 0 } is how it begins */
	uint32_t skip; /* waits without a yield */
	uint32_t paid, trust;
};

/* Asked at each wait. True: yield, and say how that was. */
static inline bool yielding_may(struct yielding *yielding)
{
	if (!yielding->skip)
		return true;
	yielding->skip--;
	return false;
}

static inline void yielding_was(struct yielding *yielding, uint64_t ticks, bool something_came)
{
	uint64_t debt = 1 + ticks / YIELDING_GAINS;

	if (something_came && ticks < YIELDING_SLOW) {
		if (++yielding->paid % YIELDING_PROOF == 0)
			yielding->trust += yielding->trust < YIELDING_TRUST_MAX;
		return;
	}
	yielding->skip = (uint32_t)(debt < YIELDING_DEBT_MAX ? debt : YIELDING_DEBT_MAX)
			 << (YIELDING_TRUST_MAX - yielding->trust);
	yielding->trust -= yielding->trust > 0;
	yielding->paid = 0;
}
