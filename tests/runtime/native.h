/* native.h: what native.c is told, and what its exit code says. */
#pragma once

#include <stdint.h>

enum native_job {
	NATIVE_RETURN,
	NATIVE_SYS,
	NATIVE_TAKE_SYS, /* receives a lane first */
	NATIVE_LOAD,
	NATIVE_LOAD_LOW,
	NATIVE_DIVIDE,
	NATIVE_ILLEGAL,
	NATIVE_OVERFLOW,
	NATIVE_TRAP,
	NATIVE_SPIN,
	NATIVE_WAIT,
	NATIVE_WAIT_A_LITTLE,
	NATIVE_GROW,
	NATIVE_GRAB,
	NATIVE_EXIT,
	NATIVE_MPROTECT_CODE,
	NATIVE_MUNMAP_CODE,
	NATIVE_MAP_OVER_CODE,
	NATIVE_LIBM,
};

enum native_abi {
	NATIVE_X86_64,
	NATIVE_X32,
	NATIVE_I386,
	NATIVE_ABIS
};

enum {
	NATIVE_DONE = 40,
	NATIVE_FAILED, /* the call answered an error */
	NATIVE_WRONG,
	NATIVE_NO_LANE,
};

struct native_params {
	uint64_t job;
	uint64_t at_start; /* 1: while it is instantiated, not when it runs */
	uint64_t number;
	uint64_t abi;
	uint64_t arguments[6];
};
