/* Traps, and says before on which of its lines: it is compiled with debug information. */
#include <stdio.h>

#define APART __attribute__((noinline))

static volatile unsigned int nowhere = 0xfffffff0u;

enum { TRAPS_AT = __LINE__ + 5 };
APART static int leaf(int n)
{
	volatile int *there = (volatile int *)nowhere;

	return there[n] + 1;
}

enum { CALLS_AT = __LINE__ + 5 };
APART static int branch(int n)
{
	int first = n * 3;

	return leaf(first) + leaf(n);
}

int main(void)
{
	printf("lines.c:%d\nlines.c:%d\n", (int)TRAPS_AT, (int)CALLS_AT);
	fflush(stdout);
	return branch(1) + branch(2);
}
