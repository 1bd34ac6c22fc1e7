#include "supervisor/compiling/compile.h"

#include <stdio.h>
#include <string.h>

#include "ipc/log.h"
#include "ipc/memfd.h"

#define KEY_DOMAIN "redshirt-object-1"

_Static_assert(REFUSED_WHY_SIZE == BUILDER_WHY_SIZE, "a reason is kept as it came");

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

	/* of LOADING and SAVING; until the next blank line the fields are the helper's then */
	struct offload_job work;
	enum compile_outcome outcome;
	char why[REFUSED_WHY_SIZE];
	int input, object;
	uint64_t bytes;
	bool kept;

	struct builder builder;
	int output;
};

struct compile {
	struct compile_parts parts;
	struct compiler *compiler;
	struct compile_want early; /* head: wants that came before the toolchain's id */
	struct compile_job jobs;   /* head */
	uint32_t jobs_count, building;
	bool disk_full;
};

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
	*job = (struct compile_job){
		.compile = c, .key = *key, .input = -1, .object = -1, .output = -1
	};
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
	free(job);
}

/* Tells everybody, in the order they asked, and is gone. */
static void finish(
	struct compile_job *job, enum compile_outcome outcome, struct shelf_object *object)
{
	while (job->wants.next != &job->wants) {
		struct compile_want *want = job->wants.next;
		unlink_want(want);
		want->ready(want, outcome, object ? shelf_hold(object) : NULL, job->why);
	}
	shelf_drop(object);
	if (outcome == COMPILE_FAILED)
		log_error("compile", "program=%02x%02x.. why=\"%s\"", job->program.bytes[0],
			job->program.bytes[1], job->why);
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

static void built(void *context, enum builder_end end)
{
	static const enum compile_outcome outcomes[] = {
		[BUILDER_DONE] = COMPILE_DONE,
		[BUILDER_REFUSED] = COMPILE_REFUSED,
		[BUILDER_FAILED] = COMPILE_FAILED,
	};
	struct compile_job *job = context;
	struct compile *c = job->compile;

	c->building--;
	job->outcome = outcomes[end];
	memcpy(job->why, job->builder.why, sizeof(job->why));
	if (job->abandoned)
		job_free(job);
	else if (job->outcome == COMPILE_FAILED)
		finish(job, COMPILE_FAILED, NULL);
	else
		begin_save(job);
	next_builds(c);
}

static int build(struct compile_job *job)
{
	const struct compile_parts *parts = &job->compile->parts;
	int r = memfd_new("redshirt-object", 0, 0, &job->output);

	if (r == 0)
		r = builder_start(&job->builder, parts->loop, parts->aotc, job->input,
			job->output, built, job);
	if (r)
		return r;
	job->state = JOB_BUILDING;
	job->compile->building++;
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
		builder_stop(&job->builder);
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

	if (job && job->state == JOB_BUILDING && job->builder.stage[0]) {
		stage = job->builder.stage;
		now.done = job->builder.done;
		now.total = job->builder.total;
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
	for (struct compile_job *job = c->jobs.next; job != &c->jobs; job = job->next)
		if (job->state == JOB_BUILDING)
			builder_ask(&job->builder); /* all at once: they tidy up together */
	while (c->jobs.next != &c->jobs) {
		struct compile_job *job = c->jobs.next;
		if (job->state == JOB_BUILDING)
			builder_end(&job->builder);
		job_free(job);
	}
	free(c);
	return NULL;
}
