#include "supervisor/workers/grace.h"

#include "supervisor/workers/relays.h"

struct grace {
	uint64_t handler;
	uint32_t count;
	struct client {
		uint64_t process;
		uint64_t epoch; /* of its first sleep that counts */
		bool over;
	} clients[];
};

/* The next that begins. One that seems to last may be over, and that not be seen here yet. */
static uint64_t next_sleep(const struct worker *worker)
{
	uint64_t epoch = atomic_load_explicit(&worker->page->sleep_epoch, memory_order_relaxed);

	return epoch + 1 + (epoch & 1);
}

static uint32_t count_clients(const struct crew *crew, uint64_t handler)
{
	uint32_t n = 0;

	for (const struct worker *worker = crew->first; worker; worker = worker->next)
		n += broker_serves(crew->broker, handler, worker->process);
	return n;
}

struct grace *grace_begin(const struct crew *crew, uint64_t handler)
{
	uint32_t n = count_clients(crew, handler);
	struct grace *grace = calloc(1, sizeof(*grace) + n * sizeof(grace->clients[0]));

	if (!grace)
		return NULL;
	grace->handler = handler;
	/* pairs with the fence in bell_sleep_begin(): the tables first, then the epochs */
	atomic_thread_fence(memory_order_seq_cst);
	for (const struct worker *worker = crew->first; worker; worker = worker->next)
		if (broker_serves(crew->broker, handler, worker->process))
			grace->clients[grace->count++] =
				(struct client){ .process = worker->process,
					.epoch = next_sleep(worker) };
	return grace;
}

struct grace *grace_free(struct grace *grace)
{
	free(grace);
	return NULL;
}

static bool has_slept(const struct worker *worker, uint64_t epoch)
{
	uint64_t now = atomic_load_explicit(&worker->page->sleep_epoch, memory_order_acquire);

	return now >= epoch;
}

/* All that this client's relays to the handler had to pass on was. */
static bool is_passed_on(const struct worker *worker, uint64_t handler)
{
	for (uint32_t i = 0; i < worker->relays_room; i++) {
		const struct relay *relay = worker->relays[i];
		if (relay && relay->process[LANE_HANDLER] == handler &&
			(ring_waiting(&relay->lanes[LANE_CLIENT].in) ||
				relay->bodies[LANE_CLIENT].next))
			return false;
	}
	return true;
}

static bool client_over(const struct crew *crew, uint64_t handler, struct client *client)
{
	const struct worker *worker = crew_find(crew, client->process);

	if (!worker) /* what it said is passed on before anybody hears of its end */
		return true;
	return has_slept(worker, client->epoch) && is_passed_on(worker, handler);
}

bool grace_over(const struct crew *crew, struct grace *grace)
{
	bool over = true;

	for (uint32_t i = 0; i < grace->count; i++) {
		struct client *client = &grace->clients[i];
		client->over = client->over || client_over(crew, grace->handler, client);
		over &= client->over;
	}
	return over;
}
