/*
 * tally.h: the file of one program's profile: read whole or not at all, changed, written whole.
 * What profiles.c does with it on the helper thread. Nothing of it is believed before its
 * checksum was right.
 *
 *     struct tally_head, and once something was counted: struct profile, skeleton, counters
 *     (abi.h)
 */
#pragma once

#include "ipc/hash.h"
#include "runtime/abi.h"

#define TALLY_BYTES_MAX (sizeof(struct tally_head) + PROFILE_BYTES_MAX)

enum {
	TALLY_NONE = 1, /* there is no such file */
	TALLY_DAMAGED,  /* there was; it was removed */
	TALLY_STRANGE,  /* what is to be added holds no counters */
	TALLY_NOTHING,  /* nothing was counted: it never ran */
};

struct tally_head {
	char magic[8];
	uint64_t watched; /* 0 or 1 */
	uint64_t runs;
	int64_t since_ms, changed_ms;
	struct hash toolchain; /* the id of the compiler's instrumented tier */
	struct hash settled;   /* names what builds are made from; all zero: nothing yet */
	struct hash checksum;  /* of all of the file, with this zero */
};

struct tally {
	struct tally_head head;
	uint8_t *body; /* struct profile and on; NULL: nothing was counted */
	size_t body_bytes;
};

void tally_init(struct tally *tally, int64_t now_ms);
void tally_deinit(struct tally *tally);

/* folder: of folder_open(). */
int tally_read(int folder, const struct hash *program, struct tally *out) MUST_USE;
int tally_write(int folder, const struct hash *program, struct tally *tally) MUST_USE;
int tally_remove(int folder, const struct hash *program) MUST_USE;
/* Only the head, unchecked, and the file's size: for a list. */
int tally_peek(int folder, const struct hash *program, struct tally_head *head,
	uint64_t *bytes) MUST_USE;
/* A descriptor that stands at struct profile. TALLY_NONE: nothing was counted. */
int tally_open(int folder, const struct hash *program, int *fd) MUST_USE;

/*
 * Adds what a process counted: counters is the memory it shared, object what it ran. What was
 * counted by another object is thrown away first.
 */
int tally_add(
	struct tally *tally, int object, int counters, const struct hash *toolchain) MUST_USE;
void tally_settle(struct tally *tally);
bool tally_is_settled(const struct tally_head *head);
