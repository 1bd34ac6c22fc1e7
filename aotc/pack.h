/*
 * pack.h: the last step: the linked file is read once, verified, and written out with the
 * memory image, the function table and the names around it, as runtime/abi.h lays it down.
 */
#pragma once

#include "aotc/build.h"
#include "aotc/verify.h"

/* Writes the object to fd from its current position (which must be its start). *bytes: the
 * object's size. */
int pack_object(struct build *build, int fd, uint64_t *bytes) MUST_USE;

/* The wasm function that a symbol of the generated C is code of, clones included;
 * OBJECT_NOT_WASM for helpers. */
uint32_t pack_function_index(const struct facts *facts, const char *symbol);

/* Does it only call that function? */
bool pack_is_passage(const char *symbol);
