/*
 * workers.c: read workers_pump() first. The rest is the life of a worker, and what passes
 * through.
 */
#include "supervisor/workers.h"

#include <stdlib.h>

#include <sys/mman.h>

#include "supervisor/hearing.h"
#include "supervisor/linking.h"

#define PUMP_RECORDS 32u /* one turn of one worker */
#define PUMP_BYTES   (64 * KIB)

struct workers {
	struct crew crew;
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

/* A turn of one worker. True: something may be left. */
static bool pump(struct workers *workers, struct worker *worker)
{
	uint64_t bytes = 0;
	uint32_t n = 0;

	while (n < PUMP_RECORDS && bytes < PUMP_BYTES &&
		hearing_record(&workers->crew, worker, &bytes))
		n++;
	if (worker->broken)
		return false;
	lane_tell(&worker->home);
	if (!worker->retry)
		crew_flush(&workers->crew, worker);
	return n == PUMP_RECORDS || bytes >= PUMP_BYTES;
}

bool workers_pump(struct workers *workers)
{
	bool more = false;
	uint32_t n = workers->crew.count;

	/* no event may take a worker away in between: rsd calls workers_gone() from a turn of
	 * its own */
	for (struct worker *worker = workers->crew.turns; n; n--, worker = worker->next)
		more |= pump(workers, worker);
	if (workers->crew.turns)
		workers->crew.turns = workers->crew.turns->next;
	return more;
}

/* ---- sleeping ---- */

static bool waits(const struct workers *workers, const struct worker *worker)
{
	if (worker->broken)
		return false;
	if (ring_waiting(&worker->home.in) && !hearing_blocked(&workers->crew, worker))
		return true;
	/* a worker that had no room for us may have made some before it saw that we want it */
	const struct outbox *outbox = &worker->outbox;
	return outbox->first && !outbox->fds_in_flight && !worker->retry &&
	       atomic_load_explicit(&worker->home.out.head->position, memory_order_acquire) !=
		       worker->home.out.head_seen;
}

bool workers_waiting(const struct workers *workers)
{
	uint32_t n = workers->crew.count;

	for (const struct worker *worker = workers->crew.turns; n; n--, worker = worker->next)
		if (waits(workers, worker))
			return true;
	return false;
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
	uint32_t n = workers->crew.count;

	workers->crew.retry_ns = UINT64_MAX;
	for (struct worker *worker = workers->crew.turns; n; n--, worker = worker->next)
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
	if (r) {
		worker_free(worker);
		worker_close_fds(fds);
		return r;
	}
	crew_add(&workers->crew, worker);
	return 0;
}

void workers_gone(struct workers *workers, uint64_t process, struct trap_report *report)
{
	struct worker *worker = crew_find(&workers->crew, process);
	uint64_t bytes = 0;

	*report = (struct trap_report){ 0 };
	if (!worker)
		return;
	*report = worker->page->trap;
	worker->gone = true;
	while (hearing_record(
		&workers->crew, worker, &bytes)) /* its last words; the ring is bounded */
		;
	crew_remove(&workers->crew, worker);
	broker_process_gone(workers->crew.broker, process);
	hosts_process_gone(&workers->crew.hosts, process);
	worker_free(worker);
}

int workers_notice_stop(struct workers *workers, uint64_t process, uint64_t left_ms)
{
	struct worker *worker = crew_find(&workers->crew, process);
	struct record head = { .kind = RECORD_NOTICE,
		.frag_len = sizeof(left_ms),
		.total_len = sizeof(left_ms),
		.slot = RS_NOTICE_STOP };

	if (!worker || worker->broken || !worker->ready)
		return WORKERS_NOT_SENT;
	crew_tell(&workers->crew, worker, &head, &left_ms, NULL);
	return 0;
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

/* ---- what rsd asks ---- */

void workers_limit_bodies(struct workers *workers, uint32_t bytes)
{
	broker_limit_bodies(workers->crew.broker, bytes);
}

const struct broker *workers_broker(const struct workers *workers)
{
	return workers->crew.broker;
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
	const struct worker *worker = crew_find(&workers->crew, process);

	if (!worker)
		return false;
	struct broker_use use = { 0 };
	(void)!broker_use(workers->crew.broker, process, &use);
	*out = (struct worker_stats){ .messages = worker->messages,
		.answers = worker->answers,
		.lanes = worker->lanes,
		.lane_bytes = use.lane_bytes,
		.refused = use.refused };
	return true;
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
	while (workers->crew.turns) {
		struct trap_report report;
		workers_gone(workers, workers->crew.turns->process, &report);
	}
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
