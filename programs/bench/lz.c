/* lz.c: Lempel-Ziv 1977 with a hash of four bytes and whole bytes as output, there and back. */
#include "bench.h"

enum {
	SIZE = 1 << 16,
	HASH_BITS = 13,
	MATCH_MIN = 4,
	RUN_MAX = 127 /* literals or bytes of a match in one token */
};

static uint8_t text[SIZE], packed[SIZE + SIZE / 8], back[SIZE];

static uint32_t load32(const uint8_t *at)
{
	uint32_t x;

	memcpy(&x, at, sizeof(x));
	return x;
}

static uint8_t *put_literals(uint8_t *out, const uint8_t *from, const uint8_t *to)
{
	while (from < to) {
		size_t n = to - from > RUN_MAX ? RUN_MAX : (size_t)(to - from);
		*out++ = (uint8_t)n;
		memcpy(out, from, n);
		out += n;
		from += n;
	}
	return out;
}

static uint32_t match_length(const uint8_t *a, const uint8_t *b, const uint8_t *end)
{
	uint32_t n = 0;

	while (n < RUN_MAX && b + n < end && a[n] == b[n])
		n++;
	return n;
}

static size_t pack(void)
{
	static uint32_t seen[1 << HASH_BITS];
	const uint8_t *end = text + SIZE, *at = text + 1, *literals = text;
	uint8_t *out = packed;

	memset(seen, 0, sizeof(seen));
	while (at + MATCH_MIN <= end) {
		uint32_t hash = load32(at) * 2654435761u >> (32 - HASH_BITS);
		const uint8_t *candidate = text + seen[hash];
		seen[hash] = (uint32_t)(at - text);
		uint32_t n = at - candidate > 0xffff ? 0 : match_length(candidate, at, end);
		if (n < MATCH_MIN) {
			at++;
			continue;
		}
		out = put_literals(out, literals, at);
		*out++ = (uint8_t)(0x80 | n);
		*out++ = (uint8_t)(at - candidate);
		*out++ = (uint8_t)((at - candidate) >> 8);
		literals = at += n;
	}
	return (size_t)(put_literals(out, literals, end) - packed);
}

static void unpack(size_t size)
{
	const uint8_t *at = packed, *end = packed + size;
	uint8_t *out = back;

	while (at < end) {
		uint32_t n = *at & 0x7f;
		if (*at++ & 0x80) {
			const uint8_t *from = out - (at[0] | at[1] << 8);
			at += 2;
			while (n--) /* may overlap: a distance of 1 repeats a byte */
				*out++ = *from++;
		} else {
			memcpy(out, at, n);
			out += n;
			at += n;
		}
	}
}

int main(int argc, char **argv)
{
	static const char *const words[] = { "the ", "worker ", "reads ", "a ", "message ",
		"and ", "writes ", "its answer.\n" };
	uint32_t work = bench_work(argc, argv, 110), seed = 12;
	uint64_t check = 0;

	for (size_t at = 0; at < SIZE;)
		for (const char *w = words[bench_random(&seed) % 8]; *w && at < SIZE; w++)
			text[at++] = bench_random(&seed) % 50 ? (uint8_t)*w : 'x';
	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		text[i % SIZE] ^= 1;
		size_t size = pack();
		unpack(size);
		check = bench_mix(check, size + (memcmp(text, back, SIZE) == 0));
	}
	return bench_end(check);
}
