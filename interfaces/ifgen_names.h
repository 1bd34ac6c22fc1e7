/*
 * ifgen_names.h: how the names of a definition are spelt in C and Rust, and the list of those
 * that are taken: two things that would be spelt alike are an error of the definition, said
 * before any compiler says it less clearly.
 */
#pragma once

#include "interfaces/normal.h"

#define IFGEN_NAME_SIZE (4 * NORMAL_NAME_BYTES_MAX)

struct ifgen_name {
	char text[IFGEN_NAME_SIZE];
};

/* WaitUntil, and Outer.Inner: wait_until, outer_inner; or WAIT_UNTIL. */
struct ifgen_name ifgen_names_lower(struct rs_text name);
struct ifgen_name ifgen_names_upper(struct rs_text name);
/* As it is written, but no word of C. */
struct ifgen_name ifgen_names_field(struct rs_text name);

struct ifgen_names {
	char **taken;
	size_t count;
	char *twice; /* the first name that came twice; NULL: none did */
};

/* Remembers a name. 0 or -ENOMEM. */
int ifgen_names_take(struct ifgen_names *names, const char *format, ...) PRINTF(2, 3) MUST_USE;
void ifgen_names_deinit(struct ifgen_names *names);
