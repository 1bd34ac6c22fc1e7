#include "supervisor/decisions/keeper.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/workers/hosts.h"

struct keeper {
	struct keeper_parts parts;
};

/* ---- one change, from the disk to those who run ---- */

enum kind {
	KIND_GRANT,
	KIND_REVOKE,
	KIND_TEACH,
	KIND_FORGET,
};

/* The rows are copies: who asked for the change may be gone when it is made. */
struct change {
	struct database_job job;
	struct keeper *keeper;
	enum kind kind;
	keeper_done done;
	void *context;
	size_t n;
	struct grants_row rows[KEEPER_ROWS_MAX];
	struct hash interface; /* of a name */
	char name[NAMES_TEXT_MAX + 1];
	int64_t since_ms;
	struct database_change statements[KEEPER_ROWS_MAX];
};

static struct change *change_new(
	struct keeper *keeper, enum kind kind, keeper_done done, void *context)
{
	struct change *change = calloc(1, sizeof(*change));

	if (!change)
		return NULL;
	change->keeper = keeper;
	change->kind = kind;
	change->done = done;
	change->context = context;
	change->since_ms = events_now_ms();
	return change;
}

static void say_grant(const struct change *change, const struct grants_row *row)
{
	struct events *events = change->keeper->parts.events;
	const struct grants_key *key = &row->key;
	char hex[HASH_HEX_SIZE];
	const char *interface = key->any_interface ? "*"
						   : names_text(change->keeper->parts.names,
							     &key->interface, hex);
	const char *event = change->kind == KIND_REVOKE ? "revoked"
			    : row->word == GRANTS_DENY  ? "denied"
							: "granted";

	events_add(events, event, 0, key->any_program ? NULL : &key->program, "%s%s %s%s",
		key->any_program ? "* " : "", grants_right_text(key->right), interface,
		change->kind == KIND_GRANT && row->word == GRANTS_ASK ? " ask" : "");
}

static void make_grant(struct change *change, const struct grants_row *row)
{
	struct grants *grants = change->keeper->parts.grants;
	const struct keeper_parts *parts = &change->keeper->parts;

	if (change->kind == KIND_GRANT)
		grants_set(grants, row);
	else
		grants_unset(grants, &row->key);
	say_grant(change, row);
	parts->changed(parts->context, row->key.any_interface ? NULL : &row->key.interface);
}

/* The disk has it. */
static void make(struct change *change)
{
	const struct keeper_parts *parts = &change->keeper->parts;

	switch (change->kind) {
	case KIND_GRANT:
	case KIND_REVOKE:
		for (size_t i = 0; i < change->n; i++)
			make_grant(change, &change->rows[i]);
		break;
	case KIND_TEACH:
		names_add(parts->names, &change->interface, change->name, change->since_ms);
		events_add(parts->events, "named", 0, NULL, "%s", change->name);
		break;
	case KIND_FORGET:
		names_remove(parts->names, &change->interface);
		break;
	}
}

/* It had its room set aside. */
static void give_up(struct change *change)
{
	if (change->kind == KIND_TEACH)
		names_release(change->keeper->parts.names);
	for (size_t i = 0; change->kind == KIND_GRANT && i < change->n; i++)
		grants_release(change->keeper->parts.grants);
}

static void written(struct database_job *job)
{
	struct change *change = (struct change *)(void *)job;

	if (job->result)
		give_up(change);
	else
		make(change);
	if (change->done)
		change->done(change->context, job->result);
	free(change);
}

static int commit(struct change *change, size_t n_statements)
{
	_Static_assert(offsetof(struct change, job) == 0, "one begins with the other");
	change->job.changes = change->statements;
	change->job.n_changes = (uint32_t)n_statements;
	change->job.done = written;
	if (database_write(change->keeper->parts.database, &change->job) == 0)
		return 0;
	give_up(change);
	free(change);
	return KEEPER_FULL;
}

/* ---- grants ---- */

static struct database_value number(int64_t n)
{
	return (struct database_value){ .number = n };
}

static struct database_value hash_value(const struct hash *hash)
{
	return (struct database_value){ .bytes = hash->bytes, .n = HASH_BYTES };
}

static struct database_value hash_or_every(const struct hash *hash, bool any)
{
	return any ? (struct database_value){ 0 } : hash_value(hash);
}

/* In the order of DATABASE_SET_GRANT, which begins with those of DATABASE_UNSET_GRANT. */
static void write_row(struct database_change *out, enum database_statement statement,
	const struct grants_row *row)
{
	const struct grants_key *key = &row->key;

	*out = (struct database_change){ .statement = statement,
		.values = { hash_or_every(&key->program, key->any_program),
			hash_or_every(&key->interface, key->any_interface), number(key->right),
			number(row->word), number(row->mediated),
			number(row->limits.body_bytes_max),
			number(row->limits.messages_a_second),
			number(row->limits.outstanding_max), number(row->since_ms) } };
}

/* What of n rows can be set aside; all, or none. */
static bool reserve_rows(struct grants *grants, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (grants_reserve(grants)) {
			while (i--)
				grants_release(grants);
			return false;
		}
	return true;
}

int keeper_grant(struct keeper *keeper, const struct grants_row *rows, size_t n,
	keeper_done done, void *context)
{
	assert(n >= 1 && n <= KEEPER_ROWS_MAX);
	if (!reserve_rows(keeper->parts.grants, n))
		return KEEPER_FULL;
	struct change *change = change_new(keeper, KIND_GRANT, done, context);
	if (!change) {
		for (size_t i = 0; i < n; i++)
			grants_release(keeper->parts.grants);
		return KEEPER_FULL;
	}
	change->n = n;
	for (size_t i = 0; i < n; i++) {
		change->rows[i] = rows[i];
		change->rows[i].built_in = false;
		change->rows[i].since_ms = change->since_ms;
		write_row(&change->statements[i], DATABASE_SET_GRANT, &change->rows[i]);
	}
	return commit(change, n);
}

