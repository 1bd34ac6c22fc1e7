#include "aotc/reason.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int reason_refuse(char reason[FRONT_REASON_SIZE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reason, FRONT_REASON_SIZE, format, args);
	va_end(args);
	return FRONT_REFUSED;
}

/* One byte as it is shown; returns how many characters that took. */
static size_t escape(char out[5], uint8_t byte)
{
	if (byte >= ' ' && byte <= '~' && byte != '\\') {
		out[0] = (char)byte;
		return 1;
	}
	return (size_t)snprintf(out, 5, "\\x%02x", byte);
}

const char *reason_name(char out[REASON_NAME_SIZE], const char *name, size_t size)
{
	static const char cut[] = "...";
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		char shown[5];
		size_t more = escape(shown, (uint8_t)name[i]);
		if (used + more + sizeof(cut) > REASON_NAME_SIZE) {
			memcpy(out + used, cut, sizeof(cut));
			return out;
		}
		memcpy(out + used, shown, more);
		used += more;
	}
	if (size == 0)
		used = (size_t)snprintf(out, REASON_NAME_SIZE, "\"\"");
	out[used] = '\0';
	return out;
}
