#include "tests/sim/world.h"

#include <check.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define STEPS        2500u
#define LANES_RECENT 20u
#define REST_MAX     10000u /* rounds until nothing moves */

struct world world;

/* ---- chance ---- */

/* xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators,
 * scrambled") */
uint32_t world_pick(uint32_t n)
{
	world.dice ^= world.dice >> 12;
	world.dice ^= world.dice << 25;
	world.dice ^= world.dice >> 27;
	return (uint32_t)((world.dice * 2685821657736338717ull) >> 33) % n;
}

bool world_chance(uint32_t one_in)
{
	return one_in && world_pick(one_in) == 0;
}

bool world_fails(void)
{
	return !world.calm && world_chance(world.fails);
}

/* ---- words ---- */

void world_fault(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fflush(stdout);
	ck_abort_msg("SIM_SEED=%lu step %u: %s", world.seed, world.step, text);
	abort(); /* not reached; Check's own word for that is not known here */
}

void world_trace(const char *format, ...)
{
	va_list args;

	if (!world.trace)
		return;
	printf("%5u  ", world.step);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

struct hash world_interface(uint32_t interface)
{
	struct hash hash = { "interface" };

	hash.bytes[HASH_BYTES - 1] = (uint8_t)interface;
	return hash;
}

uint32_t world_interface_of(const struct hash *hash)
{
	return hash->bytes[HASH_BYTES - 1];
}

/* ---- life and death ---- */

struct process *world_process(uint64_t id)
{
	MUST_BE(id && id <= world.born, "nobody is %lu", id);
	return world.all[id - 1];
}

void world_kill(struct process *p, const char *why)
{
	if (p->alive)
		world_trace("%lu ends: %s", p->id, why);
	p->alive = false;
}

static uint32_t known(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < world.born; i++)
		n += world.all[i]->known;
	return n;
}

static struct process *start(bool hostile)
{
	struct process *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->id = world.born + 1;
	p->hostile = hostile;
	p->program = world_pick(PROGRAMS);
	world.all[world.born++] = p;
	p->alive = rsd_start(p);
	world_trace("%lu starts%s", p->id, hostile ? ", hostile" : "");
	return p;
}

/* Somebody who is known, dead or alive. */
static struct process *somebody(void)
{
	uint32_t from = world_pick(world.born);

	for (uint32_t i = 0; i < world.born; i++) {
		struct process *p = world.all[(from + i) % world.born];
		if (p->known)
			return p;
	}
	return NULL;
}

static void act(struct process *p)
{
	if (!p->alive) {
		if (world_chance(world.notices))
			rsd_gone(p);
	} else if (world_chance(world.kills)) {
		world_kill(p, "killed");
	} else if (p->hostile) {
		hostile_step(p);
	} else {
		program_step(p);
	}
}

/* Older lanes are hardly alive. */
static void pass_something(void)
{
	uint32_t all = books_lanes(), recent = all < LANES_RECENT ? all : LANES_RECENT;

	if (all)
		rsd_pass(books_lane(all - 1 - world_pick(recent)));
}

static void step(void)
{
	struct process *p = world.born ? somebody() : NULL;

	if ((!p || world_chance(world.starts)) && known() < ALIVE_MAX &&
		world.born + 1 < BORN_MAX)
		start(world_chance(world.hostiles));
	else if (world_chance(world.decisions))
		people_step();
	else if ((world.mediated || world.decisions) && world_pick(3) == 0)
		pass_something();
	else if (p && world_pick(4) == 0)
		rsd_read(p);
	else if (p)
		act(p);
}

/* ---- a run ---- */

/* Each run has a weather of its own: in some nobody dies, in some hardly anybody lives. */
static void draw_chances(void)
{
	static const uint32_t kills[] = { 0, 40, 150, 400 }, fails[] = { 0, 0, 5, 30, 200 },
			      hostiles[] = { 0, 0, 3, 8 }, decisions[] = { 0, 20, 60, 200 };

	world.kills = kills[world_pick(ARRAY_LEN(kills))];
	world.fails = fails[world_pick(ARRAY_LEN(fails))];
	world.hostiles = hostiles[world_pick(ARRAY_LEN(hostiles))];
	world.decisions = decisions[world_pick(ARRAY_LEN(decisions))];
	world.starts = 5 + world_pick(40);
	world.notices = 1 + world_pick(20);
	world.mediated = world_pick(3) == 0;
}

static void rest(void)
{
	bool any = true;

	for (uint32_t n = 0; any; n++) {
		MUST_BE(n < REST_MAX, "it never comes to rest");
		any = false;
		world.step++;
		for (uint32_t i = 0; i < world.born; i++) {
			struct process *p = world.all[i];
			if (p->known && !p->alive)
				rsd_gone(p), any = true;
			if (p->alive)
				any |= program_settle(p);
			any |= p->known && rsd_read(p);
		}
		for (uint32_t i = 0; i < books_lanes(); i++)
			any |= rsd_pass(books_lane(i));
	}
	rsd_ends_agree();
}

/* Whoever lies would never answer, so the books are closed without them. */
static void all_come_to_rest(void)
{
	world.calm = true;
	for (uint32_t i = 0; i < world.born; i++)
		if (world.all[i]->hostile)
			world_kill(world.all[i], "enough of it");
	rest();
	for (uint32_t n = 0; people_settle(); n++) {
		MUST_BE(n < REST_MAX, "there are always more questions");
		rest();
	}
	books_at_rest(false);
}

/* What still waits for a handler gets one. */
static void everything_is_handled(void)
{
	people_allow_all();
	struct process *p = start(false);

	for (uint32_t i = 0; i < INTERFACES; i++) {
		if (!books_handler(i))
			MUST_BE(runtime_say(p, (struct said){ .kind = RECORD_MESSAGE,
						       .interface = i }),
				"no room to register");
		rest();
	}
	books_at_rest(true);
}

static void everybody_goes(void)
{
	for (uint32_t i = 0; i < world.born; i++)
		world_kill(world.all[i], "the end");
	rest();
	people_unbind_all(); /* or that is remembered */
	rsd_end();
}

static void begin(uint64_t seed, bool trace)
{
	for (uint32_t i = 0; i < world.born; i++)
		free(world.all[i]);
	world = (struct world){ .seed = seed, .trace = trace, .calm = true, .step = 1 };
	world.dice = (seed + 1) * 0x9e3779b97f4a7c15ull;
	draw_chances();
	books_begin();
	people_begin();
	rsd_begin();
	world.calm = false;
}

void world_run(uint64_t seed, bool trace)
{
	begin(seed, trace);
	for (; world.step < STEPS; world.step++) {
		step();
		if (world.step % 16 == 0)
			rsd_ends_agree();
	}
	all_come_to_rest();
	if (world_pick(2))
		everything_is_handled();
	everybody_goes();
}
