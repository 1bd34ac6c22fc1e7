/* program.c: an honest program: it sends, answers, cancels, takes and lets go of interfaces. */
#include "tests/sim/world.h"

static void send_something(struct process *p)
{
	uint32_t interface = world_pick(INTERFACES);

	runtime_send(p, books_new(p, interface, world_pick(4) != 0, world_pick(2) != 0));
}

static void register_something(struct process *p)
{
	uint32_t interface = world_pick(INTERFACES);
	struct said said = { .kind = RECORD_MESSAGE,
		.interface = interface,
		.lane = books_handler(interface) == p };

	if (!p->registering[interface])
		p->registering[interface] = runtime_say(p, said);
}

void program_registered(struct process *p, uint32_t interface)
{
	p->registering[interface] = false;
}

static void act(struct process *p)
{
	switch (world_pick(8)) {
	case 0:
		register_something(p);
		break;
	case 1:
		runtime_cancel(p);
		break;
	case 2:
		runtime_forget_route(p);
		break;
	case 3:
	case 4:
		if (p->asked_count)
			runtime_answer(p, world_pick(p->asked_count));
		break;
	default:
		send_something(p);
	}
}

void program_step(struct process *p)
{
	if (p->sending.put) {
		runtime_goes_on(p);
		return;
	}
	switch (world_pick(10)) {
	case 0:
		runtime_watch(p);
		break;
	case 1:
		runtime_pay(p);
		break;
	case 2:
	case 3:
		runtime_read_home(p);
		break;
	default: /* who waits for rsd does nothing else */
		if (p->sending.going)
			runtime_goes_on(p);
		else if (world_pick(8) == 0)
			runtime_leave(p);
		else if (world_pick(4) == 0)
			runtime_flush(p);
		else if (world_pick(2))
			runtime_read_lane(p, world_pick(LANES_MAX));
		else
			act(p);
	}
}

bool program_settle(struct process *p)
{
	bool any = runtime_goes_on(p);

	any |= runtime_watch(p) | runtime_pay(p) | runtime_read_home(p);
	if (p->sending.going)
		return any;
	any |= runtime_flush(p) | runtime_leave(p);
	for (uint32_t i = 1; i < LANES_MAX; i++)
		any |= runtime_read_lane(p, i);
	for (uint32_t i = p->asked_count; i; i--)
		any |= runtime_answer(p, i - 1);
	return any;
}
