/* search.c: finding words in a text with Horspool's table of shifts. */
#include "bench.h"

static uint8_t text[1 << 17];

static uint32_t count(const char *word)
{
	size_t length = strlen(word), shift[256];
	uint32_t found = 0;

	for (int i = 0; i < 256; i++)
		shift[i] = length;
	for (size_t i = 0; i + 1 < length; i++)
		shift[(uint8_t)word[i]] = length - 1 - i;
	for (size_t at = 0; at + length <= sizeof(text); at += shift[text[at + length - 1]]) {
		size_t i = length;
		while (i > 0 && text[at + i - 1] == (uint8_t)word[i - 1])
			i--;
		found += i == 0;
	}
	return found;
}

int main(int argc, char **argv)
{
	static const char *const words[] = { "cab", "abba", "deadbeef", "facade", "badge" };
	uint32_t work = bench_work(argc, argv, 67), seed = 15;
	uint64_t check = 0;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "abcdefg "[bench_random(&seed) % 8];
	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		text[i * 997 % sizeof(text)] = 'a';
		check = bench_mix(check, count(words[i % 5]));
	}
	return bench_end(check);
}
