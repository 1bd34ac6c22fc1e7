/*
 * manifest.h: what a program says of itself: which interfaces it uses and handles, and why. It
 * stands in the module, in custom sections called "redshirt.manifest", and so is part of what
 * the program's hash is of: nobody can change it beside the program.
 *
 * A section is a row of records, and nothing else:
 *
 *     u8 version (1)  u8 right (1 uses, 2 handles)  32 bytes interface  name NUL  reason NUL
 *
 * A program that has one may do no more than it says, whatever the user grants; one that has
 * none, whatever the user grants. Every byte of it is the program's: names and reasons are to
 * be shown as such, and escaped.
 *
 * Only the heads of the sections are looked at, a bounded number of them; the manifest itself
 * is copied once. Owned by whoever read it. Any thread.
 */
#pragma once

#include "ipc/hash.h"

#define MANIFEST_SECTION          "redshirt.manifest"
#define MANIFEST_VERSION          1u
#define MANIFEST_ROWS_MAX         64u
#define MANIFEST_NAME_BYTES_MAX   64u
#define MANIFEST_REASON_BYTES_MAX 200u
#define MANIFEST_SECTIONS_MAX     4096u /* of a module, of all kinds */

enum {
	MANIFEST_MALFORMED = 1
};

enum manifest_right {
	MANIFEST_USE = 1,
	MANIFEST_REGISTER = 2
};

struct manifest_row {
	struct hash interface;
	enum manifest_right right;
	const char *name, *reason; /* zero-ended, never NULL */
};

struct manifest {
	const char *wrong; /* not NULL: it is malformed, there are no rows, and nothing may be
			      done */
	uint32_t count;
	struct manifest_row rows[]; /* in their order in the module */
};

/*
 * 0: *out, or NULL if the module has none (and if it is no module at all). MANIFEST_MALFORMED:
 * *out says what is wrong, and allows nothing. -errno: it could not be read.
 */
int manifest_read(int fd, struct manifest **out) MUST_USE; /* with pread, from offset 0 */
int manifest_read_bytes(const void *module, size_t bytes, struct manifest **out) MUST_USE;
struct manifest *manifest_free(struct manifest *manifest); /* returns NULL */

/* NULL, which is none, allows everything. */
bool manifest_allows(const struct manifest *manifest, const struct hash *interface,
	enum manifest_right right);
