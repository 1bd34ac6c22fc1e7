#include "supervisor/processes/processes.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/syscall.h>

#include "ipc/log.h"
#include "ipc/memfd.h"
#include "supervisor/processes/backtrace.h"
#include "supervisor/processes/natives.h"
#include "supervisor/workers/refusals.h"

#define BUCKETS     1024u         /* by id; ids come one after the other */
#define GRACE_NS    2000000000ull /* between a process's end and the launcher's word about it */
#define NS_PER_MS   1000000ull
#define STATUS_KILL (128 + SIGKILL)

struct processes {
	struct processes_parts parts;
	struct roster *roster;
	struct process *queued, **queued_last; /* for the launcher */
	uint32_t alive;
	bool ending, begun;
};

static void withdraw(void *context, struct process *p);
static void enqueue(void *context, struct process *p);
static void ask(void *context, struct process *p);
static void kill_process(void *context, struct process *p);
static void finish(void *context, struct process *p);

static int happened(struct processes *ps, struct process *p, enum process_event event)
{
	const struct process_actions actions = {
		.context = ps,
		.enqueue = enqueue,
		.withdraw = withdraw,
		.ask = ask,
		.kill = kill_process,
		.finish = finish,
	};
	return process_event(p, event, &actions);
}

void processes_happened(struct process *p, enum process_event event)
{
	(void)happened(p->owner, p, event);
}

/* ---- what the table in process.c wants done ---- */

static void send_signal(struct process *p, int signal)
{
	p->sent = signal;
	if (p->pidfd >= 0 && syscall(SYS_pidfd_send_signal, p->pidfd, signal, NULL, 0) &&
		errno != ESRCH)
		log_error("signal", "proc=%" PRIu64 " why=\"%s\"", p->id, strerror(errno));
}

static void kill_process(void *context, struct process *p)
{
	(void)context;
	if (p->native) {
		natives_expel(p);
		return;
	}
	p->kill_wanted = true;
	send_signal(p, SIGKILL);
}

static void deadline(void *context)
{
	struct process *p = context;

	(void)happened(p->owner, p, PROCESS_DEADLINE);
}

/* A handler has clients that wait for answers: it is told, and given time. */
static void ask(void *context, struct process *p)
{
	struct processes *ps = context;
	bool tell = p->native || broker_handles_any(workers_broker(ps->parts.workers), p->id);
	bool told = tell && workers_notice_stop(ps->parts.workers, p->id, p->stop_ms) == 0;

	if (!told && !p->native)
		send_signal(p, SIGTERM);
	loop_timer_set(
		ps->parts.loop, &p->timer, loop_now_ns() + p->stop_ms * NS_PER_MS, deadline, p);
}

static void unqueue(struct processes *ps, struct process *p)
{
	struct process **at = &ps->queued;

	while (*at && *at != p)
		at = &(*at)->next_queued;
	if (!*at)
		return;
	*at = p->next_queued;
	if (!*at)
		ps->queued_last = at;
}

static void withdraw(void *context, struct process *p)
{
	compile_drop(&p->want);
	unqueue(context, p);
}

static void send_queued(struct processes *ps);

static void enqueue(void *context, struct process *p)
{
	struct processes *ps = context;

	p->next_queued = NULL;
	*ps->queued_last = p;
	ps->queued_last = &p->next_queued;
	send_queued(ps);
}

static void settle_ending(struct process *p, const struct trap_report *report)
{
	const struct ending_facts facts = {
		.ran = p->ran,
		.sent = p->sent,
		.stopping = p->stopping,
		.broke = p->broke[0] ? p->broke : NULL,
		.report = report,
		.object = p->object ? p->object->fd : -1,
		.object_bytes = p->object ? p->object->bytes : 0,
	};

	if (p->ending.cause == ENDING_UNKNOWN && p->has_status)
		ending_of(p->wait_status, &facts, &p->ending);
	else if (p->ending.cause == ENDING_UNKNOWN)
		ending_set(&p->ending, ENDING_UNKNOWN, CONTROL_FAILED, "nobody saw how");
}

