#include "supervisor/compiling/compile.h"

#include <stdio.h>
#include <string.h>

#include "ipc/log.h"
#include "supervisor/compiling/jobs.h"

#define KEY_DOMAIN "redshirt-object-2"

struct compile {
	struct compile_parts parts;
	struct compiler *compiler;
	struct compile_want early; /* head: wants that came before the toolchain's id */
	struct jobs jobs;
	struct hash in_vain[COMPILE_VAIN_MAX]; /* keys; a ring */
	uint32_t in_vain_count;
	bool disk_full;
};

static void serve(struct compile *c, struct compile_want *want, enum object_tier tier);
static void rest(struct compile *c, const struct hash *program, enum object_tier tier);
static void follow(struct compile *c, const struct hash *program, enum object_tier there);
static void next_builds(struct compile *c);

/* ---- what was tried in vain: nothing of it is made behind again, until rsd's end ---- */

static bool was_in_vain(const struct compile *c, const struct hash *key)
{
	for (uint32_t i = 0; i < c->in_vain_count && i < COMPILE_VAIN_MAX; i++)
		if (hash_equal(&c->in_vain[i], key))
			return true;
	return false;
}

static void note_in_vain(struct compile *c, const struct hash *key)
{
	if (!was_in_vain(c, key))
		c->in_vain[c->in_vain_count++ % COMPILE_VAIN_MAX] = *key;
}

/* ---- keys ---- */

static uint32_t possible(const struct compile *c, const struct hash *program)
{
	const struct compile_profiles *profiles = &c->parts.profiles;
	struct hash profile;

	return tiers_possible(compiler_tiers(c->compiler), !c->parts.no_quick,
		profiles->hash && profiles->hash(profiles->context, program, &profile));
}

static struct lookup_key key_of(
	const struct compile *c, const struct hash *program, enum object_tier tier)
{
	struct {
		char domain[sizeof(KEY_DOMAIN)];
		struct hash toolchain, program, profile;
	} parts = { .domain = KEY_DOMAIN,
		.toolchain = *compiler_id(c->compiler, tier),
		.program = *program };
	const struct compile_profiles *profiles = &c->parts.profiles;

	if (tier == OBJECT_PROFILED)
		(void)profiles->hash(profiles->context, program, &parts.profile);
	return (struct lookup_key){ tier, hash_blake2b(&parts, sizeof(parts)) };
}

static uint32_t keys_of(const struct compile *c, const struct hash *program, uint32_t tiers,
	struct lookup_key keys[OBJECT_TIERS])
{
	uint32_t count = 0;

	for (uint32_t tier = OBJECT_TIERS; tier-- > 0;)
		if (tiers & TIERS_BIT(tier))
			keys[count++] = key_of(c, program, (enum object_tier)tier);
	return count;
}

uint32_t compile_keys(const struct compile *c, const struct hash *program,
	struct lookup_key keys[OBJECT_TIERS])
{
	const uint32_t counting = TIERS_BIT(OBJECT_INSTRUMENTED);
	uint32_t all = possible(c, program);
	uint32_t count = keys_of(c, program, all & ~counting, keys);

	return count + keys_of(c, program, all & counting, keys + count);
}

/* ---- what comes of a job ---- */

static struct compile *owner(const struct compile_job *job)
{
	return job->jobs->context;
}

/* Tells everybody, in the order they asked, and is gone. */
static void finish(
	struct compile_job *job, enum compile_outcome outcome, struct shelf_object *object)
{
	job->state = JOB_ENDED;
	while (jobs_wanted(job)) {
		struct compile_want *want = job->wants.next;
		jobs_unlink(want);
		want->ready(want, outcome, object ? shelf_hold(object) : NULL, job->why);
	}
	shelf_drop(object);
	if (outcome == COMPILE_FAILED)
		log_error("compile", "program=%02x%02x.. tier=%s why=\"%s\"",
			job->program.bytes[0], job->program.bytes[1],
			object_tier_name(job->tier), job->why);
	jobs_free(job);
}

static void fail(struct compile_job *job, const char *what, const char *why)
{
	snprintf(job->why, sizeof(job->why), "%s: %s", what, why);
	finish(job, COMPILE_FAILED, NULL);
}

/* object, which is held, is for everybody who waits; a better one may be made next. */
static void deliver(struct compile_job *job, struct shelf_object *object)
{
	struct compile *c = owner(job);
	struct hash program = job->program;
	enum object_tier there = object->tier;

	finish(job, COMPILE_DONE, object);
	follow(c, &program, there);
}

