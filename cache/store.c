#include "cache/store.h"

#include <sodium.h>
#include <string.h>

#include <sys/stat.h>

#include "cache/folder.h"
#include "ipc/log.h"

#define FILE_MODE 0400 /* what has a name never changes */

struct store {
	int folder;
};

int store_open(const char *folder, struct store **out)
{
	CLEANUP(freep) struct store *store = calloc(1, sizeof(*store));

	if (!store)
		return -ENOMEM;
	int r = folder_open(folder, &store->folder);
	if (r)
		return r;
	*out = store;
	store = NULL;
	return 0;
}

struct store *store_free(struct store *store)
{
	if (store)
		fd_closep(&store->folder);
	free(store);
	return NULL;
}

/* --- putting --- */

struct store_put {
	struct folder_draft draft;
	crypto_hash_sha256_state hash;
	uint64_t size, size_max;
	int failed; /* the first thing that went wrong; from then on the only answer */
};

int store_put_new(struct store *store, uint64_t size_max, struct store_put **out)
{
	CLEANUP(freep) struct store_put *put = calloc(1, sizeof(*put));

	if (!put)
		return -ENOMEM;
	int r = folder_draft_init(&put->draft, store->folder, FILE_MODE);
	if (r)
		return r;
	crypto_hash_sha256_init(&put->hash);
	put->size_max = size_max;
	*out = put;
	put = NULL;
	return 0;
}

int store_put_write(struct store_put *put, const void *bytes, size_t size)
{
	if (put->failed)
		return put->failed;
	if (size > put->size_max - put->size) {
		put->failed = STORE_TOO_BIG;
	} else {
		crypto_hash_sha256_update(&put->hash, bytes, size);
		put->size += size;
		put->failed = folder_draft_write(&put->draft, bytes, size);
	}
	return put->failed;
}

int store_put_fd(const struct store_put *put)
{
	return put->draft.fd;
}

/* Renames over a file of the same name even if there is one: its bytes are the same, or it is
 * damaged and now healed. */
int store_put_commit(struct store_put *put, const struct hash *expected, struct hash *out)
{
	char name[HASH_HEX_SIZE];
	struct hash hash;

	if (put->failed)
		return put->failed;
	put->failed = -EBADF; /* a second commit is a mistake of ours */
	crypto_hash_sha256_final(&put->hash, hash.bytes);
	if (expected && !hash_equal(&hash, expected))
		return STORE_MISMATCH;
	int r = folder_draft_publish(&put->draft, hash_to_hex(&hash, name));
	if (r == 0)
		*out = hash;
	return r;
}

struct store_put *store_put_free(struct store_put *put)
{
	if (put)
		folder_draft_deinit(&put->draft);
	free(put);
	return NULL;
}

/* --- getting --- */

static int drop_damaged(struct store *store, const char *name, int fd)
{
	log_warning("program_damaged", "program=%.8s action=dropped", name);
	int r = folder_file_drop(store->folder, name, fd);
	return r ? r : STORE_MISMATCH;
}

int store_get(struct store *store, const struct hash *name, int *out, uint64_t *size)
{
	CLEANUP(fd_closep) int fd = -1;
	char hex[HASH_HEX_SIZE];
	struct hash hash;
	struct stat now;

	int r = folder_file_open(store->folder, hash_to_hex(name, hex), &fd);
	if (r == FOLDER_MISSING)
		return STORE_MISSING;
	if (r == FOLDER_FOREIGN)
		return drop_damaged(store, hex, -1);
	if (r == 0)
		r = hash_sha256_of_fd(fd, &hash);
	if (r)
		return r;
	if (!hash_equal(&hash, name))
		return drop_damaged(store, hex, fd);
	if (fstat(fd, &now) < 0)
		return -errno;
	*size = (uint64_t)now.st_size;
	*out = fd_take(&fd);
	return 0;
}

int store_look(struct store *store, const struct hash *name, int *fd)
{
	char hex[HASH_HEX_SIZE];

	int r = folder_file_open(store->folder, hash_to_hex(name, hex), fd);
	return r > 0 ? STORE_MISSING : r;
}

/* --- finding and listing --- */

static bool is_prefix(const char *prefix, size_t *digits)
{
	*digits = strspn(prefix, "0123456789abcdefABCDEF");
	return prefix[*digits] == 0 && *digits >= STORE_PREFIX_MIN && *digits < HASH_HEX_SIZE;
}

static bool begins_with(const struct hash *name, const char *prefix, size_t digits)
{
	char hex[HASH_HEX_SIZE];

	return strncasecmp(hash_to_hex(name, hex), prefix, digits) == 0;
}

int store_find(struct store *store, const char *prefix, struct hash *out,
	struct hash *candidates, size_t *count)
{
	CLEANUP(freep) struct folder_entry *entries = NULL;
	size_t digits, all, found = 0, first = 0;

	if (!is_prefix(prefix, &digits))
		return STORE_BAD_NAME;
	int r = folder_list(store->folder, &entries, &all);
	if (r)
		return r;
	while (first < all && !begins_with(&entries[first].name, prefix, digits))
		first++;
	while (first + found < all && begins_with(&entries[first + found].name, prefix, digits))
		found++;
	if (found == 0)
		return STORE_MISSING;
	if (found == 1) {
		*out = entries[first].name;
		return 0;
	}
	*count = found < *count ? found : *count;
	for (size_t i = 0; i < *count; i++)
		candidates[i] = entries[first + i].name;
	return STORE_AMBIGUOUS;
}

int store_list(struct store *store, bool (*each)(void *context, const struct store_entry *),
	void *context)
{
	CLEANUP(freep) struct folder_entry *entries = NULL;
	size_t count;

	int r = folder_list(store->folder, &entries, &count);
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct store_entry entry = {
			.name = entries[i].name,
			.size = entries[i].size,
			.added_s = entries[i].modified.tv_sec,
		};
		if (!each(context, &entry))
			break;
	}
	return r;
}

int store_remove(struct store *store, const struct hash *name)
{
	char hex[HASH_HEX_SIZE];

	int r = folder_file_remove(store->folder, hash_to_hex(name, hex));
	if (r)
		return r == FOLDER_MISSING ? STORE_MISSING : r;
	return fsync(store->folder) < 0 ? -errno
					: 0; /* what a user removed does not come back */
}

int store_usage(struct store *store, uint64_t *bytes)
{
	CLEANUP(freep) struct folder_entry *entries = NULL;
	size_t count;

	int r = folder_list(store->folder, &entries, &count);
	if (r)
		return r;
	*bytes = 0;
	for (size_t i = 0; i < count; i++)
		*bytes += entries[i].size;
	return 0;
}
