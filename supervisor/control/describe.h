/* describe.h: a process or a program as the fields of a row (protocol.h). */
#pragma once

#include "supervisor/control/session.h"
#include "supervisor/control/survey.h"

json_t *describe_process(const struct session_parts *parts, struct process *p);
/* And its arguments, environment, counters. */
json_t *describe_process_fully(const struct session_parts *parts, struct process *p);
/* status, cause, detail into object; only of one that is gone. */
void describe_ending(json_t *object, const struct process *p);
/* survey: done. */
json_t *describe_program(const struct session_parts *parts, const struct store_entry *entry,
	const struct survey *survey);
/* Begins what describe_program() needs; all that is known of one program, if it is not NULL.
 * NULL: the session was answered, its state is gone. */
struct survey *describe_survey(struct session *session, const struct hash *program);
/* An object, and how it was made. */
json_t *describe_object(const struct session_parts *parts, const struct lookup_key *key,
	uint64_t bytes, const struct build_record *record);
/* Its name, if rsd knows one; otherwise hex digits. */
json_t *describe_interface(const struct session_parts *parts, const struct hash *interface);
json_t *describe_hash(const struct hash *hash);
/* A row of profiles. */
json_t *describe_profile(const struct profiles_row *row);
