#include "ipc/hash.h"

#include <sodium.h>
#include <string.h>

#define CHUNK_BYTES (64 * KIB)

_Static_assert(HASH_BYTES == crypto_hash_sha256_BYTES, "a program's name is a SHA-256");
_Static_assert(HASH_BYTES == crypto_generichash_BYTES, "an interface's name is a BLAKE2b-256");

struct hash hash_sha256(const void *bytes, size_t size)
{
	struct hash hash;

	crypto_hash_sha256(hash.bytes, bytes, size);
	return hash;
}

struct hash hash_blake2b(const void *bytes, size_t size)
{
	struct hash hash;

	crypto_generichash(hash.bytes, HASH_BYTES, bytes, size, NULL, 0);
	return hash;
}

typedef void (*take_chunk)(void *state, const uint8_t *bytes, size_t size);

static int read_all(int fd, take_chunk take, void *state)
{
	uint8_t chunk[CHUNK_BYTES];

	for (off_t at = 0;;) {
		ssize_t n = pread(fd, chunk, sizeof(chunk), at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		take(state, chunk, (size_t)n);
		at += n;
	}
}

static void take_sha256(void *state, const uint8_t *bytes, size_t size)
{
	crypto_hash_sha256_update(state, bytes, size);
}

static void take_blake2b(void *state, const uint8_t *bytes, size_t size)
{
	crypto_generichash_update(state, bytes, size);
}

int hash_sha256_of_fd(int fd, struct hash *out)
{
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	int r = read_all(fd, take_sha256, &state);
	if (r == 0)
		crypto_hash_sha256_final(&state, out->bytes);
	return r;
}

int hash_blake2b_of_fd(int fd, struct hash *out)
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, NULL, 0, HASH_BYTES);
	int r = read_all(fd, take_blake2b, &state);
	if (r == 0)
		crypto_generichash_final(&state, out->bytes, HASH_BYTES);
	return r;
}

bool hash_equal(const struct hash *a, const struct hash *b)
{
	return memcmp(a->bytes, b->bytes, HASH_BYTES) == 0;
}

char *hash_to_hex(const struct hash *hash, char hex[HASH_HEX_SIZE])
{
	return sodium_bin2hex(hex, HASH_HEX_SIZE, hash->bytes, HASH_BYTES);
}

bool hash_from_hex(const char *hex, struct hash *out)
{
	size_t size;

	return strlen(hex) == 2 * HASH_BYTES &&
	       sodium_hex2bin(out->bytes, HASH_BYTES, hex, 2 * HASH_BYTES, NULL, &size, NULL) ==
		       0 &&
	       size == HASH_BYTES;
}
