/*
 * hostile.c: a process that runs native code of its own: it says to rsd whatever it likes,
 * writes anything into the lanes it was given, keeps them after they are over, and reads or
 * does not.
 */
#include "tests/sim/world.h"

static void take_what_comes(struct process *p)
{
	const struct told *told = rsd_next(p);

	if (!told)
		return;
	if (told->memory) {
		struct end *end = &p->ends[told->lane];
		end->memory = told->memory;
		end->role = p->table[told->lane].role;
		end->owed |= OWES_TAKEN;
	}
	rsd_took(p);
}

/* Ends that take lanes must say so, or rsd gives no more; sometimes it says so without reason.
 */
static void say_taken(struct process *p)
{
	for (uint32_t i = 1; i < LANES_MAX; i++)
		if (p->ends[i].owed || world_pick(200) == 0) {
			if (runtime_say(p, (struct said){ .kind = RECORD_LANE_TAKEN }))
				p->ends[i].owed = 0;
			return;
		}
}

static void say_anything(struct process *p)
{
	static const enum record_kind kinds[] = { RECORD_OPEN, RECORD_OPEN, RECORD_OPEN,
		RECORD_MESSAGE, RECORD_LANE_DONE, RECORD_LANE_BROKEN };
	uint32_t lane = world_pick(LANES_MAX + (world_pick(20) == 0));
	bool lies = world_pick(30) == 0;
	struct said said = { .kind = kinds[world_pick(ARRAY_LEN(kinds))],
		.interface = world_pick(INTERFACES + 1),
		.flags = world_pick(4),
		.lane = lane };

	if (said.kind == RECORD_LANE_DONE || said.kind == RECORD_LANE_BROKEN) {
		if (lane >= LANES_MAX || (p->table[lane].state == TABLE_FREE && !lies))
			return;
		said.generation = p->table[lane].generation + (lies && world_pick(2));
	}
	if (said.kind == RECORD_MESSAGE)
		said.lane = world_pick(4) == 0;
	(void)runtime_say(p, said);
}

static void write_anything(struct process *p, struct end *end)
{
	bool client = end->role == LANE_CLIENT;
	const struct item *asked = queue_peek(memory_in(end->memory, end->role));
	struct item item = { .kind = client ? RECORD_MESSAGE : RECORD_ANSWER,
		.slot = world_pick(client ? TABLE_SLOTS_MAX + (world_pick(30) == 0) : 2),
		.lie = world_pick(40) == 0 };

	if (client)
		item.message = books_new(p, NO_INTERFACE, world_pick(2), false);
	else if (asked && world_pick(10))
		item.message = asked->message;
	else
		item.message = 1 + world_pick(100); /* a guess */
	if (!client)
		item.slot = item.slot ? RS_HANDLER_GONE : 0;
	(void)queue_add(memory_out(end->memory, end->role), item);
}

static void skip_something(struct end *end)
{
	struct queue *in = memory_in(end->memory, end->role);

	if (in->count)
		queue_drop(in);
}

void hostile_step(struct process *p)
{
	struct end *end = &p->ends[world_pick(LANES_MAX)];
	uint32_t what = world_pick(4);

	take_what_comes(p);
	say_taken(p);
	if (what == 0)
		say_anything(p);
	else if (what == 1 && end->memory)
		write_anything(p, end);
	else if (what == 2 && end->memory)
		skip_something(end);
}
