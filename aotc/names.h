/*
 * names.h: function names out of the custom section "name", for people who look at traps and
 * profiles. They never reach the translator. Whatever is wrong there costs names, never the
 * module: custom sections mean nothing to the program.
 */
#pragma once

#include "aotc/module.h"

#define NAMES_NAME_MAX  256u       /* bytes of one; longer ones are cut */
#define NAMES_BYTES_MAX (16 * MIB) /* of all; functions beyond have no name */

struct names {
	struct front_name *functions; /* one per function of the module */
	char *text;
	size_t text_bytes;
};

/* 0 or -ENOMEM. The caller frees functions and text. */
int names_read(const struct module *m, struct names *out) MUST_USE;
