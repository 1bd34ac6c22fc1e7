/*
 * kill_storm_handler.c: handles INTERFACE for kill_storm_client, answers sometimes at once,
 * sometimes late and in another order, and keeps books of every client: its messages come once,
 * in order, none is missing, none comes after its end, and its end is told once. Now and then
 * it lets go of the interface and takes it again. Asked to stop, it ends with 0; when a book is
 * wrong, with the number that says so.
 *
 *     kill_storm_handler INTERFACE INSTANCE
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kill_storm.h"
#include "redshirt.h"

#define CLIENTS_MAX  (1u << 16) /* process numbers, modulo this */
#define OWED_MAX     16u
#define KEPT_UNTIL   3000u /* messages until it lets go */
#define PATIENCE_NS  (100 * 1000000ll)
#define PATIENCE_MAX 200u

static uint8_t interface[32];
static struct client {
	uint64_t process, last;
	uint32_t instance;
	bool heard, gone;
	bool fresh; /* what it said before may have gone to somebody else */
} clients[CLIENTS_MAX];
static struct owed {
	struct rs_delivery head;
	struct kill_storm_head body;
} owed[OWED_MAX];
static uint32_t owed_count;
static bool stopping, let_go;
static uint64_t messages, dice;

static struct {
	struct rs_delivery head;
	union {
		struct kill_storm_head head;
		uint8_t bytes[KILL_STORM_BODY_MAX];
	} body;
} in;
static union {
	struct kill_storm_head head;
	uint8_t bytes[KILL_STORM_BODY_MAX];
} out;

static uint32_t pick(uint32_t n)
{
	dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17; /* Marsaglia, "Xorshift" */
	return (uint32_t)(dice >> 32) % n;
}

static _Noreturn void fault(enum kill_storm_fault what, uint64_t number)
{
	printf("fault %d at %llu\n", what, (unsigned long long)number);
	exit(what);
}

static struct client *client_of(uint64_t process)
{
	struct client *client = &clients[process % CLIENTS_MAX];

	if (client->process != process)
		*client = (struct client){ .process = process };
	return client;
}

/* ---- answers ---- */

/* False: no room now. */
static bool answer(const struct owed *to)
{
	uint32_t bytes = to->body.bytes;

	if (bytes > sizeof(to->body) && pick(2))
		bytes = sizeof(to->body) + pick(bytes - sizeof(to->body));
	out.head = to->body;
	for (uint32_t i = sizeof(out.head); i < bytes; i++)
		out.bytes[i] = kill_storm_byte(&to->body, i);
	uint32_t status = rs_answer(&to->head,
		RS_STATUS_PROGRAM + (uint32_t)(to->body.number & 0xffff), out.bytes, bytes);
	if (status != RS_OK && status != RS_BUSY)
		fault(KILL_STORM_CALL, status);
	return status == RS_OK;
}

static void answer_some(uint32_t most)
{
	while (owed_count > most) {
		uint32_t place = pick(owed_count);

		if (!answer(&owed[place]))
			return;
		owed[place] = owed[--owed_count];
	}
}

static void cancelled(uint64_t id)
{
	uint32_t place = 0;

	while (place < owed_count && owed[place].head.id != id)
		place++;
	if (place == owed_count)
		fault(KILL_STORM_CANCELLED, id);
	if (pick(2)) /* a late answer is no mistake */
		(void)!answer(&owed[place]);
	owed[place] = owed[--owed_count];
}

/* ---- messages ---- */

static void check_body(uint32_t bytes)
{
	if (bytes < sizeof(in.body.head) || bytes != in.body.head.bytes)
		fault(KILL_STORM_MESSAGE, bytes);
	for (uint32_t i = sizeof(in.body.head); i < bytes; i++)
		if (in.body.bytes[i] != kill_storm_byte(&in.body.head, i))
			fault(KILL_STORM_MESSAGE, in.body.head.number);
}

static void check_order(const struct kill_storm_head *head)
{
	struct client *client = client_of(in.head.process);

	if (client->gone)
		fault(KILL_STORM_AFTER_GONE, head->number);
	if (client->heard && client->instance != head->instance)
		fault(KILL_STORM_FORGED, head->number);
	if (client->heard && head->number <= client->last)
		fault(KILL_STORM_ORDER, head->number);
	if (client->heard && !client->fresh && head->number != client->last + 1)
		fault(KILL_STORM_LOST, head->number);
	client->heard = true;
	client->fresh = false;
	client->instance = head->instance;
	client->last = head->number;
}

