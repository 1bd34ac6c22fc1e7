#include "supervisor/compiling/jobs.h"

#include <stdio.h>
#include <string.h>

#include "ipc/log.h"
#include "ipc/memfd.h"

#define NS_PER_MS 1000000ull

_Static_assert(REFUSED_WHY_SIZE == BUILDER_WHY_SIZE, "a reason is kept as it came");

/* ---- the list ---- */

void jobs_init(struct jobs *jobs)
{
	jobs->all.next = jobs->all.previous = &jobs->all;
	jobs->count = 0;
}

struct compile_job *jobs_add(
	struct jobs *jobs, const struct lookup_key *key, const struct hash *program)
{
	struct compile_job *job =
		jobs->count < COMPILE_JOBS_MAX ? calloc(1, sizeof(*job)) : NULL;

	if (!job)
		return NULL;
	*job = (struct compile_job){ .jobs = jobs,
		.key = key->key,
		.tier = key->tier,
		.program = *program,
		.lookup = LOOKUP_NONE,
		.object = -1,
		.output = -1 };
	job->wants.next = job->wants.previous = &job->wants;
	job->next = &jobs->all;
	job->previous = jobs->all.previous;
	job->previous->next = job;
	jobs->all.previous = job;
	jobs->count++;
	return job;
}

void jobs_free(struct compile_job *job)
{
	job->previous->next = job->next;
	job->next->previous = job->previous;
	job->jobs->count--;
	lookup_deinit(&job->lookup);
	shelf_drop(job->lesser);
	fd_closep(&job->object);
	fd_closep(&job->output);
	free(job);
}

struct compile_job *jobs_find(struct jobs *jobs, const struct hash *key)
{
	for (struct compile_job *job = jobs->all.next; job != &jobs->all; job = job->next)
		if (!job->abandoned && hash_equal(&job->key, key))
			return job;
	return NULL;
}

void jobs_link(struct compile_want *head, struct compile_want *want)
{
	want->next = head;
	want->previous = head->previous;
	head->previous->next = want;
	head->previous = want;
}

void jobs_unlink(struct compile_want *want)
{
	want->previous->next = want->next;
	want->next->previous = want->previous;
	want->next = want->previous = NULL;
	want->job = NULL;
}

bool jobs_wanted(const struct compile_job *job)
{
	return job->wants.next != &job->wants;
}

uint32_t jobs_behind(const struct jobs *jobs)
{
	const struct compile_job *job = jobs->all.next;
	uint32_t count = 0;

	for (; job != &jobs->all; job = job->next)
		count += job->behind;
	return count;
}

/* ---- whose turn it is ---- */

struct compile_job *jobs_next_wanted(struct jobs *jobs)
{
	struct compile_job *oldest = NULL;
	uint32_t building = 0;

	for (struct compile_job *job = jobs->all.next; job != &jobs->all; job = job->next) {
		building += job->state == JOB_BUILDING && !job->low;
		if (!oldest && job->state == JOB_WAITING && jobs_wanted(job))
			oldest = job;
	}
	return building < COMPILE_PARALLEL_MAX ? oldest : NULL;
}

/* One that was loaded goes first: it holds a descriptor. */
struct compile_job *jobs_next_behind(struct jobs *jobs)
{
	struct compile_job *oldest = NULL;

	for (struct compile_job *job = jobs->all.next; job != &jobs->all; job = job->next) {
		bool idle = job->state == JOB_RESTING || job->state == JOB_WAITING;
		if (jobs_wanted(job) || (job->behind && !idle))
			return NULL;
		if (job->behind && (!oldest || job->state > oldest->state))
			oldest = job;
	}
	return oldest;
}

/* ---- loading and saving: on the helper, then back ---- */

static struct compile_job *job_of(struct offload_job *work)
{
	return (struct compile_job *)(void *)((char *)work -
					      offsetof(struct compile_job, work));
}

static void load(struct offload_job *work)
{
	lookup_run(&job_of(work)->lookup);
}

static void loaded(struct offload_job *work)
{
	struct compile_job *job = job_of(work);

	memcpy(job->why, job->lookup.why, sizeof(job->why));
	job->state = JOB_WAITING;
	job->jobs->loaded(job);
}

