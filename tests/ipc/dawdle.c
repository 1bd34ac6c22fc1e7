#include "tests/ipc/dawdle.h"

#include <sched.h>
#include <time.h>

uint32_t dawdle_one_in;
static __thread uint64_t dice = 88172645463325252ull;

uint64_t dawdle_roll(void)
{
	dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17; /* Marsaglia, "Xorshift" */
	return dice;
}

void dawdle_stir(uint64_t by)
{
	dice ^= by * 0x9e3779b97f4a7c15ull;
}

void dawdle(void)
{
	if (!dawdle_one_in || dawdle_roll() % dawdle_one_in)
		return;
	uint64_t how = dawdle_roll() % 64;
	if (how == 0)
		nanosleep(&(struct timespec){ .tv_nsec = 20000 }, NULL);
	else if (how < 8)
		sched_yield();
	else
		for (uint64_t i = 0; i < how * 4; i++)
			__builtin_ia32_pause();
}
