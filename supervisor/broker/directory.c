#include "supervisor/broker/directory.h"

#include <stdlib.h>

struct member **directory_place(const struct broker *broker, uint64_t process)
{
	/* ids are counted up, so their low bits spread well */
	struct member **at = &broker->members[process % MEMBER_BUCKETS];

	while (*at && (*at)->process != process)
		at = &(*at)->next;
	return at;
}

struct member *directory_member(const struct broker *broker, uint64_t process)
{
	return *directory_place(broker, process);
}

static struct entry **entry_place(const struct broker *broker, const struct hash *interface)
{
	uint32_t h = 2166136261u; /* FNV-1a: the first bytes of a readable name are all alike */

	for (size_t i = 0; i < HASH_BYTES; i++)
		h = (h ^ interface->bytes[i]) * 16777619u;
	struct entry **at = &broker->entries[h % MEMBER_BUCKETS];
	while (*at && !hash_equal(&(*at)->interface, interface))
		at = &(*at)->next;
	return at;
}

struct entry *directory_entry(const struct broker *broker, const struct hash *interface)
{
	return *entry_place(broker, interface);
}

struct entry *directory_get(struct broker *broker, const struct hash *interface)
{
	struct entry **at = entry_place(broker, interface);

	if (!*at) {
		*at = calloc(1, sizeof(**at));
		if (*at)
			(*at)->interface = *interface;
	}
	return *at;
}

void directory_drop(struct broker *broker, struct entry *entry)
{
	if (entry->handler || entry->host || entry->bound || entry->instance ||
		entry->replaced || entry->waits)
		return;
	struct entry **at = entry_place(broker, &entry->interface);
	*at = entry->next;
	free(entry);
}
