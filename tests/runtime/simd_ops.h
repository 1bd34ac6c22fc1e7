/*
 * simd_ops.h: all operations of one of the SIMD headers, compiled in one way (simd_ops.c), as
 * functions of one shape that can be held against each other.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SIMD_BYTES 16

struct simd_op {
	const char *name;
	int nan_bits; /* 32 or 64: lanes of that width may be any NaN the specification allows;
			 0: exact */
	void (*run)(
		uint8_t *out, const uint8_t *a, const uint8_t *b, const uint8_t *c, uint32_t n);
};

struct simd_build {
	const struct simd_op *ops;
	size_t count;
};
