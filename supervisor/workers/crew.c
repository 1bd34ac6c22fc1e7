#include "supervisor/workers/crew.h"

#define ITEMS        2u          /* of each worker in the lookout */
#define FDS_RETRY_NS 10000000ull /* after the kernel had too many descriptors in flight */

/* ---- who there is ---- */

struct worker *crew_find(const struct crew *crew, uint64_t process)
{
	struct worker *worker = crew->buckets[process % CREW_BUCKETS];

	while (worker && worker->process != process)
		worker = worker->next_in_bucket;
	return worker;
}

int crew_add(struct crew *crew, struct worker *worker)
{
	struct worker **bucket = &crew->buckets[worker->process % CREW_BUCKETS];
	int r = lookout_claim(&crew->lookout, ITEMS);

	if (r)
		return r;
	worker->next_in_bucket = *bucket;
	*bucket = worker;
	worker->next = crew->first;
	if (crew->first)
		crew->first->previous = worker;
	crew->first = worker;
	crew_heard(crew, worker);
	return 0;
}

void crew_remove(struct crew *crew, struct worker *worker)
{
	struct worker **at = &crew->buckets[worker->process % CREW_BUCKETS];

	while (*at != worker)
		at = &(*at)->next_in_bucket;
	*at = worker->next_in_bucket;
	*(worker->previous ? &worker->previous->next : &crew->first) = worker->next;
	if (worker->next)
		worker->next->previous = worker->previous;
	lookout_forget(&crew->lookout, &worker->hears);
	lookout_forget(&crew->lookout, &worker->tells);
	lookout_unclaim(&crew->lookout, ITEMS);
}

void crew_heard(struct crew *crew, struct worker *worker)
{
	const struct ring_in *in = &worker->home.in;

	if (!worker->broken)
		lookout_watch(
			&crew->lookout, &worker->hears, &in->tail->position, in->position);
}

void crew_broken(struct crew *crew, struct worker *worker, const char *why)
{
	if (worker->broken || worker->gone)
		return;
	worker->broken = true;
	lookout_forget(&crew->lookout, &worker->hears);
	lookout_forget(&crew->lookout, &worker->tells);
	crew->events.broken(crew->events.context, worker->process, why);
}

void crew_refused(const struct crew *crew, uint64_t process, enum workers_refusal kind,
	const struct hash *interface)
{
	if (crew->events.refused)
		crew->events.refused(crew->events.context, process, kind, interface);
}

/* ---- telling a worker ---- */

uint64_t crew_clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

bool crew_notice(
	struct crew *crew, uint64_t process, uint32_t notice, const void *body, uint32_t bytes)
{
	struct worker *worker = crew_find(crew, process);
	const struct record head = {
		.kind = RECORD_NOTICE, .frag_len = bytes, .total_len = bytes, .slot = notice
	};

	if (!worker || worker->broken || !worker->ready)
		return false;
	crew_tell(crew, worker, &head, body, NULL);
	return true;
}

void crew_flush(struct crew *crew, struct worker *worker)
{
	const struct outbox *outbox = &worker->outbox;
	const _Atomic uint64_t *head = &worker->home.out.head->position;
	/* before we look for room: if it moves meanwhile, it is not what was seen */
	uint64_t seen = atomic_load_explicit(head, memory_order_relaxed);

	if (worker->broken || worker->gone)
		return;
	int r = worker_flush(worker);
	if (outbox->first && !outbox->fds_in_flight && !worker->retry)
		lookout_watch(&crew->lookout, &worker->tells, head, seen);
	else
		lookout_forget(&crew->lookout, &worker->tells);
	if (r == WORKER_LATER)
		crew->retry_ns = crew_clock_ns(CLOCK_MONOTONIC) + FDS_RETRY_NS;
	else if (r)
		crew_broken(crew, worker, "its socket is gone");
}

void crew_tell(struct crew *crew, struct worker *worker, const struct record *head,
	const void *body, const int *fds)
{
	if (worker_tell(worker, head, body, fds))
		crew_broken(crew, worker, "it asks and does not listen");
	crew_flush(crew, worker);
}

static void answer(struct crew *crew, struct worker *worker, uint64_t id, uint32_t status,
	const void *body, uint32_t bytes)
{
	struct record head = { .kind = RECORD_ANSWER,
		.frag_len = bytes,
		.total_len = bytes,
		.id = id,
		.slot = status };

	worker->answers++;
	crew_tell(crew, worker, &head, body, NULL);
}

void crew_answer(void *context, uint64_t process, uint64_t id, uint32_t status,
	const void *body, uint32_t bytes)
{
	struct crew *crew = context;
	struct worker *worker = crew_find(crew, process);

	if (!worker)
		return;
	meters_answered(&worker->meters, id);
	answer(crew, worker, id, status, body, bytes);
}

void crew_refuse(struct crew *crew, struct worker *worker, uint64_t id, uint32_t status)
{
	answer(crew, worker, id, status, NULL, 0);
}
