/*
 * workers.h: the workers as rsd sees them: each one's home lane, lane table, own page, bell and
 * socket. It reads the home lanes, hands control records to the broker and messages to the
 * hosts, and carries out what the broker wants. It owns the broker and the hosts. A worker that
 * lies on its home lane is reported through `broken` and read no more.
 *
 * rsd's loop calls workers_pump() when rsd's bell rang, and sleeps like this:
 *
 *     epoch = workers_sleep_begin(w);
 *     if (!workers_waiting(w)) wait for completions (a read of workers_bell() is one of them);
 *     workers_sleep_end(w, epoch);
 */
#pragma once

#include "interfaces/host.h"
#include "ipc/hash.h"
#include "runtime/start.h"
#include "supervisor/broker/broker.h"

struct workers;

enum {
	WORKERS_NOT_SENT = 1 /* notice: it is not running yet, or any more */
};

/* What may be refused to a process; told each time. */
enum workers_refusal {
	WORKERS_USE_DENIED,      /* it opened, or sent to, what it may not use */
	WORKERS_REGISTER_DENIED, /* it wanted to handle what it may not */
	WORKERS_LIMITED,         /* more interfaces, lanes or messages than it may have */
	WORKERS_LANE_BROKEN, /* it broke a lane that rsd is the other end of, or says that its
				peer did */
};

/* What rsd wants to know. */
struct workers_events {
	void *context;
	/* The worker locked itself and begins its program. */
	void (*ready)(void *context, uint64_t process);
	/* It broke the protocol: kill it. What it says from now on is not read. */
	void (*broken)(void *context, uint64_t process, const char *why);
	/* Raw output, as host_env.output. */
	void (*output)(void *context, uint64_t process, uint32_t level, const void *text,
		uint32_t bytes);
	/* True while this process's output has nowhere to go: its home lane is not read, so it
	 * waits. May be NULL. */
	bool (*output_blocked)(void *context, uint64_t process);
	/* The program has read input, there is room for more (host_console_room). May be NULL.
	 */
	void (*input_wanted)(void *context, uint64_t process);
	/* What the user calls it, in UTF-8; "": nothing. May be NULL. */
	const char *(*name)(void *context, uint64_t process);
	/* interface: NULL when it is not known which. May be NULL. */
	void (*refused)(void *context, uint64_t process, enum workers_refusal kind,
		const struct hash *interface);
};

int workers_new(const struct workers_events *events, struct workers **out) MUST_USE;
struct workers *workers_free(struct workers *workers); /* returns NULL */

/*
 * A new worker: makes everything it shares with rsd and fills fds[] for the launcher, but for
 * START_OBJECT and START_BLOCK, which stay the caller's. The caller sends the descriptors and
 * then calls workers_close_fds().
 */
int workers_add(struct workers *workers, uint64_t process, const struct hash *program,
	int fds[START_FDS]) MUST_USE;
void workers_close_fds(int fds[START_FDS]);

/* The process is gone for sure: reads what it still said (log lines), then tells broker and
 * hosts, and forgets it. */
void workers_gone(struct workers *workers, uint64_t process, struct trap_report *report);

/* A native client that is out but may live: its lanes are closed, nothing it said is heard any
 * more; its socket closes, which tells it so. */
void workers_expel(struct workers *workers, uint64_t process);
/* Our end of its socket; -1: no such worker. */
int workers_socket(const struct workers *workers, uint64_t process);

/* Whether messages between programs go through rsd: broker_mediate(). */
void workers_mediate(struct workers *workers, bool mediate);

/* Who may use and handle what; before the first process. */
void workers_policy(struct workers *workers, broker_policy policy, void *context);

/*
 * Whom the broker's wishes go to (struct broker_actions says what is wanted). Nobody at first:
 * then no question is put and nothing is started. Before the first process.
 */
struct workers_asker {
	void *context;
	/* With a reason: n bytes of the program's. */
	bool (*ask)(void *context, uint64_t process, const struct hash *interface,
		enum broker_right right, const char *reason, size_t n);
};
struct workers_starter {
	void *context;
	bool (*start)(void *context, const struct hash *interface);
	void (*registered)(void *context, uint64_t process, const struct hash *interface);
	/* The process was told (RS_NOTICE_REPLACED). */
	void (*replaced)(void *context, uint64_t process, const struct hash *interface);
};
void workers_set_asker(struct workers *workers, const struct workers_asker *asker);
void workers_set_starter(struct workers *workers, const struct workers_starter *starter);

