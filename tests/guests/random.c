/* random.c: draws more than one message can carry, twice; chance must not repeat itself. */
#include <stdio.h>
#include <string.h>
#include <wasi/api.h>

static uint8_t draws[2][100000];

int main(void)
{
	uint32_t ones = 0;

	for (int i = 0; i < 2; i++)
		if (__wasi_random_get(draws[i], sizeof(draws[i])))
			return 2;
	for (size_t i = 0; i < sizeof(draws[0]); i++)
		ones += (uint32_t)__builtin_popcount(draws[0][i]);
	/* 800000 fair bits: a deviation of 10000 is more than twenty times the standard one. */
	int fair = ones > 390000 && ones < 410000;
	int repeated = memcmp(draws[0], draws[1], sizeof(draws[0])) == 0;
	puts(fair && !repeated ? "ok" : "failed");
	return !fair || repeated;
}
