/* reviewing.h: the policy may say something else now: everything that was decided with it is
 * decided again. Costs what there is of the process, or of the interface. */
#pragma once

#include "supervisor/broker/member.h"

void reviewing_all(struct broker *broker);
void reviewing_member(struct broker *broker, struct member *member,
	const struct hash *interface); /* NULL: all */
void reviewing_interface(struct broker *broker, const struct hash *interface);