/* What broker.h says of the same names. */
void workers_reconsider(
	struct workers *workers, uint64_t process, const struct hash *interface);
/* Nobody has said anything: to whom this process asked so in so many words. Then there is
 * something to reconsider as well. */
void workers_unanswered(struct workers *workers, uint64_t process, const struct hash *interface,
	enum broker_right right);
int workers_bind(struct workers *workers, const struct hash *interface,
	const struct hash *program) MUST_USE;
void workers_start_failed(struct workers *workers, const struct hash *interface);
int workers_instance(struct workers *workers, const struct hash *instance, uint64_t owner,
	uint64_t child, const struct hash *interface) MUST_USE;
void workers_instance_end(struct workers *workers, const struct hash *instance);

/* A handler was replaced: when has all come that was sent to it? See grace.h. NULL: no memory;
 * then nobody knows, and grace_over() is false. */
struct grace;
struct grace *workers_grace_begin(const struct workers *workers, uint64_t handler);
bool workers_grace_over(const struct workers *workers, struct grace *grace);
void workers_grace_free(struct grace *grace);

/* Reads home lanes and passes on what is mediated, in turn, with a budget each. True: call
 * again soon, something is left. */
bool workers_pump(struct workers *workers);
/* Who was just told something may want the same processor to say the next: gives it away once,
 * where that pays (ipc/yielding.h). True: something came, pump again. */
bool workers_yield(struct workers *workers);
bool workers_waiting(struct workers *workers);
int workers_bell(const struct workers *workers); /* read end */
uint64_t workers_sleep_begin(struct workers *workers);
void workers_sleep_end(struct workers *workers, uint64_t epoch);

/* When workers_tick() wants to be called (monotonic); UINT64_MAX: not at all. */
uint64_t workers_deadline_ns(struct workers *workers);
void workers_tick(struct workers *workers, uint64_t now_ns);

/* RS_NOTICE_STOP with its u64 of milliseconds. 0 or WORKERS_NOT_SENT. */
int workers_notice_stop(struct workers *workers, uint64_t process, uint64_t left_ms) MUST_USE;

/* Standard input of an attached process: see host.h. */
int workers_input_attach(struct workers *workers, uint64_t process) MUST_USE;
int workers_input(
	struct workers *workers, uint64_t process, const void *bytes, uint32_t n) MUST_USE;
void workers_input_end(struct workers *workers, uint64_t process);
uint32_t workers_input_room(struct workers *workers, uint64_t process);

/* The host of `program`, which is told whose processes they are: host_program.h. */
void *workers_program(struct workers *workers);

/* As broker_limit_bodies(). */
void workers_limit_bodies(struct workers *workers, uint32_t bytes);

const struct broker *workers_broker(const struct workers *workers);

/* Counters for inspect. */
struct worker_stats {
	uint64_t messages; /* to host interfaces */
	uint64_t answers;
	uint32_t lanes;      /* it is an end of */
	uint64_t lane_bytes; /* it pays for, see limits.h */
	uint64_t refused; /* times it met a limit when it opened an interface, or asked a person
			   */
	uint64_t denied;  /* times it opened, registered or sent to what it may not */
	uint64_t limited; /* messages to host interfaces beyond what its grants allow */
};
bool workers_stats(
	const struct workers *workers, uint64_t process, struct worker_stats *out) MUST_USE;

/* What rsd passed on of a process's mediated lanes; each() returns false to stop. */
struct worker_mediated {
	uint32_t lane; /* in the process's table */
	bool handler;  /* the process is the one that is asked */
	uint64_t peer;
	uint64_t messages, answers;
	uint64_t bytes;   /* of both */
	uint64_t refused; /* messages: what they were sent to may not be used any more */
	uint64_t limited; /* messages beyond what the client's grants allow */
};
void workers_each_mediated(const struct workers *workers, uint64_t process,
	bool (*each)(void *context, const struct worker_mediated *mediated), void *context);
