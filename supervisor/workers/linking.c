#include "supervisor/workers/linking.h"

#include <string.h>

#include "supervisor/workers/relays.h"

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
	if (status == RS_DENIED || status == RS_LIMIT)
		crew_refused(crew, process,
			status == RS_DENIED ? WORKERS_USE_DENIED : WORKERS_LIMITED, interface);
	memcpy(body.interface, interface->bytes, HASH_BYTES);
	crew_tell(crew, worker, &head, &body, new_lane ? worker->client_fds : NULL);
}

/* ---- a new lane ---- */

/* The descriptors of both ends; all or none. */
struct lane_fds {
	int client[HOME_FDS], handler[HOME_FDS];
};

static bool ends_of(struct lane_fds *fds, int client_lane, const struct rsd_end *client_peer,
	int handler_lane, const struct rsd_end *handler_peer)
{
	if (!worker_lane_fds(
		    client_lane, client_peer->bell_fd, client_peer->page_fd, fds->client))
		return false;
	if (worker_lane_fds(
		    handler_lane, handler_peer->bell_fd, handler_peer->page_fd, fds->handler))
		return true;
	for (size_t i = 0; i < HOME_FDS; i++)
		fd_closep(&fds->client[i]);
	return false;
}

static struct rsd_end end_of(const struct worker *worker)
{
	return (struct rsd_end){ .page_fd = worker->page_fd, .bell_fd = worker->bell_fd };
}

static bool make_direct(const struct broker_connect *wanted, const struct worker *client,
	const struct worker *handler, struct lane_fds *fds)
{
	const struct rsd_end client_end = end_of(client), handler_end = end_of(handler);
	CLEANUP(fd_closep) int lane_fd = -1;

	return lane_new(wanted->ring_log2, &lane_fd) == 0 &&
	       ends_of(fds, lane_fd, &handler_end, lane_fd, &client_end);
}

/* Each of the two has rsd at the other end. */
static bool make_mediated(struct crew *crew, const struct broker_connect *wanted,
	struct worker *client, struct worker *handler, struct lane_fds *fds)
{
	const struct bell_peer *const bells[2] = {
		[LANE_CLIENT] = &client->home.peer, [LANE_HANDLER] = &handler->home.peer
	};
	CLEANUP(relays_freep) struct relay *relay = NULL;
	int lanes[2];

	if (relays_new(&crew->lookout, WORKER_RELAY, wanted->ring_log2, bells, lanes, &relay))
		return false;
	CLEANUP(fd_closep) int client_lane = lanes[LANE_CLIENT];
	CLEANUP(fd_closep) int handler_lane = lanes[LANE_HANDLER];
	relay->process[LANE_CLIENT] = wanted->client;
	relay->process[LANE_HANDLER] = wanted->handler;
	relay->index[LANE_CLIENT] = wanted->client_lane;
	relay->index[LANE_HANDLER] = wanted->handler_lane;
	if (worker_relays_room(client, wanted->client_lane) ||
		worker_relays_room(handler, wanted->handler_lane) ||
		!ends_of(fds, client_lane, &crew->rsd, handler_lane, &crew->rsd))
		return false;
	client->relays[wanted->client_lane] = relay;
	handler->relays[wanted->handler_lane] = relay;
	relay = NULL;
	return true;
}

