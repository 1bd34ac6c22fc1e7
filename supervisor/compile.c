#include "supervisor/compile.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <sys/wait.h>

#include "ipc/log.h"
#include "ipc/memfd.h"
#include "supervisor/child.h"

#define KEY_DOMAIN  "redshirt-object-1"
#define LINE_SIZE   513u /* of a status line, with its end */
#define EXIT_OK     0
#define EXIT_REFUSE 3
#define NS_PER_S    1000000000ull

enum job_state {
	JOB_LOADING, /* on the helper: cache, notes, store */
	JOB_WAITING, /* for its turn */
	JOB_BUILDING,
	JOB_SAVING, /* on the helper */
};

struct compile_job {
	struct compile_job *next, *previous; /* all jobs, oldest first */
	struct compile *compile;
	struct hash key, program;
	struct compile_want wants; /* head of a ring */
	enum job_state state;
	bool abandoned; /* killed: a new want makes a new job */

	struct offload_job
		work; /* of LOADING and SAVING; the fields below are the helper's then */
	enum compile_outcome outcome;
	char why[REFUSED_WHY_SIZE];
	int input, object;
	uint64_t bytes;
	bool kept;

	struct child child;
	int output, status;
	uint64_t child_watch, status_watch;
	struct loop_timer timer;
	char line[LINE_SIZE];
	size_t line_bytes;
	char stage[COMPILE_STAGE_SIZE];
	uint64_t done, total;
};

struct compile {
	struct compile_parts parts;
	struct compiler *compiler;
	struct compile_want early; /* head: wants that came before the toolchain's id */
	struct compile_job jobs;   /* head */
	uint32_t jobs_count, building;
	bool disk_full;
};

static const char *const environment[] = { "PATH", "TMPDIR", "REDSHIRT_", "JOURNAL_STREAM",
	NULL };

/* ---- wants and jobs ---- */

static void link_want(struct compile_want *head, struct compile_want *want)
{
	want->next = head;
	want->previous = head->previous;
	head->previous->next = want;
	head->previous = want;
}

static void unlink_want(struct compile_want *want)
{
	want->previous->next = want->next;
	want->next->previous = want->previous;
	want->next = want->previous = NULL;
	want->job = NULL;
}

static struct compile_job *job_new(struct compile *c, const struct hash *key)
{
	struct compile_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	*job = (struct compile_job){ .compile = c,
		.key = *key,
		.input = -1,
		.object = -1,
		.child = CHILD_NONE,
		.output = -1,
		.status = -1 };
	job->wants.next = job->wants.previous = &job->wants;
	job->next = &c->jobs;
	job->previous = c->jobs.previous;
	job->previous->next = job;
	c->jobs.previous = job;
	c->jobs_count++;
	return job;
}

static void job_free(struct compile_job *job)
{
	job->previous->next = job->next;
	job->next->previous = job->previous;
	job->compile->jobs_count--;
	fd_closep(&job->input);
	fd_closep(&job->object);
	fd_closep(&job->output);
	fd_closep(&job->status);
	free(job);
}

/* Tells everybody, in the order they asked, and is gone. */
static void finish(
	struct compile_job *job, enum compile_outcome outcome, struct shelf_object *object)
{
	struct compile *c = job->compile;

	while (job->wants.next != &job->wants) {
		struct compile_want *want = job->wants.next;
		unlink_want(want);
		want->ready(want, outcome, object ? shelf_hold(object) : NULL, job->why);
	}
	shelf_drop(object);
	if (outcome == COMPILE_FAILED)
		log_error("compile", "program=%02x%02x.. why=\"%s\"", job->program.bytes[0],
			job->program.bytes[1], job->why);
	(void)c;
	job_free(job);
}

static void fail(struct compile_job *job, const char *what, int error)
{
	snprintf(job->why, sizeof(job->why), "%s: %s", what, strerror(-error));
	finish(job, COMPILE_FAILED, NULL);
}

/* The memfd in job->object has come true. */
static void deliver(struct compile_job *job)
{
	struct shelf_object *object = shelf_add(
		job->compile->parts.shelf, &job->key, fd_take(&job->object), job->bytes);

	if (object)
		finish(job, COMPILE_DONE, object);
	else
		fail(job, "object", -ENOMEM);
}

static struct compile_job *job_of(struct offload_job *work)
{
	return (struct compile_job *)(void *)((char *)work -
					      offsetof(struct compile_job, work));
}

