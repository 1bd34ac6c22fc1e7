/* directory.h: the broker's members by process and its entries by interface. */
#pragma once

#include "supervisor/broker/member.h"

struct member *directory_member(const struct broker *broker, uint64_t process); /* or NULL */
/* Where it stands, or would. */
struct member **directory_place(const struct broker *broker, uint64_t process);

struct entry *directory_entry(const struct broker *broker, const struct hash *interface);
/* Made if there is none; NULL: no memory. */
struct entry *directory_get(struct broker *broker, const struct hash *interface) MUST_USE;
/* Frees it when there is nothing to remember. */
void directory_drop(struct broker *broker, struct entry *entry);
