#include <string.h>

#include "interfaces/host.h"
#include "interfaces/serve.h"

#define LOG_BODY_BYTES_MAX (16 * 1024u)

struct host_log {
	const struct host_env *env;
};

static void *log_new(const struct host_env *env)
{
	struct host_log *log = malloc(sizeof(*log));

	if (log)
		log->env = env;
	return log;
}

static uint32_t on_write(void *self, const struct host_message *message)
{
	const struct host_env *env = ((struct host_log *)self)->env;
	struct rs_log_write head;

	memcpy(&head, message->body, sizeof(head));
	if (head.level >= RS_LOG_LEVELS)
		return RS_MALFORMED;
	if (message->bytes > sizeof(head))
		env->output(env->context, message->process, head.level,
			message->body + sizeof(head), message->bytes - (uint32_t)sizeof(head));
	return RS_OK;
}

static const struct serve_row requests[] = {
	[RS_LOG_WRITE] = { sizeof(struct rs_log_write), LOG_BODY_BYTES_MAX, on_write },
};

static void log_message(void *self, const struct host_message *message)
{
	serve_message(
		requests, ARRAY_LEN(requests), ((struct host_log *)self)->env, self, message);
}

/* Nothing waits here and nobody is known. */
static void log_cancelled(void *self, uint64_t process, uint64_t id)
{
	(void)self, (void)process, (void)id;
}

static void log_process_gone(void *self, uint64_t process)
{
	(void)self, (void)process;
}

const struct host host_log = {
	.name = "log",
	.interface = rs_interface_log,
	.body_bytes_max = LOG_BODY_BYTES_MAX,
	.new = log_new,
	.free = free,
	.message = log_message,
	.cancelled = log_cancelled,
	.process_gone = log_process_gone,
};
