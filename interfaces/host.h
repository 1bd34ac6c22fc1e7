/*
 * host.h: an interface that rsd itself handles. A host gets copies of messages (the body is
 * private memory, checked for size only), answers through the functions it was given, never
 * blocks, and keys everything by (process, id): ids are the client's own numbers, and two
 * clients may use the same.
 *
 * A host owns its state (new/free) and knows neither sockets nor lanes, so that tests can drive
 * it with a made-up environment and clock.
 */
#pragma once

#include "ipc/base.h"
#include "ipc/message.h"

/* What rsd gives its hosts. */
struct host_env {
	void *context;
	/* Answers message id of process; each id at most once. Copies the body. For a process
	 * that is gone it does nothing. */
	void (*answer)(void *context, uint64_t process, uint64_t id, uint32_t status,
		const void *body, uint32_t bytes);
	/* Output of a program, raw bytes, to its log and whoever is attached; level: enum
	 * rs_log_level. */
	void (*output)(void *context, uint64_t process, uint32_t level, const void *text,
		uint32_t bytes);
	uint64_t (*monotonic_ns)(void *context);
	uint64_t (*realtime_ns)(void *context);
};

struct host_message {
	uint64_t process;
	uint64_t id; /* 0: no answer wanted */
	const uint8_t *body;
	uint32_t bytes;
};

struct host {
	const char *name;
	const uint8_t *interface; /* 32 bytes */
	uint32_t body_bytes_max;
	void *(*new)(
		const struct host_env *env); /* NULL: out of memory. env outlives the host */
	void (*free)(void *self);
	void (*message)(void *self, const struct host_message *message);
	/* The client cancelled id, its answer is not wanted any more. May be unknown: answered
	 * meanwhile. */
	void (*cancelled)(void *self, uint64_t process, uint64_t id);
	void (*process_gone)(void *self, uint64_t process);
	/* When tick() wants to be called, on the monotonic clock; UINT64_MAX: not at all. Both
	 * may be NULL. */
	uint64_t (*deadline_ns)(void *self);
	void (*tick)(void *self, uint64_t now_ns);
};

extern const struct host host_log, host_time, host_random, host_console;

/* What only this host can be told: bytes typed or piped to an attached program. */
enum {
	HOST_CONSOLE_FULL = 1 /* nothing was taken: come again after the program has read
				 (host_console_room) */
};
#define HOST_CONSOLE_BUFFER_BYTES (64 * 1024u) /* per process */
int host_console_attach(
	void *self, uint64_t process) MUST_USE; /* before that, reads answer the end at once */
int host_console_input(void *self, uint64_t process, const void *bytes, uint32_t n) MUST_USE;
void host_console_end(void *self, uint64_t process);
uint32_t host_console_room(void *self, uint64_t process);
