#include "supervisor/registry.h"

#include <string.h>

#include "interfaces/interface.h"
#include "interfaces/limits.h"
#include "interfaces/serve.h"

/* False: this is no name of an interface. */
static bool name_of(const struct rs_bytes *bytes, struct hash *out)
{
	if (bytes->bytes != HASH_BYTES)
		return false;
	memcpy(out->bytes, bytes->at, HASH_BYTES);
	return true;
}

static uint32_t on_register(void *self, const struct host_message *message, const void *decoded)
{
	const struct rs_interface_register_request *request = decoded;
	struct crew *crew = self;
	struct hash interface;

	if (!name_of(&request->interface, &interface))
		return RS_MALFORMED;
	return broker_register(
		crew->broker, message->process, &interface, request->body_bytes_max);
}

static uint32_t on_unregister(
	void *self, const struct host_message *message, const void *decoded)
{
	const struct rs_interface_unregister_request *request = decoded;
	struct crew *crew = self;
	struct hash interface;

	if (!name_of(&request->interface, &interface))
		return RS_MALFORMED;
	return broker_unregister(crew->broker, message->process, &interface);
}

/* It was carried out by the sender's runtime (RECORD_CANCEL); here it is only known. */
static uint32_t on_cancel(void *self, const struct host_message *message, const void *decoded)
{
	(void)self, (void)message, (void)decoded;
	return RS_OK;
}

static const struct serve_row requests[RS_INTERFACE_RPCS] = {
	[RS_INTERFACE_REGISTER] = { &rs_interface_register_request_layout, on_register },
	[RS_INTERFACE_UNREGISTER] = { &rs_interface_unregister_request_layout, on_unregister },
	[RS_INTERFACE_CANCEL] = { &rs_interface_cancel_request_layout, on_cancel },
};

void registry_message(
	struct crew *crew, const struct worker *worker, const struct host_message *message)
{
	if (worker->gone)
		return;
	if (message->bytes > RS_INTERFACE_BODY_BYTES_MAX)
		serve_answer(&crew->env, message, RS_TOO_BIG, NULL, 0);
	else
		serve_message(requests, ARRAY_LEN(requests), &crew->env, crew, message);
}
