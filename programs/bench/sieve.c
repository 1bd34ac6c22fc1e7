/* sieve.c: Eratosthenes' sieve, one bit for each odd number, and the count of what is left. */
#include "bench.h"

enum {
	LIMIT = 1 << 20,
	WORDS = LIMIT / 128
};

static uint64_t composite[WORDS]; /* bit i: 2i + 1 */

static void sieve(uint32_t from)
{
	memset(composite, 0, sizeof(composite));
	for (uint32_t p = from; p * p < LIMIT; p += 2) {
		if (composite[p / 128] >> p / 2 % 64 & 1)
			continue;
		for (uint32_t n = p * p / 2; n < LIMIT / 2; n += p)
			composite[n / 64] |= (uint64_t)1 << n % 64;
	}
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 36);
	uint64_t check = 0;

	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		uint32_t primes = 0;
		sieve(3 + 2 * (i % 3));
		for (int k = 0; k < WORDS; k++)
			primes += (uint32_t)__builtin_popcountll(~composite[k]);
		check = bench_mix(check, primes);
	}
	return bench_end(check);
}