/* ---- saving: on the helper, then back ---- */

static void save(struct offload_job *work)
{
	struct compile_job *job = job_of(work);
	const struct compile_parts *parts = &job->compile->parts;
	int r;

	if (job->outcome == COMPILE_REFUSED) {
		r = refused_note(parts->refused, &job->key, job->why);
		if (r)
			log_warning("refused", "why=\"%s\"", strerror(-r));
		return;
	}
	r = objects_save(
		parts->objects, &job->key, job->output, &job->object, &job->bytes, &job->kept);
	if (r == 0 && objects_trim(parts->objects, COMPILE_CACHE_BYTES) < 0)
		log_warning("cache", "why=\"cannot be trimmed\"");
	if (r == 0)
		return;
	job->outcome = COMPILE_FAILED;
	snprintf(job->why, sizeof(job->why), "the object cannot be kept: %s",
		r > 0 ? "it is too big" : strerror(-r));
}

static void saved(struct offload_job *work)
{
	struct compile_job *job = job_of(work);

	if (job->outcome != COMPILE_DONE) {
		finish(job, job->outcome, NULL);
		return;
	}
	job->compile->disk_full = !job->kept;
	if (!job->kept)
		log_warning("cache", "why=\"the disk is full, the object is not kept\"");
	deliver(job);
}

static void begin_save(struct compile_job *job)
{
	job->state = JOB_SAVING;
	job->work = (struct offload_job){ .run = save, .done = saved };
	if (offload_push(job->compile->parts.offload, &job->work)) {
		snprintf(job->why, sizeof(job->why), "too much is under way");
		finish(job, COMPILE_FAILED, NULL);
	}
}

/* ---- building: aotc ---- */

static void next_builds(struct compile *c);

static void read_line(struct compile_job *job)
{
	char stage[COMPILE_STAGE_SIZE];
	uint64_t done, total;

	if (sscanf(job->line, "progress %31s %" SCNu64 " %" SCNu64, stage, &done, &total) ==
		3) {
		memcpy(job->stage, stage, sizeof(stage));
		job->done = done;
		job->total = total;
	} else if (strncmp(job->line, "refused ", 8) == 0) {
		log_text(job->why, sizeof(job->why), job->line + 8, strlen(job->line + 8));
	} else if (strncmp(job->line, "failed ", 7) == 0) {
		log_text(job->why, sizeof(job->why), job->line + 7, strlen(job->line + 7));
	}
}

/* A line that is too long is cut: its rest is read as nothing we know. */
static void take_bytes(struct compile_job *job, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] != '\n' && job->line_bytes < LINE_SIZE - 1) {
			job->line[job->line_bytes++] = bytes[i];
			continue;
		}
		job->line[job->line_bytes] = 0;
		job->line_bytes = 0;
		read_line(job);
	}
}

/* True: there may be more later. */
static bool read_status(struct compile_job *job)
{
	char bytes[1024];
	ssize_t n;

	while ((n = read(job->status, bytes, sizeof(bytes))) > 0)
		take_bytes(job, bytes, (size_t)n);
	return n < 0 && errno == EAGAIN;
}

static void status_ready(void *context, int result)
{
	struct compile_job *job = context;

	(void)result;
	job->status_watch = 0;
	if (read_status(job) && loop_poll(job->compile->parts.loop, job->status, POLLIN,
					status_ready, job, &job->status_watch))
		log_warning("compile", "why=\"no more progress is shown\"");
}

static void judge(struct compile_job *job, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (code == EXIT_OK) {
		job->outcome = COMPILE_DONE;
		return;
	}
	job->outcome = code == EXIT_REFUSE ? COMPILE_REFUSED : COMPILE_FAILED;
	if (job->why[0])
		return;
	if (code >= 0)
		snprintf(job->why, sizeof(job->why), "the compiler ended with code %d", code);
	else
		snprintf(job->why, sizeof(job->why), "the compiler was killed by signal %d",
			WTERMSIG(status));
}

static void stop_building(struct compile_job *job)
{
	struct loop *loop = job->compile->parts.loop;

	loop_cancel(loop, &job->child_watch);
	loop_cancel(loop, &job->status_watch);
	loop_timer_stop(&job->timer);
	job->compile->building--;
}

