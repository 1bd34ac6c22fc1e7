/*
 * hash.h: the two hashes the system speaks. A program is named by the SHA-256 of its bytes;
 * interfaces, cache keys and MACs use BLAKE2b-256 (DESIGN sections 2, 6 and 7). Text form is 64
 * lower-case hex digits.
 */
#pragma once

#include "ipc/base.h"

#define HASH_BYTES    32
#define HASH_HEX_SIZE (2 * HASH_BYTES + 1) /* with the closing zero */

struct hash {
	uint8_t bytes[HASH_BYTES];
};

struct hash hash_sha256(const void *bytes, size_t size);
struct hash hash_blake2b(const void *bytes, size_t size);

/* Hashes what can be read from fd with pread, from offset 0 to the end. 0 or -errno. */
int hash_sha256_of_fd(int fd, struct hash *out) MUST_USE;
int hash_blake2b_of_fd(int fd, struct hash *out) MUST_USE;

bool hash_equal(const struct hash *a, const struct hash *b);

/* Writes 64 digits and a zero; returns hex. */
char *hash_to_hex(const struct hash *hash, char hex[HASH_HEX_SIZE]);

/* Exactly 64 hex digits, upper or lower case. */
bool hash_from_hex(const char *hex, struct hash *out) MUST_USE;
