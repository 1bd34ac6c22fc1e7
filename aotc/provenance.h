/*
 * provenance.h: the build record that goes into the object (abi.h): what was asked for, which
 * tools made it with which words, and what was not possible. The same input gives the same
 * text; no text of the module's author gets in.
 */
#pragma once

#include "aotc/build.h"

/* The caller frees the text; at most OBJECT_RECORD_BYTES_MAX. 0 or -errno. */
int provenance_write(const struct build *build, char **text, size_t *size) MUST_USE;
