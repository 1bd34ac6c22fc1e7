/*
 * `rsctl debug`: what stock tools need to know of a worker. Writes the debug file of its object
 * (symbols.h); gdb is then run on the process, or perf finds it in a folder.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sys/stat.h>
#include <sys/wait.h>

#include "supervisor/rsctl/ask.h"
#include "supervisor/rsctl/say.h"
#include "supervisor/rsctl/symbols.h"
#include "supervisor/units.h"

#define GDB_WORDS_MAX 64

struct target {
	struct symbols symbols;
	json_int_t process, pid;
	char mapped[256]; /* what the kernel calls the object */
	uint64_t base;    /* where its code was loaded */
};

static void target_deinit(struct target *t)
{
	symbols_close(&t->symbols);
}

static json_t *target_json(const char *word)
{
	uint64_t process;

	return units_count(word, &process) ? json_integer((json_int_t)process)
					   : json_string(word);
}

static int take_object(const char *about, struct client *client, struct target *out)
{
	CLEANUP(fd_closep) int fd = client_take_given(client);
	int r = fd < 0 ? SYMBOLS_BAD : symbols_open(fd, &out->symbols);

	if (r < 0)
		return say_error(CONTROL_FAILED, about, "%s", strerror(-r));
	return r ? say_error(CONTROL_FAILED, about, "rsd gave no object of this version")
		 : CONTROL_OK;
}

static int ask_object(struct rsctl *ctl, struct target *out)
{
	CLEANUP(client_close) struct client client = CLIENT_NONE;
	const char *about = ctl->words[0];
	struct reply reply;
	struct ask question = {
		.request =
			json_pack("{s:s, s:o}", "op", "debug", "process", target_json(about)),
		.about = about,
		.timeout_ms = ASK_QUICK_MS,
	};
	int code = ask_begin(ctl, &question, &client, &reply);

	if (code)
		return code;
	if (reply.kind == REPLY_ERROR)
		return ask_refused(&reply);
	if (reply.kind != REPLY_DONE)
		return ask_broken(about, CLIENT_BROKEN);
	out->process = ask_number(reply.json, "process", 0);
	out->pid = ask_number(reply.json, "pid", 0);
	return take_object(about, &client, out);
}

/* The line of /proc/PID/maps where the object's code is. */
static bool read_map(const char *line, struct target *t)
{
	uint64_t start, offset;
	char rights[8];
	int at = 0;

	if (sscanf(line, "%" SCNx64 "-%*x %7s %" SCNx64 " %*s %*u %n", &start, rights, &offset,
		    &at) < 3 ||
		at == 0 || strcmp(rights, "r-xp") != 0 || offset != t->symbols.code_offset ||
		strncmp(line + at, "/memfd:redshirt-", 16) != 0)
		return false;
	snprintf(
		t->mapped, sizeof(t->mapped), "%.*s", (int)strcspn(line + at, "\n"), line + at);
	t->base = start - t->symbols.code_address;
	return !strchr(t->mapped + 1, '/');
}

static int find_code(const char *about, struct target *t)
{
	char path[64], line[512];

	snprintf(path, sizeof(path), "/proc/%" PRId64 "/maps", (int64_t)t->pid);
	FILE *maps = fopen(path, "re");
	bool found = false;
	while (maps && !found && fgets(line, sizeof(line), maps))
		found = read_map(line, t);
	int error = maps ? 0 : errno;
	if (maps)
		fclose(maps);
	if (found)
		return CONTROL_OK;
	(void)say_error(CONTROL_DENIED, about, "its memory cannot be looked at%s%s",
		error ? ": " : "", error ? strerror(error) : "");
	say_hint("workers are locked: that takes root, in rsd's pid namespace");
	return CONTROL_DENIED;
}

static int write_file(const char *about, const struct target *t, const char *path)
{
	FILE *file = fopen(path, "we");
	int r = file ? symbols_write(&t->symbols, file) : -errno;

	if (file && fclose(file) && r == 0)
		r = -errno;
	return r ? say_error(CONTROL_FAILED, about, "%.200s: %s", path, strerror(-r))
		 : CONTROL_OK;
}

/* ---- perf: a folder that looks like the file system the names were taken from ---- */

static int write_folder(const char *about, const struct target *t, const char *folder)
{
	CLEANUP(freep) char *path = NULL;

	if (mkdir(folder, 0755) && errno != EEXIST)
		return say_error(CONTROL_FAILED, folder, "%s", strerror(errno));
	if (asprintf(&path, "%s%s", folder, t->mapped) < 0) {
		path = NULL;
		return say_error(CONTROL_FAILED, about, "%s", strerror(ENOMEM));
	}
	int code = write_file(about, t, path);
	if (code == CONTROL_OK)
		puts(path);
	return code;
}

/* ---- gdb ---- */

static int gdb(struct rsctl *ctl, const struct target *t, const char *file)
{
	const char *argv[GDB_WORDS_MAX] = { "gdb", "-q" };
	char pid[32], symbols[256];
	int n = 2, status;

	snprintf(pid, sizeof(pid), "%" PRId64, (int64_t)t->pid);
	snprintf(symbols, sizeof(symbols), "add-symbol-file %s -o 0x%" PRIx64, file, t->base);
	/* no questions; the launcher's own file lies outside of the worker's root */
	const char *const words[] = { "-iex", "set confirm off", "-iex", "set sysroot /", "-p",
		pid, "-ex", symbols };
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		argv[n++] = words[i];
	for (int i = 1; i < ctl->n_words && n < GDB_WORDS_MAX - 1; i++)
		argv[n++] = ctl->words[i];
	pid_t child = fork();
	if (child == 0) {
		execvp("gdb", (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return say_error(CONTROL_NOT_FOUND, "gdb", "not found (Debian: gdb)");
	return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : CONTROL_FAILED;
}

static int debug_now(struct rsctl *ctl, const struct target *t)
{
	char folder[] = "/tmp/redshirt-debug-XXXXXX", file[64];

	if (!mkdtemp(folder))
		return say_error(CONTROL_FAILED, "/tmp", "%s", strerror(errno));
	snprintf(file, sizeof(file), "%s/object", folder);
	int code = write_file(ctl->words[0], t, file);
	if (code == CONTROL_OK)
		code = gdb(ctl, t, file);
	unlink(file);
	rmdir(folder);
	return code;
}

int rsctl_debug(struct rsctl *ctl)
{
	CLEANUP(target_deinit) struct target target = { 0 };
	int code = ask_object(ctl, &target);

	if (code == CONTROL_OK)
		code = find_code(ctl->words[0], &target);
	if (code)
		return code;
	return ctl->symbols ? write_folder(ctl->words[0], &target, ctl->symbols)
			    : debug_now(ctl, &target);
}
