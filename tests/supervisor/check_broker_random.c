/*
 * check_broker_random.c: long random runs of everything that can be asked of the broker. The
 * notebook's asserts are the checker: a seed replays a run.
 */
#include "tests/supervisor/broker_notebook.h"

enum {
	PUBLIC = 6, /* interfaces that processes handle: 0 .. */
	HOST = PUBLIC,
	INSTANCE_FIRST = 8, /* names of private instances: .. INTERFACES - 1 */
	HOST_SLOT = 3
};

static uint64_t random_state;

/* xorshift64*: a seed replays a run (Vigna, "An experimental exploration of Marsaglia's
 * xorshift generators, scrambled") */
static uint32_t pick(uint32_t n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * 2685821657736338717ull) >> 33) % n;
}

static bool alive[PROCESSES];
static struct instance {
	uint64_t owner, child; /* 0: there is none */
} instances[INTERFACES];

/* ---- what processes do ---- */

static void let_go_of_ended(uint64_t process)
{
	for (uint32_t i = 1; i < LANES_MAX; i++)
		if (lanes[process][i].state == TABLE_PEER_DEAD ||
			lanes[process][i].state == TABLE_CLOSED)
			MUST(broker_lane_done(broker, process, i));
}

static void close_some_lane(uint64_t process)
{
	uint32_t i = 1 + pick(8);
	bool there = lanes[process][i].state != TABLE_FREE;

	if (there && pick(2))
		MUST(broker_lane_broken(broker, process, i));
	MUST(broker_lane_done(broker, process, i) == there);
}

static void instance_is_over(uint32_t n)
{
	owners[instances[n].child][means[n]] = 0;
	instances[n] = (struct instance){ 0 };
	means[n] = 0;
}

static void end(uint64_t process)
{
	gone(process);
	alive[process] = false;
	for (uint32_t n = INSTANCE_FIRST; n < INTERFACES; n++)
		if (instances[n].owner == process || instances[n].child == process)
			instance_is_over(n);
}

/* ---- what people and parents do ---- */

static void say_something(void)
{
	static const uint32_t statuses[] = { RS_OK, RS_OK, RS_DENIED, BROKER_ASK };
	uint32_t of = pick(PROGRAMS), n = pick(PUBLIC + 1);
	enum broker_right right = pick(4) ? BROKER_USE : BROKER_HANDLE;

	grants[of][n][right].status = statuses[pick(ARRAY_LEN(statuses))];
	grants[of][n][right].mediated = pick(4) == 0;
	grants[of][n][right].limits.messages_a_second = pick(8) == 0;
	if (pick(2))
		reconsider(0, n);
	else
		broker_reconsider(broker, 0, NULL);
}

static void bind_something(void)
{
	uint32_t n = pick(PUBLIC);
	struct hash name = interface(n);

	if (pick(3) == 0)
		broker_start_failed(broker, &name);
	else if (pick(2))
		MUST(bind_to(n, pick(PROGRAMS)) == 0);
	else
		MUST(unbind(n) == 0);
}

static void own_something(uint64_t owner)
{
	uint32_t n = INSTANCE_FIRST + pick(INTERFACES - INSTANCE_FIRST);
	uint32_t meant = 1 + pick(PUBLIC - 1);
	uint64_t child = 1 + pick(PROCESSES - 1);
	struct hash name = interface(n), of = interface(meant);

	if (instances[n].owner) {
		broker_instance_end(broker, &name);
		instance_is_over(n);
		return;
	}
	if (broker_instance(broker, &name, owner, child, &of) != 0)
		return;
	instances[n] = (struct instance){ owner, child };
	means[n] = meant;
	owners[child][meant] = owner;
}

static void anything_may_fail(void)
{
	refuse_connect = pick(16) == 0;
	refuse_ask = pick(8) == 0;
	refuse_start = pick(4) == 0;
	fail_at_once = pick(4) == 0;
}

static void process_does(uint64_t process)
{
	uint32_t n = pick(PUBLIC), what = pick(16);

	if (what == 0)
		end(process);
	else if (what <= 3)
		register_at(process, n);
	else if (what == 4)
		unregister_at(process, n);
	else if (what <= 7)
		let_go_of_ended(process);
	else if (what == 8)
		close_some_lane(process);
	else if (what == 9)
		own_something(process);
	else
		open_at(process, pick(INTERFACES), what & 1 ? RS_ALLOW_DELAY : 0);
}

static void random_step(void)
{
	uint64_t process = 1 + pick(PROCESSES - 1);
	uint32_t what = pick(40);

	anything_may_fail();
	if (what == 0)
		broker_mediate(broker, pick(2));
	else if (what == 1)
		bind_something();
	else if (what <= 4)
		say_something();
	else if (alive[process])
		process_does(process);
	else {
		start_of(process, pick(PROGRAMS));
		alive[process] = true;
	}
}

/* All is granted, nothing is bound: whoever was promised a word has it. */
static void all_have_their_word(void)
{
	memset(grants, 0, sizeof(grants));
	for (uint32_t n = 0; n < PUBLIC; n++)
		MUST(unbind(n) == 0);
	for (uint32_t n = INSTANCE_FIRST; n < INTERFACES; n++) {
		struct hash name = interface(n);
		broker_instance_end(broker, &name);
	}
	broker_reconsider(broker, 0, NULL);
	for (uint64_t p = 1; p < PROCESSES; p++)
		for (uint32_t n = 0; n < INTERFACES; n++)
			MUST(!awaits[p][n].later);
}

START_TEST(a_random_run_keeps_every_promise)
{
	struct hash host = interface(HOST);

	random_state = 0x9e3779b97f4a7c15ull * (uint64_t)(_i + 1);
	memset(alive, 0, sizeof(alive));
	memset(instances, 0, sizeof(instances));
	MUST(broker_add_host(broker, &host, HOST_SLOT) == 0);
	for (uint32_t step = 0; step < 2000; step++) {
		random_step();
		if (step % 50 == 0) {
			ends_agree();
			all_is_granted();
		}
	}
	ends_agree();
	all_is_granted();
	all_have_their_word();
}
END_TEST

static Suite *broker_random_suite(void)
{
	Suite *suite = suite_create("broker_random");
	TCase *runs = tcase_create("runs");

	tcase_add_checked_fixture(runs, set_up, tear_down);
	tcase_add_loop_test(runs, a_random_run_keeps_every_promise, 0, 300);
	suite_add_tcase(suite, runs);
	return suite;
}

CHECK_MAIN(broker_random_suite)
