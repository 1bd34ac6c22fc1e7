#include "supervisor/rsctl/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/rsctl/term.h"

static void say(const char *before, const char *what, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

static void say(const char *before, const char *what, const char *format, va_list args)
{
	char line[SAY_LINE_MAX];
	int n = snprintf(line, sizeof(line), "%s%s", what, *what ? ": " : "");

	if (n < 0 || n >= (int)sizeof(line))
		n = (int)sizeof(line) - 1;
	vsnprintf(line + n, sizeof(line) - (size_t)n, format, args);
	CLEANUP(freep) char *safe = term_escaped_line(line, strlen(line));
	term_progress("");
	dprintf(STDERR_FILENO, "%s%s\n", before, safe ? safe : "out of memory");
}

int say_error(int code, const char *what, const char *why, ...)
{
	va_list args;

	va_start(args, why);
	say("rsctl: ", what, why, args);
	va_end(args);
	return code;
}

void say_hint(const char *hint, ...)
{
	va_list args;

	va_start(args, hint);
	say("  ", "", hint, args);
	va_end(args);
}
