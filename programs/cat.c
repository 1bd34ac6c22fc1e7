/* cat.c: copies standard input to standard output. */
#include <stdio.h>
#include <unistd.h>

static char buffer[16 * 1024];

int main(void)
{
	for (;;) {
		ssize_t had = read(STDIN_FILENO, buffer, sizeof(buffer));

		if (had < 0) {
			perror("cat: standard input");
			return 1;
		}
		if (had == 0)
			return 0;
		for (ssize_t put, done = 0; done < had; done += put) {
			put = write(STDOUT_FILENO, buffer + done, (size_t)(had - done));
			if (put < 0) {
				perror("cat: standard output");
				return 1;
			}
		}
	}
}
