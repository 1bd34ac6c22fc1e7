/*
 * regex.c: a matcher for letters, '.', '*' and '$' that tries and goes back (Pike's, as
 * Kernighan tells of it): short calls that call each other.
 */
#include "bench.h"

static char text[2048];

static int match_here(const char *pattern, const char *at);

static int match_star(char letter, const char *pattern, const char *at)
{
	for (;; at++) {
		if (match_here(pattern, at))
			return 1;
		if (!*at || (letter != '.' && *at != letter))
			return 0;
	}
}

static int match_here(const char *pattern, const char *at)
{
	for (; *pattern; pattern++, at++) {
		if (pattern[1] == '*')
			return match_star(pattern[0], pattern + 2, at);
		if (pattern[0] == '$' && !pattern[1])
			return !*at;
		if (!*at || (*pattern != '.' && *pattern != *at))
			return 0;
	}
	return 1;
}

static uint32_t count(const char *pattern)
{
	uint32_t found = 0;

	for (const char *at = text; *at; at++)
		found += (uint32_t)match_here(pattern, at);
	return found;
}

int main(int argc, char **argv)
{
	static const char *const patterns[] = { "a*b*c*d", "ab.*dc.*ba$", "aa*bb*cc*dd*a",
		".*aaaaaa", "b.d.*abcd" };
	uint32_t work = bench_work(argc, argv, 12), seed = 28;
	uint64_t check = 0;

	for (size_t i = 0; i + 1 < sizeof(text); i++)
		text[i] = (char)('a' + bench_random(&seed) % 4);
	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		text[i * 37 % (sizeof(text) - 1)] = 'a';
		check = bench_mix(check, count(patterns[i % 5]));
	}
	return bench_end(check);
}
