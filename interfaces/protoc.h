/*
 * protoc.h: runs protoc on a .proto file to have it parsed. What protoc says goes to standard
 * error. Only commands for people do that; rsd never does.
 */
#pragma once

#include "interfaces/descriptor.h"

#define PROTOC_FOLDERS_MAX 64u

enum {
	PROTOC_MISSING = 1,  /* no such program */
	PROTOC_FAILED = 2,   /* it has said why */
	PROTOC_TOO_LARGE = 3 /* more than DESCRIPTOR_SET_BYTES_MAX */
};

struct protoc {
	uint8_t *bytes; /* what set and file point into */
	struct descriptor_set set;
	struct rs_text file; /* its name in the set */
};

/* folders: where imports are looked for, besides the file's own. The result is the caller's to
 * protoc_free(). */
int protoc_parse(const char *file, const char *const *folders, size_t n_folders,
	struct protoc *out) MUST_USE;
void protoc_free(struct protoc *protoc);
