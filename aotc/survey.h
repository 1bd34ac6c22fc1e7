/*
 * survey.h: every tool that is here, for people: what it is used for, or why it is not, what it
 * can do, and what to install for the rest. One line each:
 *
 *     tool wasm2c 1.0.42 PATH: translates; simd bulk-memory ...
 *     tool clang 14.0.6 PATH: not used, gcc is taken first (REDSHIRT_CC=PATH takes this one)
 *     missing tcc: no quick tier, a first start waits for the full one (Debian: tcc)
 *
 * Tools are asked inside the jail, as toolchain.h does.
 */
#pragma once

#include <stdio.h>

#include "aotc/toolchain.h"

/* tools: those in use, as toolchain_find() found them. 0 or -errno. */
int survey_print(struct work *work, const struct toolchain *tools, FILE *out) MUST_USE;

/* The number in what a tool says of itself: "tcc version 0.9.27 (x86_64 Linux)"; "?": none. */
#define SURVEY_VERSION_SIZE 32
void survey_version(const char *line, char version[SURVEY_VERSION_SIZE]);