static void finish(void *context, struct process *p)
{
	struct processes *ps = context;
	struct trap_report report = { 0 };
	char callers[EVENTS_DETAIL_SIZE];

	loop_timer_stop(&p->timer);
	loop_cancel(ps->parts.loop, &p->pidfd_watch);
	if (p->native)
		natives_finish(p);
	else if (p->has_worker) /* first: what it still said is output, and comes before its end
				 */
		workers_gone(ps->parts.workers, p->id, &report);
	settle_ending(p, &report);
	p->has_worker = false;
	if (ps->parts.asking)
		asking_process_gone(ps->parts.asking, p);
	fd_closep(&p->pidfd);
	p->counting = profiles_run_end(p->counting);
	p->object = shelf_drop(p->object);
	p->ended_ms = events_now_ms();
	backtrace_keep(p->ending.backtrace, p->ending.detail, p->ended_ms, p->book);
	journal_close(p->book);
	p->attached = NULL;
	p->allowance = allowance_drop(p->allowance);
	ps->alive--;
	roster_gone(ps->roster);
	events_add(ps->parts.events, "ended", p->id, &p->program, "%s, status %d%s%s",
		ending_text(p->ending.cause), p->ending.status, p->ending.detail[0] ? ": " : "",
		p->ending.detail);
	if (p->ending.backtrace)
		events_add(ps->parts.events, "backtrace", p->id, &p->program, "%s",
			backtrace_line(p->ending.backtrace, callers));
	if (p->watch)
		p->watch->gone(p->watch->context, p);
}

/* ---- to the launcher ---- */

