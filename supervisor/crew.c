#include "supervisor/crew.h"

#define FDS_RETRY_NS 10000000ull /* after the kernel had too many descriptors in flight */

/* ---- who there is ---- */

struct worker *crew_find(const struct crew *crew, uint64_t process)
{
	struct worker *worker = crew->buckets[process % CREW_BUCKETS];

	while (worker && worker->process != process)
		worker = worker->next_in_bucket;
	return worker;
}

void crew_add(struct crew *crew, struct worker *worker)
{
	struct worker **bucket = &crew->buckets[worker->process % CREW_BUCKETS];

	worker->next_in_bucket = *bucket;
	*bucket = worker;
	if (!crew->turns) {
		crew->turns = worker->next = worker->previous = worker;
	} else {
		worker->next = crew->turns;
		worker->previous = crew->turns->previous;
		worker->previous->next = worker->next->previous = worker;
	}
	crew->count++;
}

void crew_remove(struct crew *crew, struct worker *worker)
{
	struct worker **at = &crew->buckets[worker->process % CREW_BUCKETS];

	while (*at != worker)
		at = &(*at)->next_in_bucket;
	*at = worker->next_in_bucket;
	if (crew->turns == worker)
		crew->turns = worker->next == worker ? NULL : worker->next;
	worker->previous->next = worker->next;
	worker->next->previous = worker->previous;
	crew->count--;
}

void crew_broken(struct crew *crew, struct worker *worker, const char *why)
{
	if (worker->broken || worker->gone)
		return;
	worker->broken = true;
	crew->events.broken(crew->events.context, worker->process, why);
}

/* ---- telling a worker ---- */

uint64_t crew_clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void crew_flush(struct crew *crew, struct worker *worker)
{
	int r = worker->broken || worker->gone ? 0 : worker_flush(worker);

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

void crew_answer(void *context, uint64_t process, uint64_t id, uint32_t status,
	const void *body, uint32_t bytes)
{
	struct crew *crew = context;
	struct worker *worker = crew_find(crew, process);
	struct record head = { .kind = RECORD_ANSWER,
		.frag_len = bytes,
		.total_len = bytes,
		.id = id,
		.slot = status };

	if (!worker)
		return;
	worker->answers++;
	crew_tell(crew, worker, &head, body, NULL);
}
