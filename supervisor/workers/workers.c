/*
 * workers.c: read workers_pump() first. The rest is the life of a worker, and what passes
 * through.
 */
#include "supervisor/workers/workers.h"

#include <sched.h>
#include <stdlib.h>
#include <x86intrin.h>

#include <sys/mman.h>

#include "ipc/yielding.h"
#include "supervisor/workers/grace.h"
#include "supervisor/workers/hearing.h"
#include "supervisor/workers/linking.h"
#include "supervisor/workers/registry.h"
#include "supervisor/workers/relays.h"

#define PUMP_RECORDS 32u /* one turn of one worker */
#define PUMP_BYTES   (64 * KIB)
#define TURNS_LATELY 64u /* after so many, those are looked at who had nothing lately */

/* Last words. What lies in a ring is bounded, but what shares a native client's memory may
 * still write. */
#define LAST_RECORDS_MAX ((1u << LANE_RING_SMALL) / RECORD_ALIGN)

struct workers {
	struct crew crew;
	uint32_t turns; /* and looks for them, since all were looked at */
	bool busy;      /* the last pump had something to do */
	struct yielding yielding;
};

/* ---- what the hosts want (struct host_env) ---- */

static void host_output(
	void *context, uint64_t process, uint32_t level, const void *text, uint32_t bytes)
{
	const struct crew *crew = context;

	crew->events.output(crew->events.context, process, level, text, bytes);
}

static uint64_t host_monotonic(void *context)
{
	(void)context;
	return crew_clock_ns(CLOCK_MONOTONIC);
}

static uint64_t host_realtime(void *context)
{
	(void)context;
	return crew_clock_ns(CLOCK_REALTIME);
}

/* ---- turns ---- */

static bool hear(struct crew *crew, struct lookout_item *item)
{
	struct worker *worker = item->owner;
	uint64_t bytes = 0;
	uint32_t n = 0;

	while (n < PUMP_RECORDS && bytes < PUMP_BYTES && hearing_record(crew, worker, &bytes))
		n++;
	if (worker->broken)
		return false;
	crew_heard(crew, worker);
	lane_tell(&worker->home);
	if (!worker->retry)
		crew_flush(crew, worker);
	return n == PUMP_RECORDS || bytes >= PUMP_BYTES;
}

static bool flush(struct crew *crew, struct lookout_item *item)
{
	crew_flush(crew, item->owner);
	return false;
}

/* A turn of whoever has something; true: more may be left. */
static bool (*const turns[])(struct crew *, struct lookout_item *) = {
	[WORKER_HEARS] = hear,
	[WORKER_TELLS] = flush,
	[WORKER_RELAY] = linking_turn,
};

/* Turns of all in the scan; how many those were. */
static uint32_t take_turns(struct crew *crew, struct lookout_scan scan, bool *more)
{
	struct lookout_item *item;
	uint32_t n = 0;

	for (; (item = lookout_next(&crew->lookout, &scan)); n++)
		*more |= turns[item->kind](crew, item);
	return n;
}

bool workers_pump(struct workers *workers)
{
	struct crew *crew = &workers->crew;
	bool more = false;

	/* no event may take a worker away in between: rsd calls workers_gone() from a turn of
	 * its own */
	uint32_t n = take_turns(crew, lookout_lately(&crew->lookout), &more);
	workers->turns += n + 1;
	if (n == 0 || workers->turns >= TURNS_LATELY) {
		n += take_turns(crew, lookout_all(&crew->lookout), &more);
		workers->turns = 0;
	}
	workers->busy = n > 0;
	return more;
}

/* True: one in the scan has something that can be taken now. */
static bool any(struct crew *crew, struct lookout_scan scan)
{
	struct lookout_item *item;

	while ((item = lookout_next(&crew->lookout, &scan)))
		if (item->kind != WORKER_HEARS || !hearing_blocked(crew, item->owner))
			return true;
	return false;
}

bool workers_yield(struct workers *workers)
{
	struct crew *crew = &workers->crew;

	if (!workers->busy || !yielding_may(&workers->yielding))
		return false;
	uint64_t began = __rdtsc();
	sched_yield();
	uint64_t ticks = __rdtsc() - began;
	bool came = any(crew, lookout_lately(&crew->lookout));
	yielding_was(&workers->yielding, ticks, came);
	return came;
}

/* ---- sleeping ---- */

bool workers_waiting(struct workers *workers)
{
	return any(&workers->crew, lookout_all(&workers->crew.lookout));
}

int workers_bell(const struct workers *workers)
{
	return workers->crew.bell_read;
}

uint64_t workers_sleep_begin(struct workers *workers)
{
	return bell_sleep_begin(workers->crew.own);
}

void workers_sleep_end(struct workers *workers, uint64_t epoch)
{
	bell_sleep_end(workers->crew.own, epoch);
}

uint64_t workers_deadline_ns(struct workers *workers)
{
	uint64_t hosts = hosts_deadline_ns(&workers->crew.hosts);

	return hosts < workers->crew.retry_ns ? hosts : workers->crew.retry_ns;
}