static bool connect(void *context, const struct broker_connect *wanted)
{
	struct crew *crew = context;
	struct worker *client = crew_find(crew, wanted->client),
		      *handler = crew_find(crew, wanted->handler);
	struct lane_fds fds;

	if (!client || !handler ||
		!(wanted->mediated ? make_mediated(crew, wanted, client, handler, &fds)
				   : make_direct(wanted, client, handler, &fds)))
		return false;
	worker_table_open(
		handler, wanted->handler_lane, LANE_HANDLER, wanted->ring_log2, wanted->client);
	worker_table_open(client, wanted->client_lane, LANE_CLIENT, wanted->ring_log2, 0);
	client->lanes++;
	handler->lanes++;
	memcpy(client->client_fds, fds.client, sizeof(fds.client)); /* opened() comes next */
	struct home_lane body = { .lane = wanted->handler_lane,
		.generation = handler->table->lanes[wanted->handler_lane].generation };
	struct record head = { .kind = RECORD_NEW_LANE,
		.frag_len = sizeof(body),
		.total_len = sizeof(body),
		.slot = wanted->handler_lane };
	crew_tell(crew, handler, &head, &body, fds.handler);
	return true;
}

/* ---- what becomes of it ---- */

static void slots(
	void *context, uint64_t process, uint32_t lane, uint64_t slots, uint64_t revoked)
{
	struct worker *worker = crew_find(context, process);

	if (!worker)
		return;
	struct relay *relay = worker_relay(worker, lane);
	if (relay && linking_role(relay, process, lane) == LANE_HANDLER) {
		relay->slots = slots; /* the client may have less: it sends no more */
		relay->revoked = revoked;
	}
	worker_table_slots(worker, lane, slots, revoked);
}

static void limits(void *context, uint64_t client, uint32_t lane, uint32_t slot,
	const struct broker_limits *limits)
{
	struct worker *worker = crew_find(context, client);

	if (!worker)
		return;
	struct relay *relay = worker_relay(worker, lane);
	if (lane == LANE_HOME)
		meters_set(&worker->meters, slot, limits);
	else if (relay)
		meters_set(&relay->meters, slot, limits);
}

/* No more is passed on. */
static void relay_cut(struct crew *crew, struct relay *relay)
{
	for (enum lane_role side = LANE_CLIENT; side <= LANE_HANDLER; side++) {
		struct worker *worker = crew_find(crew, relay->process[side]);
		if (worker && !relay->gone[side])
			worker->relays[relay->index[side]] = NULL;
	}
	relays_free(relay);
}

/* The one that is gone has nothing more to say: the other may know. */
static void relay_over(struct crew *crew, struct relay *relay, enum lane_role gone)
{
	enum lane_role left = relays_other(gone);
	struct worker *worker = crew_find(crew, relay->process[left]);
	uint32_t lane = relay->index[left];

	relay_cut(crew, relay);
	if (worker)
		worker_table_state(worker, lane, TABLE_PEER_DEAD);
}

static bool is_over(const struct relay *relay)
{
	return relay->gone[LANE_CLIENT] || relay->gone[LANE_HANDLER];
}

static enum lane_role gone_side(const struct relay *relay)
{
	return relay->gone[LANE_CLIENT] ? LANE_CLIENT : LANE_HANDLER;
}

static void relay_lied(struct crew *crew, struct relay *relay, enum lane_role from)
{
	uint64_t process = relay->process[from];
	uint32_t lane = relay->index[from];

	crew_refused(crew, process, WORKERS_LANE_BROKEN, NULL);
	if (is_over(relay))
		relay_over(crew, relay, gone_side(relay));
	else
		(void)!broker_lane_broken(crew->broker, process, lane); /* cuts it */
}

/* What the client's last turn refused to it. */
static void say_refused(
	const struct crew *crew, const struct relay *relay, uint64_t refused, uint64_t limited)
{
	uint64_t client = relay->process[LANE_CLIENT];

	if (relay->refused != refused)
		crew_refused(crew, client, WORKERS_USE_DENIED, NULL);
	if (relay->meters.refused != limited)
		crew_refused(crew, client, WORKERS_LIMITED, NULL);
}

