/* describe.h: a process or a program as the fields of a row (protocol.h). */
#pragma once

#include "supervisor/session.h"

json_t *describe_process(const struct session_parts *parts, struct process *p);
/* And its arguments, environment, counters. */
json_t *describe_process_fully(const struct session_parts *parts, struct process *p);
/* status, cause, detail into object; only of one that is gone. */
void describe_ending(json_t *object, const struct process *p);
json_t *describe_hash(const struct hash *hash);
