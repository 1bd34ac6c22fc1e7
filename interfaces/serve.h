/*
 * serve.h: how a host interface reads a message: the body's first u32 is the index of a row,
 * the row says how long the body may be and what serves it. A body that is too short, too long
 * or of no row is answered here (RS_MALFORMED, RS_UNSUPPORTED) and never reaches the host.
 */
#pragma once

#include "interfaces/host.h"

/* The answer was given, or comes later. */
#define SERVE_TAKEN UINT32_MAX

/* A row serves a message with a status, and then the answer is empty, or with SERVE_TAKEN. */
struct serve_row {
	uint32_t bytes_min, bytes_max; /* of the whole body, index included */
	uint32_t (*serve)(void *self, const struct host_message *message);
};

void serve_message(const struct serve_row *rows, size_t count, const struct host_env *env,
	void *self, const struct host_message *message);

/* As env->answer, but a message that wants no answer gets none. */
void serve_answer(const struct host_env *env, const struct host_message *message,
	uint32_t status, const void *body, uint32_t bytes);
