#include "supervisor/decisions/ruling.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/workers/hosts.h"

/* ---- what the policy asks ---- */

static const struct permit *permit_of(void *context, uint64_t process, struct hash *program)
{
	const struct ruling *ruling = context;
	const struct process *p = roster_get(ruling->roster, process);

	if (!p)
		return NULL;
	if (program)
		*program = p->program;
	return &p->permit;
}

static bool declares(void *context, const struct hash *program, const struct hash *interface,
	enum broker_right right)
{
	const struct ruling *ruling = context;

	return manifest_allows(programs_manifest(ruling->programs, program), interface,
		right == BROKER_USE ? MANIFEST_USE : MANIFEST_REGISTER);
}

static bool watched(void *context, uint64_t process)
{
	const struct ruling *ruling = context;
	const struct process *p = roster_get(ruling->roster, process);

	return ruling->followers || (p && p->permit.watched);
}

void ruling_follow(struct ruling *ruling, bool begins)
{
	assert(begins || ruling->followers);
	ruling->followers += begins ? 1 : -1u;
}

/* ---- */

static void changed(void *context, const struct hash *interface)
{
	const struct ruling *ruling = context;

	if (ruling->workers)
		workers_reconsider(ruling->workers, 0, interface);
	if (ruling->changed)
		ruling->changed(ruling->context, interface);
}

void ruling_tell(struct ruling *ruling,
	void (*changed_too)(void *context, const struct hash *interface), void *context)
{
	ruling->changed = changed_too;
	ruling->context = context;
}

static int read_all(struct ruling *ruling, struct events *events, char *why)
{
	const struct keeper_parts parts = { .database = ruling->database,
		.grants = ruling->grants,
		.names = ruling->names,
		.events = events,
		.context = ruling,
		.changed = changed };

	return keeper_new(&parts, &ruling->keeper, why);
}

int ruling_open(const char *path, struct offload *offload, struct events *events,
	enum policy_missing missing, struct ruling **out, char why[DATABASE_WHY_SIZE])
{
	struct ruling *ruling = calloc(1, sizeof(*ruling));
	int r = ruling ? grants_new(&ruling->grants) : -ENOMEM;

	if (r == 0)
		r = names_new(&ruling->names);
	if (r)
		snprintf(why, DATABASE_WHY_SIZE, "%s", strerror(-r));
	else
		r = database_open(path, offload, &ruling->database, why);
	if (r == 0)
		r = read_all(ruling, events, why);
	if (r) {
		ruling_close(ruling);
		return r;
	}
	ruling->policy = (struct policy){ .grants = ruling->grants,
		.missing = missing,
		.always = hosts_interface(HOSTS_INTERFACE),
		.context = ruling,
		.permit = permit_of,
		.declares = declares,
		.watched = watched };
	*out = ruling;
	return 0;
}

struct ruling *ruling_close(struct ruling *ruling)
{
	if (!ruling)
		return NULL;
	keeper_free(ruling->keeper);
	database_close(ruling->database);
	names_free(ruling->names);
	grants_free(ruling->grants);
	free(ruling);
	return NULL;
}

void ruling_begin(struct ruling *ruling, struct workers *workers, const struct roster *roster,
	const struct programs *programs)
{
	ruling->workers = workers;
	ruling->roster = roster;
	ruling->programs = programs;
	workers_policy(workers, policy_verdict, &ruling->policy);
}
