/*
 * arithmetic.h: a module, as text, that computes each numeric instruction over all pairs of
 * operands at the edges: zeros of both signs, infinities, quiet and signalling NaNs, the
 * neighbours of powers of two, the ends of the ranges that conversions trap beyond. What may
 * trap is left out where it would.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#define ARITHMETIC_OPERATIONS_MAX 250u

uint32_t arithmetic_count(void);
const char *arithmetic_name(uint32_t operation);

/* Operation k's results as one number: export "r<k>" of the module answers it. */
void arithmetic_write_asking(FILE *file);

/* A program that ends with 0, or with 1 + the first operation whose number is not the expected
 * one. */
void arithmetic_write_program(FILE *file, const uint64_t *expected);
