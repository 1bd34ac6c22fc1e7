#include "supervisor/control/session.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ipc/log.h"
#include "supervisor/jsontext.h"

#define NS_PER_S 1000000000ull
#define WHY_SIZE 640

/* The op is done with; what is queued still goes out. */
static void end_op(struct session *s)
{
	if (s->op && s->op->end)
		s->op->end(s);
	s->op = NULL;
	s->state = NULL;
	if (s->follows)
		--*s->followers;
	s->follows = s->owes = false;
	s->moved = true;
}

static void closed(void *context, const char *why)
{
	struct session *s = context;

	if (why)
		log_warning(
			"client", "pid=%d uid=%u why=\"%s\"", s->peer.pid, s->peer.uid, why);
	/* nothing is freed here: an op may be in the middle of sending */
	s->gone = s->moved = true;
}

/* ---- answers ---- */

static bool send_json(struct session *s, const json_t *message)
{
	char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
	size_t n = text ? strlen(text) : 0;
	bool good = text && n <= CONTROL_PAYLOAD_MAX;

	if (good)
		connection_send(s->connection, CONTROL_JSON, text, (uint32_t)n, NULL, 0);
	free(text);
	return good;
}

void session_say(struct session *s, json_t *message)
{
	if (!s->answered && !connection_closed(s->connection) && !send_json(s, message))
		log_warning("client", "why=\"an answer is too large\"");
	s->moved = true;
	json_decref(message);
}

void session_row(struct session *s, json_t *row)
{
	session_say(s, json_pack("{s:o}", "row", row));
}

static void final(struct session *s, json_t *message)
{
	if (!s->answered) {
		session_say(s, message);
		s->answered = true;
		end_op(s);
		connection_end(s->connection);
	} else {
		json_decref(message);
	}
}

void session_ok(struct session *s, json_t *fields)
{
	json_t *message = fields ? fields : json_object();

	json_object_set_new(message, "ok", json_true());
	final(s, message);
}

bool session_ok_fds(struct session *s, json_t *fields, const int *fds, size_t n)
{
	json_object_set_new(fields, "ok", json_true());
	CLEANUP(freep) char *text = json_dumps(fields, JSON_COMPACT);
	json_decref(fields);
	if (!text || connection_send_fds(s->connection, CONTROL_JSON, text,
			     (uint32_t)strlen(text), fds, n)) {
		session_fail(s, CONTROL_FAILED, s->op->name, "the answer could not be sent");
		return false;
	}
	s->answered = true;
	end_op(s);
	connection_end(s->connection);
	return true;
}

void session_fail_hint(struct session *s, enum control_code code, const char *what,
	const char *why, const char *hint, json_t *candidates)
{
	json_t *error = json_pack("{s:i, s:o, s:o}", "code", (int)code, "what",
		jsontext(what, strlen(what)), "why", jsontext(why, strlen(why)));

	if (hint)
		json_object_set_new(error, "hint", json_string(hint));
	if (candidates)
		json_object_set_new(error, "candidates", candidates);
	final(s, json_pack("{s:o}", "error", error));
}

void session_fail(
	struct session *s, enum control_code code, const char *what, const char *why, ...)
{
	char text[WHY_SIZE];
	va_list args;

	va_start(args, why);
	vsnprintf(text, sizeof(text), why, args);
	va_end(args);
	session_fail_hint(s, code, what, text, NULL, NULL);
}

void session_progress(
	struct session *s, const struct compile_want *want, struct compile_progress *told)
{
	struct compile_progress now = compile_progress(want);

	if (told->known && told->done == now.done && told->total == now.total &&
		told->tier == now.tier && strcmp(told->stage, now.stage) == 0)
		return;
	session_say(
		s, json_pack("{s:{s:s, s:I, s:I, s:s*}}", "progress", "stage", now.stage,
			   "done", (json_int_t)now.done, "total", (json_int_t)now.total, "tier",
			   now.tier == TIERS_NONE ? NULL : object_tier_name(now.tier)));
	*told = now;
	told->known = true;
}

/* ---- requests ---- */

static const struct session_op *find_op(const struct session *s, const char *name)
{
	for (size_t i = 0; s->ops[i]; i++)
		if (strcmp(s->ops[i]->name, name) == 0)
			return s->ops[i];
	return NULL;
}