/* Takes fd. Another job may have brought the same meanwhile. */
static void deliver_new(
	struct compile_job *job, const struct lookup_key *key, int fd, uint64_t bytes)
{
	struct shelf *shelf = owner(job)->parts.shelf;
	struct shelf_object *object = shelf_get(shelf, &key->key);

	if (object)
		close(fd);
	else
		object = shelf_add(shelf, &key->key, key->tier, fd, bytes);
	if (object)
		deliver(job, object);
	else
		fail(job, "object", strerror(ENOMEM));
}

/* Nothing comes of this tier: another takes its place, or that was the answer. */
static void turn_away(struct compile_job *job, enum compile_outcome outcome)
{
	struct compile *c = owner(job);
	enum object_tier instead = tiers_instead(possible(c, &job->program), job->tier);

	note_in_vain(c, &job->key);
	if (!jobs_wanted(job) || (instead != TIERS_NONE && outcome == COMPILE_FAILED))
		events_add(c->parts.events, "not-compiled", 0, &job->program, "%s tier: %.200s",
			object_tier_name(job->tier), job->why);
	if (instead == TIERS_NONE) {
		finish(job, outcome, NULL);
		return;
	}
	job->state = JOB_ENDED;
	if (job->behind)
		rest(c, &job->program, instead);
	while (jobs_wanted(job)) {
		struct compile_want *want = job->wants.next;
		jobs_unlink(want);
		serve(c, want, instead);
	}
	jobs_free(job);
}

static void look_at(struct compile_job *job)
{
	struct lookup *l = &job->lookup;

	if (job->abandoned || (!jobs_wanted(job) && !job->behind))
		jobs_free(job); /* everybody went away meanwhile */
	else if (l->found == LOOKUP_OBJECT)
		deliver_new(job, &l->keys[l->at], fd_take(&l->object), l->bytes);
	else if (job->lesser)
		deliver(job, shelf_hold(job->lesser));
	else if (l->found == LOOKUP_NOTE)
		turn_away(job, COMPILE_REFUSED);
	else if (l->found != LOOKUP_PROGRAM) /* then it is WAITING */
		finish(job, l->found == LOOKUP_NOTHING ? COMPILE_MISSING : COMPILE_FAILED,
			NULL);
}

static void loaded(struct compile_job *job)
{
	struct compile *c = owner(job);

	look_at(job);
	next_builds(c);
}

/* A module that is refused is so for ever. But at low priority it may have run out of time
 * through no fault of its own. */
static void conclude(struct compile_job *job)
{
	bool made = job->end == BUILDER_DONE, failed = job->end == BUILDER_FAILED;

	if (failed || (!made && job->low))
		turn_away(job, failed ? COMPILE_FAILED : COMPILE_REFUSED);
	else if (jobs_save(job))
		fail(job, "saving", "too much is under way");
}

static void built(struct compile_job *job)
{
	struct compile *c = owner(job);

	if (job->abandoned)
		jobs_free(job);
	else if (!job->again) /* otherwise it is WAITING */
		conclude(job);
	next_builds(c);
}

static void note_build(struct compile *c, const struct compile_job *job)
{
	const struct build_note note = { .key = job->key,
		.program = job->program,
		.tier = job->tier,
		.build_ms = job->build_ms,
		.bytes = job->bytes,
		.built_ms = events_now_ms() };

	builds_note(c->parts.builds, &note);
	events_add(c->parts.events, "compiled", 0, &job->program, "%s tier, in %.1f s",
		object_tier_name(job->tier), (double)job->build_ms / 1000);
}

static void take_object(struct compile *c, struct compile_job *job)
{
	c->disk_full = !job->kept;
	if (!job->kept)
		log_warning("cache", "why=\"the disk is full, the object is not kept\"");
	note_build(c, job);
	deliver_new(job, &(struct lookup_key){ job->tier, job->key }, fd_take(&job->object),
		job->bytes);
}

static void saved(struct compile_job *job)
{
	struct compile *c = owner(job);

	if (job->abandoned)
		jobs_free(job);
	else if (job->end != BUILDER_DONE)
		turn_away(job, COMPILE_REFUSED);
	else if (job->saved)
		take_object(c, job);
	else
		turn_away(job, COMPILE_FAILED); /* it is too big, or there is no room for it */
	next_builds(c);
}

