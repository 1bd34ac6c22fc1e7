/*
 * client.h: rsctl's end of the control socket (protocol.h). One request, then replies until the
 * final one. The server may lie: every packet is checked for size, type and form before
 * anything of it is used, and what it says of text is never trusted to a terminal.
 *
 * A reply belongs to the client and is good until the next call of any client_ function.
 */
#pragma once

#include <jansson.h>

#include "ipc/base.h"
#include "supervisor/protocol.h"

enum {
	CLIENT_NOBODY = 1, /* open: no socket of that name, or nobody listens on it */
	CLIENT_GONE,       /* the server closed before its final reply */
	CLIENT_BROKEN,     /* it said something that is not in protocol.h */
	CLIENT_TIMEOUT,
	CLIENT_TOO_BIG, /* send: the request does not fit into one packet */
};

enum reply_kind {
	REPLY_ROW,      /* json: the row */
	REPLY_PROGRESS, /* json: stage, done, total */
	REPLY_MISSED,   /* number: rows */
	REPLY_STARTED,  /* json: process, program */
	REPLY_INPUT,    /* number: bytes we may send */
	REPLY_QUESTION, /* json: the row, as of `pending` */
	REPLY_OUTPUT,   /* stream, bytes, size */
	REPLY_DONE,     /* json: the whole final reply; nothing comes after it */
	REPLY_ERROR,    /* json: code, what, why ... are there and of the right type */
	REPLY_KINDS,
};

struct reply {
	enum reply_kind kind;
	json_t *json; /* borrowed, NULL where a kind has none */
	json_int_t number;
	int stream;
	const uint8_t *bytes;
	size_t size;
};

struct client {
	int fd;
	json_t *packet; /* what the last reply borrows from */
	uint8_t *buffer;
	int given; /* a descriptor that came with the last reply; -1 */
};

#define CLIENT_NONE                   \
	{                             \
		.fd = -1, .given = -1 \
	}

int client_open(const char *socket_path, struct client *out) MUST_USE;
void client_close(struct client *client); /* fine on CLIENT_NONE, and twice */

/* Takes the request. A server that has already said no and closed is no error here: the next
 * client_receive() tells what it said. */
int client_send(struct client *client, json_t *request) MUST_USE;
int client_send_data(struct client *client, const void *bytes, size_t size) MUST_USE;

/* The descriptor that came with the last reply is the caller's now; -1: none did. */
int client_take_given(struct client *client);

/* timeout_ms -1: waits for ever. */
int client_receive(struct client *client, int timeout_ms, struct reply *out) MUST_USE;
