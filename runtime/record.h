/*
 * record.h: reads the build record of an object (abi.h): how it was made, as lines "key value".
 * The file may be anything; what is handed out is printable ASCII.
 */
#pragma once

#include "runtime/abi.h"

enum {
	RECORD_NONE = 1 /* no object of this ABI, or its record is damaged */
};

struct build_record {
	uint32_t bytes;
	char text[OBJECT_RECORD_BYTES_MAX + 1]; /* each line closed by a zero */
};

/* 0 or RECORD_NONE. */
int record_read(int object, uint64_t object_bytes, struct build_record *out) MUST_USE;

/* NULL: it does not say. */
const char *record_value(const struct build_record *record, const char *key);
