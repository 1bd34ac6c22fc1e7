/*
 * simd_chacha20.c: chacha20.c with a row of the state in a vector, diagonals by turning rows.
 */
#include "simd.h"

static uint32_t state[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
static uint32_t text[4096];

#define QUARTERS(a, b, c, d)                           \
	do {                                           \
		a = SIMD_U32_ADD(a, b);                \
		d = SIMD_U32_LEFT(SIMD_XOR(d, a), 16); \
		c = SIMD_U32_ADD(c, d);                \
		b = SIMD_U32_LEFT(SIMD_XOR(b, c), 12); \
		a = SIMD_U32_ADD(a, b);                \
		d = SIMD_U32_LEFT(SIMD_XOR(d, a), 8);  \
		c = SIMD_U32_ADD(c, d);                \
		b = SIMD_U32_LEFT(SIMD_XOR(b, c), 7);  \
	} while (0)

static void block(uint32_t *out)
{
	simd start[4], row[4];

	for (int i = 0; i < 4; i++)
		start[i] = row[i] = simd_load(state + 4 * i);
	for (int i = 0; i < 10; i++) {
		QUARTERS(row[0], row[1], row[2], row[3]);
		row[1] = SIMD_U32_TURN1(row[1]);
		row[2] = SIMD_U32_TURN2(row[2]);
		row[3] = SIMD_U32_TURN3(row[3]);
		QUARTERS(row[0], row[1], row[2], row[3]);
		row[1] = SIMD_U32_TURN3(row[1]);
		row[2] = SIMD_U32_TURN2(row[2]);
		row[3] = SIMD_U32_TURN1(row[3]);
	}
	for (int i = 0; i < 4; i++)
		simd_store(out + 4 * i,
			SIMD_XOR(simd_load(out + 4 * i), SIMD_U32_ADD(row[i], start[i])));
	state[12]++;
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 550);

	for (uint32_t i = 4; i < 16; i++)
		state[i] = i * 0x01010101u;
	bench_begin();
	for (uint32_t i = 0; i < work; i++)
		for (int at = 0; at < 4096; at += 16)
			block(text + at);
	return bench_end(bench_mix_bytes(0, text, sizeof(text)));
}
