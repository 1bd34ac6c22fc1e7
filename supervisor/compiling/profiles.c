#include "supervisor/compiling/profiles.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <sys/random.h>

#include "cache/folder.h"
#include "ipc/log.h"
#include "ipc/memfd.h"
#include "supervisor/compiling/tally.h"

#define PERCENT 100u

/* What is known of a program's file, without reading it. */
struct entry {
	struct hash program;
	struct tally_head head;
	uint64_t bytes;
};

struct profiles_run {
	struct profiles *profiles;
	struct profiles_run *next, *previous;
	struct hash program;
	int object, counters;
	uint32_t users; /* its process, and who takes its counters */
	bool taken;     /* what it counts from now on is nobody's */
};

struct profiles {
	struct offload *offload;
	struct events *events;
	struct compile *compile; /* NULL: not begun */
	uint32_t share_percent;
	int folder;
	struct entry entries[PROFILES_MAX]; /* sorted by program */
	uint32_t count;
	uint64_t bytes;
	struct profiles_run runs; /* head of a ring */
	uint32_t runs_count;
};

/* ---- what there is ---- */

static int compare(const struct hash *a, const struct hash *b)
{
	return memcmp(a->bytes, b->bytes, HASH_BYTES);
}

/* The first that is not before it. */
static uint32_t place_of(const struct profiles *ps, const struct hash *program)
{
	uint32_t i = 0;

	while (i < ps->count && compare(&ps->entries[i].program, program) < 0)
		i++;
	return i;
}

static const struct entry *find(const struct profiles *ps, const struct hash *program)
{
	uint32_t i = place_of(ps, program);

	return i < ps->count && hash_equal(&ps->entries[i].program, program) ? &ps->entries[i]
									     : NULL;
}

static void forget(struct profiles *ps, const struct hash *program)
{
	uint32_t i = place_of(ps, program);

	if (!find(ps, program))
		return;
	ps->bytes -= ps->entries[i].bytes;
	ps->count--;
	memmove(&ps->entries[i], &ps->entries[i + 1], (ps->count - i) * sizeof(ps->entries[0]));
}

static void remember(struct profiles *ps, const struct entry *entry)
{
	forget(ps, &entry->program);
	if (ps->count == PROFILES_MAX)
		return; /* asked for before there were as many: its file is found next time */
	uint32_t i = place_of(ps, &entry->program);
	memmove(&ps->entries[i + 1], &ps->entries[i], (ps->count - i) * sizeof(ps->entries[0]));
	ps->entries[i] = *entry;
	ps->count++;
	ps->bytes += entry->bytes;
}

static bool has_room(const struct profiles *ps, const struct hash *program)
{
	return find(ps, program) ||
	       (ps->count < PROFILES_MAX && ps->bytes < PROFILES_BYTES_MAX);
}

static void say_damaged(struct profiles *ps, const struct hash *program)
{
	events_add(ps->events, "profile-dropped", 0, program, "%s", "its file was damaged");
}

/* ---- changes of files: on the helper, then back ---- */

enum change_kind {
	CHANGE_START,
	CHANGE_ADD,
	CHANGE_STOP,
	CHANGE_REMOVE,
	CHANGES
};

struct change {
	struct offload_job job;
	struct profiles *profiles;
	enum change_kind kind;
	struct hash program, toolchain;
	int folder;
	struct profiles_run *run; /* of ADD */
	bool may_create;          /* of ADD */
	profiles_done *done;      /* NULL: nobody waits */
	void *context;

	/* what came of it */
	int result;
	bool damaged, gone, settled;
	struct entry entry;
};

static int start_file(struct change *c, struct tally *t)
{
	t->head.watched = 1;
	if (t->head.runs == 0)
		t->head.toolchain = c->toolchain;
	return 0;
}

/* True: 1, 2, 4, 8 ... */
static bool is_doubled(uint64_t runs)
{
	return (runs & (runs - 1)) == 0;
}

