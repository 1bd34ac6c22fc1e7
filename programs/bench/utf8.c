/* utf8.c: decoding and checking UTF-8 (RFC 3629), counting letters by their length. */
#include "bench.h"

enum {
	SIZE = 1 << 16
};

static uint8_t text[SIZE + 4];

/* The next character, or one byte as -1. */
static int32_t decode(const uint8_t **at)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	uint8_t first = *(*at)++;

	if (first < 0x80)
		return first;
	int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
	uint32_t c = first & (0x3fu >> more);
	if (first < 0xc2 || first > 0xf4)
		return -1;
	for (int i = 0; i < more; i++) {
		if (((*at)[i] & 0xc0) != 0x80)
			return -1;
		c = c << 6 | ((*at)[i] & 0x3f);
	}
	if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return -1;
	*at += more;
	return (int32_t)c;
}

static size_t encode(uint8_t *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (uint8_t)c;
		return 1;
	}
	int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	to[0] = (uint8_t)(0xf00 >> more | c >> 6 * more);
	for (int i = 1; i <= more; i++)
		to[i] = (uint8_t)(0x80 | (c >> 6 * (more - i) & 0x3f));
	return (size_t)more + 1;
}

int main(int argc, char **argv)
{
	static const uint32_t ranges[] = { 0x80, 0x80, 0x80, 0x800, 0xd000, 0x110000 };
	uint32_t work = bench_work(argc, argv, 69), seed = 16, bad = 0;
	uint64_t check = 0;

	for (size_t at = 0; at < SIZE;)
		at += encode(text + at, bench_random(&seed) % ranges[bench_random(&seed) % 6]);
	text[SIZE] = 0; /* what was cut there is bad */
	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		text[(i * 7919) % SIZE] ^= 0x40;
		for (const uint8_t *at = text; at < text + SIZE;) {
			int32_t c = decode(&at);
			bad += c < 0;
			check += (uint32_t)c & 0x1fffff;
		}
	}
	return bench_end(bench_mix(check, bad));
}
