/*
 * deep.c: two functions that call each other DEPTH times, with large frames if asked, and come
 * back with a sum.
 *
 *     deep DEPTH [large]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* 64 words that live across the call: a frame of at least 512 bytes that is not in memory. */
#define WORDS(X)                                                                              \
	X(0)                                                                                  \
	X(1)                                                                                  \
	X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16)     \
		X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) \
			X(30) X(31) X(32) X(33) X(34) X(35) X(36) X(37) X(38) X(39) X(40)     \
				X(41) X(42) X(43) X(44) X(45) X(46) X(47) X(48) X(49) X(50)   \
					X(51) X(52) X(53) X(54) X(55) X(56) X(57) X(58) X(59) \
						X(60) X(61) X(62) X(63)

static uint64_t odd(uint64_t depth);
static uint64_t small_odd(uint64_t depth);
static volatile uint64_t seed = 1;

__attribute__((noinline)) static uint64_t even(uint64_t depth)
{
	uint64_t sum = 0;

#define TAKE(i) uint64_t word##i = seed + i;
	WORDS(TAKE)
	if (depth)
		sum = odd(depth - 1);
#define ADD(i) sum = (sum ^ word##i) * 31;
	WORDS(ADD)
	return sum;
}

__attribute__((noinline)) static uint64_t odd(uint64_t depth)
{
	return depth ? even(depth - 1) + depth : seed;
}

__attribute__((noinline)) static uint64_t small_even(uint64_t depth)
{
	return depth ? small_odd(depth - 1) * 3 + seed : seed;
}

__attribute__((noinline)) static uint64_t small_odd(uint64_t depth)
{
	return depth ? small_even(depth - 1) * 5 + depth : seed;
}

int main(int argc, char **argv)
{
	uint64_t depth = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;

	printf("%llu\n", argc > 2 ? even(depth) : small_even(depth));
	return 0;
}