static int add_to_file(struct change *c, struct tally *t)
{
	int r = tally_add(t, c->run->object, c->run->counters, &c->toolchain);

	c->settled = r == 0 && !t->head.watched && is_doubled(t->head.runs);
	if (c->settled)
		tally_settle(t);
	return r;
}

static int stop_file(struct change *c, struct tally *t)
{
	t->head.watched = 0;
	c->settled = t->body != NULL;
	tally_settle(t);
	return 0;
}

static int (*const change_file[CHANGES])(struct change *, struct tally *) = {
	[CHANGE_START] = start_file,
	[CHANGE_ADD] = add_to_file,
	[CHANGE_STOP] = stop_file,
};

/* Reads it, or begins one if this change may. */
static int take_file(struct change *c, struct tally *t)
{
	bool create = c->kind == CHANGE_START || (c->kind == CHANGE_ADD && c->may_create);
	int r = tally_read(c->folder, &c->program, t);

	c->damaged = r == TALLY_DAMAGED;
	if (r <= 0)
		return r;
	tally_init(t, events_now_ms());
	return create ? 0 : PROFILES_NONE;
}

static int write_file(struct change *c, struct tally *t)
{
	t->head.changed_ms = events_now_ms();
	/* stopped before anything was counted: there is nothing to keep */
	if (!t->head.watched && !t->body) {
		c->gone = true;
		int r = tally_remove(c->folder, &c->program);
		return r < 0 ? r : 0;
	}
	c->entry = (struct entry){
		.program = c->program, .head = t->head, .bytes = sizeof(t->head) + t->body_bytes
	};
	return tally_write(c->folder, &c->program, t);
}

static void run_change(struct offload_job *job)
{
	struct change *c = (struct change *)(void *)job;
	CLEANUP(tally_deinit) struct tally t = { .body = NULL };

	if (c->kind == CHANGE_REMOVE) {
		c->gone = true;
		c->result = tally_remove(c->folder, &c->program);
		c->result = c->result > 0 ? PROFILES_NONE : c->result;
		return;
	}
	c->result = take_file(c, &t);
	c->gone = c->result == PROFILES_NONE;
	if (c->result == 0)
		c->result = change_file[c->kind](c, &t);
	if (c->result == 0)
		c->result = write_file(c, &t);
}

static void run_free(struct profiles_run *run)
{
	run->previous->next = run->next;
	run->next->previous = run->previous;
	run->profiles->runs_count--;
	fd_closep(&run->object);
	fd_closep(&run->counters);
	free(run);
}

static void run_drop(struct profiles_run *run)
{
	if (run && --run->users == 0)
		run_free(run);
}

static void change_done(struct offload_job *job)
{
	struct change *c = (struct change *)(void *)job;
	struct profiles *ps = c->profiles;

	if (c->damaged)
		say_damaged(ps, &c->program);
	if (c->gone)
		forget(ps, &c->program);
	else if (c->result == 0)
		remember(ps, &c->entry);
	if (c->result < 0)
		log_warning("profile", "program=%02x%02x.. why=\"%s\"", c->program.bytes[0],
			c->program.bytes[1], strerror(-c->result));
	if (c->result == 0 && c->settled && ps->compile)
		compile_improve(ps->compile, &c->program);
	if (c->done)
		c->done(c->context, c->result);
	run_drop(c->run);
	free(c);
}

/* PROFILES_FULL: nothing of it happens. */
static int push(struct profiles *ps, const struct change *plan)
{
	struct change *c = malloc(sizeof(*c));

	if (!c)
		return -ENOMEM;
	*c = *plan;
	c->job = (struct offload_job){ .run = run_change, .done = change_done };
	c->profiles = ps;
	c->folder = ps->folder;
	if (ps->compile)
		c->toolchain = *compiler_id(compile_compiler(ps->compile), OBJECT_INSTRUMENTED);
	int r = offload_push(ps->offload, &c->job);
	if (r)
		free(c);
	return r ? PROFILES_FULL : 0;
}

/* ---- runs ---- */

