/*
 * serve.h: how a host interface reads a message: the body's first u32 is the index of a row,
 * the row says what message follows and what serves it. A body that cannot be read, or of no
 * row, is answered here (RS_MALFORMED, RS_UNSUPPORTED) and never reaches the host.
 */
#pragma once

#include "interfaces/codec.h"
#include "interfaces/host.h"

/* The answer was given, or comes later. */
#define SERVE_TAKEN UINT32_MAX

/* Of any request's struct. */
#define SERVE_REQUEST_BYTES_MAX 512u

/* A row serves a request, of which the layout says what struct it is, with a status, and then
 * the answer is empty, or with SERVE_TAKEN. The request and what it points at, which lies in
 * the message's body, are valid until the function returns. An empty row is no row. */
struct serve_row {
	const struct rs_layout *request;
	uint32_t (*serve)(void *self, const struct host_message *message, const void *request);
};

void serve_message(const struct serve_row *rows, size_t count, const struct host_env *env,
	void *self, const struct host_message *message);

/* As env->answer, but a message that wants no answer gets none. */
void serve_answer(const struct host_env *env, const struct host_message *message,
	uint32_t status, const void *body, uint32_t bytes);