/* True: more may be there. */
bool linking_turn(struct crew *crew, struct lookout_item *way)
{
	struct relay *relay = way->owner;
	enum lane_role from = way == &relay->ways[LANE_CLIENT] ? LANE_CLIENT : LANE_HANDLER;
	uint64_t refused = relay->refused, limited = relay->meters.refused;
	int r = relays_turn(relay, from);

	say_refused(crew, relay, refused, limited);
	if (r == RELAYS_LIE)
		relay_lied(crew, relay, from);
	else if (r == RELAYS_DRAINED)
		relay_over(crew, relay, from);
	return r == RELAYS_MORE;
}

enum lane_role linking_role(const struct relay *relay, uint64_t process, uint32_t lane)
{
	return relay->process[LANE_CLIENT] == process && relay->index[LANE_CLIENT] == lane
		       ? LANE_CLIENT
		       : LANE_HANDLER;
}

void linking_gone(struct worker *worker)
{
	for (uint32_t i = 0; i < worker->relays_room; i++) {
		struct relay *relay = worker->relays[i];
		if (!relay)
			continue;
		worker->relays[i] = NULL;
		if (is_over(relay)) { /* both are gone */
			relays_free(relay);
			continue;
		}
		relays_gone(relay, linking_role(relay, worker->process, i));
	}
}

void linking_accused(struct crew *crew, struct worker *worker, uint32_t lane)
{
	struct relay *relay = worker_relay(worker, lane);

	if (relay && is_over(relay))
		relay_over(crew, relay, gone_side(relay));
}

/* The peer of this worker is gone (linking_gone() was called), and what it said is passed on as
 * far as there is room now; the rest when there is more. */
static void drain(struct crew *crew, struct relay *relay)
{
	struct lookout_item *way = &relay->ways[gone_side(relay)];

	while (linking_turn(crew, way)) /* one ring at most */
		;
}

static void lane_state(void *context, uint64_t process, uint32_t lane, enum table_state state)
{
	struct crew *crew = context;
	struct worker *worker = crew_find(crew, process);

	if (!worker)
		return;
	struct relay *relay = worker_relay(worker, lane);
	if (relay && state == TABLE_PEER_DEAD) {
		drain(crew, relay);
		return;
	}
	if (relay)
		relay_cut(crew, relay);
	if (state == TABLE_FREE)
		worker->lanes--;
	worker_table_state(worker, lane, state);
}

static void handles(void *context, uint64_t process, uint32_t slot,
	const struct hash *interface, uint32_t body_bytes_max)
{
	const struct crew *crew = context;
	const struct workers_starter *starter = &crew->starter;
	struct worker *worker = crew_find(crew, process);

	if (!worker)
		return;
	worker_table_interface(worker, slot, interface, body_bytes_max);
	if (starter->registered)
		starter->registered(starter->context, process, interface);
}

/* ---- what rsd itself has to do ---- */

static bool ask(
	void *context, uint64_t process, const struct hash *interface, enum broker_right right)
{
	const struct workers_asker *asker = &((struct crew *)context)->asker;

	return asker->ask && asker->ask(asker->context, process, interface, right, "", 0);
}

static bool start(void *context, const struct hash *interface)
{
	const struct workers_starter *starter = &((struct crew *)context)->starter;

	return starter->start && starter->start(starter->context, interface);
}

static void replaced(void *context, uint64_t process, const struct hash *interface)
{
	struct crew *crew = context;
	const struct workers_starter *starter = &crew->starter;

	(void)crew_notice(crew, process, RS_NOTICE_REPLACED, interface, sizeof(*interface));
	if (starter->replaced)
		starter->replaced(starter->context, process, interface);
}

static uint64_t now_ms(void *context)
{
	(void)context;
	return crew_clock_ns(CLOCK_MONOTONIC) / 1000000;
}

struct broker_actions linking_actions(struct crew *crew)
{
	return (struct broker_actions){ .context = crew,
		.opened = opened,
		.connect = connect,
		.slots = slots,
		.lane_state = lane_state,
		.handles = handles,
		.ask = ask,
		.start = start,
		.limits = limits,
		.replaced = replaced,
		.now_ms = now_ms };
}
