#include "supervisor/workers/hosts.h"

#include <string.h>

#include "interfaces/interface.h"
#include "supervisor/workers/host_program.h"

static const struct host *const rows[HOSTS_COUNT] = {
	[HOSTS_LOG] = &host_log,
	[HOSTS_TIME] = &host_time,
	[HOSTS_RANDOM] = &host_random,
	[HOSTS_CONSOLE] = &host_console,
	[HOSTS_PROGRAM] = &host_program,
};
enum {
	FIRST_ROW = HOSTS_INTERFACE + 1
};

int hosts_init(struct hosts *hosts, const struct host_env *env)
{
	*hosts = (struct hosts){ 0 };
	for (uint32_t i = FIRST_ROW; i < HOSTS_COUNT; i++)
		if (!(hosts->state[i] = rows[i]->new (env))) {
			hosts_deinit(hosts);
			return -ENOMEM;
		}
	return 0;
}

void hosts_deinit(struct hosts *hosts)
{
	for (uint32_t i = FIRST_ROW; i < HOSTS_COUNT; i++)
		if (hosts->state[i])
			rows[i]->free(hosts->state[i]);
	*hosts = (struct hosts){ 0 };
}

struct hash hosts_interface(uint32_t slot)
{
	struct hash name;

	memcpy(name.bytes,
		slot == HOSTS_INTERFACE ? rs_interface_interface : rows[slot]->interface,
		HASH_BYTES);
	return name;
}

const char *hosts_name(uint32_t slot)
{
	return slot == HOSTS_INTERFACE ? "interface" : rows[slot]->name;
}

bool hosts_message(struct hosts *hosts, uint32_t slot, const struct host_message *message)
{
	if (message->bytes > rows[slot]->body_bytes_max)
		return false;
	rows[slot]->message(hosts->state[slot], message);
	return true;
}

void hosts_cancelled(struct hosts *hosts, uint64_t process, uint64_t id)
{
	for (uint32_t i = FIRST_ROW; i < HOSTS_COUNT; i++)
		rows[i]->cancelled(hosts->state[i], process, id);
}

void hosts_process_gone(struct hosts *hosts, uint64_t process)
{
	for (uint32_t i = FIRST_ROW; i < HOSTS_COUNT; i++)
		rows[i]->process_gone(hosts->state[i], process);
}

uint64_t hosts_deadline_ns(struct hosts *hosts)
{
	uint64_t first = UINT64_MAX;

	for (uint32_t i = FIRST_ROW; i < HOSTS_COUNT; i++) {
		uint64_t deadline = rows[i]->deadline_ns ? rows[i]->deadline_ns(hosts->state[i])
							 : UINT64_MAX;
		first = deadline < first ? deadline : first;
	}
	return first;
}

void hosts_tick(struct hosts *hosts, uint64_t now_ns)
{
	for (uint32_t i = FIRST_ROW; i < HOSTS_COUNT; i++)
		if (rows[i]->tick)
			rows[i]->tick(hosts->state[i], now_ns);
}
