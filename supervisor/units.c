#include "supervisor/units.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct unit {
	const char *name;
	double factor;
};

static const struct unit sizes[] = {
	{ "", 1 },
	{ "B", 1 },
	{ "K", KIB },
	{ "KB", KIB },
	{ "KiB", KIB },
	{ "M", MIB },
	{ "MB", MIB },
	{ "MiB", MIB },
	{ "G", GIB },
	{ "GB", GIB },
	{ "GiB", GIB },
};

static const struct unit durations[] = {
	{ "", 1000 },
	{ "ms", 1 },
	{ "s", 1000 },
	{ "m", 60 * 1000 },
	{ "min", 60 * 1000 },
	{ "h", 3600 * 1000 },
	{ "d", 24 * 3600 * 1000 },
};

#define EXACT_MAX 9007199254740992.0 /* 2^53: below it a double is every whole number */

bool units_count(const char *text, uint64_t *out)
{
	uint64_t n = 0;

	if (!*text)
		return false;
	for (; *text; text++)
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(n, 10, &n) ||
			__builtin_add_overflow(n, (uint64_t)(*text - '0'), &n))
			return false;
	*out = n;
	return true;
}

/* strtod would take signs, blanks, "inf" and hex as well. */
static bool decimal(const char **text, double *out)
{
	size_t digits = strspn(*text, "0123456789.");
	char number[UNITS_TEXT_SIZE], *end;

	if (digits == 0 || digits >= sizeof(number))
		return false;
	memcpy(number, *text, digits);
	number[digits] = 0;
	*out = strtod(number, &end);
	*text += digits;
	return *end == 0;
}

static bool with_unit(const char *text, const struct unit *units, size_t count, uint64_t *out)
{
	double number;

	if (!decimal(&text, &number))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(text, units[i].name) != 0)
			continue;
		number = floor(number * units[i].factor);
		if (number >= EXACT_MAX)
			return false;
		*out = (uint64_t)number;
		return true;
	}
	return false;
}

bool units_size(const char *text, uint64_t *bytes)
{
	return with_unit(text, sizes, ARRAY_LEN(sizes), bytes);
}

bool units_duration(const char *text, uint64_t *ms)
{
	return with_unit(text, durations, ARRAY_LEN(durations), ms);
}

bool units_signal(const char *text, int *number)
{
	uint64_t n;

	if (units_count(text, &n)) {
		*number = (int)n;
		return n >= 1 && n < NSIG;
	}
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (int i = 1; i < NSIG; i++) {
		const char *name = sigabbrev_np(i);
		if (name && strcasecmp(text, name) == 0) {
			*number = i;
			return true;
		}
	}
	return false;
}

char *units_size_text(char out[UNITS_TEXT_SIZE], uint64_t bytes)
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double number = (double)bytes;
	size_t i = 0;

	while (number >= 1024 && i + 1 < ARRAY_LEN(names)) {
		number /= 1024;
		i++;
	}
	/* 9.96 would print as 10.0 */
	bool whole = i == 0 || number >= 9.95 || number == floor(number);
	snprintf(out, UNITS_TEXT_SIZE, "%.*f %s", whole ? 0 : 1, number, names[i]);
	return out;
}

char *units_span_text(char out[UNITS_TEXT_SIZE], int64_t ms)
{
	int64_t s = ms < 0 ? 0 : ms / 1000; /* clocks may be set back */

	if (s < 60)
		snprintf(out, UNITS_TEXT_SIZE, "%llds", (long long)s);
	else if (s < 3600)
		snprintf(out, UNITS_TEXT_SIZE, "%lldm %llds", (long long)s / 60,
			(long long)s % 60);
	else if (s < 24 * 3600)
		snprintf(out, UNITS_TEXT_SIZE, "%lldh %lldm", (long long)s / 3600,
			(long long)s / 60 % 60);
	else
		snprintf(out, UNITS_TEXT_SIZE, "%lldd %lldh", (long long)s / 86400,
			(long long)s / 3600 % 24);
	return out;
}

char *units_time_text(char out[UNITS_TEXT_SIZE], int64_t ms)
{
	time_t s = (time_t)(ms / 1000);
	struct tm tm;
	size_t n = localtime_r(&s, &tm) ? strftime(out, UNITS_TEXT_SIZE, "%FT%T", &tm) : 0;

	if (n == 0 || ms < 0) /* beyond what a calendar shows */
		snprintf(out, UNITS_TEXT_SIZE, "%lldms", (long long)ms);
	else
		snprintf(out + n, UNITS_TEXT_SIZE - n, ".%03d", (int)(ms % 1000));
	return out;
}