bool profiles_wanted(const struct profiles *ps, const struct hash *program)
{
	const struct entry *entry = find(ps, program);
	uint32_t dice;

	if (entry && entry->head.watched)
		return true;
	return ps->share_percent && has_room(ps, program) &&
	       getrandom(&dice, sizeof(dice), 0) == sizeof(dice) &&
	       dice % PERCENT < ps->share_percent;
}

static int make_counters(int object, int *counters)
{
	struct object_header head;

	if (pread(object, &head, sizeof(head), 0) != sizeof(head) ||
		head.tier != OBJECT_INSTRUMENTED || head.counters_bytes > COUNTERS_BYTES_MAX)
		return -EINVAL;
	return memfd_new("redshirt-counters", head.counters_bytes,
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL, counters);
}

int profiles_run_begin(
	struct profiles *ps, const struct hash *program, int object, struct profiles_run **run)
{
	CLEANUP(fd_closep) int memory = -1;
	CLEANUP(fd_closep) int copy = -1;

	if (ps->runs_count >= PROFILES_RUNS_MAX)
		return PROFILES_FULL;
	int r = make_counters(object, &memory);
	if (r)
		return r;
	copy = fcntl(object, F_DUPFD_CLOEXEC, 0);
	struct profiles_run *new = copy < 0 ? NULL : calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	*new = (struct profiles_run){ .profiles = ps,
		.next = ps->runs.next,
		.previous = &ps->runs,
		.program = *program,
		.users = 1,
		.object = fd_take(&copy),
		.counters = fd_take(&memory) };
	new->next->previous = new->previous->next = new;
	ps->runs_count++;
	*run = new;
	return 0;
}

int profiles_run_memory(const struct profiles_run *run)
{
	return run ? run->counters : -1;
}

/* If too much is under way, what it counted is lost. */
static void take_run(struct profiles_run *run)
{
	struct profiles *ps = run->profiles;
	const struct change plan = { .kind = CHANGE_ADD,
		.program = run->program,
		.run = run,
		.may_create = ps->share_percent && has_room(ps, &run->program) };

	if (run->taken)
		return;
	run->taken = true;
	run->users++;
	if (push(ps, &plan))
		run_drop(run);
}

struct profiles_run *profiles_run_end(struct profiles_run *run)
{
	if (!run)
		return NULL;
	take_run(run);
	run_drop(run);
	return NULL;
}

static uint32_t running(const struct profiles *ps, const struct hash *program)
{
	uint32_t n = 0;

	for (const struct profiles_run *run = ps->runs.next; run != &ps->runs; run = run->next)
		n += !run->taken && hash_equal(&run->program, program);
	return n;
}

/* ---- what people say ---- */

int profiles_start(
	struct profiles *ps, const struct hash *program, profiles_done *done, void *context)
{
	if (!has_room(ps, program))
		return PROFILES_FULL;
	return push(ps, &(struct change){ .kind = CHANGE_START,
				.program = *program,
				.done = done,
				.context = context });
}

static void for_each_run(
	struct profiles *ps, const struct hash *program, void (*act)(struct profiles_run *run))
{
	struct profiles_run *next;

	for (struct profiles_run *run = ps->runs.next; run != &ps->runs; run = next) {
		next = run->next;
		if (hash_equal(&run->program, program))
			act(run);
	}
}

static void leave_run(struct profiles_run *run)
{
	run->taken = true;
}

int profiles_stop(
	struct profiles *ps, const struct hash *program, profiles_done *done, void *context)
{
	if (!find(ps, program))
		return PROFILES_NONE;
	for_each_run(ps, program, take_run);
	return push(ps, &(struct change){ .kind = CHANGE_STOP,
				.program = *program,
				.done = done,
				.context = context });
}

int profiles_rm(
	struct profiles *ps, const struct hash *program, profiles_done *done, void *context)
{
	for_each_run(ps, program, leave_run);
	if (!find(ps, program))
		return PROFILES_NONE;
	return push(ps, &(struct change){ .kind = CHANGE_REMOVE,
				.program = *program,
				.done = done,
				.context = context });
}

