#include "supervisor/broker/handlers.h"

#include "supervisor/broker/directory.h"
#include "supervisor/broker/instances.h"
#include "supervisor/broker/judging.h"
#include "supervisor/broker/opening.h"
#include "supervisor/broker/slots.h"

/* ---- letting go ---- */

void handlers_let_go(struct broker *broker, struct entry *entry)
{
	struct member *handler = entry->handler;

	handler->slots[entry->slot].entry = NULL;
	entry->handler = NULL;
	entry->by_binding = false;
	directory_drop(broker, entry);
}

void handlers_take(struct broker *broker, struct entry *entry)
{
	struct member *handler = entry->handler;
	uint32_t slot = entry->slot;

	handlers_let_go(broker, entry);
	slots_take_all(broker, handler, slot);
}

/* ---- those who were replaced ---- */

static void replaced(struct entry *entry, struct slot *slot)
{
	slot->entry = NULL;
	slot->replaced = entry;
	slot->next_replaced = entry->replaced;
	entry->replaced = slot;
}

static void replaced_no_more(struct broker *broker, struct slot *slot)
{
	struct entry *entry = slot->replaced;
	struct slot **at = entry ? &entry->replaced : NULL;

	if (!entry)
		return;
	while (*at != slot)
		at = &(*at)->next_replaced;
	*at = slot->next_replaced;
	slot->replaced = NULL;
	directory_drop(broker, entry);
}

/* The slot under which it still gets what was sent before; TABLE_SLOTS_MAX: none. */
static uint32_t replaced_slot(const struct member *handler, const struct entry *entry)
{
	uint32_t i = 0;

	while (i < TABLE_SLOTS_MAX && (!entry || handler->slots[i].replaced != entry))
		i++;
	return i;
}

/* Its clients open anew and reach the other one; what they sent is not lost and does not come
 * twice. */
static void hand_over(struct broker *broker, struct entry *entry)
{
	struct member *old = entry->handler;

	slots_drain_all(broker, old, entry->slot);
	replaced(entry, &old->slots[entry->slot]);
	entry->handler = NULL;
}

/* ---- registering ---- */

static uint32_t may_register(struct broker *broker, const struct member *handler,
	const struct hash *interface, const struct entry *entry)
{
	uint32_t status = judging_register(broker, handler, interface, entry);

	if (status == BROKER_ASK &&
		!(broker->act.ask && broker->act.ask(broker->act.context, handler->process,
					     interface, BROKER_HANDLE)))
		return RS_DENIED;
	return status;
}

/* Whether the one that handles it now stays, whoever else comes. */
static bool stays(const struct entry *entry)
{
	return !entry->bound || hash_equal(&entry->handler->program, &entry->program);
}

static uint32_t limited(const struct broker *broker, uint64_t body_bytes_max)
{
	uint32_t most = broker->body_bytes_max;

	return body_bytes_max && body_bytes_max < most ? (uint32_t)body_bytes_max : most;
}

/* Under this number it handles the entry now, with this limit. */
static void handle(struct broker *broker, struct member *handler, struct entry *entry,
	const struct hash *interface, uint64_t body_bytes_max)
{
	struct slot *slot = &handler->slots[entry->slot];

	*slot = (struct slot){ .interface = *interface,
		.body_bytes_max = limited(broker, body_bytes_max),
		.large = body_bytes_max > LANE_LARGE_FROM,
		.used = true,
		.entry = entry,
		.handler = handler };
	broker->act.handles(broker->act.context, handler->process, entry->slot, interface,
		slot->body_bytes_max);
}

static uint32_t become_handler(struct broker *broker, struct member *handler,
	struct entry *entry, const struct hash *interface, uint64_t body_bytes_max)
{
	uint32_t slot = slots_number(handler, interface, entry);
	uint64_t old = entry->handler ? entry->handler->process : 0;

	if (slot == TABLE_SLOTS_MAX) {
		directory_drop(broker, entry);
		return RS_LIMIT;
	}
	if (old)
		hand_over(broker, entry);
	entry->handler = handler; /* from here on the entry stays */
	entry->slot = slot;
	entry->by_binding = entry->bound;
	replaced_no_more(broker, &handler->slots[slot]);
	handle(broker, handler, entry, interface, body_bytes_max);
	if (old && broker->act.replaced)
		broker->act.replaced(broker->act.context, old, interface);
	opening_again(broker, entry, 0);
	return RS_OK;
}

uint32_t handlers_register(struct broker *broker, struct member *handler,
	const struct hash *interface, uint64_t body_bytes_max)
{
	const struct instance *instance = instances_of(broker, handler->process, interface);
	struct entry *entry = instance ? instance->entry : directory_entry(broker, interface);
	uint32_t status = instance ? RS_OK : may_register(broker, handler, interface, entry);

	handler->denied += status == RS_DENIED;
	if (status != RS_OK)
		return status;
	if (entry && entry->handler == handler) { /* with another limit, perhaps */
		handle(broker, handler, entry, interface, body_bytes_max);
		return RS_OK;
	}
	if (entry && entry->handler && stays(entry))
		return RS_TAKEN;
	if (!entry)
		entry = directory_get(broker, interface);
	return entry ? become_handler(broker, handler, entry, interface, body_bytes_max)
		     : RS_LIMIT;
}

uint32_t handlers_unregister(
	struct broker *broker, struct member *handler, const struct hash *interface)
{
	const struct instance *instance = instances_of(broker, handler->process, interface);
	struct entry *entry = instance ? instance->entry : directory_entry(broker, interface);

	if (entry && entry->handler == handler) {
		handlers_take(broker, entry);
		return RS_OK;
	}
	uint32_t slot = replaced_slot(handler, entry);
	if (slot == TABLE_SLOTS_MAX)
		return RS_BAD_ARGUMENT;
	replaced_no_more(broker, &handler->slots[slot]);
	slots_take_all(broker, handler, slot);
	return RS_OK;
}

void handlers_gone(struct broker *broker, struct member *handler)
{
	for (uint32_t i = 0; i < TABLE_SLOTS_MAX; i++) {
		if (handler->slots[i].entry)
			handlers_let_go(broker, handler->slots[i].entry);
		replaced_no_more(broker, &handler->slots[i]);
	}
}

/* ---- bindings, and what the policy says ---- */

void handlers_review(struct broker *broker, struct entry *entry)
{
	if (!entry->handler || entry->instance || entry->by_binding ||
		judging_handle(broker, entry->handler, &entry->interface) == RS_OK)
		return;
	handlers_take(broker, entry);
}

static void bound_to(struct entry *entry, const struct hash *program)
{
	entry->bound = program != NULL;
	if (!program) /* who handles it stays until its end */
		return;
	entry->program = *program;
	if (entry->handler && hash_equal(&entry->handler->program, program))
		entry->by_binding = true;
}

int handlers_bind(
	struct broker *broker, const struct hash *interface, const struct hash *program)
{
	struct entry *entry =
		program ? directory_get(broker, interface) : directory_entry(broker, interface);

	if (!entry)
		return program ? -ENOMEM : 0;
	if (entry->host || entry->instance)
		return BROKER_NOT;
	bound_to(entry, program);
	opening_again(broker, entry, 0);
	return 0;
}
