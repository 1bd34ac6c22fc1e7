#include "supervisor/rsctl/ask.h"

#include <string.h>

#include "supervisor/places.h"
#include "supervisor/rsctl/private.h"
#include "supervisor/rsctl/say.h"
#include "supervisor/rsctl/term.h"

void ask_print(json_t *final)
{
	json_object_del(final, "ok");
	json_dumpf(final, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	putchar('\n');
}

const char *ask_text(const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	return text ? text : "";
}

json_int_t ask_number(const json_t *json, const char *key, json_int_t missing)
{
	json_t *number = json_object_get(json, key);

	return json_is_integer(number) ? json_integer_value(number) : missing;
}

int ask_broken(const char *about, int r)
{
	switch (r) {
	case CLIENT_GONE:
		return say_error(CONTROL_FAILED, about, "rsd went away before it had answered");
	case CLIENT_BROKEN:
		return say_error(CONTROL_FAILED, about,
			"what listens there is no rsd, or not of this version");
	case CLIENT_TIMEOUT:
		return say_error(CONTROL_TIMEOUT, about, "rsd does not answer");
	case CLIENT_TOO_BIG:
		return say_error(
			CONTROL_USAGE, about, "arguments and environment are too long");
	default:
		return say_error(CONTROL_FAILED, about, "%s", strerror(-r));
	}
}

int ask_refused(const struct reply *reply)
{
	const char *hint = ask_text(reply->json, "hint"), *why = ask_text(reply->json, "why");
	json_t *candidate;
	size_t i;
	int code = (int)ask_number(reply->json, "code", CONTROL_FAILED);

	(void)say_error(code, ask_text(reply->json, "what"), "%s", why);
	if (*hint)
		say_hint("%s", hint);
	json_array_foreach(json_object_get(reply->json, "candidates"), i,
		candidate) if (json_is_string(candidate))
		say_hint("%s", json_string_value(candidate));
	return code;
}

void ask_progress(const char *about, const struct reply *reply)
{
	json_int_t done = ask_number(reply->json, "done", 0);
	json_int_t total = ask_number(reply->json, "total", 0);
	const char *tier = ask_text(reply->json, "tier");
	char line[256], count[64] = "";

	if (total > 0)
		snprintf(count, sizeof(count), " %lld/%lld", (long long)done, (long long)total);
	snprintf(line, sizeof(line), "%.80s: %.20s%s%.80s%s", about, tier, *tier ? ": " : "",
		ask_text(reply->json, "stage"), count);
	term_progress(line);
}

void ask_ending(const json_t *json, char out[ASK_ENDING_SIZE])
{
	const char *cause = ask_text(json, "cause"), *detail = ask_text(json, "detail");

	if (strcmp(cause, "exited") == 0)
		out[0] = 0;
	else if (strcmp(cause, "trap") == 0 && *detail) /* it names the trap itself */
		snprintf(out, ASK_ENDING_SIZE, "%s", detail);
	else
		snprintf(out, ASK_ENDING_SIZE, "%s%s%s", cause, *detail ? ": " : "", detail);
}

void ask_backtrace(const json_t *json)
{
	const json_t *line;
	size_t i;

	json_array_foreach(json_object_get(json, "backtrace"), i, line)
	{
		const char *text = json_string_value(line);
		CLEANUP(freep) char *safe = text ? term_escaped_line(text, strlen(text)) : NULL;

		if (safe)
			fprintf(stderr, "  #%zu %s\n", i, safe);
	}
}

/* --- finding rsd --- */

static int nobody(const char *socket_path)
{
	(void)say_error(CONTROL_FAILED, socket_path, "no rsd listens there");
	say_hint("`rsd` starts one; so does `rsctl run` when --socket is not given");
	return CONTROL_FAILED;
}

static int usual_places(struct places *out)
{
	int r = places_find(out);

	if (r == 0)
		return CONTROL_OK;
	return say_error(CONTROL_FAILED, "folders", "%s",
		r == -ENOENT   ? "HOME is not set"
		: r == -EINVAL ? "a REDSHIRT_..._DIR is not absolute"
			       : strerror(-r));
}

static int start_private(const struct places *places, const char *path, struct client *out)
{
	char why[PRIVATE_WHY_SIZE], log_path[PATH_MAX];

	if (private_start(places, path, why) != 0) {
		(void)say_error(CONTROL_FAILED, "rsd", "%s", why);
		if (places_path(places, PLACE_STATE, PRIVATE_LOG_NAME, log_path) == 0)
			say_hint("its log: %s", log_path);
		return CONTROL_FAILED;
	}
	int r = client_open(path, out);
	return r == 0 ? CONTROL_OK : r < 0 ? ask_broken(path, r) : nobody(path);
}

static int connect_to_rsd(const struct rsctl *ctl, struct client *out)
{
	struct places places;
	char usual[PATH_MAX];
	const char *path = ctl->socket;
	int code = path ? CONTROL_OK : usual_places(&places);

	if (code)
		return code;
	if (!path) {
		path = usual;
		if (places_path(&places, PLACE_RUN, CONTROL_SOCKET_NAME, usual))
			return ask_broken("control socket", -ENAMETOOLONG);
	}
	int r = client_open(path, out);
	if (r == CLIENT_NOBODY)
		return !ctl->socket && ctl->command->starts_rsd
			       ? start_private(&places, path, out)
			       : nobody(path);
	if (r == -EACCES || r == -EPERM)
		return say_error(CONTROL_DENIED, path, "you may not talk to this rsd");
	return r ? ask_broken(path, r) : CONTROL_OK;
}

/* --- a conversation --- */

static int send_question(const struct ask *question, struct client *client)
{
	int r = client_send(client, json_incref(question->request));

	return r ? r : client_send_data(client, question->data, question->data_bytes);
}

/* An rsd that was about to end for want of work may take a connection and never read it: then
 * the next one is asked. */
int ask_begin(const struct rsctl *ctl, struct ask *question, struct client *client,
	struct reply *first)
{
	int code = CONTROL_OK, r = CLIENT_GONE;

	for (int tries = ctl->command->starts_rsd ? 2 : 1; tries > 0 && r == CLIENT_GONE;
		tries--) {
		client_close(client);
		code = connect_to_rsd(ctl, client);
		if (code)
			break;
		r = send_question(question, client);
		if (r == 0)
			r = client_receive(client, question->timeout_ms, first);
	}
	json_decref(question->request);
	question->request = NULL;
	return code ? code : r ? ask_broken(question->about, r) : CONTROL_OK;
}

static int take_reply(struct ask *question, const struct reply *reply)
{
	switch (reply->kind) {
	case REPLY_ROW:
		term_progress("");
		return question->row ? question->row(question->context, reply->json)
				     : CONTROL_OK;
	case REPLY_PROGRESS:
		ask_progress(question->about, reply);
		return CONTROL_OK;
	case REPLY_MISSED:
		say_hint("%lld lines are missing here: they came faster than they were read",
			(long long)reply->number);
		return CONTROL_OK;
	case REPLY_ERROR:
		return ask_refused(reply);
	default: /* belongs to an attached run only */
		return ask_broken(question->about, CLIENT_BROKEN);
	}
}

int ask(const struct rsctl *ctl, struct ask *question, json_t **final)
{
	CLEANUP(client_close) struct client client = CLIENT_NONE;
	struct reply reply;
	int code = ask_begin(ctl, question, &client, &reply);

	*final = NULL;
	while (code == CONTROL_OK && reply.kind != REPLY_DONE) {
		code = take_reply(question, &reply);
		if (code)
			break;
		int r = client_receive(&client, question->timeout_ms, &reply);
		if (r)
			code = ask_broken(question->about, r);
	}
	term_progress("");
	if (code == CONTROL_OK)
		*final = json_incref(reply.json);
	return code;
}