static void flush_again(struct workers *workers)
{
	workers->crew.retry_ns = UINT64_MAX;
	for (struct worker *worker = workers->crew.first; worker; worker = worker->next)
		if (worker->retry)
			crew_flush(&workers->crew, worker);
}

void workers_tick(struct workers *workers, uint64_t now_ns)
{
	if (workers->crew.retry_ns <= now_ns)
		flush_again(workers);
	hosts_tick(&workers->crew.hosts, now_ns);
}

/* ---- a worker's life ---- */

void workers_close_fds(int fds[START_FDS])
{
	worker_close_fds(fds);
}

int workers_add(struct workers *workers, uint64_t process, const struct hash *program,
	int fds[START_FDS])
{
	struct worker *worker;
	int r = worker_new(process, &workers->crew.rsd, fds, &worker);

	if (r)
		return r;
	r = broker_process_started(workers->crew.broker, process, program);
	if (r == 0) {
		r = crew_add(&workers->crew, worker);
		if (r)
			broker_process_gone(workers->crew.broker, process);
	}
	if (r) {
		worker_free(worker);
		worker_close_fds(fds);
	}
	return r;
}

static void forget(struct workers *workers, struct worker *worker)
{
	crew_remove(&workers->crew, worker);
	linking_gone(worker);
	broker_process_gone(workers->crew.broker, worker->process);
	hosts_process_gone(&workers->crew.hosts, worker->process);
	worker_free(worker);
}

void workers_gone(struct workers *workers, uint64_t process, struct trap_report *report)
{
	struct worker *worker = crew_find(&workers->crew, process);
	uint64_t bytes = 0;
	uint32_t n = 0;

	*report = (struct trap_report){ 0 };
	if (!worker)
		return;
	*report = worker->page->trap;
	worker->gone = true;
	while (n++ < LAST_RECORDS_MAX && hearing_record(&workers->crew, worker, &bytes))
		;
	forget(workers, worker);
}

void workers_expel(struct workers *workers, uint64_t process)
{
	struct worker *worker = crew_find(&workers->crew, process);

	if (!worker)
		return;
	worker->gone = true;
	/* as if its peers had found out: both ends are closed, then there is no end to tell */
	for (uint32_t i = LANE_HOME + 1; i < LANES_MAX; i++)
		(void)!broker_lane_broken(workers->crew.broker, process, i);
	forget(workers, worker);
}

int workers_socket(const struct workers *workers, uint64_t process)
{
	const struct worker *worker = crew_find(&workers->crew, process);

	return worker ? worker->socket : -1;
}

int workers_notice_stop(struct workers *workers, uint64_t process, uint64_t left_ms)
{
	return crew_notice(&workers->crew, process, RS_NOTICE_STOP, &left_ms, sizeof(left_ms))
		       ? 0
		       : WORKERS_NOT_SENT;
}

/* ---- standard input: through to the console ---- */

int workers_input_attach(struct workers *workers, uint64_t process)
{
	return host_console_attach(workers->crew.hosts.state[HOSTS_CONSOLE], process);
}

int workers_input(struct workers *workers, uint64_t process, const void *bytes, uint32_t n)
{
	return host_console_input(workers->crew.hosts.state[HOSTS_CONSOLE], process, bytes, n);
}

void workers_input_end(struct workers *workers, uint64_t process)
{
	host_console_end(workers->crew.hosts.state[HOSTS_CONSOLE], process);
}

uint32_t workers_input_room(struct workers *workers, uint64_t process)
{
	return host_console_room(workers->crew.hosts.state[HOSTS_CONSOLE], process);
}

void *workers_program(struct workers *workers)
{
	return workers->crew.hosts.state[HOSTS_PROGRAM];
}

/* ---- what rsd asks ---- */

void workers_limit_bodies(struct workers *workers, uint32_t bytes)
{
	broker_limit_bodies(workers->crew.broker, bytes);
}

void workers_mediate(struct workers *workers, bool mediate)
{
	broker_mediate(workers->crew.broker, mediate);
}

void workers_policy(struct workers *workers, broker_policy policy, void *context)
{
	broker_set_policy(workers->crew.broker, policy, context);
}

void workers_set_asker(struct workers *workers, const struct workers_asker *asker)
{
	workers->crew.asker = *asker;
}

void workers_set_starter(struct workers *workers, const struct workers_starter *starter)
{
	workers->crew.starter = *starter;
}

void workers_reconsider(struct workers *workers, uint64_t process, const struct hash *interface)
{
	struct crew *crew = &workers->crew;

	broker_reconsider(crew->broker, process, interface);
	for (struct worker *worker = crew->first; worker; worker = worker->next)
		if (process == 0 || worker->process == process)
			registry_reconsider(crew, worker);
}

void workers_unanswered(struct workers *workers, uint64_t process, const struct hash *interface,
	enum broker_right right)
{
	struct worker *worker = crew_find(&workers->crew, process);