static void child_ready(void *context, int result)
{
	struct compile_job *job = context;
	struct compile *c = job->compile;
	int status;

	(void)result;
	job->child_watch = 0;
	read_status(job);
	if (child_reap(&job->child, &status))
		status = SIGKILL; /* gone, but nobody knows how */
	stop_building(job);
	judge(job, status);
	if (job->abandoned)
		job_free(job);
	else if (job->outcome == COMPILE_FAILED)
		finish(job, COMPILE_FAILED, NULL);
	else
		begin_save(job);
	next_builds(c);
}

static void too_long(void *context)
{
	struct compile_job *job = context;

	snprintf(job->why, sizeof(job->why), "the compile took longer than %u s",
		COMPILE_SECONDS_MAX);
	child_kill(&job->child);
}

static int spawn(struct compile_job *job, int status)
{
	const struct compile_parts *parts = &job->compile->parts;
	int fds[] = { job->input, job->output, status };
	const char *const words[] = { parts->aotc, "--input-fd", "3", "--output-fd", "4",
		"--status-fd", "5", NULL };
	struct child_plan plan = { .path = parts->aotc,
		.argv = (char *const *)(uintptr_t)words,
		.environment = environment,
		.fds = fds,
		.fds_count = ARRAY_LEN(fds),
		.output = STDERR_FILENO };

	return child_start(&plan, &job->child);
}

static int watch(struct compile_job *job)
{
	struct loop *loop = job->compile->parts.loop;
	int r = loop_poll(loop, job->child.pidfd, POLLIN, child_ready, job, &job->child_watch);

	if (r == 0)
		r = loop_poll(loop, job->status, POLLIN, status_ready, job, &job->status_watch);
	return r;
}

static int build(struct compile_job *job)
{
	int ends[2];
	int r = memfd_new("redshirt-object", 0, 0, &job->output);

	if (r)
		return r;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	job->status = ends[0];
	CLEANUP(fd_closep) int theirs = ends[1];
	if (fcntl(job->status, F_SETFL, O_NONBLOCK))
		return -errno;
	r = spawn(job, theirs);
	if (r)
		return r;
	job->state = JOB_BUILDING;
	job->compile->building++;
	r = watch(job);
	if (r) {
		stop_building(job);
		child_end(&job->child);
		return r;
	}
	loop_timer_set(job->compile->parts.loop, &job->timer,
		loop_now_ns() + COMPILE_SECONDS_MAX * NS_PER_S, too_long, job);
	return 0;
}

static void next_builds(struct compile *c)
{
	struct compile_job *job = c->jobs.next;

	while (job != &c->jobs && c->building < COMPILE_PARALLEL_MAX) {
		struct compile_job *next = job->next;
		int r = job->state == JOB_WAITING ? build(job) : 0;
		if (r)
			fail(job, "compiler", r);
		job = next;
	}
}

/* ---- loading: on the helper, then back ---- */

static void load(struct offload_job *work)
{
	struct compile_job *job = job_of(work);
	const struct compile_parts *parts = &job->compile->parts;
	uint64_t bytes;
	int r = objects_load(parts->objects, &job->key, &job->object, &job->bytes);

	job->outcome = COMPILE_DONE;
	if (r == 0)
		return;
	if (r > 0 && refused_find(parts->refused, &job->key, job->why) == 0) {
		job->outcome = COMPILE_REFUSED;
		return;
	}
	if (r > 0)
		r = store_get(parts->store, &job->program, &job->input, &bytes);
	if (r == 0)
		return;
	job->outcome = r > 0 ? COMPILE_MISSING : COMPILE_FAILED;
	snprintf(job->why, sizeof(job->why), "%s",
		r == STORE_MISMATCH ? "the program was damaged on disk: add it again"
		: r > 0             ? "the program is not there any more"
				    : strerror(-r));
}

static void loaded(struct offload_job *work)
{
	struct compile_job *job = job_of(work);
	struct compile *c = job->compile;

	if (job->outcome != COMPILE_DONE) {
		finish(job, job->outcome, NULL);
	} else if (job->object >= 0) {
		deliver(job);
	} else if (job->wants.next == &job->wants) {
		job_free(job); /* everybody went away meanwhile */
	} else {
		job->state = JOB_WAITING;
		next_builds(c);
	}
}

/* ---- asking ---- */

bool compile_key(const struct compile *c, const struct hash *program, struct hash *key)
{
	struct {
		char domain[sizeof(KEY_DOMAIN)];
		struct hash toolchain, program;
	} parts = { .domain = KEY_DOMAIN, .program = *program };

	if (compiler_state(c->compiler) != COMPILER_READY)
		return false;
	parts.toolchain = *compiler_id(c->compiler);
	*key = hash_blake2b(&parts, sizeof(parts));
	return true;
}

