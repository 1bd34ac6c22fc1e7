#include "supervisor/workers/refusals.h"

static const struct refusal_row {
	const char *event;
	const char *detail; /* when nobody says which interface it was */
} rows[] = {
	[WORKERS_USE_DENIED] = { "use-refused", "messages to another program" },
	[WORKERS_REGISTER_DENIED] = { "register-refused", "" },
	[WORKERS_LIMITED] = { "limit-met", "messages to another program" },
	[WORKERS_LANE_BROKEN] = { "lane-broken", "" },
};

void refusals_say(struct events *events, const struct names *names,
	const struct refusals_of *of, enum workers_refusal kind, const struct hash *interface)
{
	const struct refusal_row *row = &rows[kind];
	char hex[HASH_HEX_SIZE];

	if (*of->told >> kind & 1)
		return;
	*of->told |= 1u << kind;
	events_add(events, row->event, of->process, of->program, "%s",
		interface ? names_text(names, interface, hex) : row->detail);
}
