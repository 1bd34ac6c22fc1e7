/* Works until it is ended, in functions that call each other: what profilers and debuggers look
 * at. Through pointers, or a compiler might put one into the other. */
#include <stdio.h>

#define APART __attribute__((noinline))

typedef unsigned int work(unsigned int n);

static volatile unsigned int sink;

APART unsigned int churn(unsigned int n)
{
	for (unsigned int i = 0; i < 100000; i++) {
		n = n * 1664525u + 1013904223u;
		n ^= n >> 7;
	}
	return n;
}

static work *volatile churning = churn;

APART unsigned int rounds(unsigned int n)
{
	unsigned int all = 0;

	for (unsigned int i = 0; i < 10; i++)
		all += churning(n + i) ^ churning(n);
	return all;
}

static work *volatile turning = rounds;

int main(void)
{
	puts("spinning");
	fflush(stdout);
	for (;;)
		sink += turning(sink);
}
