#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "supervisor/control/control.h"
#include "supervisor/control/describe.h"
#include "supervisor/jsontext.h"

#define EVERY  "*"
#define NATIVE "native:"

/* ---- whose grants ---- */

struct whose {
	struct hash program;
	bool every;
};

/* Of programs that are not in the store any more, too. */
static bool decided_program(struct session *s, const char *prefix, struct hash *program)
{
	const struct grants *grants = s->parts->ruling->grants;
	const struct grants_row *row = NULL;
	char hex[HASH_HEX_SIZE];
	bool found = false;

	while ((row = grants_next(grants, row ? &row->key : NULL))) {
		const struct hash *one = &row->key.program;
		if (row->key.any_program || (found && hash_equal(one, program)) ||
			strncasecmp(hash_to_hex(one, hex), prefix, strlen(prefix)) != 0)
			continue;
		if (found)
			return false;
		*program = *one;
		found = true;
	}
	return found;
}

/* False: answered already. */
static bool read_whose(struct session *s, const json_t *request, struct whose *out)
{
	const char *word = fields_text(request, "program", EVERY);
	struct programs_candidates candidates;

	out->every = strcmp(word, EVERY) == 0;
	if (out->every || hash_from_hex(word, &out->program))
		return true;
	if (strncmp(word, NATIVE, strlen(NATIVE)) == 0 &&
		native_is_name(word + strlen(NATIVE))) {
		out->program = native_hash(word + strlen(NATIVE));
		return true;
	}
	if (programs_find(s->parts->programs, word, &out->program, &candidates) ==
			PROGRAMS_NONE &&
		decided_program(s, word, &out->program))
		return true;
	return session_program(s, word, &out->program);
}

static const struct hash *program_of(const struct whose *whose)
{
	return whose->every ? NULL : &whose->program;
}

static json_t *program_json(const struct whose *whose)
{
	return whose->every ? json_string(EVERY) : describe_hash(&whose->program);
}

/* ---- a change: on its way to the disk, then those that a hard one kills ---- */

struct change {
	struct whose whose;
	struct grants_key keys[KEEPER_ROWS_MAX];
	size_t n;
	bool working, dropped, hard;
	int result;
	uint64_t *killed; /* processes whose end is waited for */
	size_t n_killed;
};

static void change_free(struct change *change)
{
	free(change->killed);
	free(change);
}

/* False: answered already. */
static bool read_keys(struct session *s, const json_t *request, struct change *change)
{
	const json_t *words = json_object_get(request, "interfaces");
	enum broker_right right = fields_bool(request, "register") ? BROKER_HANDLE : BROKER_USE;
	size_t i;
	json_t *word;

	change->n = json_array_size(words);
	if (change->n == 0 || change->n > KEEPER_ROWS_MAX) {
		session_fail(s, CONTROL_USAGE, "interfaces", "1 to %u at once, not %zu",
			KEEPER_ROWS_MAX, change->n);
		return false;
	}
	json_array_foreach((json_t *)(uintptr_t)words, i, word)
	{
		const char *text = json_string_value(word);
		bool every = strcmp(text, EVERY) == 0;
		struct hash interface;
		if (!every && !session_interface(s, text, &interface))
			return false;
		change->keys[i] = grants_key(
			program_of(&change->whose), every ? NULL : &interface, right);
	}
	return true;
}

/* NULL: answered already. */
static struct change *change_begin(struct session *s, const json_t *request)
{
	struct change *change = calloc(1, sizeof(*change));

	s->state = change;
	if (!change) {
		session_fail(s, CONTROL_FAILED, s->op->name, "%s", strerror(ENOMEM));
		return NULL;
	}
	change->hard = fields_bool(request, "hard");
	if (change->hard && fields_bool(request, "register")) {
		session_fail_hint(s, CONTROL_USAGE, s->op->name,
			"hard is for those who use an interface",
			"who may not register any more lets go of it; rsctl kill ends a "
			"process",
			NULL);
		return NULL;
	}
	return read_whose(s, request, &change->whose) && read_keys(s, request, change) ? change
										       : NULL;
}

static void change_done(void *context, int result)
{
	struct change *change = context;

	change->working = false;
	change->result = result;
	if (change->dropped)
		change_free(change);
}

/* r is what the keeper answered; its done() has not been called yet. */
static void change_sent(struct session *s, struct change *change, int r)
{
	if (r)
		session_fail(s, CONTROL_FAILED, s->op->name,
			"as many grants are kept as may be, or too much is under way");
	else
		change->working = true;
}

