/*
 * constant.h: constant expressions, worked out while reading: offsets of segments, values of
 * globals, entries of element segments. A module can import no globals here, so each has one
 * value that is known now; the translator only ever sees plain constants, and need not know the
 * extended-const feature.
 */
#pragma once

#include "aotc/wasm.h"

struct module;

struct constant {
	uint8_t type; /* enum wasm_type */
	bool null;    /* of a reference */
	union {
		uint32_t i32; /* also the function index of a funcref */
		uint64_t i64;
		uint8_t bytes[16]; /* f32 in the first 4, f64 in the first 8, v128 */
	};
};

/* The expression up to and with its `end`. It must give one value of the wanted type. 0 or
 * FRONT_REFUSED. */
int constant_read(
	struct module *m, struct wasm_reader *r, uint8_t wanted, struct constant *out) MUST_USE;