int keeper_revoke(struct keeper *keeper, const struct grants_key *keys, size_t n,
	keeper_done done, void *context)
{
	struct change *change = change_new(keeper, KIND_REVOKE, done, context);

	assert(n >= 1 && n <= KEEPER_ROWS_MAX);
	if (!change)
		return KEEPER_FULL;
	change->n = n;
	for (size_t i = 0; i < n; i++) {
		change->rows[i].key = keys[i];
		write_row(&change->statements[i], DATABASE_UNSET_GRANT, &change->rows[i]);
	}
	return commit(change, n);
}

/* ---- names ---- */

static int outcome_of_name(int r)
{
	return r == NAMES_BAD_WORD  ? KEEPER_BAD_NAME
	       : r == NAMES_OF_HOST ? KEEPER_OF_HOST
				    : KEEPER_FULL;
}

int keeper_teach(struct keeper *keeper, const struct hash *interface, const char *name,
	keeper_done done, void *context)
{
	int r = names_reserve(keeper->parts.names, interface, name);

	if (r)
		return outcome_of_name(r);
	struct change *change = change_new(keeper, KIND_TEACH, done, context);
	if (!change) {
		names_release(keeper->parts.names);
		return KEEPER_FULL;
	}
	change->interface = *interface;
	snprintf(change->name, sizeof(change->name), "%s", name);
	change->statements[0] = (struct database_change){ .statement = DATABASE_SET_NAME,
		.values = { hash_value(&change->interface),
			{ .bytes = change->name, .n = (uint32_t)strlen(change->name) },
			number(change->since_ms) } };
	return commit(change, 1);
}

int keeper_forget(
	struct keeper *keeper, const struct hash *interface, keeper_done done, void *context)
{
	struct change *change = change_new(keeper, KIND_FORGET, done, context);

	if (!change)
		return KEEPER_FULL;
	change->interface = *interface;
	change->statements[0] = (struct database_change){ .statement = DATABASE_UNSET_NAME,
		.values = { hash_value(&change->interface) } };
	return commit(change, 1);
}

/* ---- at the start ---- */

static const uint32_t basic[] = { HOSTS_LOG, HOSTS_TIME, HOSTS_RANDOM, HOSTS_CONSOLE };

static void build_in(struct grants *grants)
{
	for (size_t i = 0; i < ARRAY_LEN(basic); i++) {
		struct hash interface = hosts_interface(basic[i]);
		grants_build_in(grants, &interface);
	}
}

static void read_hash(const struct database_value *value, struct hash *out, bool *any)
{
	*any = value->n == 0;
	if (value->n)
		memcpy(out->bytes, value->bytes, HASH_BYTES);
}

static bool read_limit(const struct database_value *value, uint32_t *out)
{
	*out = (uint32_t)value->number;
	return value->number >= 0 && value->number <= UINT32_MAX;
}

/* As write_row(); a row that no rsd has written is refused. */
static bool read_row(const struct database_value *values, struct grants_row *out)
{
	int64_t right = values[2].number, word = values[3].number, flag = values[4].number;

	*out = (struct grants_row){ .mediated = flag == 1, .since_ms = values[8].number };
	read_hash(&values[0], &out->key.program, &out->key.any_program);
	read_hash(&values[1], &out->key.interface, &out->key.any_interface);
	if (right < 0 || right > BROKER_HANDLE || word < 0 || word >= GRANTS_WORDS ||
		flag < 0 || flag > 1)
		return false;
	out->key.right = (enum broker_right)right;
	out->word = (enum grants_word)word;
	return read_limit(&values[5], &out->limits.body_bytes_max) &&
	       read_limit(&values[6], &out->limits.messages_a_second) &&
	       read_limit(&values[7], &out->limits.outstanding_max);
}

static bool load_grant(void *context, const struct database_value *values)
{
	struct keeper *keeper = context;
	struct grants_row row;

	if (!read_row(values, &row) || grants_reserve(keeper->parts.grants))
		return false;
	grants_set(keeper->parts.grants, &row);
	return true;
}

/* A name that a newer rsd keeps for its own is not lost to the others: it is left out. */
static bool load_name(void *context, const struct database_value *values)
{
	struct keeper *keeper = context;
	char name[NAMES_TEXT_MAX + 1] = "";
	struct hash interface;

	if (values[1].n > NAMES_TEXT_MAX)
		return false;
	memcpy(interface.bytes, values[0].bytes, HASH_BYTES);
	memcpy(name, values[1].bytes, values[1].n);
	int r = names_reserve(keeper->parts.names, &interface, name);
	if (r == 0)
		names_add(keeper->parts.names, &interface, name, values[2].number);
	return r == 0 || r == NAMES_OF_HOST;
}

int keeper_new(
	const struct keeper_parts *parts, struct keeper **out, char why[DATABASE_WHY_SIZE])
{
	CLEANUP(freep) struct keeper *keeper = calloc(1, sizeof(*keeper));

	if (!keeper) {
		snprintf(why, DATABASE_WHY_SIZE, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	keeper->parts = *parts;
	build_in(parts->grants);
	int r = database_load(parts->database, DATABASE_GRANTS, load_grant, keeper, why);
	if (r == 0)
		r = database_load(parts->database, DATABASE_NAMES, load_name, keeper, why);
	if (r)
		return r;
	*out = keeper;
	keeper = NULL;
	return 0;
}

struct keeper *keeper_free(struct keeper *keeper)
{
	free(keeper);
	return NULL;
}