static bool note_direct(void *context, uint64_t process)
{
	struct change *change = context;
	uint64_t *killed = reallocarray(change->killed, change->n_killed + 1, sizeof(*killed));

	if (!killed)
		return false;
	change->killed = killed;
	killed[change->n_killed++] = process;
	return true;
}

/* Two that conspire may go on over the lane they have; so one of them ends. */
static void kill_direct(struct session *s, struct change *change)
{
	const struct broker *broker = workers_broker(s->parts->workers);

	change->hard = false;
	for (size_t i = 0; i < change->n; i++)
		broker_each_direct(broker, program_of(&change->whose),
			change->keys[i].any_interface ? NULL : &change->keys[i].interface,
			note_direct, change);
	for (size_t i = 0; i < change->n_killed; i++) {
		struct process *p = roster_get(s->parts->roster, change->killed[i]);
		if (p)
			processes_signal(s->parts->processes, p, SIGKILL);
	}
}

static bool are_gone(const struct session *s, const struct change *change)
{
	for (size_t i = 0; i < change->n_killed; i++) {
		const struct process *p = roster_get(s->parts->roster, change->killed[i]);
		if (p && p->state != PROCESS_GONE)
			return false;
	}
	return true;
}

static json_t *killed_json(const struct change *change)
{
	json_t *list = json_array();

	for (size_t i = 0; i < change->n_killed; i++)
		json_array_append_new(list, json_integer((json_int_t)change->killed[i]));
	return list;
}

static json_t *interfaces_json(const struct session *s, const struct change *change)
{
	json_t *list = json_array();

	for (size_t i = 0; i < change->n; i++)
		json_array_append_new(list,
			change->keys[i].any_interface
				? json_string(EVERY)
				: describe_interface(s->parts, &change->keys[i].interface));
	return list;
}

static void change_step(struct session *s)
{
	struct change *change = s->state;

	if (change->working)
		return;
	if (change->result) {
		session_fail_hint(s, CONTROL_FAILED, s->op->name, strerror(-change->result),
			"nothing was changed; it is written to the state folder first", NULL);
		return;
	}
	if (change->hard)
		kill_direct(s, change);
	if (are_gone(s, change))
		session_ok(s, json_pack("{s:o, s:o, s:s, s:o}", "program",
				      program_json(&change->whose), "interfaces",
				      interfaces_json(s, change), "right",
				      grants_right_text(change->keys[0].right), "killed",
				      killed_json(change)));
}

static void change_end(struct session *s)
{
	struct change *change = s->state;

	if (change && change->working)
		change->dropped = true;
	else if (change)
		change_free(change);
}

/* ---- grant, deny ---- */

static bool read_limit(
	struct session *s, const json_t *request, const char *name, uint32_t *out)
{
	uint64_t number = fields_number(request, name, 0);

	*out = (uint32_t)number;
	if (number <= UINT32_MAX)
		return true;
	session_fail(s, CONTROL_USAGE, name, "%" PRIu64 " is more than there can be", number);
	return false;
}

static bool read_row(
	struct session *s, const json_t *request, enum grants_word word, struct grants_row *out)
{
	*out = (struct grants_row){ .word = word,
		.mediated = fields_bool(request, "mediated") };
	return read_limit(s, request, "body_bytes_max", &out->limits.body_bytes_max) &&
	       read_limit(s, request, "messages_a_second", &out->limits.messages_a_second) &&
	       read_limit(s, request, "outstanding_max", &out->limits.outstanding_max);
}

static void set_rows(struct session *s, const json_t *request, enum grants_word word)
{
	struct grants_row rows[KEEPER_ROWS_MAX], row;
	struct change *change = change_begin(s, request);

	if (!change || !read_row(s, request, word, &row))
		return;
	for (size_t i = 0; i < change->n; i++) {
		rows[i] = row;
		rows[i].key = change->keys[i];
	}
	change_sent(s, change,
		keeper_grant(s->parts->ruling->keeper, rows, change->n, change_done, change));
}

#define WHAT                                                                  \
	{ "program", FIELD_TEXT, true }, { "interfaces", FIELD_TEXTS, true }, \
	{                                                                     \
		"register", FIELD_BOOL, false                                 \
	}

static const struct field grant_fields[] = { WHAT, { "ask", FIELD_BOOL, false },
	{ "mediated", FIELD_BOOL, false }, { "body_bytes_max", FIELD_NUMBER, false },
	{ "messages_a_second", FIELD_NUMBER, false },
	{ "outstanding_max", FIELD_NUMBER, false }, { 0 } };

static void grant_begin(struct session *s, const json_t *request)
{
	set_rows(s, request, fields_bool(request, "ask") ? GRANTS_ASK : GRANTS_ALLOW);
}

