/* made_manifest.h: modules with manifests, put together byte by byte. Included by the test
 * alone. */
#pragma once

#include <string.h>

#include "supervisor/compiling/manifest.h"

struct made {
	uint8_t bytes[64 * KIB];
	size_t count;
};

static inline void made_bytes(struct made *made, const void *bytes, size_t count)
{
	memcpy(made->bytes + made->count, bytes, count);
	made->count += count;
}

static inline void made_byte(struct made *made, uint8_t byte)
{
	made_bytes(made, &byte, 1);
}

static inline void made_u32(struct made *made, uint32_t value)
{
	for (; value >= 0x80; value >>= 7)
		made_byte(made, (uint8_t)(value | 0x80));
	made_byte(made, (uint8_t)value);
}

static inline void made_module(struct made *made)
{
	made->count = 0;
	made_bytes(made, "\0asm\1\0\0", 8);
}

static inline void made_section(
	struct made *made, const char *name, const void *content, size_t bytes)
{
	made_byte(made, 0);
	made_u32(made, (uint32_t)(1 + strlen(name) + bytes));
	made_u32(made, (uint32_t)strlen(name));
	made_bytes(made, name, strlen(name));
	made_bytes(made, content, bytes);
}

static inline struct hash made_interface(uint8_t number)
{
	struct hash hash;

	memset(hash.bytes, number, sizeof(hash.bytes));
	return hash;
}

/* A record, to be put into a section. */
static inline void made_record(struct made *made, enum manifest_right right, uint8_t interface,
	const char *name, const char *reason)
{
	struct hash hash = made_interface(interface);

	made_byte(made, MANIFEST_VERSION);
	made_byte(made, (uint8_t)right);
	made_bytes(made, hash.bytes, sizeof(hash.bytes));
	made_bytes(made, name, strlen(name) + 1);
	made_bytes(made, reason, strlen(reason) + 1);
}

static inline void made_manifest(struct made *made, const struct made *records)
{
	made_section(made, MANIFEST_SECTION, records->bytes, records->count);
}