/* ---- whose turn it is ---- */

/* For its own key last; for nothing but better ones, if a lesser is there. */
static int begin_load(struct compile_job *job)
{
	const struct compile *c = owner(job);
	struct lookup *l = &job->lookup;
	enum object_tier there = job->lesser ? job->lesser->tier : job->tier;
	uint32_t better = tiers_serving(possible(c, &job->program), there) & ~TIERS_BIT(there);

	l->count = keys_of(c, &job->program, better, l->keys);
	l->only_objects = job->lesser != NULL;
	if (!job->lesser)
		l->keys[l->count++] = (struct lookup_key){ job->tier, job->key };
	return jobs_load(job);
}

static int begin_behind(struct compile_job *job)
{
	if (job->state == JOB_RESTING)
		return begin_load(job);
	int r = jobs_build(job);
	if (r == 0)
		events_add(owner(job)->parts.events, "compiling", 0, &job->program,
			"%s tier, at low priority", object_tier_name(job->tier));
	return r;
}

/* Anew from the beginning each time: whoever hears of a failure may change the list. */
static void next_builds(struct compile *c)
{
	struct compile_job *job;

	while ((job = jobs_next_wanted(&c->jobs))) {
		int r = jobs_build(job);
		if (r)
			fail(job, "compiler", strerror(-r));
	}
	while ((job = jobs_next_behind(&c->jobs)))
		if (begin_behind(job))
			jobs_free(job); /* the next start brings it back */
}

/* ---- behind ---- */

/* This tier is to be made when there is time. */
static void rest(struct compile *c, const struct hash *program, enum object_tier tier)
{
	struct lookup_key key = key_of(c, program, tier);
	struct compile_job *job = jobs_find(&c->jobs, &key.key);

	if (was_in_vain(c, &key.key) || compile_behind(c) >= COMPILE_BEHIND_MAX)
		return;
	if (!job)
		job = jobs_add(&c->jobs, &key, program);
	if (job)
		job->behind = true;
}

static void follow(struct compile *c, const struct hash *program, enum object_tier there)
{
	struct lookup_key keys[OBJECT_TIERS];
	uint32_t tiers = possible(c, program), vain = 0;
	uint32_t count = keys_of(c, program, tiers, keys);

	for (uint32_t i = 0; i < count; i++)
		vain |= was_in_vain(c, &keys[i].key) ? TIERS_BIT(keys[i].tier) : 0;
	enum object_tier next = tiers_behind(tiers, vain, there);
	if (next == TIERS_NONE)
		return;
	rest(c, program, next);
	next_builds(c);
}

void compile_improve(struct compile *c, const struct hash *program)
{
	enum object_tier best = tiers_best(possible(c, program));

	if (best == TIERS_NONE)
		return;
	rest(c, program, best);
	next_builds(c);
}

void compile_forget(struct compile *c, const struct hash *program)
{
	struct compile_job *next;

	for (struct compile_job *job = c->jobs.all.next; job != &c->jobs.all; job = next) {
		next = job->next;
		if (!hash_equal(&job->program, program))
			continue;
		job->behind = false;
		if (!jobs_wanted(job) && !job->abandoned)
			jobs_abandon(job);
	}
	next_builds(c);
}

uint32_t compile_behind(const struct compile *c)
{
	return jobs_behind(&c->jobs);
}

/* ---- asking ---- */

/* NULL, or why it cannot. The job may have gone on without anybody until now. */
static const char *join(struct compile_job *job, struct compile_want *want)
{
	jobs_link(&job->wants, want);
	want->job = job;
	jobs_hurry(job);
	if (job->state != JOB_RESTING || begin_load(job) == 0)
		return NULL;
	jobs_unlink(want);
	jobs_free(job);
	return "too much is under way";
}

/* Takes lesser, which may be NULL. */
static const char *begin(struct compile *c, const struct lookup_key *key,
	struct compile_want *want, struct shelf_object *lesser)
{
	struct compile_job *job = jobs_add(&c->jobs, key, &want->program);

	if (!job) {
		shelf_drop(lesser);
		return "too many compiles are waiting";
	}
	job->lesser = lesser;
	return join(job, want);
}

/* The best of these that is on the shelf, held; NULL: none is. *better: how many of them are
 * better, and are neither under way nor known not to come. */
