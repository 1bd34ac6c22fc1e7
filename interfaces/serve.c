#include "interfaces/serve.h"

#include <string.h>

static uint32_t serve(const struct serve_row *rows, size_t count, void *self,
	const struct host_message *message)
{
	uint32_t index;

	if (message->bytes < sizeof(index))
		return RS_MALFORMED;
	memcpy(&index, message->body, sizeof(index));
	if (index >= count)
		return RS_UNSUPPORTED;
	if (message->bytes < rows[index].bytes_min || message->bytes > rows[index].bytes_max)
		return RS_MALFORMED;
	return rows[index].serve(self, message);
}

void serve_message(const struct serve_row *rows, size_t count, const struct host_env *env,
	void *self, const struct host_message *message)
{
	uint32_t status = serve(rows, count, self, message);

	if (status != SERVE_TAKEN)
		serve_answer(env, message, status, NULL, 0);
}

void serve_answer(const struct host_env *env, const struct host_message *message,
	uint32_t status, const void *body, uint32_t bytes)
{
	if (message->id)
		env->answer(env->context, message->process, message->id, status, body, bytes);
}
