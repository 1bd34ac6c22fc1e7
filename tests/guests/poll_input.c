/*
 * poll_input.c: waits for input for so many milliseconds at a time and says what came of it: in
 * vain, so many bytes, or the end.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	static char bytes[4096];

	for (;;) {
		int ready = poll(&input, 1, argc > 1 ? atoi(argv[1]) : 100);

		if (ready < 0) {
			perror("poll");
			return 1;
		}
		ssize_t had = ready ? read(STDIN_FILENO, bytes, sizeof(bytes)) : 0;
		if (!ready)
			puts("in vain");
		else if (had > 0)
			printf("%zd bytes\n", had);
		else
			break;
	}
	puts("the end");
	return 0;
}