static void begin(struct session *s, const json_t *request)
{
	const char *name = json_string_value(json_object_get(request, "op"));
	const struct session_op *op = name ? find_op(s, name) : NULL;
	char why[FIELDS_WHY_SIZE];

	s->owes = false;
	if (!op) {
		session_fail(s, CONTROL_USAGE, "request",
			name ? "rsd does not know this op: is rsctl newer than rsd?"
			     : "no op is named");
		return;
	}
	if (fields_check(request, op->fields, why)) {
		session_fail(s, CONTROL_USAGE, op->name, "%s", why);
		return;
	}
	s->op = op;
	op->begin(s, request);
}

/* Levels of { and [, without those in strings: jansson's own limit is far higher. */
static bool is_flat(const char *text, uint32_t n)
{
	unsigned depth = 0;
	bool string = false;

	for (uint32_t i = 0; i < n; i++) {
		char c = text[i];
		if (string && c == '\\')
			i++;
		else if (c == '"')
			string = !string;
		else if (!string && (c == '{' || c == '['))
			depth++;
		else if (!string && (c == '}' || c == ']') && depth)
			depth--;
		if (depth > CONTROL_DEPTH_MAX)
			return false;
	}
	return true;
}

static void take_json(struct session *s, const uint8_t *bytes, uint32_t n)
{
	const char *text = (const char *)bytes;
	json_t *message =
		is_flat(text, n) ? json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL) : NULL;

	if (!json_is_object(message))
		session_fail(s, CONTROL_USAGE, "request", "this is not a JSON object");
	else if (!s->op)
		begin(s, message);
	else if (s->op->more)
		s->op->more(s, message);
	else
		session_fail(s, CONTROL_USAGE, s->op->name, "one request per connection");
	json_decref(message);
}

static void packet(void *context, uint8_t type, const uint8_t *bytes, uint32_t n)
{
	struct session *s = context;

	s->moved = true;
	if (s->answered)
		return;
	if (type == CONTROL_JSON)
		take_json(s, bytes, n);
	else if (type == CONTROL_DATA && s->op && s->op->data)
		s->op->data(s, bytes, n);
	else
		session_fail(s, CONTROL_USAGE, s->op ? s->op->name : "request",
			"a packet of this type is not expected");
}

/* ---- life ---- */

static bool is_stuck(const struct session *s)
{
	bool in = connection_moved_in(s->connection) != s->seen_in;
	bool out = connection_moved_out(s->connection) != s->seen_out;

	if (s->answered) /* it has its answer, and does not close */
		return !out && !in;
	if (s->owes)
		return !in;
	return connection_queued(s->connection) && !s->follows && !out;
}

static void look(void *context);

static void look_later(struct session *s)
{
	s->seen_in = connection_moved_in(s->connection);
	s->seen_out = connection_moved_out(s->connection);
	loop_timer_set(
		s->parts->loop, &s->timer, loop_now_ns() + CONTROL_IDLE_S * NS_PER_S, look, s);
}

static void look(void *context)
{
	struct session *s = context;

	if (!is_stuck(s)) {
		look_later(s);
		return;
	}
	if (!s->answered)
		log_warning("client", "pid=%d uid=%u why=\"idle for %d s\"", s->peer.pid,
			s->peer.uid, CONTROL_IDLE_S);
	s->gone = s->moved = true;
}

int session_new(const struct session_parts *parts, const struct session_op *const *ops,
	uint32_t *followers, int fd, const struct ucred *peer, struct session **out)
{
	struct session *s = calloc(1, sizeof(*s));
	const struct connection_events events = {
		.context = s, .packet = packet, .closed = closed
	};

	if (!s) {
		close(fd);
		return -ENOMEM;
	}
	s->parts = parts;
	s->ops = ops;
	s->followers = followers;
	s->peer = *peer;
	s->owes = true;
	int r = connection_new(parts->loop, fd, &events, &s->connection);
	if (r) {
		free(s);
		return r;
	}
	look_later(s);
	*out = s;
	return 0;
}

struct session *session_free(struct session *s)
{
	if (!s->answered)
		end_op(s);
	loop_timer_stop(&s->timer);
	connection_free(s->connection);
	free(s);
	return NULL;
}