static struct compile_job *find_job(struct compile *c, const struct hash *key)
{
	for (struct compile_job *job = c->jobs.next; job != &c->jobs; job = job->next)
		if (!job->abandoned && hash_equal(&job->key, key))
			return job;
	return NULL;
}

static const char *begin(struct compile *c, const struct hash *key, struct compile_want *want)
{
	if (c->jobs_count >= COMPILE_JOBS_MAX)
		return "too many compiles are waiting";
	struct compile_job *job = job_new(c, key);
	if (!job)
		return strerror(ENOMEM);
	job->program = want->program;
	job->work = (struct offload_job){ .run = load, .done = loaded };
	if (offload_push(c->parts.offload, &job->work)) {
		job_free(job);
		return "too much is under way";
	}
	link_want(&job->wants, want);
	want->job = job;
	return NULL;
}

static void attach(struct compile *c, struct compile_want *want)
{
	struct hash key;
	bool known = compile_key(c, &want->program, &key);
	struct shelf_object *object = known ? shelf_get(c->parts.shelf, &key) : NULL;
	struct compile_job *job = known ? find_job(c, &key) : NULL;
	const char *why = NULL;

	if (!known) {
		want->ready(want, COMPILE_FAILED, NULL, compiler_text(c->compiler));
		return;
	}
	if (object) {
		want->ready(want, COMPILE_DONE, object, "");
		return;
	}
	if (job) {
		link_want(&job->wants, want);
		want->job = job;
		return;
	}
	why = begin(c, &key, want);
	if (why)
		want->ready(want, COMPILE_FAILED, NULL, why);
}

static void compiler_changed(void *context)
{
	struct compile *c = context;

	while (c->early.next != &c->early) {
		struct compile_want *want = c->early.next;
		unlink_want(want);
		attach(c, want);
	}
}

void compile_get(struct compile *c, struct compile_want *want)
{
	want->job = NULL;
	want->next = want->previous = NULL;
	/* somebody may have installed a compiler since it failed */
	if (compiler_state(c->compiler) == COMPILER_READY || compiler_ask(c->compiler))
		attach(c, want);
	else
		link_want(&c->early, want);
}

void compile_drop(struct compile_want *want)
{
	struct compile_job *job = want->job;

	if (!want->next)
		return;
	unlink_want(want);
	if (!job || job->wants.next != &job->wants)
		return;
	if (job->state == JOB_WAITING) {
		job_free(job);
	} else if (job->state == JOB_BUILDING) {
		job->abandoned = true;
		child_kill(&job->child);
	} /* what is on the helper comes back and finds nobody */
}

struct compile_progress compile_progress(const struct compile_want *want)
{
	static const char *const stages[] = {
		[JOB_LOADING] = "loading",
		[JOB_WAITING] = "waiting",
		[JOB_BUILDING] = "compiling",
		[JOB_SAVING] = "saving",
	};
	const struct compile_job *job = want->job;
	struct compile_progress now = { .known = true };
	const char *stage = job ? stages[job->state] : "toolchain";

	if (job && job->state == JOB_BUILDING && job->stage[0]) {
		stage = job->stage;
		now.done = job->done;
		now.total = job->total;
	}
	snprintf(now.stage, sizeof(now.stage), "%s", stage);
	return now;
}

const struct compiler *compile_compiler(const struct compile *c)
{
	return c->compiler;
}

bool compile_disk_full(const struct compile *c)
{
	return c->disk_full;
}

int compile_new(const struct compile_parts *parts, struct compile **out)
{
	struct compile *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->parts = *parts;
	c->early.next = c->early.previous = &c->early;
	c->jobs.next = c->jobs.previous = &c->jobs;
	int r = compiler_new(parts->loop, parts->aotc, compiler_changed, c, &c->compiler);
	if (r) {
		free(c);
		return r;
	}
	*out = c;
	return 0;
}

struct compile *compile_free(struct compile *c)
{
	if (!c)
		return NULL;
	compiler_free(c->compiler);
	while (c->jobs.next != &c->jobs) {
		struct compile_job *job = c->jobs.next;
		if (job->state == JOB_BUILDING) {
			stop_building(job);
			child_end(&job->child);
		}
		job_free(job);
	}
	free(c);
	return NULL;
}
