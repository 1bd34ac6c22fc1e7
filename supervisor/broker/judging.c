#include "supervisor/broker/judging.h"

static struct broker_verdict verdict_of(const struct broker *broker,
	const struct member *member, const struct hash *interface, enum broker_right right)
{
	if (!broker->policy)
		return (struct broker_verdict){ .status = RS_OK };
	return broker->policy(
		broker->policy_context, member->process, &member->program, interface, right);
}

static bool any(const struct broker_limits *limits)
{
	return limits->body_bytes_max || limits->messages_a_second || limits->outstanding_max;
}

struct broker_verdict judging_use(const struct broker *broker, const struct member *client,
	const struct hash *interface, const struct entry *entry)
{
	struct broker_verdict verdict;

	if (entry && entry->instance)
		verdict = (struct broker_verdict){
			.status = entry->instance->owner == client ? RS_OK : RS_DENIED
		};
	else
		verdict = verdict_of(broker, client, interface, BROKER_USE);
	/* limits are kept where the messages pass through rsd */
	verdict.mediated |= broker->mediate || any(&verdict.limits);
	return verdict;
}

uint32_t judging_handle(
	const struct broker *broker, const struct member *handler, const struct hash *interface)
{
	return verdict_of(broker, handler, interface, BROKER_HANDLE).status;
}

uint32_t judging_register(const struct broker *broker, const struct member *handler,
	const struct hash *interface, const struct entry *entry)
{
	if (entry && (entry->host || entry->instance))
		return RS_DENIED;
	if (entry && entry->bound)
		return hash_equal(&handler->program, &entry->program) ? RS_OK : RS_DENIED;
	return judging_handle(broker, handler, interface);
}
