/*
 * compile.h: from the generated C to object.so: our headers beside it, one compiler per part,
 * one link.
 */
#pragma once

#include "aotc/build.h"

#define COMPILE_OBJECT "object.so"

/* By the tier that is asked for. 0, -errno or build.h's outcomes. */
int compile(struct build *build) MUST_USE;

/* Can this aotc make objects of that tier, with these tools? */
bool compile_has(const struct toolchain *tools, enum object_tier tier);

/* The text of rs-config.h: the little that only aotc knows (see runtime/w2c/rs-common.h). */
int compile_config(const struct build *build, char **text) MUST_USE;
