/*
 * `rsctl inspect --asm`: aotc compiles the program once more, for this terminal only, and
 * prints what became of one function. The text is aotc's, which lets nothing through but plain
 * text.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <sys/wait.h>

#include "supervisor/places.h"
#include "supervisor/rsctl/ask.h"
#include "supervisor/rsctl/program.h"
#include "supervisor/rsctl/say.h"

/* The store's folder, as rsd says it. */
static int store_folder(struct rsctl *ctl, char path[PATH_MAX])
{
	struct ask question = { .request = json_pack("{s:s}", "op", "version"),
		.about = ctl->words[0],
		.timeout_ms = ASK_QUICK_MS };
	json_t *final;
	int code = ask(ctl, &question, &final);

	if (code)
		return code;
	int n = snprintf(path, PATH_MAX, "%s/programs", ask_text(final, "state_dir"));
	json_decref(final);
	return n < PATH_MAX ? CONTROL_OK
			    : say_error(CONTROL_FAILED, ctl->words[0], "its path is too long");
}

/* The whole hash of a program in the store. */
static int take_program(void *context, json_t *row)
{
	const char *hex = ask_text(json_object_get(row, "program"), "program");

	if (*hex && strspn(hex, "0123456789abcdef") == HASH_HEX_SIZE - 1)
		snprintf(context, HASH_HEX_SIZE, "%s", hex);
	return CONTROL_OK;
}

static int stored_program(struct rsctl *ctl, const char *prefix, char hex[HASH_HEX_SIZE])
{
	struct ask question = {
		.request = json_pack("{s:s, s:s}", "op", "inspect", "target", prefix),
		.about = ctl->words[0],
		.timeout_ms = ASK_QUICK_MS,
		.row = take_program,
		.context = hex,
	};
	json_t *final;
	int code = ask(ctl, &question, &final);

	json_decref(final);
	if (code == CONTROL_OK && !*hex)
		return say_error(
			CONTROL_USAGE, ctl->words[0], "--asm wants a program, not a process");
	return code;
}

static int open_program(struct rsctl *ctl, int *fd)
{
	char prefix[HASH_HEX_SIZE], hex[HASH_HEX_SIZE] = "", folder[PATH_MAX];
	CLEANUP(freep) char *path = NULL;
	const char *word = ctl->words[0];
	int code = CONTROL_OK;

	if (!program_is_file(word)) {
		code = program_hash(word, prefix);
		if (code == CONTROL_OK)
			code = stored_program(ctl, prefix, hex);
		if (code == CONTROL_OK)
			code = store_folder(ctl, folder);
		if (code)
			return code;
		path = asprintf(&path, "%s/%s", folder, hex) < 0 ? NULL : path;
	}
	*fd = open(path ? path : word, O_RDONLY | O_CLOEXEC);
	return *fd < 0 ? say_error(CONTROL_FAILED, word, "%s", strerror(errno)) : CONTROL_OK;
}

int rsctl_asm(struct rsctl *ctl)
{
	CLEANUP(fd_closep) int fd = -1;
	char aotc[PATH_MAX];
	int code = open_program(ctl, &fd), status;

	if (code)
		return code;
	int r = places_installed("libexec/redshirt/aotc", aotc);
	if (r)
		return say_error(CONTROL_FAILED, "aotc", "%s", strerror(-r));
	pid_t child = fork();
	if (child == 0) {
		if (dup2(fd, STDIN_FILENO) == STDIN_FILENO)
			execl(aotc, "aotc", "--asm", ctl->function, (char *)NULL);
		_exit(CONTROL_FAILED);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? CONTROL_OK
									  : CONTROL_FAILED;
}
