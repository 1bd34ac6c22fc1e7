#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "supervisor/control/control.h"
#include "supervisor/control/describe.h"

/* The bytes come in packets and go to the helper thread in pieces. */
#define PIECE_BYTES (256 * KIB) /* more than this is not read ahead */

struct add {
	struct offload_job job;
	const struct session_parts *parts; /* the job may outlive the session */
	struct store_put *put;
	uint64_t expected, received;
	uint8_t *piece, *writing; /* being filled; being written by the helper */
	uint32_t piece_bytes, writing_bytes;
	bool working, commit, committed, known, dropped;
	int result;
	struct hash name;
	struct manifest *manifest; /* until the index has it; a malformed one says why */
};

static const struct field add_fields[] = { { "bytes", FIELD_NUMBER, true }, { 0 } };

static struct add *add_of(struct offload_job *job)
{
	return (struct add *)(void *)((char *)job - offsetof(struct add, job));
}

static void add_free(struct add *add)
{
	manifest_free(add->manifest);
	free(add->piece);
	free(add->writing);
	free(add);
}

/* All was written. What a program says of itself must be readable before it may stay. */
static int commit(struct add *add)
{
	int r = manifest_read(store_put_fd(add->put), &add->manifest);

	if (r)
		return r < 0 ? r : -ENOEXEC;
	return store_put_commit(add->put, NULL, &add->name);
}

/* On the helper. After a failure, or with result set before, nothing is left on disk. */
static void write_piece(struct offload_job *job)
{
	struct add *add = add_of(job);

	if (add->result == 0 && !add->put)
		add->result = store_put_new(add->parts->store, CONTROL_ADD_MAX, &add->put);
	if (add->result == 0 && add->writing_bytes)
		add->result = store_put_write(add->put, add->writing, add->writing_bytes);
	if (add->result == 0 && add->commit)
		add->result = commit(add);
	if (add->result || add->commit)
		add->put = store_put_free(add->put);
	add->committed = add->commit && add->result == 0;
}

static void wrote_piece(struct offload_job *job);

/* Nobody wants it any more. A draft that was begun is removed by the helper, since that is disk
 * work. */
static void abandon(struct add *add)
{
	add->result = -ECANCELED;
	add->job = (struct offload_job){ .run = write_piece, .done = wrote_piece };
	if (add->put && offload_push(add->parts->offload, &add->job) == 0)
		return;
	store_put_free(add->put);
	add_free(add);
}

/* What is in the store is known to the index, whether or not anybody still waits for the
 * answer.
 */
static void enter(struct add *add)
{
	const struct store_entry entry = {
		.name = add->name, .size = add->expected, .added_s = time(NULL)
	};

	add->result = programs_add(add->parts->programs, &entry, add->manifest, &add->known);
	if (add->result == 0)
		add->manifest = NULL;
	if (add->result == 0 && !add->known)
		events_add(add->parts->events, "added", 0, &add->name, "%" PRIu64 " bytes",
			add->expected);
}

static void wrote_piece(struct offload_job *job)
{
	struct add *add = add_of(job);

	add->working = false;
	if (add->committed)
		enter(add);
	if (add->dropped)
		abandon(add);
}

/* Hands over what has come; at the end also if that is nothing. */
static void work(struct session *s, struct add *add)
{
	uint8_t *spare = add->writing;
	bool last = add->received == add->expected;

	if (add->working || add->commit || (!last && add->piece_bytes < PIECE_BYTES))
		return;
	add->writing = add->piece;
	add->writing_bytes = add->piece_bytes;
	add->piece = spare;
	add->piece_bytes = 0;
	add->commit = last;
	add->job = (struct offload_job){ .run = write_piece, .done = wrote_piece };
	add->working = true;
	if (offload_push(s->parts->offload, &add->job)) {
		add->working = false;
		session_fail(s, CONTROL_FAILED, "add", "too much is under way");
	}
}

static void add_begin(struct session *s, const json_t *request)
{
	uint64_t bytes = fields_number(request, "bytes", 0);

	if (bytes == 0 || bytes > CONTROL_ADD_MAX) {
		session_fail(s, CONTROL_USAGE, "add",
			"a program has 1 to %u bytes, not %" PRIu64, CONTROL_ADD_MAX, bytes);
		return;
	}
	struct add *add = calloc(1, sizeof(*add));
	s->state = add;
	if (add) {
		add->piece = malloc(PIECE_BYTES + CONTROL_PAYLOAD_MAX);
		add->writing = malloc(PIECE_BYTES + CONTROL_PAYLOAD_MAX);
	}
	if (!add || !add->piece || !add->writing) {
		session_fail(s, CONTROL_FAILED, "add", "%s", strerror(ENOMEM));
		return;
	}
	add->parts = s->parts;
	add->expected = bytes;
	s->owes = true;
}

static void add_data(struct session *s, const uint8_t *bytes, uint32_t n)
{
	struct add *add = s->state;

	if (n > add->expected - add->received) {
		session_fail(s, CONTROL_USAGE, "add", "more bytes came than were announced");
		return;
	}
	memcpy(add->piece + add->piece_bytes, bytes, n);
	add->piece_bytes += n;
	add->received += n;
	s->owes = add->received < add->expected;
	/* full: what follows waits in the socket, and then in the client */
	if (add->piece_bytes >= PIECE_BYTES && add->working)
		connection_pause(s->connection, true);
	work(s, add);
}

static const char *put_text(int r)
{
	switch (r) {
	case -ENOSPC:
	case -EDQUOT:
		return "the disk is full";
	case STORE_TOO_BIG:
		return "it is too big";
	case STORE_MISMATCH:
		return "what was written is not what was sent";
	default:
		return strerror(r < 0 ? -r : EIO);
	}
}

static void add_step(struct session *s)
{
	struct add *add = s->state;

	if (add->working)
		return;
	if (add->manifest && add->manifest->wrong)
		session_fail(s, CONTROL_FAILED, "add", "%s", add->manifest->wrong);
	else if (add->result)
		session_fail(s, CONTROL_FAILED, "add", "%s", put_text(add->result));
	else if (add->committed)
		session_ok(s, json_pack("{s:o, s:I, s:b}", "program", describe_hash(&add->name),
				      "bytes", (json_int_t)add->expected, "known", add->known));
	else {
		work(s, add);
		if (!s->answered)
			connection_pause(s->connection, false);
	}
}

static void add_end(struct session *s)
{
	struct add *add = s->state;

	if (!add)
		return;
	connection_pause(s->connection, false);
	add->dropped = true;
	if (!add->working)
		abandon(add);
}

const struct session_op control_add = {
	.name = "add",
	.fields = add_fields,
	.begin = add_begin,
	.step = add_step,
	.data = add_data,
	.end = add_end,
};
