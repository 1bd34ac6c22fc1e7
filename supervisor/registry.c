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

static uint32_t register_or_keep(
	struct crew *crew, struct worker *worker, const struct worker_registration *wanted)
{
	uint32_t status = broker_register(
		crew->broker, worker->process, &wanted->interface, wanted->body_bytes_max);

	if (status != BROKER_ASK)
		return status;
	if (worker->registrations_count == WORKER_REGISTRATIONS_MAX)
		return RS_LIMIT;
	worker->registrations[worker->registrations_count++] = *wanted;
	return SERVE_TAKEN;
}

static uint32_t on_register(void *self, const struct host_message *message, const void *decoded)
{
	const struct rs_interface_register_request *request = decoded;
	struct crew *crew = self;
	struct worker_registration wanted = { .id = message->id,
		.body_bytes_max = request->body_bytes_max };

	if (!name_of(&request->interface, &wanted.interface))
		return RS_MALFORMED;
	return register_or_keep(crew, crew_find(crew, message->process), &wanted);
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

static int32_t grant_of(uint32_t status)
{
	return status == RS_OK        ? RS_INTERFACE_GRANT_ALLOW
	       : status == BROKER_ASK ? RS_INTERFACE_GRANT_ASK
				      : RS_INTERFACE_GRANT_DENY;
}

static uint32_t on_state(void *self, const struct host_message *message, const void *decoded)
{
	const struct rs_interface_state_request *request = decoded;
	uint8_t body[RS_INTERFACE_STATE_ANSWER_BYTES_MAX];
	struct crew *crew = self;
	struct broker_state state;
	struct hash interface;

	if (!name_of(&request->interface, &interface) ||
		(request->right != RS_INTERFACE_RIGHT_USE &&
			request->right != RS_INTERFACE_RIGHT_REGISTER))
		return RS_MALFORMED;
	if (!broker_state(crew->broker, message->process, &interface,
		    request->right == RS_INTERFACE_RIGHT_USE ? BROKER_USE : BROKER_HANDLE,
		    &state))
		return RS_DENIED;
	const struct rs_interface_state_answer answer = {
		.grant = grant_of(state.verdict.status),
		.mediated = state.verdict.status == RS_OK && state.verdict.mediated,
		.handled = state.handled,
		.body_bytes_max = state.body_bytes_max,
		.outstanding_max = state.verdict.limits.outstanding_max,
		.messages_a_second = state.verdict.limits.messages_a_second,
	};
	serve_answer(&crew->env, message, RS_OK, body,
		(uint32_t)rs_interface_state_answer_encode(&answer, body, sizeof(body)));
	return SERVE_TAKEN;
}

static const struct serve_row requests[RS_INTERFACE_RPCS] = {
	[RS_INTERFACE_REGISTER] = { &rs_interface_register_request_layout, on_register },
	[RS_INTERFACE_UNREGISTER] = { &rs_interface_unregister_request_layout, on_unregister },
	[RS_INTERFACE_CANCEL] = { &rs_interface_cancel_request_layout, on_cancel },
	[RS_INTERFACE_STATE] = { &rs_interface_state_request_layout, on_state },
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

void registry_cancelled(struct worker *worker, uint64_t id)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < worker->registrations_count; i++)
		if (worker->registrations[i].id != id)
			worker->registrations[kept++] = worker->registrations[i];
	worker->registrations_count = kept;
}

/* From a copy: those that still wait are kept anew, in the same order. */
void registry_reconsider(struct crew *crew, struct worker *worker)
{
	struct worker_registration wanted[WORKER_REGISTRATIONS_MAX];
	uint32_t count = worker->registrations_count;

	if (worker->gone || count == 0)
		return;
	memcpy(wanted, worker->registrations, sizeof(wanted));
	worker->registrations_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t status = register_or_keep(crew, worker, &wanted[i]);

		if (status != SERVE_TAKEN && wanted[i].id)
			crew_answer(crew, worker->process, wanted[i].id, status, NULL, 0);
	}
}
