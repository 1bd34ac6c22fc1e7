/*
 * bench.h: what the kernels of this folder share. A kernel is one C file that is measured as a
 * native program and as Wasm. Its argument is how much work it does; without one it is about
 * 50 ms of a native program. It says what it computed on standard output, the same everywhere,
 * and how long that took on standard error:
 *
 *     check=0123456789abcdef          ns=50123456
 *
 *     int main(int argc, char **argv)
 *     {
 *             uint32_t work = bench_work(argc, argv, 200);
 *             ... what is not measured
 *             bench_begin();
 *             ... what is measured
 *             return bench_end(check);
 *     }
 *
 * Results must not depend on the C library (its sin() is not another's), on the size of a
 * pointer, or on the order of evaluation. The library's formatting is not used: it would be
 * most of the program, and of the time it takes to compile.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t bench_began;

static inline uint64_t bench_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The first argument, a decimal number. */
static inline uint32_t bench_work(int argc, char **argv, uint32_t usual)
{
	uint32_t work = 0;

	if (argc < 2)
		return usual;
	for (const char *at = argv[1]; *at >= '0' && *at <= '9'; at++)
		work = work * 10 + (uint32_t)(*at - '0');
	return work;
}

static inline void bench_begin(void)
{
	bench_began = bench_now();
}

/* `name=` and the number in that base, a line of its own. */
static inline int bench_say(int fd, const char *name, uint64_t number, unsigned base)
{
	char line[64];
	size_t at = sizeof(line), length = strlen(name);

	line[--at] = '\n';
	do {
		line[--at] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	at -= length;
	memcpy(line + at, name, length);
	return write(fd, line + at, sizeof(line) - at) == (ssize_t)(sizeof(line) - at);
}

/* The exit status of the program. */
static inline int bench_end(uint64_t check)
{
	uint64_t ns = bench_now() - bench_began;
	int said = bench_say(1, "check=", check, 16);

	return said && bench_say(2, "ns=", ns, 10) ? 0 : 1;
}

/* A check is a chain of these (a multiplicative hash after Knuth, TAOCP 6.4). */
static inline uint64_t bench_mix(uint64_t check, uint64_t value)
{
	check = (check ^ value) * 0x9e3779b97f4a7c15u;
	return check ^ check >> 29;
}

static inline uint64_t bench_mix_double(uint64_t check, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bench_mix(check, bits);
}

static inline uint64_t bench_mix_bytes(uint64_t check, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < size; i++)
		check = (check ^ at[i]) * 0x100000001b3u; /* FNV-1a */
	return check;
}

/* Marsaglia's xorshift, 32 bits; never 0. */
static inline uint32_t bench_random(uint32_t *state)
{
	uint32_t x = *state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return *state = x;
}

/* In [0, 1). */
static inline double bench_random_double(uint32_t *state)
{
	return (bench_random(state) >> 8) * (1.0 / (1 << 24));
}
