/*
 * handlers.h: who handles which interface: one process at a time. Of a bound interface only a
 * process of the bound program becomes it, and takes over from one of another program.
 */
#pragma once

#include "supervisor/broker/member.h"

uint32_t handlers_register(struct broker *broker, struct member *handler,
	const struct hash *interface, uint64_t body_bytes_max);
uint32_t handlers_unregister(
	struct broker *broker, struct member *handler, const struct hash *interface);
int handlers_bind(struct broker *broker, const struct hash *interface,
	const struct hash *program) MUST_USE;

/* It handles it no more; its lanes stay as they are. The entry may be gone afterwards. */
void handlers_let_go(struct broker *broker, struct entry *entry);
/* And nothing more is sent to it. */
void handlers_take(struct broker *broker, struct entry *entry);
/* Lets go if it may not handle it any more. The entry may be gone afterwards. */
void handlers_review(struct broker *broker, struct entry *entry);
/* All that this process handles, or handled before it was replaced. */
void handlers_gone(struct broker *broker, struct member *handler);
