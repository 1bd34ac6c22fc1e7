/*
 * workers.c: read workers_pump() first, then the table of record kinds. What a worker says is
 * copied out of its ring, checked, and then given to the broker or to a host; whatever comes of
 * it leaves through the worker's outbox.
 */
#include "supervisor/workers.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sys/mman.h>

#include "ipc/log.h"
#include "supervisor/hosts.h"
#include "supervisor/worker.h"

#define PUMP_RECORDS  32u /* one turn of one worker */
#define PUMP_BYTES    (64 * KIB)
#define HOME_BODY_MAX (16 * KIB)
#define FDS_RETRY_NS  10000000ull /* after the kernel had too many descriptors in flight */
#define BUCKETS       1024u

struct workers {
	struct workers_events events;
	struct broker *broker;
	struct host_env env;
	struct hosts hosts;
	struct own_page *own;
	struct rsd_end rsd;
	int bell_read;
	struct worker *buckets[BUCKETS];
	struct worker *turns; /* circle */
	uint32_t count;
	uint64_t retry_ns; /* UINT64_MAX: nothing to flush again */
	uint8_t body[HOME_BODY_MAX];
};

static struct worker **worker_place(struct workers *workers, uint64_t process)
{
	struct worker **at = &workers->buckets[process % BUCKETS];

	while (*at && (*at)->process != process)
		at = &(*at)->next_in_bucket;
	return at;
}

static struct worker *worker_find(const struct workers *workers, uint64_t process)
{
	struct worker *worker = workers->buckets[process % BUCKETS];

	while (worker && worker->process != process)
		worker = worker->next_in_bucket;
	return worker;
}

