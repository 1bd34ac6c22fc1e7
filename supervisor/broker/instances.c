#include "supervisor/broker/instances.h"

#include <stdlib.h>

#include "supervisor/broker/directory.h"
#include "supervisor/broker/handlers.h"
#include "supervisor/broker/opening.h"

static struct instance **bucket(const struct broker *broker, uint64_t child)
{
	return &broker->instances[child % MEMBER_BUCKETS];
}

struct instance *instances_of(
	const struct broker *broker, uint64_t child, const struct hash *interface)
{
	struct instance *instance = *bucket(broker, child);

	while (instance &&
		!(instance->child == child && hash_equal(&instance->means, interface)))
		instance = instance->next;
	return instance;
}

int instances_new(struct broker *broker, const struct hash *name, struct member *owner,
	uint64_t child, const struct hash *interface)
{
	if (!owner || owner->instances_count == BROKER_INSTANCES_MAX ||
		directory_entry(broker, name) || instances_of(broker, child, interface))
		return BROKER_NOT;
	CLEANUP(freep) struct instance *instance = calloc(1, sizeof(*instance));
	struct entry *entry = instance ? directory_get(broker, name) : NULL;
	if (!entry)
		return -ENOMEM;
	*instance = (struct instance){ .entry = entry,
		.owner = owner,
		.child = child,
		.means = *interface,
		.next_of_owner = owner->instances,
		.next = *bucket(broker, child) };
	entry->instance = instance;
	*bucket(broker, child) = instance;
	owner->instances = instance;
	owner->instances_count++;
	instance = NULL;
	return 0;
}

static void unlist(struct broker *broker, struct instance *instance)
{
	struct instance **at = bucket(broker, instance->child);

	while (*at != instance)
		at = &(*at)->next;
	*at = instance->next;
	at = &instance->owner->instances;
	while (*at != instance)
		at = &(*at)->next_of_owner;
	*at = instance->next_of_owner;
	instance->owner->instances_count--;
}

/* Nobody handles it any more. */
static void forget(struct broker *broker, struct instance *instance)
{
	struct entry *entry = instance->entry;

	opening_over(broker, entry);
	unlist(broker, instance);
	free(instance);
	entry->instance = NULL;
	directory_drop(broker, entry);
}

void instances_end(struct broker *broker, struct instance *instance)
{
	if (instance->entry->handler)
		handlers_take(broker, instance->entry);
	forget(broker, instance);
}

static void end_with_its_end(struct broker *broker, struct instance *instance)
{
	if (instance->entry->handler)
		handlers_let_go(broker, instance->entry);
	forget(broker, instance);
}

void instances_gone(struct broker *broker, struct member *owner, uint64_t child)
{
	while (owner && owner->instances)
		end_with_its_end(broker, owner->instances);
	for (struct instance *instance = *bucket(broker, child), *next; instance;
		instance = next) {
		next = instance->next;
		if (instance->child == child)
			end_with_its_end(broker, instance);
	}
}
