/*
 * aes.c: AES-128 encryption (FIPS 197) by one table of words, rotated; the tables are computed.
 */
#include "bench.h"

static uint8_t sbox[256];
static uint32_t table[256], key[44];

static uint32_t left(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

static uint8_t twice(uint8_t x)
{
	return (uint8_t)(x << 1 ^ (x & 0x80 ? 0x1b : 0));
}

/* p runs through all of the field by times 3, q by divided by 3, so that they stay inverse. */
static void make_tables(void)
{
	uint8_t p = 1, q = 1;

	do {
		p ^= twice(p);
		q ^= (uint8_t)(q << 1);
		q ^= (uint8_t)(q << 2);
		q ^= (uint8_t)(q << 4);
		q ^= q & 0x80 ? 0x09 : 0;
		uint32_t spread = q * 0x101u;
		sbox[p] = (uint8_t)(q ^ spread >> 7 ^ spread >> 6 ^ spread >> 5 ^ spread >> 4 ^
				    0x63);
	} while (p != 1);
	sbox[0] = 0x63;
	for (int i = 0; i < 256; i++)
		table[i] = twice(sbox[i]) | (uint32_t)sbox[i] << 8 | (uint32_t)sbox[i] << 16 |
			   (uint32_t)(twice(sbox[i]) ^ sbox[i]) << 24;
}

static uint32_t substitute(uint32_t w)
{
	return sbox[w & 0xff] | (uint32_t)sbox[w >> 8 & 0xff] << 8 |
	       (uint32_t)sbox[w >> 16 & 0xff] << 16 | (uint32_t)sbox[w >> 24] << 24;
}

static void make_key(void)
{
	uint8_t round = 1;

	for (uint32_t i = 0; i < 44; i++) {
		uint32_t w = i ? key[i - 1] : 0;
		if (i < 4)
			w = 0x03020100u + i * 0x04040404u;
		else if (i % 4 == 0) {
			w = key[i - 4] ^ substitute(left(w, 24)) ^ round;
			round = twice(round);
		} else
			w ^= key[i - 4];
		key[i] = w;
	}
}

static void encipher(uint32_t s[4])
{
	uint32_t t[4];

	for (int i = 0; i < 4; i++)
		s[i] ^= key[i];
	for (int round = 1; round < 10; round++) {
		for (int i = 0; i < 4; i++)
			t[i] = table[s[i] & 0xff] ^ left(table[s[(i + 1) & 3] >> 8 & 0xff], 8) ^
			       left(table[s[(i + 2) & 3] >> 16 & 0xff], 16) ^
			       left(table[s[(i + 3) & 3] >> 24], 24) ^ key[4 * round + i];
		memcpy(s, t, sizeof(t));
	}
	for (int i = 0; i < 4; i++)
		t[i] = (s[i] & 0xff) | (s[(i + 1) & 3] & 0xff00) | (s[(i + 2) & 3] & 0xff0000) |
		       (s[(i + 3) & 3] & 0xff000000);
	for (int i = 0; i < 4; i++)
		s[i] = substitute(t[i]) ^ key[40 + i];
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 240000);
	uint32_t state[4] = { 0x33221100, 0x77665544, 0xbbaa9988, 0xffeeddcc };

	make_tables();
	make_key();
	bench_begin();
	for (uint32_t i = 0; i < work; i++)
		encipher(state);
	return bench_end((uint64_t)state[0] << 32 | state[3]);
}
