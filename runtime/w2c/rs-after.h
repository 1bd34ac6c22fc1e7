/*
 * rs-after.h: what we say otherwise than wasm2c. object.c includes it between the preamble, which is the same for all
 * modules and known word by word, and the module's own text: what is defined here holds for every function of the
 * module. Only in the special form. One header for each matter; none of them needs another.
 */
#pragma once

#if RS_QUICK
#include "rs-quick.h"
#endif
#if RS_FIXED_TABLE
#include "rs-calls.h"
#endif

#ifdef WASM_RT_SIMD_TYPE_DEFINED /* by m.h, of a module with vectors */
#include "rs-simd-after.h"
#endif
