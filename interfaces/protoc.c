#include "interfaces/protoc.h"

#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

extern char **environ;

#define ARGUMENTS_MAX (PROTOC_FOLDERS_MAX + 8)

/* protoc's words; those that were made are freed by words_free(). */
struct words {
	char *made[ARGUMENTS_MAX];
	size_t count;
};

static void words_free(struct words *words)
{
	for (size_t i = 0; i < words->count; i++)
		free(words->made[i]);
}

PRINTF(2, 3) static int words_add(struct words *words, const char *format, ...)
{
	char *word;
	va_list args;

	if (words->count + 1 == ARGUMENTS_MAX)
		return -E2BIG;
	va_start(args, format);
	int n = vasprintf(&word, format, args);
	va_end(args);
	if (n < 0)
		return -ENOMEM;
	words->made[words->count++] = word;
	return 0;
}

/* A file without a folder gets one, so that no name is taken for an option. */
static int add_file(struct words *words, const char *file)
{
	const char *slash = strrchr(file, '/');
	int folder_bytes = slash ? (int)(slash - file) + 1 : 2;
	int r = words_add(words, "-I%.*s", folder_bytes, slash ? file : "./");

	return r ? r : words_add(words, "%s%s", slash ? "" : "./", file);
}

static int make_words(struct words *words, const char *file, const char *const *folders,
	size_t n_folders, int to)
{
	int r = words_add(words, "protoc");

	if (r == 0)
		r = words_add(words, "--include_imports");
	if (r == 0)
		r = words_add(words, "--descriptor_set_out=/proc/self/fd/%d", to);
	for (size_t i = 0; r == 0 && i < n_folders; i++)
		r = words_add(words, "-I%s", folders[i]);
	return r ? r : add_file(words, file);
}

static int run(char *const *arguments)
{
	pid_t pid;
	int status, r = posix_spawnp(&pid, arguments[0], NULL, NULL, arguments, environ);

	if (r)
		return r == ENOENT ? PROTOC_MISSING : -r;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status == 0 ? 0 : PROTOC_FAILED;
}

static int read_set(int fd, struct protoc *out)
{
	struct stat stat;

	if (fstat(fd, &stat))
		return -errno;
	if (stat.st_size > (off_t)DESCRIPTOR_SET_BYTES_MAX)
		return PROTOC_TOO_LARGE;
	size_t size = (size_t)stat.st_size;
	out->bytes = malloc(size + 1);
	if (!out->bytes)
		return -ENOMEM;
	if (pread(fd, out->bytes, size, 0) != (ssize_t)size)
		return -EIO;
	out->set = (struct descriptor_set){ rs_cursor(out->bytes, size), SET_FILE };
	return 0;
}

/* What a file imports stands before it, so the one that was asked for is the last. */
static struct rs_text last_file(struct rs_cursor files)
{
	struct rs_text name = { "", 0 };
	struct rs_cursor file;

	while (descriptor_each(&files, SET_FILE, &file))
		name = descriptor_text(file, FILE_NAME);
	return name;
}

int protoc_parse(
	const char *file, const char *const *folders, size_t n_folders, struct protoc *out)
{
	CLEANUP(words_free) struct words words = { 0 };
	CLEANUP(fd_closep) int fd = memfd_create("descriptors", 0); /* protoc inherits it */

	*out = (struct protoc){ 0 };
	if (fd < 0)
		return -errno;
	int r = make_words(&words, file, folders, n_folders, fd);
	if (r == 0)
		r = run(words.made);
	if (r == 0)
		r = read_set(fd, out);
	if (r == 0)
		out->file = last_file(out->set.files);
	else
		protoc_free(out);
	return r;
}

void protoc_free(struct protoc *protoc)
{
	free(protoc->bytes);
	protoc->bytes = NULL;
}
