/*
 * compile.h: from the generated C to object.so: our headers beside it, one compiler per part,
 * one link.
 */
#pragma once

#include "aotc/build.h"

#define COMPILE_OBJECT "object.so"

int compile(struct build *build) MUST_USE;

/* The text of rs-config.h: the little that only aotc knows (see runtime/w2c/rs-common.h). */
int compile_config(const struct build *build, char **text) MUST_USE;
