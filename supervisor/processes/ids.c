#include "supervisor/processes/ids.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cache/folder.h"
#include "ipc/log.h"

#define FILE_NAME "processes"
#define FILE_MAX  32u

struct ids {
	struct offload *offload;
	int folder;
	uint64_t next;     /* the next to be given out */
	uint64_t reserved; /* the file says this: all below may have been used */
	struct {
		struct offload_job job;
		int folder;
		uint64_t number;
		int result;
	} write;
	bool writing;
};

static int write_number(int folder, uint64_t number)
{
	CLEANUP(folder_draft_deinit) struct folder_draft draft = { .folder = -1, .fd = -1 };
	char text[FILE_MAX];
	int n = snprintf(text, sizeof(text), "%" PRIu64 "\n", number);
	int r = folder_draft_init(&draft, folder, 0600);

	if (r == 0)
		r = folder_draft_write(&draft, text, (size_t)n);
	if (r == 0)
		r = folder_draft_publish(&draft, FILE_NAME);
	return r;
}

/* 1 when there is no file yet. */
static int read_number(int folder, uint64_t *number)
{
	CLEANUP(fd_closep) int fd = -1;
	char text[FILE_MAX + 1], *end;
	int r = folder_file_open(folder, FILE_NAME, &fd);

	if (r == FOLDER_MISSING) {
		*number = 1;
		return 0;
	}
	if (r)
		return r < 0 ? r : IDS_DAMAGED;
	ssize_t n = pread(fd, text, FILE_MAX, 0);
	if (n < 0)
		return -errno;
	text[n] = 0;
	if (n == 0 || text[0] < '1' || text[0] > '9')
		return IDS_DAMAGED;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno || strcmp(end, "\n") != 0 ? IDS_DAMAGED : 0;
}

int ids_open(const char *folder, struct offload *offload, struct ids **out)
{
	CLEANUP(fd_closep) int fd = -1;
	uint64_t number = 0;
	int r = folder_open(folder, &fd);

	if (r == 0)
		r = read_number(fd, &number);
	if (r == 0)
		r = write_number(fd, number + IDS_BLOCK);
	if (r)
		return r;
	struct ids *ids = calloc(1, sizeof(*ids));
	if (!ids)
		return -ENOMEM;
	ids->offload = offload;
	ids->folder = fd_take(&fd);
	ids->next = number;
	ids->reserved = number + IDS_BLOCK;
	*out = ids;
	return 0;
}

struct ids *ids_close(struct ids *ids)
{
	if (!ids)
		return NULL;
	int r = write_number(ids->folder, ids->next);
	if (r) /* no harm: the next rsd begins a block later */
		log_warning("ids", "why=\"%s\"", strerror(-r));
	close(ids->folder);
	free(ids);
	return NULL;
}

static void run_write(struct offload_job *job)
{
	struct ids *ids = (struct ids *)(void *)((char *)job - offsetof(struct ids, write.job));

	ids->write.result = write_number(ids->write.folder, ids->write.number);
}

static void wrote(struct offload_job *job)
{
	struct ids *ids = (struct ids *)(void *)((char *)job - offsetof(struct ids, write.job));

	ids->writing = false;
	if (ids->write.result == 0)
		ids->reserved = ids->write.number;
	else
		log_error("ids", "why=\"%s\"", strerror(-ids->write.result));
}

/* Early enough that nobody has to wait for it. */
static void reserve(struct ids *ids)
{
	if (ids->writing || ids->reserved - ids->next > IDS_BLOCK / 2)
		return;
	ids->write.job = (struct offload_job){ .run = run_write, .done = wrote };
	ids->write.folder = ids->folder;
	ids->write.number = ids->reserved + IDS_BLOCK;
	ids->writing = offload_push(ids->offload, &ids->write.job) == 0;
}

int ids_take(struct ids *ids, uint64_t *id)
{
	reserve(ids);
	if (ids->next == ids->reserved)
		return IDS_NONE;
	*id = ids->next++;
	return 0;
}