void profiles_forget(struct profiles *ps, const struct hash *program)
{
	if (profiles_rm(ps, program, NULL, NULL) == PROFILES_FULL)
		log_warning("profile", "why=\"too much is under way: a file stays\"");
}

/* ---- for the compiler ---- */

static bool is_usable(const struct profiles *ps, const struct entry *entry)
{
	return tally_is_settled(&entry->head) && ps->compile &&
	       hash_equal(&entry->head.toolchain,
		       compiler_id(compile_compiler(ps->compile), OBJECT_INSTRUMENTED));
}

bool profiles_hash(void *context, const struct hash *program, struct hash *out)
{
	const struct profiles *ps = context;
	const struct entry *entry = find(ps, program);

	if (!entry || !is_usable(ps, entry))
		return false;
	*out = entry->head.settled;
	return true;
}

int profiles_file(void *context, const struct hash *program, int *fd)
{
	const struct profiles *ps = context;
	int r = tally_open(ps->folder, program, fd);

	return r > 0 ? -ENOENT : r;
}

/* ---- lists ---- */

static void fill(const struct profiles *ps, const struct entry *entry, struct profiles_row *row)
{
	bool settled = tally_is_settled(&entry->head);

	*row = (struct profiles_row){ .program = entry->program,
		.watched = entry->head.watched,
		.settled = settled,
		.of_another = settled && !is_usable(ps, entry),
		.runs = entry->head.runs,
		.running = running(ps, &entry->program),
		.bytes = entry->bytes,
		.since_ms = entry->head.since_ms,
		.changed_ms = entry->head.changed_ms };
}

bool profiles_next(
	const struct profiles *ps, const struct hash *after, struct profiles_row *row)
{
	uint32_t i = after ? place_of(ps, after) : 0;

	if (after && i < ps->count && hash_equal(&ps->entries[i].program, after))
		i++;
	if (i < ps->count)
		fill(ps, &ps->entries[i], row);
	return i < ps->count;
}

bool profiles_get(
	const struct profiles *ps, const struct hash *program, struct profiles_row *row)
{
	const struct entry *entry = find(ps, program);

	if (entry)
		fill(ps, entry, row);
	return entry;
}

/* ---- life ---- */

static void find_file(struct profiles *ps, const struct hash *program)
{
	struct entry entry = { .program = *program };
	int r = tally_peek(ps->folder, program, &entry.head, &entry.bytes);

	if (r == 0)
		remember(ps, &entry);
	else if (r == TALLY_DAMAGED && tally_remove(ps->folder, program) == 0)
		say_damaged(ps, program);
}

static int find_files(struct profiles *ps)
{
	CLEANUP(freep) struct folder_entry *files = NULL;
	size_t count = 0;
	int r = folder_list(ps->folder, &files, &count);

	for (size_t i = 0; r == 0 && i < count; i++)
		find_file(ps, &files[i].name);
	return r;
}

int profiles_open(const char *path, struct offload *offload, struct events *events,
	uint32_t share_percent, struct profiles **out)
{
	struct profiles *ps = calloc(1, sizeof(*ps));

	if (!ps)
		return -ENOMEM;
	ps->offload = offload;
	ps->events = events;
	ps->share_percent = share_percent;
	ps->runs.next = ps->runs.previous = &ps->runs;
	ps->folder = -1;
	int r = folder_open(path, &ps->folder);
	if (r == 0)
		r = find_files(ps);
	if (r) {
		profiles_free(ps);
		return r;
	}
	*out = ps;
	return 0;
}

void profiles_begin(struct profiles *ps, struct compile *compile)
{
	ps->compile = compile;
}

struct profiles *profiles_free(struct profiles *ps)
{
	if (!ps)
		return NULL;
	while (ps->runs.next != &ps->runs)
		run_free(ps->runs.next);
	fd_closep(&ps->folder);
	free(ps);
	return NULL;
}
