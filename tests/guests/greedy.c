/*
 * greedy.c: takes all the memory it can get and touches each page, to see that what was
 * promised is there; prints how many pages it has. "keep" makes it stay.
 */
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	(void)argv;
	for (;;) {
		size_t had = __builtin_wasm_memory_grow(0, 1);

		if (had == (size_t)-1)
			break;
		*(volatile uint8_t *)(had * 65536) = 1;
	}
	printf("%zu pages\n", (size_t)__builtin_wasm_memory_size(0));
	fflush(stdout);
	while (argc > 1)
		sleep(1000);
	return 0;
}