int jobs_load(struct compile_job *job)
{
	const struct compile_parts *parts = job->jobs->parts;

	job->lookup.objects = parts->objects;
	job->lookup.store = parts->store;
	job->lookup.refused = parts->refused;
	job->lookup.program = job->program;
	job->work = (struct offload_job){ .run = load, .done = loaded };
	int r = offload_push(parts->offload, &job->work);
	if (r == 0)
		job->state = JOB_LOADING;
	return r;
}

static void save_note(struct compile_job *job)
{
	int r = refused_note(job->jobs->parts->refused, &job->key, job->why);

	if (r)
		log_warning("refused", "why=\"%s\"", strerror(-r));
}

static void save_object(struct compile_job *job)
{
	struct objects *objects = job->jobs->parts->objects;
	int r = objects_save(
		objects, &job->key, job->output, &job->object, &job->bytes, &job->kept);

	job->saved = r == 0;
	if (r == 0 && objects_trim(objects, COMPILE_CACHE_BYTES) < 0)
		log_warning("cache", "why=\"cannot be trimmed\"");
	if (r)
		snprintf(job->why, sizeof(job->why), "the object cannot be kept: %s",
			r > 0 ? "it is too big" : strerror(-r));
}

static void save(struct offload_job *work)
{
	struct compile_job *job = job_of(work);

	if (job->end == BUILDER_DONE)
		save_object(job);
	else
		save_note(job);
}

static void saved(struct offload_job *work)
{
	struct compile_job *job = job_of(work);

	job->state = JOB_WAITING;
	job->jobs->saved(job);
}

int jobs_save(struct compile_job *job)
{
	job->work = (struct offload_job){ .run = save, .done = saved };
	int r = offload_push(job->jobs->parts->offload, &job->work);
	if (r == 0)
		job->state = JOB_SAVING;
	return r;
}

/* ---- building: aotc ---- */

static void built(void *context, enum builder_end end)
{
	struct compile_job *job = context;

	job->end = end;
	job->build_ms = (loop_now_ns() - job->builder.begun_ns) / NS_PER_MS;
	memcpy(job->why, job->builder.why, sizeof(job->why));
	job->state = JOB_WAITING;
	job->jobs->built(job);
}

int jobs_build(struct compile_job *job)
{
	const struct compile_parts *parts = job->jobs->parts;

	CLEANUP(fd_closep) int profile = -1;

	job->low = !jobs_wanted(job);
	job->again = false;
	fd_closep(&job->output);
	int r = memfd_new("redshirt-object", 0, 0, &job->output);
	/* it may have been read before, by a build that was ended */
	if (r == 0 && lseek(job->lookup.input, 0, SEEK_SET) < 0)
		r = -errno;
	if (r == 0 && job->tier == OBJECT_PROFILED)
		r = parts->profiles.file(parts->profiles.context, &job->program, &profile);
	const struct builder_plan plan = { .way = &parts->way,
		.tier = job->tier,
		.low = job->low,
		.input = job->lookup.input,
		.output = job->output,
		.profile = profile };
	if (r == 0)
		r = builder_start(&job->builder, parts->loop, &plan, built, job);
	if (r == 0)
		job->state = JOB_BUILDING;
	return r;
}

/* Where the kernel does not let it have more, it begins anew: at low priority it would wait for
 * as long as anything runs. */
void jobs_hurry(struct compile_job *job)
{
	if (job->state != JOB_BUILDING || !job->low)
		return;
	job->low = false;
	job->again = builder_hurry(&job->builder) == PRIORITY_STAYS;
	if (job->again)
		builder_stop(&job->builder);
}

void jobs_abandon(struct compile_job *job)
{
	job->abandoned = true;
	job->behind = false;
	if (job->state == JOB_RESTING || job->state == JOB_WAITING)
		jobs_free(job);
	else if (job->state == JOB_BUILDING)
		builder_stop(&job->builder);
}

void jobs_deinit(struct jobs *jobs)
{
	for (struct compile_job *job = jobs->all.next; job != &jobs->all; job = job->next)
		if (job->state == JOB_BUILDING)
			builder_ask(&job->builder); /* all at once: they tidy up together */
	while (jobs->all.next != &jobs->all) {
		struct compile_job *job = jobs->all.next;
		if (job->state == JOB_BUILDING)
			builder_end(&job->builder);
		jobs_free(job);
	}
}