/* What the worker gets to read: limits and strings. */
static int make_block(const struct process *p, int *out)
{
	struct start_block block = {
		.process = p->id,
		.program = p->program,
		.memory_bytes_max = p->limits.memory_bytes,
		.cpu_s_max = p->limits.cpu_s,
		.body_bytes_max = p->limits.body_bytes,
		.outstanding_max = p->limits.outstanding,
		.arguments_count = p->arguments,
		.environment_count = p->variables,
		.strings_bytes = p->strings_bytes,
		.console = p->attached && p->attached->input,
	};
	CLEANUP(fd_closep) int fd = -1;
	int r = memfd_new("redshirt-start", sizeof(block) + p->strings_bytes, 0, &fd);

	if (r)
		return r;
	if (pwrite(fd, &block, sizeof(block), 0) != sizeof(block) ||
		pwrite(fd, p->strings, p->strings_bytes,
			offsetof(struct start_block, strings)) != (ssize_t)p->strings_bytes)
		return -EIO;
	r = memfd_seal(fd, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	if (r == 0)
		*out = fd_take(&fd);
	return r;
}

/* Without memory for its counters it runs uncounted. */
static int begin_counting(struct processes *ps, struct process *p)
{
	bool counts = ps->parts.profiles && p->object->tier == OBJECT_INSTRUMENTED;

	/* the launcher may not have taken it the last time */
	if (counts && !p->counting) {
		int r = profiles_run_begin(
			ps->parts.profiles, &p->program, p->object->fd, &p->counting);
		if (r)
			events_add(ps->parts.events, "not-counted", p->id, &p->program, "%s",
				r < 0 ? strerror(-r) : "as many processes count as may");
	}
	return profiles_run_memory(p->counting);
}

static int send_to_launcher(struct processes *ps, struct process *p)
{
	CLEANUP(fd_closep) int block = -1;
	int fds[START_FDS_MAX];
	int r = make_block(p, &block);

	for (size_t i = 0; i < START_FDS; i++)
		fds[i] = -1;
	if (r == 0)
		r = workers_add(ps->parts.workers, p->id, &p->program, fds);
	if (r)
		return r;
	p->has_worker = true;
	fds[START_OBJECT] = p->object->fd;
	fds[START_BLOCK] = block;
	if (p->attached && p->attached->input)
		r = workers_input_attach(ps->parts.workers, p->id);
	fds[START_COUNTERS] = begin_counting(ps, p);
	if (r == 0)
		r = launch_start(ps->parts.launch, p->id, fds);
	workers_close_fds(fds);
	return r;
}

static void start_failed(struct processes *ps, struct process *p, const char *why)
{
	ending_set(&p->ending, ENDING_START_FAILED, CONTROL_FAILED, "%s", why);
	/* ENDED where FAILED means nothing any more: it has said that it is ready */
	if (happened(ps, p, PROCESS_FAILED))
		(void)happened(ps, p, PROCESS_ENDED);
}

/* The launcher says LATER when it just died: the worker that never was is taken back. */
static void take_back(struct processes *ps, struct process *p)
{
	struct trap_report report;

	if (p->has_worker)
		workers_gone(ps->parts.workers, p->id, &report);
	p->has_worker = false;
}

static void send_queued(struct processes *ps)
{
	while (ps->queued && launch_room(ps->parts.launch)) {
		struct process *p = ps->queued;
		int r = send_to_launcher(ps, p);
		if (r == LAUNCH_LATER) {
			take_back(ps, p);
			return;
		}
		unqueue(ps, p);
		if (r)
			start_failed(ps, p, r < 0 ? strerror(-r) : "no room for its input");
		else
			(void)happened(ps, p, PROCESS_SENT);
	}
}

/* ---- from the launcher ---- */

static void room(void *context)
{
	struct processes *ps = context;

	if (ps->begun)
		send_queued(ps);
}

static void nobody_said_how(void *context)
{
	struct process *p = context;

	(void)happened(p->owner, p, PROCESS_ENDED);
}

/* It is gone for sure. If the launcher lives, it says how in a moment. */
static void pidfd_ready(void *context, int result)
{
	struct process *p = context;
	struct processes *ps = p->owner;

	(void)result;
	p->pidfd_watch = 0;
	if (p->orphaned)
		(void)happened(ps, p, PROCESS_ENDED);
	else
		loop_timer_set(ps->parts.loop, &p->timer, loop_now_ns() + GRACE_NS,
			nobody_said_how, p);
}

static void started(void *context, uint64_t id, pid_t pid, int pidfd)
{
	struct processes *ps = context;
	struct process *p = roster_get(ps->roster, id);

	if (!p || p->state == PROCESS_GONE || p->pidfd >= 0) {
		syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
		close(pidfd);
		return;
	}
	p->pid = pid;
	p->pidfd = pidfd;
	if (loop_poll(ps->parts.loop, pidfd, POLLIN, pidfd_ready, p, &p->pidfd_watch))
		log_warning("watch", "proc=%" PRIu64 " why=\"too many\"", id);
	/* its worker may have said that it is ready before, and have been asked to stop */
	if (p->sent == SIGTERM)
		send_signal(p, SIGTERM);
	(void)happened(ps, p, PROCESS_STARTED);
}

static void failed(void *context, uint64_t id, int error)
{
	struct processes *ps = context;
	struct process *p = roster_get(ps->roster, id);
	char why[128];

	if (!p || p->state == PROCESS_GONE)
		return;
	snprintf(why, sizeof(why), "the launcher could not fork: %s", strerror(error));
	start_failed(ps, p, why);
}

static void ended(void *context, uint64_t id, int status)
{
	struct processes *ps = context;
	struct process *p = roster_get(ps->roster, id);

	if (!p || p->state == PROCESS_GONE)
		return;
	p->has_status = true;
	p->wait_status = status;
	(void)happened(ps, p, PROCESS_ENDED);
}

static bool has_been_sent(const struct process *p)
{
	return !p->native && (p->state == PROCESS_STARTING || p->state == PROCESS_RUNNING ||
				     p->state == PROCESS_STOPPING);
}

/* Its workers die with it; for those whose pidfd we have, the pidfd says when. */
static void launcher_died(void *context)
{
	struct processes *ps = context;

	if (!ps->begun)
		return;
	events_add(ps->parts.events, "launcher-died", 0, NULL, "%s", "");
	for (struct process *p = NULL; (p = roster_next(ps->roster, p));) {
		if (!has_been_sent(p))
			continue;
		ending_set(&p->ending, ENDING_LAUNCHER_DIED, STATUS_KILL, "%s", "");
		if (p->pidfd_watch) {
			p->orphaned = true;
			kill_process(ps, p);
		} else {
			(void)happened(ps, p, PROCESS_ENDED);
		}
	}
}

struct launch_events processes_launch_events(struct processes *ps)
{
	return (struct launch_events){ .context = ps,
		.room = room,
		.started = started,
		.failed = failed,
		.ended = ended,
		.died = launcher_died };
}

/* ---- from the workers ---- */

static void ready(void *context, uint64_t id)
{
	struct processes *ps = context;
	struct process *p = roster_get(ps->roster, id);

	char name[4 * CONTROL_NAME_MAX + 1];

	if (!p)
		return;
	p->ran = true;
	if (p->native && p->state == PROCESS_STARTING)
		loop_timer_stop(&p->timer); /* it was to say this, and did */
	if (happened(ps, p, PROCESS_READY) || p->state != PROCESS_RUNNING)
		return;
	events_add(ps->parts.events, p->native ? "joined" : "started", id, &p->program, "%s",
		log_text(name, sizeof(name), p->name, strlen(p->name)));
	if (p->watch)
		p->watch->running(p->watch->context, p);
}

static void broken(void *context, uint64_t id, const char *why)
{
	struct processes *ps = context;
	struct process *p = roster_get(ps->roster, id);

	if (!p)
		return;
	snprintf(p->broke, sizeof(p->broke), "%s", why);
	(void)happened(ps, p, PROCESS_BROKE);
}

static void output(void *context, uint64_t id, uint32_t level, const void *text, uint32_t bytes)
{
	struct process *p = roster_get(((struct processes *)context)->roster, id);

	if (!p)
		return;
	journal_write(p->book, level, events_now_ms(), text, bytes);
	if (p->attached)
		p->attached->output(p->attached->context, level, text, bytes);
}

static bool output_blocked(void *context, uint64_t id)
{
	const struct process *p = roster_get(((struct processes *)context)->roster, id);

	return p && p->attached && p->attached->blocked(p->attached->context);
}

static void input_wanted(void *context, uint64_t id)
{
	const struct process *p = roster_get(((struct processes *)context)->roster, id);

	if (p && p->attached)
		p->attached->input_wanted(p->attached->context);
}

static const char *name(void *context, uint64_t id)
{
	const struct process *p = roster_get(((struct processes *)context)->roster, id);

	return p ? p->name : "";
}

static void refused(
	void *context, uint64_t id, enum workers_refusal kind, const struct hash *interface)
{
	const struct processes *ps = context;
	struct process *p = roster_get(ps->roster, id);

	if (p)
		refusals_say(ps->parts.events, ps->parts.names,
			&(struct refusals_of){ id, &p->program, &p->refusals_told }, kind,
			interface);
}

struct workers_events processes_workers_events(struct processes *ps)
{
	return (struct workers_events){ .context = ps,
		.ready = ready,
		.broken = broken,
		.output = output,
		.output_blocked = output_blocked,
		.input_wanted = input_wanted,
		.name = name,
		.refused = refused };
}

/* ---- from the compiler ---- */

static void compiled(struct compile_want *want, enum compile_outcome outcome,
	struct shelf_object *object, const char *why)
{
	struct process *p =
		(struct process *)(void *)((char *)want - offsetof(struct process, want));

	/* it shall run, counted or not */
	if (outcome != COMPILE_DONE && want->quality == TIERS_INSTRUMENTED) {
		events_add(p->owner->parts.events, "not-counted", p->id, &p->program, "%s",
			why);
		want->quality = TIERS_NOW;
		compile_get(p->owner->parts.compile, want);
		return;
	}
	if (outcome == COMPILE_DONE) {
		p->object = object;
		(void)happened(p->owner, p, PROCESS_OBJECT);
		return;
	}
	p->compile_outcome = outcome;
	ending_set(&p->ending, ENDING_START_FAILED, CONTROL_FAILED, "%s%s",
		outcome == COMPILE_REFUSED ? "refused: " : "", why);
	(void)happened(p->owner, p, PROCESS_NO_OBJECT);
}

/* ---- from people ---- */

static struct process *make_process(
	struct processes *ps, const struct processes_request *request)
{
	struct process *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->owner = ps;
	p->pidfd = -1;
	p->program = request->program;
	p->limits = request->limits;
	p->parent = request->parent;
	p->strings_bytes = request->strings_bytes;
	p->arguments = request->arguments;
	p->variables = request->variables;
	p->attached = request->attached;
	p->pins = 1;
	p->created_ms = events_now_ms();
	snprintf(p->name, sizeof(p->name), "%s", request->name);
	p->want.program = request->program;
	p->want.quality = ps->parts.profiles && profiles_wanted(ps->parts.profiles, &p->program)
				  ? TIERS_INSTRUMENTED
				  : request->quality;
	p->want.ready = compiled;
	p->strings = malloc(request->strings_bytes + 1);
	if (!p->strings || journal_open(ps->parts.journal, &p->book) ||
		(!request->allowance && allowance_new(&p->limits, &p->allowance))) {
		roster_free_process(p);
		return NULL;
	}
	memcpy(p->strings, request->strings, request->strings_bytes);
	return p;
}

int processes_add(
	struct processes *ps, const struct processes_request *request, struct process **out)
{
	uint64_t id;

	if (ps->ending)
		return PROCESSES_ENDING;
	if (ps->alive >= ps->parts.processes_max)
		return PROCESSES_LIMIT;
	struct process *p = make_process(ps, request);
	if (!p)
		return -ENOMEM;
	if (ids_take(ps->parts.ids, &id)) {
		roster_free_process(p);
		return PROCESSES_NO_ID;
	}
	p->id = id;
	p->asks = (struct asks_party){ .process = id, .program = p->program };
	if (request->allowance)
		p->allowance = request->allowance;
	roster_add(ps->roster, p);
	ps->alive++;
	*out = p;
	return 0;
}

const char *processes_why(int r)
{
	switch (r) {
	case PROCESSES_LIMIT:
		return "as many processes run as may";
	case PROCESSES_NO_ID:
		return "no process number is to be had: is the disk of the state folder full?";
	case PROCESSES_ENDING:
		return "rsd is about to end";
	default:
		return strerror(-r);
	}
}

void processes_go(struct process *p)
{
	compile_get(p->owner->parts.compile, &p->want);
}

int processes_start(
	struct processes *ps, const struct processes_request *request, struct process **out)
{
	int r = processes_add(ps, request, out);

	if (r == 0)
		processes_go(*out);
	return r;
}

void processes_detach(struct process *p)
{
	p->attached = NULL;
}

void processes_stop(struct processes *ps, struct process *p, uint64_t timeout_ms)
{
	if (p->state == PROCESS_GONE || p->state == PROCESS_STOPPING)
		return;
	p->stopping = true;
	p->stop_ms = timeout_ms;
	if (!p->ran)
		ending_set(&p->ending, ENDING_STOPPED, 128 + SIGTERM, "before it began");
	(void)happened(ps, p, PROCESS_STOP);
}

void processes_signal(struct processes *ps, struct process *p, int signal)
{
	if (p->state == PROCESS_GONE)
		return;
	if (signal != SIGKILL) {
		if (has_been_sent(p))
			send_signal(p, signal);
		return;
	}
	if (!p->ran)
		ending_set(&p->ending, ENDING_KILLED, STATUS_KILL, "before it began");
	p->stopping = false;
	(void)happened(ps, p, PROCESS_KILL);
}

void processes_stop_all(struct processes *ps)
{
	bool again = ps->ending;

	ps->ending = true;
	for (struct process *p = NULL; (p = roster_next(ps->roster, p));) {
		if (again)
			processes_signal(ps, p, SIGKILL);
		else
			processes_stop(ps, p, PROCESSES_STOP_MS);
	}
}

/* ---- */

uint32_t processes_alive(const struct processes *ps)
{
	return ps->alive;
}

const struct processes_parts *processes_parts(const struct processes *ps)
{
	return &ps->parts;
}

struct roster *processes_roster(const struct processes *ps)
{
	return ps->roster;
}

uint32_t processes_max(const struct processes *ps)
{
	return ps->parts.processes_max;
}

uint32_t processes_running(struct processes *ps, const struct hash *program)
{
	uint32_t n = 0;

	for (struct process *p = NULL; (p = roster_next(ps->roster, p));)
		n += p->state != PROCESS_GONE && hash_equal(&p->program, program);
	return n;
}

int processes_new(struct roster *roster, struct processes **out)
{
	struct processes *ps = calloc(1, sizeof(*ps));

	if (!ps)
		return -ENOMEM;
	ps->roster = roster;
	ps->queued_last = &ps->queued;
	*out = ps;
	return 0;
}

void processes_begin(struct processes *ps, const struct processes_parts *parts)
{
	ps->parts = *parts;
	ps->begun = true;
}

struct processes *processes_free(struct processes *ps)
{
	if (!ps)
		return NULL;
	for (struct process *p = NULL; (p = roster_next(ps->roster, p));) {
		if (p->state != PROCESS_GONE)
			withdraw(ps, p);
		loop_cancel(ps->parts.loop, &p->pidfd_watch);
		loop_cancel(ps->parts.loop, &p->socket_watch);
		loop_timer_stop(&p->timer);
	}
	free(ps);
	return NULL;
}
