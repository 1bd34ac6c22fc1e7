#include "supervisor/processes/roster.h"

#define BUCKETS 1024u /* by id; ids come one after the other */

struct roster {
	struct process all; /* head of a ring */
	struct process *buckets[BUCKETS];
	uint32_t gone;
};

int roster_new(struct roster **out)
{
	struct roster *roster = calloc(1, sizeof(*roster));

	if (!roster)
		return -ENOMEM;
	roster->all.next = roster->all.previous = &roster->all;
	*out = roster;
	return 0;
}

void roster_free_process(struct process *p)
{
	fd_closep(&p->pidfd);
	shelf_drop(p->object);
	journal_book_free(p->book);
	allowance_drop(p->allowance);
	permit_deinit(&p->permit);
	ending_deinit(&p->ending);
	free(p->strings);
	free(p);
}

static void forget(struct roster *roster, struct process *p)
{
	struct process **at = &roster->buckets[p->id % BUCKETS];

	while (*at != p)
		at = &(*at)->next_in_bucket;
	*at = p->next_in_bucket;
	p->previous->next = p->next;
	p->next->previous = p->previous;
	roster_free_process(p);
}

struct roster *roster_free(struct roster *roster)
{
	if (!roster)
		return NULL;
	while (roster->all.next != &roster->all)
		forget(roster, roster->all.next);
	free(roster);
	return NULL;
}

/* The oldest go first. */
static void trim(struct roster *roster)
{
	for (struct process *p = roster->all.next, *next;
		p != &roster->all && roster->gone > ROSTER_GONE_MAX; p = next) {
		next = p->next;
		if (p->state != PROCESS_GONE || p->pins)
			continue;
		roster->gone--;
		forget(roster, p);
	}
}

void roster_add(struct roster *roster, struct process *p)
{
	struct process **bucket = &roster->buckets[p->id % BUCKETS];

	trim(roster);
	p->next = &roster->all;
	p->previous = roster->all.previous;
	p->previous->next = p;
	roster->all.previous = p;
	p->next_in_bucket = *bucket;
	*bucket = p;
}

void roster_gone(struct roster *roster)
{
	roster->gone++;
}

void roster_pin(struct process *p)
{
	p->pins++;
}

void roster_unpin(struct roster *roster, struct process *p)
{
	p->pins--;
	trim(roster);
}

struct process *roster_get(const struct roster *roster, uint64_t id)
{
	struct process *p = roster->buckets[id % BUCKETS];

	while (p && p->id != id)
		p = p->next_in_bucket;
	return p;
}

struct process *roster_next(const struct roster *roster, const struct process *p)
{
	struct process *next = p ? p->next : roster->all.next;

	return next == &roster->all ? NULL : next;
}
