/*
 * crc32.c: the CRC of Ethernet, a byte at a time by table (Sarwate): one chain of dependent
 * loads.
 */
#include "bench.h"

static uint32_t table[256];
static uint8_t text[1 << 16];

static void make_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
	}
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 180), seed = 10, crc = ~0u;

	make_table();
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)bench_random(&seed);
	bench_begin();
	for (uint32_t i = 0; i < work; i++)
		for (size_t at = 0; at < sizeof(text); at++)
			crc = crc >> 8 ^ table[(crc ^ text[at]) & 0xff];
	return bench_end(~crc);
}
