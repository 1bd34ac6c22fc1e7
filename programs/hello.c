/*
 * hello.c: greets, says what it was given, ends with the status it was asked for.
 *
 *     hello [--exit STATUS] [WORD...]        $GREETING replaces the greeting
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
	const char *greeting = getenv("GREETING");
	int first = 1, status = 0;

	if (argc > 2 && strcmp(argv[1], "--exit") == 0) {
		status = atoi(argv[2]);
		first = 3;
	}
	puts(greeting ? greeting : "Hello from a locked process!");
	for (int i = first; i < argc; i++)
		printf("argument %d: %s\n", i - first + 1, argv[i]);
	if (status)
		fprintf(stderr, "ending with status %d, as asked\n", status);
	return status;
}
