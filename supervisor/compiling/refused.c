#include "supervisor/compiling/refused.h"

#include <string.h>

#include "cache/folder.h"

int refused_find(int folder, const struct hash *key, char why[REFUSED_WHY_SIZE])
{
	CLEANUP(fd_closep) int fd = -1;
	char name[HASH_HEX_SIZE];
	int r = folder_file_open(folder, hash_to_hex(key, name), &fd);

	if (r)
		return r < 0 ? r : REFUSED_NOT;
	ssize_t n = pread(fd, why, REFUSED_WHY_SIZE - 1, 0);
	if (n <= 0)
		return n < 0 ? -errno : REFUSED_NOT;
	why[n] = 0;
	return 0;
}

static int by_age(const void *a, const void *b)
{
	const struct timespec *x = &((const struct folder_entry *)a)->modified;
	const struct timespec *y = &((const struct folder_entry *)b)->modified;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

static int trim(int folder)
{
	CLEANUP(freep) struct folder_entry *entries = NULL;
	char name[HASH_HEX_SIZE];
	size_t count = 0;
	int r = folder_list(folder, &entries, &count);

	if (r || count <= REFUSED_MAX)
		return r;
	qsort(entries, count, sizeof(*entries), by_age);
	for (size_t i = 0; r >= 0 && i < count / 2; i++)
		r = folder_file_remove(folder, hash_to_hex(&entries[i].name, name));
	return r < 0 ? r : 0;
}

int refused_note(int folder, const struct hash *key, const char *why)
{
	CLEANUP(folder_draft_deinit) struct folder_draft draft = { .folder = -1, .fd = -1 };
	char name[HASH_HEX_SIZE];
	int r = folder_draft_init(&draft, folder, 0600);

	if (r == 0)
		r = folder_draft_write(&draft, why, strnlen(why, REFUSED_WHY_SIZE - 1));
	if (r == 0)
		r = folder_draft_publish(&draft, hash_to_hex(key, name));
	return r ? r : trim(folder);
}
