/*
 * hosts.h: all host interfaces together, by their slot on every home lane. Slot HOSTS_INTERFACE
 * is `interface`, which only the broker can serve; the rows of the others stand in hosts.c, and
 * a new host interface is one row there.
 */
#pragma once

#include "interfaces/host.h"
#include "ipc/hash.h"

enum {
	HOSTS_INTERFACE,
	HOSTS_LOG,
	HOSTS_TIME,
	HOSTS_RANDOM,
	HOSTS_CONSOLE,
	HOSTS_PROGRAM, /* needs more than host_env: host_program_begin() */
	HOSTS_COUNT
};

struct hosts {
	void *state[HOSTS_COUNT];
};

int hosts_init(struct hosts *hosts, const struct host_env *env) MUST_USE;
void hosts_deinit(struct hosts *hosts);

struct hash hosts_interface(uint32_t slot);
const char *hosts_name(uint32_t slot);

/* A message to any host but HOSTS_INTERFACE. False: larger than this host takes, nothing was
 * done. */
bool hosts_message(
	struct hosts *hosts, uint32_t slot, const struct host_message *message) MUST_USE;
void hosts_cancelled(struct hosts *hosts, uint64_t process, uint64_t id);
void hosts_process_gone(struct hosts *hosts, uint64_t process);
uint64_t hosts_deadline_ns(struct hosts *hosts); /* UINT64_MAX: none */
void hosts_tick(struct hosts *hosts, uint64_t now_ns);
