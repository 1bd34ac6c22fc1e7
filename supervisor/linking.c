#include "supervisor/linking.h"

#include <string.h>

static void opened(void *context, uint64_t process, uint64_t open_id,
	const struct hash *interface, uint32_t status, uint32_t lane, uint32_t slot,
	bool new_lane)
{
	struct crew *crew = context;
	struct worker *worker = crew_find(crew, process);
	struct home_opened body = { .status = status,
		.lane = lane,
		.slot = slot,
		.new_lane = new_lane,
		.body_bytes_max = broker_body_max(crew->broker, interface) };
	struct record head = { .kind = RECORD_OPENED,
		.frag_len = sizeof(body),
		.total_len = sizeof(body),
		.id = open_id,
		.slot = lane };

	if (!worker)
		return;
	memcpy(body.interface, interface->bytes, HASH_BYTES);
	if (status == RS_OK && lane == LANE_HOME)
		worker->host_slots |= 1ull << slot;
	crew_tell(crew, worker, &head, &body, new_lane ? worker->client_fds : NULL);
}

static bool connect(void *context, const struct broker_connect *wanted)
{
	struct crew *crew = context;
	struct worker *client = crew_find(crew, wanted->client),
		      *handler = crew_find(crew, wanted->handler);
	uint32_t ring_log2 = wanted->ring_log2;
	CLEANUP(fd_closep) int lane_fd = -1;
	int handler_fds[HOME_FDS];

	if (!client || !handler || lane_new(ring_log2, &lane_fd) ||
		!worker_lane_fds(lane_fd, handler, client->client_fds))
		return false;
	if (!worker_lane_fds(lane_fd, client, handler_fds)) {
		for (size_t i = 0; i < HOME_FDS; i++)
			fd_closep(&client->client_fds[i]);
		return false;
	}
	worker_table_open(
		handler, wanted->handler_lane, LANE_HANDLER, ring_log2, wanted->client);
	worker_table_open(client, wanted->client_lane, LANE_CLIENT, ring_log2, 0);
	client->lanes++;
	handler->lanes++;
	struct home_lane body = { .lane = wanted->handler_lane,
		.generation = handler->table->lanes[wanted->handler_lane].generation };
	struct record head = { .kind = RECORD_NEW_LANE,
		.frag_len = sizeof(body),
		.total_len = sizeof(body),
		.slot = wanted->handler_lane };
	crew_tell(crew, handler, &head, &body, handler_fds);
	return true;
}

static void slots(void *context, uint64_t process, uint32_t lane, uint64_t slots)
{
	struct worker *worker = crew_find(context, process);

	if (worker)
		worker_table_slots(worker, lane, slots);
}

static void lane_state(void *context, uint64_t process, uint32_t lane, enum table_state state)
{
	struct worker *worker = crew_find(context, process);

	if (!worker)
		return;
	if (state == TABLE_FREE)
		worker->lanes--;
	worker_table_state(worker, lane, state);
}

static void handles(
	void *context, uint64_t process, uint32_t slot, const struct hash *interface)
{
	struct crew *crew = context;
	struct worker *worker = crew_find(crew, process);

	if (worker)
		worker_table_interface(
			worker, slot, interface, broker_body_max(crew->broker, interface));
}

struct broker_actions linking_actions(struct crew *crew)
{
	return (struct broker_actions){ .context = crew,
		.opened = opened,
		.connect = connect,
		.slots = slots,
		.lane_state = lane_state,
		.handles = handles };
}
