#include "ipc/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *program_name = "redshirt";
static enum log_level shown = LOG_INFO;
static bool journal;

static const struct {
	const char *name;
	int syslog; /* priority of RFC 5424, as the journal reads it */
} levels[] = {
	[LOG_ERROR] = { "error", 3 },
	[LOG_WARNING] = { "warning", 4 },
	[LOG_INFO] = { "info", 6 },
	[LOG_DEBUG] = { "debug", 7 },
};

void log_open(const char *name)
{
	const char *wanted = getenv("REDSHIRT_LOG");

	program_name = name;
	journal = getenv("JOURNAL_STREAM") != NULL;
	for (size_t i = 0; wanted && i < ARRAY_LEN(levels); i++)
		if (strcmp(wanted, levels[i].name) == 0)
			shown = (enum log_level)i;
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
	char line[LOG_LINE_SIZE_MAX], prefix[8] = "";
	va_list args;

	if (level > shown)
		return;
	if (journal)
		snprintf(prefix, sizeof(prefix), "<%d>", levels[level].syslog);
	int n = snprintf(line, sizeof(line) - 1, "%s%s: %s event=%s ", prefix, program_name,
		levels[level].name, event);
	va_start(args, format);
	n += vsnprintf(line + n, sizeof(line) - 1 - (size_t)n, format, args);
	va_end(args);
	if (n > (int)sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	line[n++] = '\n';
	/* one write, so that lines of several processes do not mix */
	(void)!write(STDERR_FILENO, line, (size_t)n);
}

/* RFC 3629, section 4. */
size_t log_plain_sequence(const unsigned char *s, size_t left)
{
	uint32_t c;
	size_t n;

	if (s[0] < 0x80)
		return s[0] >= 0x20 && s[0] != 0x7f && s[0] != '"' && s[0] != '\\';
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2, c = s[0] & 0x1f;
	else if ((s[0] & 0xf0) == 0xe0)
		n = 3, c = s[0] & 0x0f;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4, c = s[0] & 0x07;
	else
		return 0;
	if (left < n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	bool overlong = (n == 3 && c < 0x800) || (n == 4 && c < 0x10000);
	bool surrogate = c >= 0xd800 && c <= 0xdfff;
	bool control = c < 0xa0; /* C1: some terminals obey them */
	bool direction = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
	bool separator = c == 0x2028 || c == 0x2029;

	return overlong || surrogate || control || direction || separator || c > 0x10ffff ? 0
											  : n;
}

char *log_text(char *out, size_t size, const char *text, size_t length)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t at = 0;

	for (size_t i = 0; i < length;) {
		size_t n = log_plain_sequence(s + i, length - i);
		if (at + (n ? n : 4) >= size)
			break;
		if (n) {
			memcpy(out + at, s + i, n);
			at += n;
			i += n;
		} else {
			at += (size_t)snprintf(out + at, size - at, "\\x%02x", s[i++]);
		}
	}
	out[at] = 0;
	return out;
}
