/*
 * definition.h: an interface's definition, read from a .proto file with protoc, or found among
 * the installed ones by its hash. No rsd is asked. The ints are exit codes; errors have been
 * said.
 */
#pragma once

#include <jansson.h>

#include "interfaces/normal.h"
#include "interfaces/protoc.h"
#include "supervisor/rsctl.h"

#define DEFINITION_LIST_MAX 64u /* interfaces named with commas between */

struct definition {
	struct protoc protoc;
	struct normal *normal;
};

int definition_read(const struct rsctl *ctl, const char *file, struct definition *out) MUST_USE;
/* A file, or the beginning of the hash of an installed definition. */
int definition_find(const struct rsctl *ctl, const char *word, struct definition *out) MUST_USE;
void definition_free(struct definition *definition);

/*
 * What requests say of interfaces that people name: a word with a slash or that ends in .proto
 * is a definition, and becomes the digits of its hash; what else there is (names, beginnings of
 * digits, "*") rsd knows better.
 */
int definition_interface(const struct rsctl *ctl, const char *word, json_t **out) MUST_USE;
/* The same of a list with commas between: an array. */
int definition_interfaces(const struct rsctl *ctl, const char *words, json_t **out) MUST_USE;

/* What a file's interface is called: its name without folder and ending. */
void definition_name(const char *file, char *out, size_t size);
