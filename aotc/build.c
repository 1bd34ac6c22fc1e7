#include "aotc/build.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "aotc/capacity.h"
#include "ipc/log.h"

/* DESIGN section 9: enough for real modules of 16 MB, not for bombs. */
#define CPU_S_BASE      30
#define CPU_S_PER_MIB   60
#define WALL_PER_CPU    20 /* other work on the machine */
#define WALL_S_BASE     60
#define MEMORY_BYTES    (4 * GIB)
#define TOOL_FILE_BYTES (1 * GIB)

#define STATUS_LINE_SIZE 512

void build_say(struct build *build, const char *format, ...)
{
	char line[STATUS_LINE_SIZE];
	va_list arguments;

	if (build->status_fd < 0)
		return;
	va_start(arguments, format);
	int n = vsnprintf(line, sizeof line - 1, format, arguments);
	va_end(arguments);
	size_t size = n < 0 ? 0 : (size_t)n < sizeof line - 1 ? (size_t)n : sizeof line - 2;
	line[size++] = '\n';
	if (write(build->status_fd, line, size) < 0)
		build->status_fd =
			-1; /* nobody listens any more; the object may still be wanted */
}

void build_progress(struct build *build, const char *stage, uint32_t done, uint32_t total)
{
	build_say(build, "progress %s %u %u", stage, done, total);
}

static int outcome(struct build *build, int outcome, const char *format, va_list arguments)
{
	vsnprintf(build->reason, sizeof build->reason, format, arguments);
	return outcome;
}

int build_refuse(struct build *build, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int r = outcome(build, BUILD_REFUSED, format, arguments);
	va_end(arguments);
	return r;
}

int build_fail(struct build *build, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int r = outcome(build, BUILD_FAILED, format, arguments);
	va_end(arguments);
	return r;
}

int build_unfit(struct build *build, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int r = outcome(build, BUILD_UNFIT, format, arguments);
	va_end(arguments);
	return r;
}

struct build_job build_job_of(struct build *build, const char *name, const char *what)
{
	uint64_t mib = (build->module_bytes + MIB - 1) / MIB,
		 cpu_s = CPU_S_BASE + CPU_S_PER_MIB * mib;

	return (struct build_job){
		.name = name,
		.what = what,
		.jail = {
			.work_fd = build->work.fd,
			.output_fd = -1,
			.error_fd = -1,
			.keep_fds = { -1, -1 },
			.limits = {
				.cpu_s = cpu_s,
				.wall_s = WALL_S_BASE + WALL_PER_CPU * cpu_s,
				.memory_bytes = MEMORY_BYTES,
				.file_bytes = TOOL_FILE_BYTES,
			},
		},
	};
}

struct build_job build_tool(
	struct build *build, const char *name, const char *what, const char *const *argv)
{
	struct build_job job = build_job_of(build, name, what);

	job.jail.program = argv[0];
	job.jail.argv = argv;
	work_note(&build->work, argv);
	return job;
}

static void error_file(const struct build_job *job, char name[64])
{
	snprintf(name, 64, "%s.err", job->name);
}

void build_first_line(struct build *build, const char *name, char *line, size_t size)
{
	char file[64], text[4096];

	snprintf(file, sizeof file, "%s.err", name);
	work_head(&build->work, file, text, sizeof text);
	const char *at = strstr(text, "error: ");
	while (at && at > text && at[-1] != '\n')
		at--;
	if (!at)
		at = text + strspn(text, "\n");
	log_text(line, size, at, strcspn(at, "\n"));
}

static bool complains(struct build *build, const struct build_job *job, const char *about)
{
	char file[64], text[4096];

	error_file(job, file);
	work_head(&build->work, file, text, sizeof text);
	return strstr(text, about) != NULL;
}

static bool out_of_memory(struct build *build, const struct build_job *job)
{
	static const char *const signs[] = { "out of memory", "bad_alloc",
		"virtual memory exhausted", "memory exhausted" };

	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (complains(build, job, signs[i]))
			return true;
	return false;
}

static int refuse_cpu(struct build *build, const struct jail_limits *limits)
{
	return build_refuse(build, "needs more than %llu seconds of CPU to compile",
		(unsigned long long)limits->cpu_s);
}

