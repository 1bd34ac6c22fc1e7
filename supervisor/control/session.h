/*
 * session.h: one request of a client, from its first packet to its final answer. An op
 * (control_*.c) begins with a checked request, is stepped whenever something may have happened
 * in rsd, and gives its final answer once; what a client was sent and does not take makes it
 * wait, so a step is only called while little is queued.
 */
#pragma once

#include <jansson.h>

#include <sys/socket.h>

#include "supervisor/compiling/programs.h"
#include "supervisor/control/connection.h"
#include "supervisor/control/fields.h"
#include "supervisor/decisions/bindings.h"
#include "supervisor/decisions/ruling.h"
#include "supervisor/places.h"
#include "supervisor/processes/native.h"
#include "supervisor/processes/processes.h"

/* What the ops work with: rsd, without its loop's turning. */
struct session_parts {
	struct loop *loop;
	struct offload *offload;
	struct store *store;
	struct objects *objects;
	struct programs *programs;
	struct shelf *shelf;
	struct builds *builds;
	struct compile *compile;
	struct profiles *profiles;
	struct launch *launch;
	struct workers *workers;
	struct roster *roster;
	struct processes *processes;
	struct events *events;
	struct ruling *ruling;
	struct asking *asking;
	struct bindings *bindings;
	const struct places *places;
	struct limits limits; /* of a process, if nobody says otherwise */
	const struct native_grants *natives;
	int64_t started_ms;
	int objects_folder, refused_folder;
	void *context;
	void (*shut_down)(void *context); /* stops every program, then rsd */
};

struct session;
struct session_op {
	const char *name;
	const struct field *fields;
	/* The request passed the table. */
	void (*begin)(struct session *session, const json_t *request);
	/* The others may be NULL. */
	void (*step)(struct session *session);
	void (*data)(struct session *session, const uint8_t *bytes, uint32_t n);
	void (*more)(struct session *session, const json_t *message); /* a further J packet */
	/* After the final answer, or when the client went away before it. state is freed here.
	 */
	void (*end)(struct session *session);
};

struct session {
	struct session *next;
	const struct session_parts *parts;
	const struct session_op *const *ops; /* closed with NULL */
	struct connection *connection;
	struct ucred peer;
	const struct session_op *op; /* NULL: has not asked yet */
	void *state;                 /* the op's own */
	bool answered;               /* the final answer is on its way */
	bool gone;                   /* to be freed */
	bool owes;    /* the client has to send something, or it is let go after a while */
	bool follows; /* it may take its time to read */
	bool moved;   /* something happened: look again before sleeping */
	uint32_t *followers; /* how many follow, of all sessions */
	struct loop_timer timer;
	uint64_t seen_in, seen_out; /* of connection.h, when the timer was set */
};

/* Takes fd. */
int session_new(const struct session_parts *parts, const struct session_op *const *ops,
	uint32_t *followers, int fd, const struct ucred *peer, struct session **out) MUST_USE;
struct session *session_free(struct session *session); /* returns NULL */
void session_step(struct session *session);

/* It attaches or follows: no timeouts. False: too many do, and it has been answered. */
bool session_follow(struct session *session) MUST_USE;

/* For a step that sends rows: false, and the next step goes on, so that neither the client nor
 * rsd's other work has to wait for the rest. */
bool session_room(const struct session *session);

/* json is taken, and may be NULL after a failed allocation. */
void session_row(struct session *session, json_t *row);
void session_say(struct session *session, json_t *message);
void session_ok(struct session *session, json_t *fields);
/* With descriptors, which stay the caller's. False: it could not be sent, and was answered so.
 */
bool session_ok_fds(struct session *session, json_t *fields, const int *fds, size_t n) MUST_USE;
/* why is for people and may quote programs. */
void session_fail(struct session *session, enum control_code code, const char *what,
	const char *why, ...) PRINTF(4, 5);
void session_fail_hint(struct session *session, enum control_code code, const char *what,
	const char *why, const char *hint, json_t *candidates);

/* Tells how a compile goes, if that is news; told is the op's, zero at first. */
void session_progress(struct session *session, const struct compile_want *want,
	struct compile_progress *told);

/* False: answered already, because there is no such thing. */
bool session_program(
	struct session *session, const char *prefix, struct hash *program) MUST_USE;
struct process *session_process(struct session *session, const json_t *target) MUST_USE;
/* A name, or the beginning of the digits of one that somebody named, handles, waits for or
 * decided about. */
bool session_interface(
	struct session *session, const char *word, struct hash *interface) MUST_USE;
