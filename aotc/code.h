/*
 * code.h: the walk over every instruction of a function's body, by one table of all opcodes. It
 * finds what features the body takes, holds nesting, br_table and locals against their limits,
 * and makes sure that the body ends where its size says. What nobody can translate (threads,
 * garbage collection, ...) and unknown opcodes are refused by name.
 */
#pragma once

#include "aotc/module.h"

/* body: the declarations of locals and the instructions of the function. 0 or FRONT_REFUSED. */
int code_walk(struct module *m, uint32_t function, struct wasm_reader body) MUST_USE;
