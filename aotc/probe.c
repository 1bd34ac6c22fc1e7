#include "aotc/probe.h"

#include <string.h>

#include "aotc/jail.h"

#define PROBE_FILE "probe.txt"

static const struct jail_limits limits = {
	.cpu_s = 10,
	.wall_s = 60,
	.memory_bytes = 4 * GIB,
	.file_bytes = 1 * MIB,
};

static int ask(struct work *work, const char *const *argv, bool errors, char *text, size_t size)
{
	CLEANUP(fd_closep) int output = -1;
	struct jail_end end;
	int r = work_create(work, PROBE_FILE, &output);

	if (r)
		return r;
	struct jail_job job = {
		.program = argv[0],
		.argv = argv,
		.work_fd = work->fd,
		.output_fd = output,
		.error_fd = errors ? output : -1,
		.keep_fds = { -1, -1 },
		.read = { argv[0] },
		.limits = limits,
	};
	r = jail_run(&job, &end);
	if (r)
		return r;
	work_head(work, PROBE_FILE, text, size);
	unlinkat(work->fd, PROBE_FILE, 0);
	return end.how == JAIL_EXITED && end.code == 0 && *text ? 0 : PROBE_SILENT;
}

int probe_text(struct work *work, const char *const *argv, char *text, size_t size)
{
	return ask(work, argv, true, text, size);
}

int probe_line(
	struct work *work, const char *program, const char *option, char *line, size_t size)
{
	int r = ask(work, (const char *[]){ program, option, NULL }, false, line, size);

	line[strcspn(line, "\n")] = '\0';
	return r == 0 && !*line ? PROBE_SILENT : r;
}
