/*
 * definition.h: definitions for tests: from a file, or from a text. What is read is freed by
 * definition_free().
 */
#pragma once

#include <stdio.h>

#include "interfaces/normal.h"
#include "interfaces/protoc.h"
#include "tests/cache/scratch.h"
#include "tests/check_run.h"

struct definition {
	struct protoc protoc;
	struct normal *normal;
	int r; /* what normal_read() answered */
};

static inline struct definition definition_of_file(const char *file)
{
	struct definition out = { 0 };

	ck_assert_int_eq(protoc_parse(file, NULL, 0, &out.protoc), 0);
	out.r = normal_read(&out.protoc.set, out.protoc.file, &out.normal);
	return out;
}

static inline struct definition definition_of_text(const char *text)
{
	static unsigned int n;
	char name[32];

	snprintf(name, sizeof(name), "made_%u.proto", n++);
	FILE *file = fopen(scratch_path(name), "w");
	ck_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
	return definition_of_file(scratch_path(name));
}

static inline void definition_free(struct definition *definition)
{
	free(definition->normal);
	protoc_free(&definition->protoc);
}
