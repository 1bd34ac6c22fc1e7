#include "interfaces/serve.h"

#include <assert.h>
#include <stdalign.h>

#include "interfaces/decode.h"

static uint32_t serve(const struct serve_row *rows, size_t count, void *self,
	const struct host_message *message)
{
	alignas(max_align_t) uint8_t request[SERVE_REQUEST_BYTES_MAX];
	const void *bytes;
	size_t bytes_count;
	uint32_t index;

	if (rs_decode_split(message->body, message->bytes, &index, &bytes, &bytes_count))
		return RS_MALFORMED;
	if (index >= count || !rows[index].serve)
		return RS_UNSUPPORTED;
	assert(rows[index].request->size <= sizeof(request));
	if (rs_decode(rows[index].request, request, bytes, bytes_count))
		return RS_MALFORMED;
	return rows[index].serve(self, message, request);
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
