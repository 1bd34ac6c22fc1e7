#include "supervisor/decisions/farewells.h"

#define NS_PER_MS 1000000ull
#define NS_PER_S  1000000000ull

struct farewell {
	struct farewell *next;
	uint64_t process;
	struct grace *grace; /* NULL: has not begun */
	uint64_t end_ns;
};

struct farewells {
	struct farewells_parts parts;
	struct farewell *first;
	struct loop_timer timer;
};

static void look(void *context);

static void look_after(struct farewells *fs, uint64_t ms)
{
	loop_timer_set(fs->parts.loop, &fs->timer, loop_now_ns() + ms * NS_PER_MS, look, fs);
}

/* True: it is asked to end, or gone. */
static bool is_over(struct farewells *fs, struct farewell *f)
{
	struct process *p = roster_get(fs->parts.roster, f->process);
	uint64_t now_ns = loop_now_ns();

	if (!p || p->state == PROCESS_GONE)
		return true;
	if (!f->grace)
		f->grace = workers_grace_begin(fs->parts.workers, f->process);
	if (!workers_grace_over(fs->parts.workers, f->grace) && now_ns < f->end_ns)
		return false;
	processes_stop(fs->parts.processes, p, PROCESSES_STOP_MS);
	return true;
}

static void look(void *context)
{
	struct farewells *fs = context;

	for (struct farewell **at = &fs->first; *at;) {
		struct farewell *f = *at;
		if (!is_over(fs, f)) {
			at = &f->next;
			continue;
		}
		*at = f->next;
		workers_grace_free(f->grace);
		free(f);
	}
	if (fs->first)
		look_after(fs, FAREWELLS_LOOK_MS);
}

void farewells_say(struct farewells *fs, uint64_t process)
{
	struct farewell *f = fs->first;

	while (f && f->process != process)
		f = f->next;
	if (f ||
		!(f = calloc(1, sizeof(*f)))) /* without memory it stays: a person may end it */
		return;
	f->process = process;
	f->end_ns = loop_now_ns() + FAREWELLS_MAX_S * NS_PER_S;
	f->next = fs->first;
	fs->first = f;
	look_after(fs, 0);
}

int farewells_new(const struct farewells_parts *parts, struct farewells **out)
{
	struct farewells *fs = calloc(1, sizeof(*fs));

	if (!fs)
		return -ENOMEM;
	fs->parts = *parts;
	*out = fs;
	return 0;
}

struct farewells *farewells_free(struct farewells *fs)
{
	if (!fs)
		return NULL;
	loop_timer_stop(&fs->timer);
	while (fs->first) {
		struct farewell *f = fs->first;
		fs->first = f->next;
		workers_grace_free(f->grace);
		free(f);
	}
	free(fs);
	return NULL;
}