	if (worker)
		registry_unanswered(&workers->crew, worker, interface, right);
}

int workers_bind(
	struct workers *workers, const struct hash *interface, const struct hash *program)
{
	return broker_bind(workers->crew.broker, interface, program);
}

void workers_start_failed(struct workers *workers, const struct hash *interface)
{
	broker_start_failed(workers->crew.broker, interface);
}

int workers_instance(struct workers *workers, const struct hash *instance, uint64_t owner,
	uint64_t child, const struct hash *interface)
{
	return broker_instance(workers->crew.broker, instance, owner, child, interface);
}

void workers_instance_end(struct workers *workers, const struct hash *instance)
{
	broker_instance_end(workers->crew.broker, instance);
}

struct grace *workers_grace_begin(const struct workers *workers, uint64_t handler)
{
	return grace_begin(&workers->crew, handler);
}

bool workers_grace_over(const struct workers *workers, struct grace *grace)
{
	return grace && grace_over(&workers->crew, grace);
}

void workers_grace_free(struct grace *grace)
{
	grace_free(grace);
}

const struct broker *workers_broker(const struct workers *workers)
{
	return workers->crew.broker;
}

bool workers_stats(const struct workers *workers, uint64_t process, struct worker_stats *out)
{
	const struct worker *worker = crew_find(&workers->crew, process);

	if (!worker)
		return false;
	struct broker_use use = { 0 };
	(void)!broker_use(workers->crew.broker, process, &use);
	*out = (struct worker_stats){ .messages = worker->messages,
		.answers = worker->answers,
		.lanes = worker->lanes,
		.lane_bytes = use.lane_bytes,
		.refused = worker->refused + use.refused,
		.denied = worker->denied + use.denied,
		.limited = worker->meters.refused };
	return true;
}

void workers_each_mediated(const struct workers *workers, uint64_t process,
	bool (*each)(void *context, const struct worker_mediated *mediated), void *context)
{
	const struct worker *worker = crew_find(&workers->crew, process);
	bool more = worker != NULL;

	for (uint32_t lane = 0; more && lane < worker->relays_room; lane++) {
		const struct relay *relay = worker->relays[lane];
		if (!relay)
			continue;
		const struct relay_count *messages = &relay->counts[LANE_CLIENT],
					 *answers = &relay->counts[LANE_HANDLER];
		enum lane_role role = linking_role(relay, process, lane);
		const struct worker_mediated mediated = { .lane = lane,
			.handler = role == LANE_HANDLER,
			.peer = relay->process[relays_other(role)],
			.messages = messages->records,
			.answers = answers->records,
			.bytes = messages->bytes + answers->bytes,
			.refused = relay->refused,
			.limited = relay->meters.refused };
		more = each(context, &mediated);
	}
}

/* ---- all of them ---- */

static int make_own(struct workers *workers)
{
	int r = bell_page_new(&workers->crew.rsd.page_fd);

	if (!r)
		r = bell_open(&workers->crew.bell_read, &workers->crew.rsd.bell_fd);
	if (r)
		return r;
	void *page = mmap(NULL, OWN_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
		workers->crew.rsd.page_fd, 0);
	if (page == MAP_FAILED)
		return -errno;
	workers->crew.own = page;
	return bell_page_seal(workers->crew.rsd.page_fd);
}

static int make_broker(struct workers *workers)
{
	const struct broker_actions actions = linking_actions(&workers->crew);
	int r = broker_new(&actions, NULL, NULL, &workers->crew.broker);

	for (uint32_t i = 0; !r && i < HOSTS_COUNT; i++) {
		struct hash name = hosts_interface(i);
		r = broker_add_host(workers->crew.broker, &name, i);
	}
	return r;
}

int workers_new(const struct workers_events *events, struct workers **out)
{
	struct workers *workers = calloc(1, sizeof(*workers));

	if (!workers)
		return -ENOMEM;
	workers->crew.events = *events;
	workers->crew.retry_ns = UINT64_MAX;
	workers->crew.rsd.page_fd = workers->crew.rsd.bell_fd = workers->crew.bell_read = -1;
	workers->crew.env = (struct host_env){ .context = &workers->crew,
		.answer = crew_answer,
		.output = host_output,
		.monotonic_ns = host_monotonic,
		.realtime_ns = host_realtime };
	int r = hosts_init(&workers->crew.hosts, &workers->crew.env);
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
	while (workers->crew.first) {
		struct trap_report report;
		workers_gone(workers, workers->crew.first->process, &report);
	}
	lookout_deinit(&workers->crew.lookout);
	hosts_deinit(&workers->crew.hosts);
	broker_free(workers->crew.broker);
	if (workers->crew.own)
		munmap(workers->crew.own, OWN_PAGE_BYTES);
	fd_closep(&workers->crew.rsd.page_fd);
	fd_closep(&workers->crew.rsd.bell_fd);
	fd_closep(&workers->crew.bell_read);
	free(workers);
	return NULL;
}