/* What holds for every tool; an exit code is for the caller to judge. */
static int judge(struct build *build, const struct build_job *job)
{
	const struct jail_end *end = &job->end;
	const struct jail_limits *limits = &job->jail.limits;

	if (end->how == JAIL_EXITED && end->code == 0)
		return 0;
	if (complains(build, job, "No space left on device"))
		return build_fail(build, "no space left in %.200s", build->work.path);
	if (complains(build, job,
		    "CPU time limit exceeded")) /* said by gcc's driver, of its compiler */
		return refuse_cpu(build, limits);
	if (end->how != JAIL_BROKEN && out_of_memory(build, job))
		return build_refuse(build, "needs more than %llu MiB of memory to compile",
			(unsigned long long)(limits->memory_bytes / MIB));
	switch (end->how) {
	case JAIL_EXITED:
		return 0;
	case JAIL_KILLED:
		if (end->code == SIGKILL || end->code == SIGTERM)
			return build_fail(build, "%s was killed", job->what);
		return build_refuse(
			build, "%s crashed on it (%s)", job->what, strsignal(end->code));
	case JAIL_NO_CPU:
		return refuse_cpu(build, limits);
	case JAIL_NO_TIME:
		/* the machine's doing as much as the module's: another time it may pass */
		return build_fail(build, "%s took more than %llu seconds", job->what,
			(unsigned long long)limits->wall_s);
	case JAIL_BIG_FILE:
		return build_refuse(build, "%s wrote more than %llu MiB for it", job->what,
			(unsigned long long)(limits->file_bytes / MIB));
	case JAIL_BROKEN:
		break;
	}
	return build_fail(
		build, "%s cannot be run: %s: %s", job->what, end->where, strerror(end->code));
}

static void tell_walls(struct build *build, uint32_t walls)
{
	char text[256] = "";
	size_t used = 0;

	if (build->walls_told)
		return;
	build->walls_told = true;
	for (int half = 1; half >= 0; half--) {
		if (!half && walls != (1u << JAIL_WALLS) - 1)
			used += (size_t)snprintf(text + used, sizeof text - used, " without");
		for (int i = 0; i < JAIL_WALLS; i++)
			if ((int)(walls >> i & 1) == half)
				used += (size_t)snprintf(text + used, sizeof text - used, " %s",
					jail_wall_names[i]);
	}
	build_say(build, "walls%s", text);
}

/* A pool of at most build->jobs children. */
struct pool {
	struct jail_child children[BUILD_JOBS_MAX];
	struct build_job *jobs[BUILD_JOBS_MAX];
	uint32_t size, running;
};

static int pool_add(struct build *build, struct pool *pool, struct build_job *job)
{
	CLEANUP(fd_closep) int error_fd = -1;
	char file[64];

	error_file(job, file);
	int r = work_create(&build->work, file, &error_fd);
	if (r)
		return r;
	job->jail.error_fd = error_fd;
	r = jail_start(&job->jail, &pool->children[pool->running]);
	job->jail.error_fd = -1;
	if (r)
		return r;
	pool->jobs[pool->running++] = job;
	return 0;
}

/* What the others were thought to take counts as taken, though they may not have it yet. */
static bool fits(const struct pool *pool, const struct build_job *job)
{
	uint64_t taken = 0;

	for (uint32_t i = 0; i < pool->running; i++)
		taken += pool->jobs[i]->memory_bytes;
	return pool->running == 0 || job->memory_bytes == 0 ||
	       taken + job->memory_bytes <= capacity_memory();
}

/* Waits until one ends, and takes it out. */
static int pool_wait(struct build *build, struct pool *pool)
{
	struct pollfd fds[BUILD_JOBS_MAX + 1];
	uint32_t i = 0;

	for (uint32_t k = 0; k < pool->running; k++)
		fds[k] = (struct pollfd){ .fd = pool->children[k].pidfd, .events = POLLIN };
	fds[pool->running] = (struct pollfd){ .fd = build->interrupt_fd, .events = POLLIN };
	while (poll(fds, pool->running + 1, -1) < 0)
		if (errno != EINTR)
			return -errno;
	if (fds[pool->running].revents || build->abandoned)
		return build_fail(build, "interrupted");
	while (i + 1 < pool->running && !fds[i].revents)
		i++;
	struct build_job *job = pool->jobs[i];
	int r = jail_finish(&pool->children[i], &job->end);
	pool->running--;
	pool->children[i] = pool->children[pool->running];
	pool->jobs[i] = pool->jobs[pool->running];
	if (r)
		return build_fail(build, "%s ended without a word", job->what);
	tell_walls(build, job->end.walls);
	return judge(build, job);
}

int build_run(struct build *build, const char *stage, struct build_job *jobs, uint32_t count)
{
	struct pool pool = { .size = build->jobs < BUILD_JOBS_MAX ? build->jobs
								  : BUILD_JOBS_MAX };
	uint32_t started = 0, done = 0;
	int r = 0;

	build_progress(build, stage, 0, count);
	while (r == 0 && done < count) {
		if (started < count && pool.running < pool.size &&
			fits(&pool, &jobs[started])) {
			r = pool_add(build, &pool, &jobs[started++]);
			continue;
		}
		r = pool_wait(build, &pool);
		build_progress(build, stage, ++done, count);
	}
	while (pool.running > 0)
		jail_kill(&pool.children[--pool.running]);
	return r;
}
