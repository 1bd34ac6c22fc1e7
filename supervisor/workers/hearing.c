#include "supervisor/workers/hearing.h"

#include <string.h>

#include "supervisor/workers/linking.h"
#include "supervisor/workers/registry.h"

static void to_host(struct crew *crew, struct worker *worker, const struct record *head)
{
	struct host_message message = { .process = worker->process,
		.id = head->flags & RS_NEEDS_ANSWER ? head->id : 0,
		.body = crew->body,
		.bytes = head->frag_len };

	if (head->slot == HOSTS_INTERFACE)
		registry_message(crew, worker, &message);
	else if (!hosts_message(&crew->hosts, head->slot, &message) && message.id)
		crew_answer(crew, worker->process, message.id, RS_TOO_BIG, NULL, 0);
	if (head->slot == HOSTS_CONSOLE && crew->events.input_wanted)
		crew->events.input_wanted(crew->events.context, worker->process);
}

/* Why a message goes no further, or RS_OK. */
static uint32_t refusal(struct worker *worker, const struct record *head)
{
	/* it was on its way when the slot was taken away, or its sender knows no better */
	if (!(worker->host_slots >> head->slot & 1))
		return RS_DENIED;
	return meters_check(&worker->meters, head);
}

static void refuse(
	struct crew *crew, struct worker *worker, const struct record *head, uint32_t status)
{
	const struct hash interface = hosts_interface(head->slot);

	crew_refused(crew, worker->process,
		status == RS_DENIED ? WORKERS_USE_DENIED : WORKERS_LIMITED, &interface);
	if (status == RS_DENIED)
		worker->denied++;
	else
		worker->meters.refused++;
	if (head->flags & RS_NEEDS_ANSWER)
		crew_refuse(crew, worker, head->id, status);
}

static void on_message(struct crew *crew, struct worker *worker, const struct record *head)
{
	if (head->slot >= HOSTS_COUNT || !(worker->host_given >> head->slot & 1)) {
		crew_broken(crew, worker, "it used a slot it was not given");
		return;
	}
	uint32_t status = refusal(worker, head);
	if (status != RS_OK) {
		refuse(crew, worker, head, status);
		return;
	}
	meters_take(&worker->meters, head);
	worker->messages++;
	to_host(crew, worker, head);
}

static void on_cancel(struct crew *crew, struct worker *worker, const struct record *head)
{
	meters_answered(&worker->meters, head->id);
	hosts_cancelled(&crew->hosts, worker->process, head->id);
	registry_cancelled(worker, head->id);
}

static void on_open(struct crew *crew, struct worker *worker, const struct record *head)
{
	struct home_open open;
	struct hash interface;

	if (head->frag_len != sizeof(open)) {
		crew_broken(crew, worker, "a malformed open");
		return;
	}
	memcpy(&open, crew->body, sizeof(open));
	memcpy(interface.bytes, open.interface, HASH_BYTES);
	broker_open(crew->broker, worker->process, head->id, &interface, open.flags);
}

static void on_lane_taken(struct crew *crew, struct worker *worker, const struct record *head)
{
	(void)head;
	if (!worker->outbox.fds_in_flight) {
		crew_broken(crew, worker, "it took a lane nobody gave");
		return;
	}
	worker->outbox.fds_in_flight = false;
	crew_flush(crew, worker);
}

/* The lane that a RECORD_LANE_DONE or RECORD_LANE_BROKEN is about, as it is used now. */
static bool lane_meant(const struct crew *crew, const struct worker *worker,
	const struct record *head, uint32_t *lane)
{
	struct home_lane body;

	if (head->frag_len != sizeof(body))
		return false;
	memcpy(&body, crew->body, sizeof(body));
	*lane = body.lane;
	return body.lane < LANES_MAX &&
	       body.generation == worker->table->lanes[body.lane].generation;
}

static void on_lane_done(struct crew *crew, struct worker *worker, const struct record *head)
{
	uint32_t lane;

	if (!lane_meant(crew, worker, head, &lane) ||
		!broker_lane_done(crew->broker, worker->process, lane))
		crew_broken(crew, worker, "it let go of a lane it does not have");
}

static void on_lane_broken(struct crew *crew, struct worker *worker, const struct record *head)
{
	uint32_t lane;

	if (!lane_meant(crew, worker, head, &lane) ||
		!broker_lane_broken(crew->broker, worker->process, lane)) {
		crew_broken(crew, worker, "it accused a peer it does not have");
		return;
	}
	linking_accused(crew, worker, lane);
	crew_refused(crew, worker->process, WORKERS_LANE_BROKEN, NULL);
}

static void on_ready(struct crew *crew, struct worker *worker, const struct record *head)
{
	(void)head;
	if (worker->ready) {
		crew_broken(crew, worker, "it was ready twice");
		return;
	}
	/* Only its owner may write an own page: a peer that could would keep its owner from
	 * ever being woken. */
	if (!bell_page_sealed(worker->page_fd)) {
		crew_broken(crew, worker, "its own page is not sealed");
		return;
	}
	worker->ready = true;
	crew->events.ready(crew->events.context, worker->process);
}

static const struct record_row {
	void (*take)(struct crew *, struct worker *, const struct record *);
	bool early;  /* may come before READY */
	bool ending; /* is still listened to when the process is gone */
} record_rows[] = {
	[RECORD_MESSAGE] = { on_message, false, true },
	[RECORD_CANCEL] = { on_cancel, false, false },
	[RECORD_OPEN] = { on_open, false, false },
	[RECORD_LANE_TAKEN] = { on_lane_taken, false, false },
	[RECORD_LANE_DONE] = { on_lane_done, false, false },
	[RECORD_READY] = { on_ready, true, true },
	[RECORD_LANE_BROKEN] = { on_lane_broken, false, false },
};

/* The copy in crew->body is what is looked at from here on. */
static void take(struct crew *crew, struct worker *worker, const struct record *head)
{
	static const struct record_row unknown = { 0 };
	const struct record_row *row =
		head->kind < ARRAY_LEN(record_rows) ? &record_rows[head->kind] : &unknown;

	if (!row->take || head->total_len != head->frag_len || (!worker->ready && !row->early))
		crew_broken(crew, worker, "a record that has no place here");
	else if (!worker->gone || row->ending)
		row->take(crew, worker, head);
}

bool hearing_blocked(const struct crew *crew, const struct worker *worker)
{
	return !worker->gone && crew->events.output_blocked &&
	       crew->events.output_blocked(crew->events.context, worker->process);
}

bool hearing_record(struct crew *crew, struct worker *worker, uint64_t *bytes)
{
	struct record head;
	const uint8_t *body;

	if (worker->broken || hearing_blocked(crew, worker))
		return false;
	int r = ring_peek(&worker->home.in, &head, &body);
	if (r == RING_EMPTY)
		return false;
	if (r || head.frag_len > sizeof(crew->body)) {
		crew_broken(crew, worker, "its home lane is broken");
		return false;
	}
	memcpy(crew->body, body, head.frag_len);
	ring_consume(&worker->home.in, head.frag_len);
	*bytes += head.frag_len;
	take(crew, worker, &head);
	return true;
}
