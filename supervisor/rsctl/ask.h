/*
 * ask.h: a question of rsctl's and what becomes of it: finds rsd (or starts one), shows
 * progress, hands on the rows, says the error. The int of every function is an exit code; when
 * it is not CONTROL_OK the reason has been said.
 */
#pragma once

#include "supervisor/rsctl.h"
#include "supervisor/rsctl/client.h"

#define ASK_QUICK_MS 30000 /* rsd answers ordinary questions at once */
#define ASK_FOR_EVER (-1)  /* what takes as long as programs or compilers take */

struct ask {
	json_t *request;  /* taken */
	const void *data; /* follows the request */
	size_t data_bytes;
	const char *about; /* what errors and progress name */
	int timeout_ms;    /* between two replies */
	/* For every row; anything but CONTROL_OK ends the conversation. NULL: rows are ignored.
	 */
	int (*row)(void *context, json_t *row);
	void *context;
};

/* The whole conversation. The final reply is the caller's to json_decref; NULL on error. */
int ask(const struct rsctl *ctl, struct ask *question, json_t **final) MUST_USE;

/* The first half: asks and waits for the first reply. What follows is the caller's business. */
int ask_begin(const struct rsctl *ctl, struct ask *question, struct client *client,
	struct reply *first) MUST_USE;

/* What client_receive() answered, said. */
int ask_broken(const char *about, int r);
/* REPLY_ERROR, said. */
int ask_refused(const struct reply *reply);
/* REPLY_PROGRESS, shown. */
void ask_progress(const char *about, const struct reply *reply);

/* For --json: a final reply as one line, without the word that all went well. */
void ask_print(json_t *final);

/* Text and numbers of a reply that may lack them or lie about their type. */
const char *ask_text(const json_t *json, const char *key); /* "" */
json_int_t ask_number(const json_t *json, const char *key, json_int_t missing);

#define ASK_ENDING_SIZE 512
/* How a process ended (cause and detail of a final reply or a row), in words: "out of bounds:
 * ...", "cpu limit: ..."; empty if it simply exited. */
void ask_ending(const json_t *json, char out[ASK_ENDING_SIZE]);
/* Who called whom, if it trapped, for a person: a line each on standard error. */
void ask_backtrace(const json_t *json);
