/*
 * diff.h: why two interfaces have different hashes, one line for each change. Rpcs and types
 * are compared by their names, fields and enum values by their numbers, so what was renamed is
 * gone and new, but for fields, whose number tells.
 */
#pragma once

#include "interfaces/normal.h"

/* How many lines; 0 exactly when the hashes are the same. */
uint32_t diff_print(const struct normal *old, const struct normal *new, FILE *to);