const struct session_op control_grant = {
	.name = "grant",
	.fields = grant_fields,
	.begin = grant_begin,
	.step = change_step,
	.end = change_end,
};

static const struct field hard_fields[] = { WHAT, { "hard", FIELD_BOOL, false }, { 0 } };

static void deny_begin(struct session *s, const json_t *request)
{
	set_rows(s, request, GRANTS_DENY);
}

const struct session_op control_deny = {
	.name = "deny",
	.fields = hard_fields,
	.begin = deny_begin,
	.step = change_step,
	.end = change_end,
};

/* ---- revoke ---- */

/* What is to be taken away must be there, all of it. */
static bool are_there(struct session *s, const struct change *change)
{
	for (size_t i = 0; i < change->n; i++) {
		const struct grants_row *row =
			grants_get(s->parts->ruling->grants, &change->keys[i]);
		if (row && !row->built_in)
			continue;
		session_fail_hint(s, CONTROL_NOT_FOUND, "revoke",
			row ? "this one is built in" : "there is no such grant",
			row ? "rsctl deny takes it away" : "rsctl grants lists them", NULL);
		return false;
	}
	return true;
}

static void revoke_begin(struct session *s, const json_t *request)
{
	struct change *change = change_begin(s, request);

	if (change && are_there(s, change))
		change_sent(s, change,
			keeper_revoke(s->parts->ruling->keeper, change->keys, change->n,
				change_done, change));
}

const struct session_op control_revoke = {
	.name = "revoke",
	.fields = hard_fields,
	.begin = revoke_begin,
	.step = change_step,
	.end = change_end,
};

/* ---- grants ---- */

struct listed {
	struct whose whose; /* every: of all programs */
	struct grants_key last;
	bool begun;
};

static const struct field grants_fields[] = { { "program", FIELD_TEXT, false }, { 0 } };

static void grants_begin(struct session *s, const json_t *request)
{
	struct listed *listed = calloc(1, sizeof(*listed));

	s->state = listed;
	if (!listed)
		session_fail(s, CONTROL_FAILED, "grants", "%s", strerror(ENOMEM));
	else
		(void)read_whose(s, request, &listed->whose);
}

/* What its newest process is called, if it has one that is called something. */
static const char *name_of(const struct session *s, const struct hash *program)
{
	const char *name = NULL;

	for (struct process *p = NULL; (p = roster_next(s->parts->roster, p));)
		if (p->name[0] && hash_equal(&p->program, program))
			name = p->name;
	return name;
}

static void add_limit(json_t *row, const char *name, uint32_t limit)
{
	if (limit)
		json_object_set_new(row, name, json_integer(limit));
}

static json_t *row_json(const struct session *s, const struct grants_row *row)
{
	const struct grants_key *key = &row->key;
	const struct whose whose = { key->program, key->any_program };
	const char *name = whose.every ? NULL : name_of(s, &key->program);
	json_t *json = json_pack("{s:o, s:o, s:s, s:s, s:b, s:b}", "program",
		program_json(&whose), "interface",
		key->any_interface ? json_string(EVERY)
				   : describe_interface(s->parts, &key->interface),
		"right", grants_right_text(key->right), "grant", grants_word_text(row->word),
		"mediated", row->mediated, "built_in", row->built_in);

	if (!key->any_interface)
		json_object_set_new(json, "hash", describe_hash(&key->interface));
	if (name)
		json_object_set_new(json, "name", jsontext(name, strlen(name)));
	add_limit(json, "body_bytes_max", row->limits.body_bytes_max);
	add_limit(json, "messages_a_second", row->limits.messages_a_second);
	add_limit(json, "outstanding_max", row->limits.outstanding_max);
	if (!row->built_in)
		json_object_set_new(json, "since_ms", json_integer(row->since_ms));
	return json;
}

/* Asked for one program, all rows that may count for it are shown. */
static bool is_meant(const struct listed *listed, const struct grants_key *key)
{
	return listed->whose.every || key->any_program ||
	       hash_equal(&listed->whose.program, &key->program);
}

static void grants_step(struct session *s)
{
	struct listed *listed = s->state;
	const struct grants_row *row = NULL;

	while (session_room(s)) {
		row = grants_next(
			s->parts->ruling->grants, listed->begun ? &listed->last : NULL);
		if (!row)
			break;
		listed->begun = true;
		listed->last = row->key;
		if (is_meant(listed, &row->key))
			session_row(s, row_json(s, row));
	}
	if (!row)
		session_ok(s, NULL);
}

static void grants_end(struct session *s)
{
	free(s->state);
}

const struct session_op control_grants = {
	.name = "grants",
	.fields = grants_fields,
	.begin = grants_begin,
	.step = grants_step,
	.end = grants_end,
};
