#include "supervisor/workers/registry.h"

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

/* ---- what waits for a person ---- */

static uint32_t keep(struct worker *worker, const struct worker_petition *petition)
{
	if (worker->petitions_count == WORKER_PETITIONS_MAX) {
		worker->refused++;
		return RS_LIMIT;
	}
	worker->petitions[worker->petitions_count++] = *petition;
	return SERVE_TAKEN;
}

static uint32_t take_registration(
	struct crew *crew, const struct worker *worker, const struct worker_petition *petition)
{
	uint32_t status = broker_register(
		crew->broker, worker->process, &petition->interface, petition->body_bytes_max);

	if (status == RS_DENIED)
		crew_refused(
			crew, worker->process, WORKERS_REGISTER_DENIED, &petition->interface);
	return status;
}

/* A status, or BROKER_ASK: nobody has said anything yet. */
static uint32_t decide(
	struct crew *crew, const struct worker *worker, const struct worker_petition *petition)
{
	struct broker_state state;

	if (!petition->asks)
		return take_registration(crew, worker, petition);
	return broker_state(crew->broker, worker->process, &petition->interface,
		       petition->right, &state)
		       ? state.verdict.status
		       : RS_DENIED;
}

static void answer(struct crew *crew, const struct worker *worker,
	const struct worker_petition *petition, uint32_t status)
{
	if (petition->id)
		crew_answer(crew, worker->process, petition->id, status, NULL, 0);
}

/* From a copy: those that still wait are kept anew, in the same order. */
void registry_reconsider(struct crew *crew, struct worker *worker)
{
	struct worker_petition petitions[WORKER_PETITIONS_MAX];
	uint32_t count = worker->petitions_count;

	if (worker->gone || count == 0)
		return;
	memcpy(petitions, worker->petitions, count * sizeof(*petitions));
	worker->petitions_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t status = decide(crew, worker, &petitions[i]);

		if (status != BROKER_ASK)
			answer(crew, worker, &petitions[i], status);
		else
			worker->petitions[worker->petitions_count++] = petitions[i];
	}
}

void registry_unanswered(struct crew *crew, struct worker *worker, const struct hash *interface,
	enum broker_right right)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < worker->petitions_count; i++) {
		const struct worker_petition petition = worker->petitions[i];

		if (petition.asks && petition.right == right &&
			hash_equal(&petition.interface, interface))
			answer(crew, worker, &petition, RS_TIMED_OUT);
		else
			worker->petitions[kept++] = petition;
	}
	worker->petitions_count = kept;
}

void registry_cancelled(struct worker *worker, uint64_t id)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < worker->petitions_count; i++)
		if (worker->petitions[i].id != id)
			worker->petitions[kept++] = worker->petitions[i];
	worker->petitions_count = kept;
}

/* ---- requests ---- */

static uint32_t on_register(void *self, const struct host_message *message, const void *decoded)
{
	const struct rs_interface_register_request *request = decoded;
	struct crew *crew = self;
	struct worker *worker = crew_find(crew, message->process);
	struct worker_petition petition = { .id = message->id,
		.right = BROKER_HANDLE,
		.body_bytes_max = request->body_bytes_max };

	if (!name_of(&request->interface, &petition.interface))
		return RS_MALFORMED;
	uint32_t status = decide(crew, worker, &petition);
	return status == BROKER_ASK ? keep(worker, &petition) : status;
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

static bool right_of(int32_t wire, enum broker_right *out)
{
	*out = wire == RS_INTERFACE_RIGHT_USE ? BROKER_USE : BROKER_HANDLE;
	return wire == RS_INTERFACE_RIGHT_USE || wire == RS_INTERFACE_RIGHT_REGISTER;
}

/* Who wants no answer has asked all the same. */
static uint32_t on_ask(void *self, const struct host_message *message, const void *decoded)
{
	const struct rs_interface_ask_request *request = decoded;
	struct crew *crew = self;
	const struct workers_asker *asker = &crew->asker;
	struct worker *worker = crew_find(crew, message->process);
	struct worker_petition petition = { .id = message->id, .asks = true };

	if (!name_of(&request->interface, &petition.interface) ||
		!right_of(request->right, &petition.right))
		return RS_MALFORMED;
	uint32_t status = decide(crew, worker, &petition);
	if (status != BROKER_ASK)
		return status;
	if (!asker->ask || !asker->ask(asker->context, message->process, &petition.interface,
				   petition.right, request->reason.at, request->reason.bytes)) {
		worker->refused++;
		return RS_LIMIT;
	}
	return message->id ? keep(worker, &petition) : SERVE_TAKEN;
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
	enum broker_right right;
	struct hash interface;

	if (!name_of(&request->interface, &interface) || !right_of(request->right, &right))
		return RS_MALFORMED;
	if (!broker_state(crew->broker, message->process, &interface, right, &state))
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

#define SENDER_BYTES_MAX 128u /* a hash and a name of CONTROL_NAME_MAX */

/* Of who does not send to it nobody learns anything, not even whether there is such a process.
 */
static uint32_t on_sender(void *self, const struct host_message *message, const void *decoded)
{
	const struct rs_interface_sender_request *request = decoded;
	const struct crew *crew = self;
	const struct hash *program = broker_program(crew->broker, request->process);
	uint8_t body[SENDER_BYTES_MAX];

	if (!program || !broker_serves(crew->broker, message->process, request->process))
		return RS_BAD_ARGUMENT;
	const char *name = crew->events.name
				   ? crew->events.name(crew->events.context, request->process)
				   : "";
	const struct rs_interface_sender_answer answer = {
		.program = { program->bytes, HASH_BYTES }, .name = { name, strlen(name) }
	};
	int64_t bytes = rs_interface_sender_answer_encode(&answer, body, sizeof(body));
	if (bytes < 0)
		return RS_LIMIT;
	serve_answer(&crew->env, message, RS_OK, body, (uint32_t)bytes);
	return SERVE_TAKEN;
}

static const struct serve_row requests[RS_INTERFACE_RPCS] = {
	[RS_INTERFACE_REGISTER] = { &rs_interface_register_request_layout, on_register },
	[RS_INTERFACE_UNREGISTER] = { &rs_interface_unregister_request_layout, on_unregister },
	[RS_INTERFACE_CANCEL] = { &rs_interface_cancel_request_layout, on_cancel },
	[RS_INTERFACE_ASK] = { &rs_interface_ask_request_layout, on_ask },
	[RS_INTERFACE_STATE] = { &rs_interface_state_request_layout, on_state },
	[RS_INTERFACE_SENDER] = { &rs_interface_sender_request_layout, on_sender },
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
