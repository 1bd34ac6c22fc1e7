/* Works until it is ended, in functions that call each other: what profilers and debuggers look
 * at. */
#include <stdio.h>

#define APART __attribute__((noinline))

static volatile unsigned int sink;

APART unsigned int churn(unsigned int n)
{
	for (unsigned int i = 0; i < 100000; i++) {
		n = n * 1664525u + 1013904223u;
		n ^= n >> 7;
	}
	return n;
}

APART unsigned int rounds(unsigned int n)
{
	unsigned int all = 0;

	for (unsigned int i = 0; i < 10; i++)
		all += churn(n + i) ^ churn(n);
	return all;
}

int main(void)
{
	puts("spinning");
	fflush(stdout);
	for (;;)
		sink += rounds(sink);
}
