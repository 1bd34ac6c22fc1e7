/* flood.c: prints COUNT numbered lines as fast as it can; none may be lost. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 100000;

	for (long i = 0; i < count; i++)
		if (printf("line %08ld\n", i) < 0)
			return 1;
	return 0;
}