static void broken(struct workers *workers, struct worker *worker, const char *why)
{
	if (worker->broken || worker->gone)
		return;
	worker->broken = true;
	workers->events.broken(workers->events.context, worker->process, why);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- telling a worker ---- */

static void flush(struct workers *workers, struct worker *worker)
{
	int r = worker->broken || worker->gone ? 0 : worker_flush(worker);

	if (r == WORKER_LATER)
		workers->retry_ns = clock_ns(CLOCK_MONOTONIC) + FDS_RETRY_NS;
	else if (r)
		broken(workers, worker, "its socket is gone");
}

static void tell(struct workers *workers, struct worker *worker, const struct record *head,
	const void *body, const int *fds)
{
	if (worker_tell(worker, head, body, fds))
		broken(workers, worker, "it asks and does not listen");
	flush(workers, worker);
}

/* ---- what the broker wants (struct broker_actions) ---- */

static void act_opened(void *context, uint64_t process, uint64_t open_id,
	const struct hash *interface, uint32_t status, uint32_t lane, uint32_t slot,
	bool new_lane)
{
	struct workers *workers = context;
	struct worker *worker = worker_find(workers, process);
	struct home_opened body = {
		.status = status, .lane = lane, .slot = slot, .new_lane = new_lane
	};
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
	tell(workers, worker, &head, &body, new_lane ? worker->client_fds : NULL);
}

static bool act_connect(void *context, uint64_t client_id, uint32_t client_lane,
	uint64_t handler_id, uint32_t handler_lane, uint32_t ring_log2)
{
	struct workers *workers = context;
	struct worker *client = worker_find(workers, client_id),
		      *handler = worker_find(workers, handler_id);
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
	worker_table_open(handler, handler_lane, LANE_HANDLER, ring_log2, client_id);
	worker_table_open(client, client_lane, LANE_CLIENT, ring_log2, 0);
	client->lanes++;
	handler->lanes++;
	struct home_lane body = { .lane = handler_lane,
		.generation = handler->table->lanes[handler_lane].generation };
	struct record head = { .kind = RECORD_NEW_LANE,
		.frag_len = sizeof(body),
		.total_len = sizeof(body),
		.slot = handler_lane };
	tell(workers, handler, &head, &body, handler_fds);
	return true;
}

static void act_slots(void *context, uint64_t process, uint32_t lane, uint64_t slots)
{
	struct worker *worker = worker_find(context, process);

	if (worker)
		worker_table_slots(worker, lane, slots);
}

static void act_lane_state(
	void *context, uint64_t process, uint32_t lane, enum table_state state)
{
	struct worker *worker = worker_find(context, process);

	if (!worker)
		return;
	if (state == TABLE_FREE)
		worker->lanes--;
	worker_table_state(worker, lane, state);
}

static void act_handles(
	void *context, uint64_t process, uint32_t slot, const struct hash *interface)
{
	struct worker *worker = worker_find(context, process);

	if (worker)
		worker_table_interface(worker, slot, interface);
}

/* ---- what the hosts want (struct host_env) ---- */

static void host_answer(void *context, uint64_t process, uint64_t id, uint32_t status,
	const void *body, uint32_t bytes)
{
	struct workers *workers = context;
	struct worker *worker = worker_find(workers, process);
	struct record head = { .kind = RECORD_ANSWER,
		.frag_len = bytes,
		.total_len = bytes,
		.id = id,
		.slot = status };

	if (!worker)
		return;
	worker->answers++;
	tell(workers, worker, &head, body, NULL);
}

static void host_output(
	void *context, uint64_t process, uint32_t level, const void *text, uint32_t bytes)
{
	struct workers *workers = context;

	workers->events.output(workers->events.context, process, level, text, bytes);
}

static uint64_t host_monotonic(void *context)
{
	(void)context;
	return clock_ns(CLOCK_MONOTONIC);
}

static uint64_t host_realtime(void *context)
{
	(void)context;
	return clock_ns(CLOCK_REALTIME);
}

/* ---- what a worker says ---- */

/* Messages to `interface`. A cancel is carried out by the sender's runtime (RECORD_CANCEL);
 * here it is only known. */
static uint32_t interface_message(
	struct workers *workers, uint64_t process, const uint8_t *body, uint32_t bytes)
{
	struct rs_interface_register message; /* unregister has the same shape */
	struct hash interface;

	if (bytes < sizeof(message.request))
		return RS_MALFORMED;
	memcpy(&message.request, body, sizeof(message.request));
	if (message.request == RS_INTERFACE_CANCEL)
		return bytes == sizeof(struct rs_interface_cancel) ? RS_OK : RS_MALFORMED;
	if (message.request > RS_INTERFACE_CANCEL)
		return RS_UNSUPPORTED;
	if (bytes != sizeof(message))
		return RS_MALFORMED;
	memcpy(&message, body, sizeof(message));
	if (message.flags)
		return RS_MALFORMED;
	memcpy(interface.bytes, message.interface, HASH_BYTES);
	return message.request == RS_INTERFACE_REGISTER
		       ? broker_register(workers->broker, process, &interface)
		       : broker_unregister(workers->broker, process, &interface);
}

static void to_broker(struct workers *workers, struct worker *worker, const struct record *head)
{
	if (worker->gone) /* it cannot handle anything any more */
		return;
	uint32_t status =
		interface_message(workers, worker->process, workers->body, head->frag_len);
	if (head->flags & RS_NEEDS_ANSWER)
		host_answer(workers, worker->process, head->id, status, NULL, 0);
}

static void to_host(struct workers *workers, struct worker *worker, const struct record *head)
{
	struct host_message message = { .process = worker->process,
		.id = head->flags & RS_NEEDS_ANSWER ? head->id : 0,
		.body = workers->body,
		.bytes = head->frag_len };

	if (!hosts_message(&workers->hosts, head->slot, &message) && message.id)
		host_answer(workers, worker->process, message.id, RS_TOO_BIG, NULL, 0);
	if (head->slot == HOSTS_CONSOLE && workers->events.input_wanted)
		workers->events.input_wanted(workers->events.context, worker->process);
}

static void on_message(
	struct workers *workers, struct worker *worker, const struct record *head)
{
	if (head->slot >= HOSTS_COUNT || !(worker->host_slots >> head->slot & 1)) {
		broken(workers, worker, "it used a slot it was not given");
		return;
	}
	worker->messages++;
	if (head->slot == HOSTS_INTERFACE)
		to_broker(workers, worker, head);
	else
		to_host(workers, worker, head);
}

static void on_cancel(struct workers *workers, struct worker *worker, const struct record *head)
{
	hosts_cancelled(&workers->hosts, worker->process, head->id);
}

static void on_open(struct workers *workers, struct worker *worker, const struct record *head)
{
	struct home_open open;
	struct hash interface;

	if (head->frag_len != sizeof(open)) {
		broken(workers, worker, "a malformed open");
		return;
	}
	memcpy(&open, workers->body, sizeof(open));
	memcpy(interface.bytes, open.interface, HASH_BYTES);
	broker_open(workers->broker, worker->process, head->id, &interface, open.flags);
}

static void on_lane_taken(
	struct workers *workers, struct worker *worker, const struct record *head)
{
	(void)head;
	if (!worker->outbox.fds_in_flight) {
		broken(workers, worker, "it took a lane nobody gave");
		return;
	}
	worker->outbox.fds_in_flight = false;
	flush(workers, worker);
}

/* The lane that a RECORD_LANE_DONE or RECORD_LANE_BROKEN is about, as it is used now. */
static bool lane_meant(struct workers *workers, const struct worker *worker,
	const struct record *head, uint32_t *lane)
{
	struct home_lane body;

	if (head->frag_len != sizeof(body))
		return false;
	memcpy(&body, workers->body, sizeof(body));
	*lane = body.lane;
	return body.lane < LANES_MAX &&
	       body.generation == worker->table->lanes[body.lane].generation;
}

static void on_lane_done(
	struct workers *workers, struct worker *worker, const struct record *head)
{
	uint32_t lane;

	if (!lane_meant(workers, worker, head, &lane) ||
		!broker_lane_done(workers->broker, worker->process, lane))
		broken(workers, worker, "it let go of a lane it does not have");
}

static void on_lane_broken(
	struct workers *workers, struct worker *worker, const struct record *head)
{
	uint32_t lane;

	if (!lane_meant(workers, worker, head, &lane) ||
		!broker_lane_broken(workers->broker, worker->process, lane)) {
		broken(workers, worker, "it accused a peer it does not have");
		return;
	}
	log_warning("lane-broken", "proc=%llu lane=%u peer=%llu",
		(unsigned long long)worker->process, lane,
		(unsigned long long)worker->table->lanes[lane].peer_process);
}

static void on_ready(struct workers *workers, struct worker *worker, const struct record *head)
{
	(void)head;
	if (worker->ready) {
		broken(workers, worker, "it was ready twice");
		return;
	}
	/* Only its owner may write an own page: a peer that could would keep its owner from
	 * ever being woken. */
	if (!bell_page_sealed(worker->page_fd)) {
		broken(workers, worker, "its own page is not sealed");
		return;
	}
	worker->ready = true;
	workers->events.ready(workers->events.context, worker->process);
}

static const struct record_row {
	void (*take)(struct workers *, struct worker *, const struct record *);
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

/* The copy in workers->body is what is looked at from here on. */
static void take(struct workers *workers, struct worker *worker, const struct record *head)
{
	static const struct record_row unknown = { 0 };
	const struct record_row *row =
		head->kind < ARRAY_LEN(record_rows) ? &record_rows[head->kind] : &unknown;

	if (!row->take || head->total_len != head->frag_len || (!worker->ready && !row->early))
		broken(workers, worker, "a record that has no place here");
	else if (!worker->gone || row->ending)
		row->take(workers, worker, head);
}

static bool output_blocked(const struct workers *workers, const struct worker *worker)
{
	return !worker->gone && workers->events.output_blocked &&
	       workers->events.output_blocked(workers->events.context, worker->process);
}

/* One record. False: nothing now, or nothing more from this one. */
static bool pump_record(struct workers *workers, struct worker *worker, uint64_t *bytes)
{
	struct record head;
	const uint8_t *body;

	if (worker->broken || output_blocked(workers, worker))
		return false;
	int r = ring_peek(&worker->home.in, &head, &body);
	if (r == RING_EMPTY)
		return false;
	if (r || head.frag_len > sizeof(workers->body)) {
		broken(workers, worker, "its home lane is broken");
		return false;
	}
	memcpy(workers->body, body, head.frag_len);
	ring_consume(&worker->home.in, head.frag_len);
	*bytes += head.frag_len;
	take(workers, worker, &head);
	return true;
}

/* A turn of one worker. True: something may be left. */
static bool pump(struct workers *workers, struct worker *worker)
{
	uint64_t bytes = 0;
	uint32_t n = 0;

	while (n < PUMP_RECORDS && bytes < PUMP_BYTES && pump_record(workers, worker, &bytes))
		n++;
	if (worker->broken)
		return false;
	lane_tell(&worker->home);
	if (!worker->retry)
		flush(workers, worker);
	return n == PUMP_RECORDS || bytes >= PUMP_BYTES;
}

bool workers_pump(struct workers *workers)
{
	bool more = false;
	uint32_t n = workers->count;

	/* no event may take a worker away in between: rsd calls workers_gone() from a turn of
	 * its own */
	for (struct worker *worker = workers->turns; n; n--, worker = worker->next)
		more |= pump(workers, worker);
	if (workers->turns)
		workers->turns = workers->turns->next;
	return more;
}

/* ---- sleeping ---- */

static bool waits(const struct workers *workers, const struct worker *worker)
{
	if (worker->broken)
		return false;
	if (ring_waiting(&worker->home.in) && !output_blocked(workers, worker))
		return true;
	/* a worker that had no room for us may have made some before it saw that we want it */
	const struct outbox *outbox = &worker->outbox;
	return outbox->first && !outbox->fds_in_flight && !worker->retry &&
	       atomic_load_explicit(&worker->home.out.head->position, memory_order_acquire) !=
		       worker->home.out.head_seen;
}

bool workers_waiting(const struct workers *workers)
{
	uint32_t n = workers->count;

	for (const struct worker *worker = workers->turns; n; n--, worker = worker->next)
		if (waits(workers, worker))
			return true;
	return false;
}

int workers_bell(const struct workers *workers)
{
	return workers->bell_read;
}

uint64_t workers_sleep_begin(struct workers *workers)
{
	return bell_sleep_begin(workers->own);
}

void workers_sleep_end(struct workers *workers, uint64_t epoch)
{
	bell_sleep_end(workers->own, epoch);
}

uint64_t workers_deadline_ns(struct workers *workers)
{
	uint64_t hosts = hosts_deadline_ns(&workers->hosts);

	return hosts < workers->retry_ns ? hosts : workers->retry_ns;
}

static void flush_again(struct workers *workers)
{
	uint32_t n = workers->count;

	workers->retry_ns = UINT64_MAX;
	for (struct worker *worker = workers->turns; n; n--, worker = worker->next)
		if (worker->retry)
			flush(workers, worker);
}

void workers_tick(struct workers *workers, uint64_t now_ns)
{
	if (workers->retry_ns <= now_ns)
		flush_again(workers);
	hosts_tick(&workers->hosts, now_ns);
}

/* ---- a worker's life ---- */

static void turns_add(struct workers *workers, struct worker *worker)
{
	if (!workers->turns) {
		workers->turns = worker->next = worker->previous = worker;
	} else {
		worker->next = workers->turns;
		worker->previous = workers->turns->previous;
		worker->previous->next = worker->next->previous = worker;
	}
	workers->count++;
}

static void turns_remove(struct workers *workers, struct worker *worker)
{
	if (workers->turns == worker)
		workers->turns = worker->next == worker ? NULL : worker->next;
	worker->previous->next = worker->next;
	worker->next->previous = worker->previous;
	workers->count--;
}

void workers_close_fds(int fds[START_FDS])
{
	worker_close_fds(fds);
}

int workers_add(struct workers *workers, uint64_t process, const struct hash *program,
	int fds[START_FDS])
{
	struct worker *worker;
	int r = worker_new(process, &workers->rsd, fds, &worker);

	if (r)
		return r;
	r = broker_process_started(workers->broker, process, program);
	if (r) {
		worker_free(worker);
		worker_close_fds(fds);
		return r;
	}
	*worker_place(workers, process) = worker;
	turns_add(workers, worker);
	return 0;
}

void workers_gone(struct workers *workers, uint64_t process, struct trap_report *report)
{
	struct worker **at = worker_place(workers, process), *worker = *at;
	uint64_t bytes = 0;

	*report = (struct trap_report){ 0 };
	if (!worker)
		return;
	*report = worker->page->trap;
	worker->gone = true;
	while (pump_record(workers, worker, &bytes)) /* its last words; the ring is bounded */
		;
	*at = worker->next_in_bucket;
	turns_remove(workers, worker);
	broker_process_gone(workers->broker, process);
	hosts_process_gone(&workers->hosts, process);
	worker_free(worker);
}

int workers_notice_stop(struct workers *workers, uint64_t process, uint64_t left_ms)
{
	struct worker *worker = worker_find(workers, process);
	struct record head = { .kind = RECORD_NOTICE,
		.frag_len = sizeof(left_ms),
		.total_len = sizeof(left_ms),
		.slot = RS_NOTICE_STOP };

	if (!worker || worker->broken || !worker->ready)
		return WORKERS_NOT_SENT;
	tell(workers, worker, &head, &left_ms, NULL);
	return 0;
}

/* ---- standard input: through to the console ---- */

int workers_input_attach(struct workers *workers, uint64_t process)
{
	return host_console_attach(workers->hosts.state[HOSTS_CONSOLE], process);
}

int workers_input(struct workers *workers, uint64_t process, const void *bytes, uint32_t n)
{
	return host_console_input(workers->hosts.state[HOSTS_CONSOLE], process, bytes, n);
}

void workers_input_end(struct workers *workers, uint64_t process)
{
	host_console_end(workers->hosts.state[HOSTS_CONSOLE], process);
}

uint32_t workers_input_room(struct workers *workers, uint64_t process)
{
	return host_console_room(workers->hosts.state[HOSTS_CONSOLE], process);
}

/* ---- what rsd asks ---- */

const struct broker *workers_broker(const struct workers *workers)
{
	return workers->broker;
}

const char *workers_interface_name(const struct hash *interface)
{
	for (uint32_t i = 0; i < HOSTS_COUNT; i++) {
		struct hash name = hosts_interface(i);
		if (hash_equal(interface, &name))
			return hosts_name(i);
	}
	return NULL;
}

bool workers_stats(const struct workers *workers, uint64_t process, struct worker_stats *out)
{
	const struct worker *worker = worker_find(workers, process);

	if (!worker)
		return false;
	*out = (struct worker_stats){
		.messages = worker->messages, .answers = worker->answers, .lanes = worker->lanes
	};
	return true;
}

/* ---- all of them ---- */

static int make_own(struct workers *workers)
{
	int r = bell_page_new(&workers->rsd.page_fd);

	if (!r)
		r = bell_open(&workers->bell_read, &workers->rsd.bell_fd);
	if (r)
		return r;
	void *page = mmap(NULL, OWN_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
		workers->rsd.page_fd, 0);
	if (page == MAP_FAILED)
		return -errno;
	workers->own = page;
	return bell_page_seal(workers->rsd.page_fd);
}

static int make_broker(struct workers *workers)
{
	const struct broker_actions actions = { .context = workers,
		.opened = act_opened,
		.connect = act_connect,
		.slots = act_slots,
		.lane_state = act_lane_state,
		.handles = act_handles };
	int r = broker_new(&actions, NULL, NULL, &workers->broker);

	for (uint32_t i = 0; !r && i < HOSTS_COUNT; i++) {
		struct hash name = hosts_interface(i);
		r = broker_add_host(workers->broker, &name, i);
	}
	return r;
}

int workers_new(const struct workers_events *events, struct workers **out)
{
	struct workers *workers = calloc(1, sizeof(*workers));

	if (!workers)
		return -ENOMEM;
	workers->events = *events;
	workers->retry_ns = UINT64_MAX;
	workers->rsd.page_fd = workers->rsd.bell_fd = workers->bell_read = -1;
	workers->env = (struct host_env){ .context = workers,
		.answer = host_answer,
		.output = host_output,
		.monotonic_ns = host_monotonic,
		.realtime_ns = host_realtime };
	int r = hosts_init(&workers->hosts, &workers->env);
	if (r) {
		free(workers);
		return r;
	}
	r = make_own(workers);
	if (!r)
		r = make_broker(workers);
	if (r)
		workers_free(workers);
	else
		*out = workers;
	return r;
}

struct workers *workers_free(struct workers *workers)
{
	if (!workers)
		return NULL;
	while (workers->turns) {
		struct trap_report report;
		workers_gone(workers, workers->turns->process, &report);
	}
	hosts_deinit(&workers->hosts);
	broker_free(workers->broker);
	if (workers->own)
		munmap(workers->own, OWN_PAGE_BYTES);
	fd_closep(&workers->rsd.page_fd);
	fd_closep(&workers->rsd.bell_fd);
	fd_closep(&workers->bell_read);
	free(workers);
	return NULL;
}
