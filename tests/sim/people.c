/*
 * people.c: what people say while messages are under way: grants, answers to questions, which
 * program an interface is bound to, and whether that could be started.
 */
#include <string.h>

#include "tests/sim/world.h"

static struct broker_verdict grants[PROGRAMS][INTERFACES + 1][2];
static uint32_t took[PROGRAMS][INTERFACES + 1];
static uint32_t bound[INTERFACES + 1];
static bool starting[INTERFACES + 1];
static bool deciding, to_one;

void people_begin(void)
{
	memset(grants, 0, sizeof(grants)); /* RS_OK */
	memset(took, 0, sizeof(took));
	memset(bound, 0xff, sizeof(bound));
	memset(starting, 0, sizeof(starting));
}

struct broker_verdict people_verdict(
	const struct process *p, uint32_t interface, enum broker_right right)
{
	struct broker_verdict verdict = grants[p->program][interface][right];

	if (verdict.status == BROKER_ASK && p->answers[interface].once)
		verdict.status = p->answers[interface].status;
	return verdict;
}

uint32_t people_granted(const struct process *p)
{
	uint32_t granted = 0;

	for (uint32_t i = 0; i <= INTERFACES; i++)
		granted |= (uint32_t)(people_verdict(p, i, BROKER_USE).status == RS_OK) << i;
	return granted;
}

uint32_t people_took(const struct process *p, uint32_t interface)
{
	return took[p->program][interface];
}

uint32_t people_bound(uint32_t interface)
{
	return bound[interface];
}

bool people_decide_now(void)
{
	return deciding;
}

bool people_say_to_one(void)
{
	return to_one;
}

void people_start(uint32_t interface)
{
	starting[interface] = true;
}

/* ---- said to rsd ---- */

/* All at once, or one process after the other: in the end it is the same. */
static void said(uint32_t program, uint32_t interface)
{
	uint32_t how = world_pick(4), about = how & 1 ? interface : NO_INTERFACE;

	took[program][interface] = world.step;
	books_reviewed(interface);
	deciding = true;
	if (how & 2)
		rsd_reconsider(0, about);
	to_one = true;
	for (uint32_t i = 0; !(how & 2) && i < world.born; i++)
		if (world.all[i]->known && world.all[i]->program == program)
			rsd_reconsider(world.all[i]->id, about);
	to_one = deciding = false;
}

static void grant(uint32_t program, uint32_t interface, enum broker_right right)
{
	static const uint32_t statuses[] = { RS_OK, RS_OK, RS_DENIED, BROKER_ASK };
	struct broker_verdict *verdict = &grants[program][interface][right];

	verdict->status = statuses[world_pick(right == BROKER_USE ? 4 : 3)];
	verdict->mediated = world_pick(3) == 0;
	world_trace("people: program %u may %s %u: %u%s", program,
		right == BROKER_USE ? "use" : "handle", interface, verdict->status,
		verdict->mediated ? ", through rsd" : "");
	said(program, interface);
}

static bool answer(uint32_t program, uint32_t interface, uint32_t status)
{
	struct broker_verdict *verdict = &grants[program][interface][BROKER_USE];

	if (verdict->status != BROKER_ASK)
		return false;
	world_trace("people: program %u asked for %u: %u", program, interface, status);
	verdict->status = status;
	said(program, interface);
	return true;
}

static void bind(uint32_t interface, uint32_t program)
{
	world_trace("people: interface %u is bound to program %u", interface, program);
	bound[interface] = program;
	books_bound(interface);
	deciding = true;
	rsd_bind(interface, program);
	deciding = false;
}

/* Once: for one process alone, which may have another answer before long. */
static void answer_one(struct process *p, uint32_t interface, uint32_t status)
{
	if (!p->known || grants[p->program][interface][BROKER_USE].status != BROKER_ASK)
		return;
	world_trace("people: %lu asked for %u: %u", p->id, interface, status);
	p->answers[interface].once = true;
	p->answers[interface].status = status;
	took[p->program][interface] = world.step;
	deciding = to_one = true;
	rsd_reconsider(p->id, world_pick(2) ? interface : NO_INTERFACE);
	deciding = to_one = false;
}

static bool give_up_starting(uint32_t interface)
{
	if (!starting[interface])
		return false;
	world_trace("people: what is bound to %u could not be started", interface);
	starting[interface] = false;
	rsd_start_failed(interface);
	return true;
}

void people_step(void)
{
	uint32_t program = world_pick(PROGRAMS), interface = world_pick(INTERFACES + 1);
	uint32_t yes = world_pick(3) ? RS_OK : RS_DENIED;

	switch (world_pick(7)) {
	case 0:
	case 1:
		grant(program, interface, world_pick(4) ? BROKER_USE : BROKER_HANDLE);
		break;
	case 2:
		answer(program, interface, yes);
		break;
	case 3:
	case 5:
		if (world.born)
			answer_one(world.all[world_pick(world.born)], interface, yes);
		break;
	case 4:
		if (interface < INTERFACES)
			bind(interface, world_pick(3) ? program : NO_PROGRAM);
		break;
	default:
		give_up_starting(interface);
	}
}

bool people_settle(void)
{
	bool any = false;

	for (uint32_t i = 0; i <= INTERFACES; i++) {
		for (uint32_t program = 0; program < PROGRAMS; program++)
			any |= answer(program, i, world_pick(2) ? RS_OK : RS_DENIED);
		any |= give_up_starting(i);
	}
	return any;
}

void people_unbind_all(void)
{
	for (uint32_t i = 0; i < INTERFACES; i++)
		if (bound[i] != NO_PROGRAM)
			bind(i, NO_PROGRAM);
}

void people_allow_all(void)
{
	people_unbind_all();
	for (uint32_t i = 0; i <= INTERFACES; i++) {
		for (uint32_t program = 0; program < PROGRAMS; program++) {
			memset(grants[program][i], 0, sizeof(grants[program][i]));
			said(program, i);
		}
	}
}
