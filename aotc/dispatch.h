/*
 * dispatch.h: gives each instruction of an interpreter a jump of its own to the next.
 *
 * Wasm has no computed goto: an interpreter is a loop that begins with a br_table, and the one
 * jump that all its instructions share is the hardest to predict there is (Ertl and Gregg, "The
 * Structure and Performance of Efficient Interpreters", 2003). Of wasm2c's
 *
 *     switch (var_i0) { case 0: goto var_B2; case 1: goto var_B1; default: goto var_B3; }
 *
 * at the head of a loop this makes
 *
 *     RS_JUMP(var_i0, &&var_B2, &&var_B1, &&var_B3)
 *
 * (rs-common.h), a computed goto, which both compilers copy to where each instruction ends.
 * Left as they are: jumps with few targets, those further down a loop, those whose operand is
 * only ever set to constants, as in Go's functions that go on where they stopped (there the
 * compiler knows each next target by itself), and all of a function but the one with the most
 * targets: compilers take each computed goto to lead to all labels that any of them has. A text
 * of another shape is not touched at all.
 */
#pragma once

#include "ipc/base.h"

#define DISPATCH_TARGETS_MIN 8u
/* Of one function; the next ones stay as they are. Each costs looks over all of the function.
 */
#define DISPATCH_LOOPS_MAX   32u

/* In place: the text keeps its size and its lines. Returns how many jumps it rewrote. */
uint32_t dispatch_text(char *text, size_t size);
