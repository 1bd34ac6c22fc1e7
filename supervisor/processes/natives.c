#include "supervisor/processes/natives.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/processes/native.h"

#define NS_PER_MS   1000000ull
#define READY_NS    (10000 * NS_PER_MS) /* between what it is given and its first word */
#define DYING_NS    (500 * NS_PER_MS)   /* between its last descriptor and its end */
#define STATUS_KILL (128 + SIGKILL)

/* Where the end of the membership came from: what the peers may still believe. */
static void end(struct process *p, bool dead)
{
	p->dead = dead;
	processes_happened(p, PROCESS_ENDED);
}

static void expelled(void *context)
{
	end(context, false);
}

void natives_expel(struct process *p)
{
	struct loop *loop = processes_parts(p->owner)->loop;

	p->kill_wanted = true;
	loop_timer_set(loop, &p->timer, loop_now_ns(), expelled, p);
}

/* ---- what is watched ---- */

static void dead(void *context, int result)
{
	struct process *p = context;

	(void)result;
	p->pidfd_watch = 0;
	end(p, true);
}

/* A process that dies closes its descriptors just before its pidfd says so. */
static void closed(void *context, int result)
{
	struct process *p = context;
	struct loop *loop = processes_parts(p->owner)->loop;

	p->socket_watch = 0;
	if (result > 0 && (result & POLLHUP))
		loop_timer_set(loop, &p->timer, loop_now_ns() + DYING_NS, expelled, p);
	else /* only shut down: it says that it leaves */
		end(p, false);
}

static void never_ready(void *context)
{
	struct process *p = context;

	ending_set(&p->ending, ENDING_START_FAILED, CONTROL_FAILED,
		"it was given its lanes and said nothing");
	end(p, false);
}

static int watch(struct process *p)
{
	const struct processes_parts *parts = processes_parts(p->owner);
	int socket = workers_socket(parts->workers, p->id);
	int r = loop_poll(parts->loop, p->pidfd, POLLIN, dead, p, &p->pidfd_watch);

	if (r == 0)
		r = loop_poll(parts->loop, socket, POLLRDHUP, closed, p, &p->socket_watch);
	if (r == 0)
		loop_timer_set(
			parts->loop, &p->timer, loop_now_ns() + READY_NS, never_ready, p);
	return r;
}

/* ---- joining ---- */

static uint32_t count(const struct processes *processes)
{
	const struct roster *roster = processes_roster(processes);
	uint32_t n = 0;

	for (struct process *p = NULL; (p = roster_next(roster, p));)
		n += p->native && p->state != PROCESS_GONE;
	return n;
}

/* As for a worker, but that nobody is forked: the one who gets it is there already. */
static int begin(struct process *p, int fds[START_FDS])
{
	struct workers *workers = processes_parts(p->owner)->workers;
	int r = workers_add(workers, p->id, &p->program, fds);

	if (r)
		return r;
	p->has_worker = true;
	processes_happened(p, PROCESS_SENT);
	return watch(p);
}

int natives_join(struct processes *processes, const struct natives_request *request,
	int fds[START_FDS], struct process **out)
{
	CLEANUP(fd_closep) int pidfd = request->pidfd;
	const struct processes_request wanted = { .program = native_hash(request->name),
		.name = request->name,
		.limits = request->limits,
		.strings = "" };

	for (size_t i = 0; i < START_FDS; i++)
		fds[i] = -1;
	if (count(processes) >= NATIVES_MAX)
		return NATIVES_LIMIT;
	int r = processes_add(processes, &wanted, out);
	if (r)
		return r;
	struct process *p = *out;
	p->native = true;
	p->state = PROCESS_QUEUED;
	p->pid = request->pid;
	p->pidfd = fd_take(&pidfd);
	r = begin(p, fds);
	if (r) {
		ending_set(&p->ending, ENDING_START_FAILED, CONTROL_FAILED, "%s", strerror(-r));
		workers_close_fds(fds);
		processes_happened(p, PROCESS_FAILED);
		processes_happened(p, PROCESS_ENDED);
		roster_unpin(processes_roster(processes), p);
	}
	return r;
}

/* ---- the end ---- */

static void settle(struct process *p)
{
	struct ending *ending = &p->ending;

	if (ending->cause != ENDING_UNKNOWN)
		return;
	if (p->broke[0])
		ending_set(ending, ENDING_PROTOCOL, STATUS_KILL, "%s", p->broke);
	else if (p->kill_wanted)
		ending_set(ending, ENDING_KILLED, STATUS_KILL,
			p->stopping ? "expelled: it did not leave in time" : "expelled");
	else if (p->stopping)
		ending_set(ending, ENDING_STOPPED, 0, "%s", "");
	else
		ending_set(ending, ENDING_LEFT, 0, "%s", p->dead ? "its process ended" : "");
}

void natives_finish(struct process *p)
{
	const struct processes_parts *parts = processes_parts(p->owner);
	struct trap_report nothing;

	loop_cancel(parts->loop, &p->socket_watch);
	if (p->dead)
		workers_gone(parts->workers, p->id, &nothing);
	else
		workers_expel(parts->workers, p->id);
	settle(p);
}
