#include <string.h>

#include "supervisor/control/control.h"
#include "supervisor/control/describe.h"
#include "supervisor/jsontext.h"

/* ---- teach, forget: on their way to the disk ---- */

struct change {
	struct hash interface;
	char name[NAMES_TEXT_MAX + 1];
	bool working, dropped;
	int result;
};

static void change_done(void *context, int result)
{
	struct change *change = context;

	change->working = false;
	change->result = result;
	if (change->dropped)
		free(change);
}

static struct change *change_begin(struct session *s)
{
	struct change *change = calloc(1, sizeof(*change));

	s->state = change;
	if (!change)
		session_fail(s, CONTROL_FAILED, s->op->name, "%s", strerror(ENOMEM));
	return change;
}

static void change_step(struct session *s)
{
	const struct change *change = s->state;

	if (change->working)
		return;
	if (change->result)
		session_fail_hint(s, CONTROL_FAILED, s->op->name, strerror(-change->result),
			"nothing was changed; it is written to the state folder first", NULL);
	else
		session_ok(s,
			json_pack("{s:o, s:o}", "interface", describe_hash(&change->interface),
				"name", jsontext(change->name, strlen(change->name))));
}

static void change_end(struct session *s)
{
	struct change *change = s->state;

	if (change && change->working)
		change->dropped = true;
	else
		free(change);
}

static const struct field teach_fields[] = { { "name", FIELD_TEXT, true },
	{ "interface", FIELD_TEXT, true }, { 0 } };

static const char *teach_why(int r)
{
	switch (r) {
	case KEEPER_BAD_NAME:
		return "a name is a letter, then letters, digits, dots, _ and -, at most 64";
	case KEEPER_OF_HOST:
		return "host interfaces keep their names";
	default:
		return "as many names are kept as may be, or too much is under way";
	}
}

static void teach_begin(struct session *s, const json_t *request)
{
	const char *name = fields_text(request, "name", "");
	struct change *change = change_begin(s);

	if (!change)
		return;
	if (!hash_from_hex(fields_text(request, "interface", ""), &change->interface)) {
		session_fail(s, CONTROL_USAGE, "interface", "not 64 hex digits");
		return;
	}
	int r = keeper_teach(
		s->parts->ruling->keeper, &change->interface, name, change_done, change);
	if (r) {
		session_fail(s, r == KEEPER_FULL ? CONTROL_FAILED : CONTROL_USAGE, name, "%s",
			teach_why(r));
		return;
	}
	change->working = true;
	memcpy(change->name, name, strlen(name) + 1); /* it is a name: it fits */
}

const struct session_op control_teach = {
	.name = "teach",
	.fields = teach_fields,
	.begin = teach_begin,
	.step = change_step,
	.end = change_end,
};

static const struct field forget_fields[] = { { "interface", FIELD_TEXT, true }, { 0 } };

static void forget_begin(struct session *s, const json_t *request)
{
	const char *word = fields_text(request, "interface", "");
	const struct ruling *ruling = s->parts->ruling;
	struct change *change = change_begin(s);

	if (!change || !session_interface(s, word, &change->interface))
		return;
	const char *name = names_get(ruling->names, &change->interface);
	if (!name || names_is_host(ruling->names, &change->interface)) {
		session_fail(s, name ? CONTROL_USAGE : CONTROL_NOT_FOUND, word, "%s",
			name ? teach_why(KEEPER_OF_HOST) : "nobody has named it");
		return;
	}
	memcpy(change->name, name, strlen(name) + 1);
	if (keeper_forget(ruling->keeper, &change->interface, change_done, change))
		session_fail(s, CONTROL_FAILED, word, "%s", teach_why(KEEPER_FULL));
	else
		change->working = true;
}

const struct session_op control_forget = {
	.name = "forget",
	.fields = forget_fields,
	.begin = forget_begin,
	.step = change_step,
	.end = change_end,
};

/* ---- names ---- */

static const struct field names_fields[] = { { 0 } };

struct listed {
	char last[NAMES_TEXT_MAX + 1]; /* "": none yet */
};

static void names_begin_op(struct session *s, const json_t *request)
{
	(void)request;
	s->state = calloc(1, sizeof(struct listed));
	if (!s->state)
		session_fail(s, CONTROL_FAILED, "names", "%s", strerror(ENOMEM));
}

static json_t *row_json(const struct names_row *row)
{
	json_t *json = json_pack("{s:s, s:o, s:b}", "name", row->text, "interface",
		describe_hash(&row->interface), "host", row->host);

	if (!row->host)
		json_object_set_new(json, "since_ms", json_integer(row->since_ms));
	return json;
}

static void names_step(struct session *s)
{
	struct listed *listed = s->state;
	const struct names_row *row = NULL;

	while (session_room(s)) {
		row = names_next(
			s->parts->ruling->names, listed->last[0] ? listed->last : NULL);
		if (!row)
			break;
		memcpy(listed->last, row->text, sizeof(listed->last));
		session_row(s, row_json(row));
	}
	if (!row)
		session_ok(s, NULL);
}

static void names_end(struct session *s)
{
	free(s->state);
}

const struct session_op control_names = {
	.name = "names",
	.fields = names_fields,
	.begin = names_begin_op,
	.step = names_step,
	.end = names_end,
};
