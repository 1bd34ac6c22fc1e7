/*
 * only_link.c: gcc for whoever wants objects of the quick tier alone, so that nothing better is
 * made behind them: it links and answers questions, but compiles no object. No script, because
 * the compiler is started by descriptor.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char real[] = "/usr/bin/gcc";

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "object.c") == 0) {
			fputs("error: this compiler only links\n", stderr);
			return 1;
		}
	argv[0] = real; /* it looks for its parts from there */
	execv(real, argv);
	perror(real);
	return 127;
}