static void take_message(void)
{
	if (let_go)
		fault(KILL_STORM_LET_GO, in.head.process);
	check_body((uint32_t)in.head.body_bytes);
	check_order(&in.body.head);
	messages++;
	if (in.head.id && owed_count == OWED_MAX)
		fault(KILL_STORM_CALL, messages);
	if (in.head.id)
		owed[owed_count++] = (struct owed){ in.head, in.body.head };
}

static void take_gone(void)
{
	struct client *client = client_of(in.head.process);

	if (!client->heard)
		fault(KILL_STORM_GONE_UNHEARD, in.head.process);
	if (client->gone)
		fault(KILL_STORM_GONE_TWICE, in.head.process);
	client->gone = true;
}

/* False: nothing came in time. */
static bool take_one(int64_t timeout_ns)
{
	int64_t got = rs_wait(&in, sizeof(in), timeout_ns);

	if (got == 0)
		return false;
	if (got < (int64_t)sizeof(in.head) || got > (int64_t)sizeof(in))
		fault(KILL_STORM_CALL, (uint64_t)got);
	if (in.head.kind == RS_MESSAGE)
		take_message();
	else if (in.head.kind == RS_PROCESS_GONE)
		take_gone();
	else if (in.head.kind == RS_CANCELLED_BY)
		cancelled(in.head.id);
	else if (in.head.kind == RS_NOTICE)
		stopping |= in.head.status == RS_NOTICE_STOP; /* or there is room again */
	else
		fault(KILL_STORM_CALL, in.head.kind);
	return true;
}

/* ---- the interface ---- */

/* The one before us may be dead, and rsd not know it yet. */
static void take_interface(void)
{
	uint32_t status;

	while ((status = rs_register(interface)) == RS_TAKEN)
		rs_pause(200000);
	if (status != RS_OK)
		fault(KILL_STORM_CALL, status);
	let_go = false;
}

static void let_go_of_interface(void)
{
	if (rs_unregister(interface) != RS_OK)
		fault(KILL_STORM_CALL, 0);
	let_go = true;
	while (take_one(pick(2) * 200000) && !stopping)
		;
	for (uint32_t i = 0; i < CLIENTS_MAX; i++)
		clients[i].fresh = true;
}

/* Who is still there was stopped before us, so all ends are on their way. */
static void hear_all_ends(void)
{
	bool missed = true;

	for (uint32_t n = 0; missed && n < PATIENCE_MAX; n++) {
		while (take_one(n ? PATIENCE_NS : 0))
			answer_some(0);
		answer_some(0);
		missed = false;
		for (uint32_t i = 0; i < CLIENTS_MAX; i++)
			missed |= clients[i].heard && !clients[i].gone;
	}
	if (missed)
		fault(KILL_STORM_GONE_MISSED, messages);
}

int main(int argc, char **argv)
{
	uint64_t until = KEPT_UNTIL;
	uint8_t own[32];

	if (argc < 3)
		return 2;
	memcpy(interface, argv[1], strnlen(argv[1], sizeof(interface)));
	dice = (strtoull(argv[2], NULL, 10) + 1) * 0x9e3779b97f4a7c15ull;
	kill_storm_own(argv[2], own);
	if (rs_register(own) != RS_OK)
		fault(KILL_STORM_CALL, 0);
	take_interface();
	while (!stopping) {
		bool lazy = pick(4) == 0;
		(void)take_one(owed_count ? (lazy ? 100000 : 0) : RS_FOREVER);
		answer_some(owed_count < OWED_MAX - 1 && pick(3) ? owed_count : pick(4));
		while (owed_count == OWED_MAX) {
			answer_some(OWED_MAX / 2);
			if (owed_count == OWED_MAX)
				rs_pause(100000);
		}
		if (messages >= until) {
			until = messages + KEPT_UNTIL;
			let_go_of_interface();
			if (!stopping)
				take_interface();
		}
	}
	hear_all_ends();
	printf("%llu messages\n", (unsigned long long)messages);
	return 0;
}
