#include "interfaces/host.h"
#include "interfaces/limits.h"
#include "interfaces/log.h"
#include "interfaces/serve.h"

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

static uint32_t on_write(void *self, const struct host_message *message, const void *decoded)
{
	const struct host_env *env = ((struct host_log *)self)->env;
	const struct rs_log_write_request *request = decoded;

	if (request->level < RS_LOG_STDOUT || request->level > RS_LOG_DEBUG)
		return RS_MALFORMED;
	if (request->text.bytes)
		env->output(env->context, message->process, (uint32_t)request->level,
			request->text.at, (uint32_t)request->text.bytes);
	return RS_OK;
}

static const struct serve_row requests[] = {
	[RS_LOG_WRITE] = { &rs_log_write_request_layout, on_write },
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
	.body_bytes_max = RS_LOG_BODY_BYTES_MAX,
	.new = log_new,
	.free = free,
	.message = log_message,
	.cancelled = log_cancelled,
	.process_gone = log_process_gone,
};
