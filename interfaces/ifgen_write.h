/*
 * ifgen_write.h: what rs-ifgen writes for an interface: a C header for all (ifgen_c.c), one for
 * programs that send and handle its messages (ifgen_calls.c) and a Rust file (ifgen_rust.c).
 * All only print what was read and checked (normal.h).
 */
#pragma once

#include "interfaces/ifgen_names.h"

/* names is filled in; where names->twice is set afterwards, what was printed is of no use.
 * 0 or -errno. */
int ifgen_c(const struct normal *normal, struct rs_text file, FILE *to,
	struct ifgen_names *names) MUST_USE;
/* names as ifgen_c() left it. */
int ifgen_calls(const struct normal *normal, struct rs_text file, FILE *to,
	struct ifgen_names *names) MUST_USE;
void ifgen_rust(const struct normal *normal, struct rs_text file, FILE *to);

/* The most that encode() writes for a message; 0: there is no limit. One byte is added so that
 * an empty message is told from one without limit. */
uint64_t ifgen_bytes_max_and_one(const struct normal *normal, const struct normal_type *type);

/* What manifests (the section redshirt.manifest) call it; longer ones are malformed. */
#define IFGEN_MANIFEST_NAME_BYTES_MAX 64

static inline struct rs_text ifgen_manifest_name(const struct normal *normal)
{
	struct rs_text name = normal->service;

	if (name.bytes > IFGEN_MANIFEST_NAME_BYTES_MAX)
		name.bytes = IFGEN_MANIFEST_NAME_BYTES_MAX;
	return name;
}

/* 32 bytes as 0x.., in lines. */
static inline void ifgen_write_hash(const struct hash *hash, FILE *to)
{
	for (int i = 0; i < HASH_BYTES; i++)
		fprintf(to, "%s0x%02x,", i % 8 ? " " : "\n\t", hash->bytes[i]);
	fputs("\n", to);
}
