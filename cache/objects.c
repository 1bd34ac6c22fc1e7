#include "cache/objects.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "cache/folder.h"
#include "ipc/log.h"
#include "ipc/memfd.h"

#define MAC_KEY_BYTES crypto_generichash_KEYBYTES
#define MAC_BYTES     crypto_generichash_BYTES
#define MAC_KEY_MODE  0600
#define FILE_MODE     0400
#define COPY_BYTES    (16 * MIB) /* at most so much in one system call */
#define OBJECT_SEALS  (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)

/* A file of the cache: this, then the object. */
struct kept {
	char magic[8];
	uint8_t mac[MAC_BYTES];
};
static const char kept_magic[8] = { 'r', 's', 'c', 'a', 'c', 'h', 'e', '1' };
_Static_assert(sizeof(struct kept) == 40, "another layout needs another magic");

struct objects {
	int folder;
	uint64_t size_max;
	uint8_t mac_key[MAC_KEY_BYTES];
};

/* --- the MAC key --- */

#define FILE_SHORT 1 /* outcome of read_start(): the file has less */

static int read_start(int fd, void *bytes, size_t size)
{
	ssize_t n;

	do
		n = pread(fd, bytes, size, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : FILE_SHORT;
}

/* FOLDER_MISSING, or -EPERM: there is something, and it is not what we would have made. */
static int read_key(int folder, const char *name, uint8_t key[MAC_KEY_BYTES])
{
	CLEANUP(fd_closep) int fd = -1;
	struct stat now;

	int r = folder_file_open(folder, name, &fd);
	if (r)
		return r == FOLDER_FOREIGN ? -EPERM : r;
	if (fstat(fd, &now) < 0)
		return -errno;
	if ((now.st_mode & 07777) != MAC_KEY_MODE || now.st_size != MAC_KEY_BYTES)
		return -EPERM;
	r = read_start(fd, key, MAC_KEY_BYTES);
	return r == FILE_SHORT ? -EPERM : r;
}

/* Of several processes that come here at once one publishes; to the others the name exists. */
static int create_key(int folder, const char *name)
{
	CLEANUP(folder_draft_deinit) struct folder_draft draft = { .fd = -1 };
	uint8_t key[MAC_KEY_BYTES];

	int r = folder_draft_init(&draft, folder, MAC_KEY_MODE);
	if (r)
		return r;
	crypto_generichash_keygen(key);
	r = folder_draft_write(&draft, key, sizeof(key));
	sodium_memzero(key, sizeof(key));
	if (r == 0)
		r = folder_draft_publish_new(&draft, name);
	return r == FOLDER_EXISTS ? 0 : r;
}

/* The folder that path lies in must be as private as the cache: else others could swap the key.
 */
static int open_parent(const char *path, int *folder, const char **name)
{
	const char *slash = strrchr(path, '/');
	CLEANUP(freep)
	char *parent =
		slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");

	*name = slash ? slash + 1 : path;
	return parent ? folder_open(parent, folder) : -ENOMEM;
}

static int get_key(const char *path, uint8_t key[MAC_KEY_BYTES])
{
	CLEANUP(fd_closep) int folder = -1;
	const char *name;

	int r = open_parent(path, &folder, &name);
	if (r)
		return r;
	r = read_key(folder, name, key);
	if (r != FOLDER_MISSING)
		return r;
	r = create_key(folder, name);
	if (r)
		return r;
	r = read_key(folder, name, key);
	return r == FOLDER_MISSING ? -ENOENT : r; /* made and gone again: somebody is playing */
}

/* --- opening --- */

int objects_open(
	const char *folder, const char *key_path, uint64_t size_max, struct objects **out)
{
	struct objects *objects = calloc(1, sizeof(*objects));

	if (!objects)
		return -ENOMEM;
	objects->folder = -1;
	objects->size_max = size_max;
	int r = sodium_init() < 0 ? -ENOSYS : 0; /* picks the hash made for this CPU */
	if (r == 0)
		r = folder_open(folder, &objects->folder);
	if (r == 0)
		r = get_key(key_path, objects->mac_key);
	if (r == 0)
		*out = objects;
	else
		objects_free(objects);
	return r;
}

struct objects *objects_free(struct objects *objects)
{
	if (objects) {
		fd_closep(&objects->folder);
		sodium_memzero(objects->mac_key, sizeof(objects->mac_key));
	}
	free(objects);
	return NULL;
}

/* --- copies --- */

/* At most size_max bytes, read at `at` and written where `to` stands; fewer at from's end. */
static int copy(int from, off_t at, uint64_t size_max, int to, uint64_t *copied)
{
	for (*copied = 0; *copied < size_max;) {
		uint64_t left = size_max - *copied;
		ssize_t n = sendfile(to, from, &at, left < COPY_BYTES ? left : COPY_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		*copied += (uint64_t)n;
	}
	return 0;
}

/*
 * The bytes of from, from at on, where nobody can change them any more, not even we.
 * memfd_new() asks for memory that execve() refuses; that does not hinder the worker, who maps
 * it executable.
 */
static int sealed_copy(const struct hash *key, int from, off_t at, uint64_t size_max,
	int *memfd, uint64_t *size)
{
	char hex[HASH_HEX_SIZE], name[32];
	CLEANUP(fd_closep) int fd = -1;
	char more;

	/* perf knows an object by this name */
	snprintf(name, sizeof(name), "redshirt-%.16s", hash_to_hex(key, hex));
	int r = memfd_new(name, 0, 0, &fd);
	if (r == 0)
		r = copy(from, at, size_max, fd, size);
	if (r)
		return r;
	if (*size == size_max && pread(from, &more, 1, at + (off_t)*size) == 1)
		return OBJECTS_TOO_BIG;
	r = memfd_seal(fd, OBJECT_SEALS);
	if (r == 0)
		*memfd = fd_take(&fd);
	return r;
}

/* The key goes first and has a fixed size, so no other (key, bytes) gives the same input. */
static int object_mac(const struct objects *objects, const struct hash *key, int memfd,
	uint64_t size, uint8_t mac[MAC_BYTES])
{
	crypto_generichash_state state;
	void *bytes = NULL;

	/* private, for before Linux 6.7 a sealed memfd refuses shared mappings even to readers
	 */
	if (size)
		bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, memfd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	crypto_generichash_init(&state, objects->mac_key, MAC_KEY_BYTES, MAC_BYTES);
	crypto_generichash_update(&state, key->bytes, HASH_BYTES);
	crypto_generichash_update(&state, bytes, size);
	crypto_generichash_final(&state, mac, MAC_BYTES);
	sodium_memzero(&state, sizeof(state));
	if (bytes)
		munmap(bytes, size);
	return 0;
}

/* --- loading --- */

/* Why a file is not the object it is named after. */
enum damage {
	DAMAGE_FOREIGN = 1,
	DAMAGE_CUT,
	DAMAGE_MAGIC,
	DAMAGE_SIZE,
	DAMAGE_MAC
};

static const char *const damage_text[] = {
	[DAMAGE_FOREIGN] = "not a plain file of ours",
	[DAMAGE_CUT] = "cut",
	[DAMAGE_MAGIC] = "unknown format",
	[DAMAGE_SIZE] = "too big",
	[DAMAGE_MAC] = "wrong MAC",
};

/* 0, -errno, or an enum damage. */
static int load_checked(const struct objects *objects, const struct hash *key, int fd,
	int *memfd, uint64_t *size)
{
	CLEANUP(fd_closep) int sealed = -1;
	uint8_t mac[MAC_BYTES];
	struct kept kept;

	int r = read_start(fd, &kept, sizeof(kept));
	if (r)
		return r == FILE_SHORT ? DAMAGE_CUT : r;
	if (memcmp(kept.magic, kept_magic, sizeof(kept_magic)) != 0)
		return DAMAGE_MAGIC;
	r = sealed_copy(key, fd, sizeof(kept), objects->size_max, &sealed, size);
	if (r)
		return r == OBJECTS_TOO_BIG ? DAMAGE_SIZE : r;
	r = object_mac(objects, key, sealed, *size, mac);
	if (r)
		return r;
	if (sodium_memcmp(mac, kept.mac, MAC_BYTES) != 0)
		return DAMAGE_MAC;
	*memfd = fd_take(&sealed);
	return 0;
}

static int drop_damaged(struct objects *objects, const char *name, int fd, int damage)
{
	log_warning("object_damaged", "key=%.8s reason=\"%s\" action=dropped", name,
		damage_text[damage]);
	int r = folder_file_drop(objects->folder, name, fd);
	return r ? r : OBJECTS_DAMAGED;
}

int objects_load(struct objects *objects, const struct hash *key, int *memfd, uint64_t *size)
{
	CLEANUP(fd_closep) int fd = -1;
	char name[HASH_HEX_SIZE];

	int r = folder_file_open(objects->folder, hash_to_hex(key, name), &fd);
	if (r == FOLDER_MISSING)
		return OBJECTS_MISSING;
	if (r == FOLDER_FOREIGN)
		return drop_damaged(objects, name, -1, DAMAGE_FOREIGN);
	if (r == 0)
		r = load_checked(objects, key, fd, memfd, size);
	if (r)
		return r > 0 ? drop_damaged(objects, name, fd, r) : r;
	/*
	 * The time of use; not st_atime, which every reader changes. If it cannot be written,
	 * trimming is a little less wise.
	 */
	(void)!futimens(fd, NULL);
	return 0;
}

/* --- saving --- */

static int keep(struct objects *objects, const char *name, const uint8_t mac[MAC_BYTES],
	int memfd, uint64_t size)
{
	CLEANUP(folder_draft_deinit) struct folder_draft draft = { .fd = -1 };
	struct kept kept;
	uint64_t copied;

	memcpy(kept.magic, kept_magic, sizeof(kept_magic));
	memcpy(kept.mac, mac, MAC_BYTES);
	int r = folder_draft_init(&draft, objects->folder, FILE_MODE);
	if (r == 0)
		r = folder_draft_write(&draft, &kept, sizeof(kept));
	if (r == 0)
		r = copy(memfd, 0, size, draft.fd, &copied);
	if (r == 0)
		r = folder_draft_publish(&draft, name);
	return r;
}

int objects_save(struct objects *objects, const struct hash *key, int fd, int *memfd,
	uint64_t *size, bool *kept)
{
	CLEANUP(fd_closep) int sealed = -1;
	uint8_t mac[MAC_BYTES];
	char name[HASH_HEX_SIZE];

	int r = sealed_copy(key, fd, 0, objects->size_max, &sealed, size);
	if (r == 0)
		r = object_mac(objects, key, sealed, *size, mac);
	if (r)
		return r;
	r = keep(objects, hash_to_hex(key, name), mac, sealed, *size);
	*kept = r == 0;
	if (r == -ENOSPC || r == -EDQUOT)
		log_warning("object_not_kept", "key=%.8s bytes=%llu reason=\"disk full\"", name,
			(unsigned long long)*size);
	else if (r)
		return r;
	*memfd = fd_take(&sealed);
	return 0;
}

int objects_remove(struct objects *objects, const struct hash *key)
{
	char name[HASH_HEX_SIZE];

	int r = folder_file_remove(objects->folder, hash_to_hex(key, name));
	return r == FOLDER_MISSING ? OBJECTS_MISSING : r;
}

int objects_lock(struct objects *objects, const struct hash *key, int *lock_fd)
{
	char name[HASH_HEX_SIZE];

	return folder_lock(objects->folder, FOLDER_LOCK_BUILD, hash_to_hex(key, name), lock_fd);
}

/* --- how much is kept --- */

static uint64_t sum(const struct folder_entry *entries, size_t count)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += entries[i].size;
	return bytes;
}

int objects_usage(struct objects *objects, uint64_t *bytes, uint64_t *count)
{
	CLEANUP(freep) struct folder_entry *entries = NULL;
	size_t n;

	int r = folder_list(objects->folder, &entries, &n);
	if (r)
		return r;
	*bytes = sum(entries, n);
	*count = n;
	return 0;
}

static int by_use(const void *a, const void *b)
{
	const struct timespec *x = &((const struct folder_entry *)a)->modified;
	const struct timespec *y = &((const struct folder_entry *)b)->modified;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

int objects_trim(struct objects *objects, uint64_t bytes_max)
{
	CLEANUP(freep) struct folder_entry *entries = NULL;
	char name[HASH_HEX_SIZE];
	size_t count;

	int r = folder_list(objects->folder, &entries, &count);
	if (r)
		return r;
	if (count)
		qsort(entries, count, sizeof(*entries), by_use);
	uint64_t bytes = sum(entries, count);
	for (size_t i = 0; i < count && bytes > bytes_max; i++) {
		r = folder_file_remove(objects->folder, hash_to_hex(&entries[i].name, name));
		if (r < 0)
			return r;
		log_info("object_trimmed", "key=%.8s bytes=%llu", name,
			(unsigned long long)entries[i].size);
		bytes -= entries[i].size;
	}
	return 0;
}