void session_step(struct session *s)
{
	if (!s->answered && !s->gone && s->op && s->op->step && session_room(s))
		s->op->step(s);
}

bool session_room(const struct session *s)
{
	return !connection_closed(s->connection) &&
	       connection_queued(s->connection) < CONNECTION_QUEUE_HIGH;
}

bool session_follow(struct session *s)
{
	if (*s->followers >= CONTROL_FOLLOW_MAX) {
		session_fail(s, CONTROL_FAILED, s->op->name,
			"%u others are attached or follow already", CONTROL_FOLLOW_MAX);
		return false;
	}
	++*s->followers;
	s->follows = true;
	return true;
}

/* ---- what people name ---- */

static json_t *candidate_list(const struct hash *candidates, size_t count)
{
	json_t *list = json_array();
	char hex[HASH_HEX_SIZE];

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(hash_to_hex(&candidates[i], hex)));
	return list;
}

bool session_program(struct session *s, const char *prefix, struct hash *program)
{
	struct programs_candidates candidates;

	switch (programs_find(s->parts->programs, prefix, program, &candidates)) {
	case 0:
		return true;
	case PROGRAMS_AMBIGUOUS:
		session_fail_hint(s, CONTROL_USAGE, prefix, "several programs begin so",
			"give more digits", candidate_list(candidates.names, candidates.count));
		return false;
	case PROGRAMS_NONE:
		session_fail_hint(s, CONTROL_NOT_FOUND, prefix, "no such program",
			"rsctl ls lists the programs, rsctl add FILE adds one", NULL);
		return false;
	default:
		session_fail(s, CONTROL_USAGE, prefix,
			"a program is named by %d to %d hex digits", STORE_PREFIX_MIN,
			HASH_HEX_SIZE - 1);
		return false;
	}
}

static bool is_id(const char *text, uint64_t *id)
{
	size_t n = strlen(text);

	if (n == 0 || n > 18 || strspn(text, "0123456789") != n)
		return false;
	*id = strtoull(text, NULL, 10);
	return true;
}

struct process *session_process(struct session *s, const json_t *target)
{
	const char *text = json_string_value(target);
	char what[32];
	uint64_t id = text ? 0 : (uint64_t)json_integer_value(target);
	bool number = !text || is_id(text, &id);
	struct process *p = number ? roster_get(s->parts->roster, id) : NULL;

	if (!number) {
		session_fail(s, CONTROL_USAGE, text, "a process is named by its number");
	} else if (!p) {
		snprintf(what, sizeof(what), "process %" PRIu64, id);
		session_fail_hint(s, CONTROL_NOT_FOUND, what, "no such process",
			"rsctl ps -a lists them", NULL);
	}
	return p;
}

static bool offer_known(void *context, const struct broker_interface *known)
{
	if (!known->owner) /* a private instance is nobody's to name */
		names_offer(context, known->interface);
	return true;
}

static void offer_decided(struct names_search *search, const struct grants *grants)
{
	const struct grants_row *row = NULL;

	while ((row = grants_next(grants, row ? &row->key : NULL)))
		if (!row->key.any_interface)
			names_offer(search, &row->key.interface);
}

bool session_interface(struct session *s, const char *word, struct hash *interface)
{
	struct names_search search;

	names_begin(&search, word);
	names_offer_all(&search, s->parts->ruling->names);
	offer_decided(&search, s->parts->ruling->grants);
	broker_each_interface(workers_broker(s->parts->workers), offer_known, &search);
	switch (names_found(&search, interface)) {
	case 0:
		return true;
	case NAMES_AMBIGUOUS:
		session_fail_hint(s, CONTROL_USAGE, word, "several interfaces begin so",
			"give more digits", candidate_list(search.candidates, search.count));
		return false;
	case NAMES_NONE:
		session_fail_hint(s, CONTROL_NOT_FOUND, word, "no such interface is known",
			"rsctl interface ls lists them, rsctl interface add FILE.proto adds "
			"one; all 64 digits of one always do",
			NULL);
		return false;
	default:
		session_fail(s, CONTROL_USAGE, word,
			"an interface is named by a name or by %u to %d hex digits",
			NAMES_DIGITS_MIN, HASH_HEX_SIZE - 1);
		return false;
	}
}