static struct shelf_object *take_from_shelf(
	struct compile *c, const struct lookup_key *keys, uint32_t count, uint32_t *better)
{
	*better = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct shelf_object *object = shelf_get(c->parts.shelf, &keys[i].key);
		if (object)
			return object;
		*better += !jobs_find(&c->jobs, &keys[i].key) && !was_in_vain(c, &keys[i].key);
	}
	return NULL;
}

/* An object of this tier or a better one that is there; else this tier is made. */
static void serve(struct compile *c, struct compile_want *want, enum object_tier tier)
{
	struct lookup_key keys[OBJECT_TIERS];
	uint32_t better, count = keys_of(c, &want->program,
				 tiers_serving(possible(c, &want->program), tier), keys);
	struct shelf_object *object = take_from_shelf(c, keys, count, &better);

	if (object && better == 0) {
		struct hash program = want->program;
		enum object_tier there = object->tier;
		want->ready(want, COMPILE_DONE, object, "");
		follow(c, &program, there);
		return;
	}
	struct compile_job *job = jobs_find(&c->jobs, &keys[count - 1].key);
	if (job)
		shelf_drop(object);
	const char *why = job ? join(job, want) : begin(c, &keys[count - 1], want, object);
	if (why)
		want->ready(want, COMPILE_FAILED, NULL, why);
}

static void attach(struct compile *c, struct compile_want *want)
{
	static const char *const cannot[] = {
		[TIERS_NOW] = "the compiler can make nothing",
		[TIERS_BEST] = "the compiler can make nothing",
		[TIERS_INSTRUMENTED] = "this compiler makes no instrumented objects",
	};
	enum object_tier tier = tiers_first(possible(c, &want->program), want->quality);

	if (tier != TIERS_NONE)
		serve(c, want, tier);
	else if (compiler_state(c->compiler) == COMPILER_READY)
		want->ready(want, COMPILE_FAILED, NULL, cannot[want->quality]);
	else
		want->ready(want, COMPILE_FAILED, NULL, compiler_text(c->compiler));
}

static void compiler_changed(void *context)
{
	struct compile *c = context;

	while (c->early.next != &c->early) {
		struct compile_want *want = c->early.next;
		jobs_unlink(want);
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
		jobs_link(&c->early, want);
}

/* What is on the helper comes back by itself, and finds nobody. */
void compile_drop(struct compile_want *want)
{
	struct compile_job *job = want->job;

	if (!want->next)
		return;
	jobs_unlink(want);
	if (!job)
		return;
	struct compile *c = owner(job);
	bool on_helper = job->state == JOB_LOADING || job->state == JOB_SAVING;
	if (!jobs_wanted(job) && !job->behind && !on_helper)
		jobs_abandon(job);
	next_builds(c);
}

static struct compile_progress progress_of(const struct compile_job *job)
{
	static const char *const stages[] = {
		[JOB_RESTING] = "waiting",
		[JOB_LOADING] = "loading",
		[JOB_WAITING] = "waiting",
		[JOB_BUILDING] = "compiling",
		[JOB_SAVING] = "saving",
		[JOB_ENDED] = "saving",
	};
	struct compile_progress now = { .known = true, .tier = job->tier };
	const char *stage = stages[job->state];

	if (job->state == JOB_BUILDING && job->builder.stage[0]) {
		stage = job->builder.stage;
		now.done = job->builder.done;
		now.total = job->builder.total;
	}
	snprintf(now.stage, sizeof(now.stage), "%s", stage);
	return now;
}

struct compile_progress compile_progress(const struct compile_want *want)
{
	if (want->job)
		return progress_of(want->job);
	return (struct compile_progress){
		.stage = "toolchain", .known = true, .tier = TIERS_NONE
	};
}

bool compile_behind_of(
	const struct compile *c, const struct hash *program, struct compile_progress *out)
{
	const struct compile_job *job = c->jobs.all.next;

	while (job != &c->jobs.all && !(job->behind && hash_equal(&job->program, program)))
		job = job->next;
	if (job == &c->jobs.all)
		return false;
	*out = progress_of(job);
	return true;
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
	c->jobs = (struct jobs){ .parts = &c->parts,
		.loaded = loaded,
		.built = built,
		.saved = saved,
		.context = c };
	jobs_init(&c->jobs);
	int r = compiler_new(parts->loop, &c->parts.way, compiler_changed, c, &c->compiler);
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
	jobs_deinit(&c->jobs);
	free(c);
	return NULL;
}
