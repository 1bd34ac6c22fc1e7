/*
 * hashtable.c: open addressing with linear probing (Knuth, TAOCP 6.4): put, find, remove by
 * moving back.
 */
#include "bench.h"

enum {
	BITS = 14,
	SLOTS = 1 << BITS
};

static struct {
	uint32_t key, value; /* key 0: free */
} slot[SLOTS];
static uint32_t used;

static uint32_t home(uint32_t key)
{
	return key * 2654435769u >> (32 - BITS);
}

static uint32_t place(uint32_t key)
{
	uint32_t i = home(key);

	while (slot[i].key && slot[i].key != key)
		i = (i + 1) % SLOTS;
	return i;
}

static void add(uint32_t key, uint32_t value)
{
	uint32_t i = place(key);

	if (!slot[i].key && used < SLOTS / 2)
		used++;
	else if (!slot[i].key)
		return;
	slot[i].key = key;
	slot[i].value += value;
}

static uint32_t take(uint32_t key)
{
	uint32_t hole = place(key), value = slot[hole].value;

	if (!slot[hole].key)
		return 0;
	for (uint32_t i = (hole + 1) % SLOTS; slot[i].key; i = (i + 1) % SLOTS)
		if ((i - home(slot[i].key)) % SLOTS >= (i - hole) % SLOTS) {
			slot[hole] = slot[i];
			hole = i;
		}
	slot[hole].key = slot[hole].value = 0;
	used--;
	return value;
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 2100000), seed = 23;
	uint64_t check = 0;

	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		uint32_t x = bench_random(&seed), key = x % (SLOTS * 3 / 4) + 1;
		if (x >> 30 == 0)
			check = bench_mix(check, take(key));
		else if (x >> 30 == 1)
			add(key, i);
		else
			check += slot[place(key)].value;
	}
	return bench_end(bench_mix(check, used));
}
