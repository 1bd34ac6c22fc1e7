/*
 * recipe.h: what is to be started later, and again: an own copy of a struct processes_request
 * (program, name, limits, arguments, environment), and the same as bytes for the disk. Nobody
 * is attached to what comes of it.
 */
#pragma once

#include "supervisor/processes/processes.h"

#define RECIPE_BYTES_MAX (64u * 1024) /* as bytes */

enum {
	RECIPE_TOO_LONG = 1,
	RECIPE_DAMAGED, /* unpack: these bytes are none */
};

struct recipe {
	struct processes_request request; /* points into the two below */
	char name[CONTROL_NAME_MAX + 1];
	char *strings;
};

/* 0, RECIPE_TOO_LONG or -ENOMEM. */
int recipe_copy(const struct processes_request *request, struct recipe **out) MUST_USE;
struct recipe *recipe_free(struct recipe *recipe); /* returns NULL */
static inline void recipe_freep(struct recipe **recipe)
{
	*recipe = recipe_free(*recipe);
}

/* Without the program, which is kept beside it. At most RECIPE_BYTES_MAX. */
uint32_t recipe_bytes(const struct recipe *recipe);
void recipe_pack(const struct recipe *recipe, uint8_t *out);
/* What is not in the bytes comes from `limits`. The bytes may be anything. */
int recipe_unpack(const struct hash *program, const void *bytes, uint32_t n,
	const struct limits *limits, struct recipe **out) MUST_USE;
