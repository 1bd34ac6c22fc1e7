/* simd_bytes.c: counting a byte, the least and the greatest one, sixteen at a time. */
#include "simd.h"

enum {
	SIZE = 1 << 15
};

static uint8_t text[SIZE];

static uint32_t sum_of(simd x)
{
	uint8_t bytes[16];
	uint32_t sum = 0;

	simd_store(bytes, x);
	for (int i = 0; i < 16; i++)
		sum += bytes[i];
	return sum;
}

/* A lane counts up to 255, so sums are taken in time. */
static uint32_t count(uint8_t wanted, simd *low, simd *high)
{
	simd same = SIMD_U8_SPLAT(wanted);
	uint32_t sum = 0;

	for (int at = 0; at < SIZE; at += 16 * 128) {
		simd seen = SIMD_U8_SPLAT(0);
		for (int i = at; i < at + 16 * 128; i += 16) {
			simd x = simd_load(text + i);
			seen = SIMD_U8_SUB(seen, SIMD_U8_EQUAL(x, same));
			*low = SIMD_U8_MIN(*low, x);
			*high = SIMD_U8_MAX(*high, x);
		}
		sum += sum_of(seen);
	}
	return sum;
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 17000), seed = 32;
	uint64_t check = 0;

	for (int i = 0; i < SIZE; i++)
		text[i] = (uint8_t)(bench_random(&seed) % 200 + 20);
	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		simd low = SIMD_U8_SPLAT(255), high = SIMD_U8_SPLAT(0);
		text[i % SIZE] ^= 1;
		check = bench_mix(check, count((uint8_t)i, &low, &high));
		check += sum_of(low) * 4096 + sum_of(high);
	}
	return bench_end(check);
}
