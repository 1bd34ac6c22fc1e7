/*
 * check_broker_matrix.c: every program, interface and state of its grant, with every change
 * that can come while messages are under way. Messages are put into the lanes as an honest
 * runtime would, or as one that does not look at its table, and are taken out as the handler's
 * would. Whatever changes: no slot is open without a grant in force, nothing is delivered that
 * was sent without one, and who waits gets one final word.
 */
#include "tests/supervisor/broker_notebook.h"

enum {
	HONEST = 1, /* clients; each runs the program of its number */
	HOSTILE,
	FIRST, /* handlers */
	SECOND
};
enum {
	FREE, /* interfaces */
	BOUND,
	HOST,
	NAMES
};

/* ---- messages under way ---- */

#define UNDER_WAY_MAX 64u

static struct sent {
	uint64_t client;
	uint32_t interface, lane, slot;
	uint64_t handler;
	uint32_t handler_lane;
	bool granted, over;
} sent[UNDER_WAY_MAX];
static uint32_t sent_count, delivered_count, refused_count;

static bool granted(uint64_t client, uint32_t n)
{
	return grants[program_of[client]][n][BROKER_USE].status == RS_OK;
}

/* On the lane that it was told of last. One that is hostile does not ask its table. */
static void send_on(const struct opened *way, uint32_t n)
{
	const struct seen_lane *lane = &lanes[way->process][way->lane];

	if (way->status != RS_OK || way->lane == LANE_HOME || lane->state != TABLE_OPEN)
		return;
	if (way->process == HONEST && !(lane->slots >> way->slot & 1))
		return;
	MUST(sent_count < UNDER_WAY_MAX);
	sent[sent_count++] = (struct sent){ .client = way->process,
		.interface = n,
		.lane = way->lane,
		.slot = way->slot,
		.handler = lane->peer,
		.handler_lane = lane->peer_lane,
		.granted = granted(way->process, n) };
}

/* What the handlers find in their lanes now. */
static void handlers_read(void)
{
	for (uint32_t i = 0; i < sent_count; i++) {
		struct sent *message = &sent[i];
		const struct seen_lane *lane = &lanes[message->handler][message->handler_lane];
		struct hash name = interface(message->interface);
		if (message->over)
			continue;
		message->over = true;
		if (lane->state != TABLE_OPEN || !(lane->slots >> message->slot & 1)) {
			refused_count++;
			continue;
		}
		delivered_count++;
		MUST(message->granted);
		MUST(hash_equal(&names[message->handler][message->slot], &name));
	}
}

/* ---- the dimensions ---- */

enum state {
	ALLOW,
	DENY,
	ASK,
	UNSET, /* somebody is there to ask, or nobody is */
	STATES
};

static uint32_t status_of(enum state state, bool watched)
{
	static const uint32_t statuses[STATES] = {
		[ALLOW] = RS_OK, [DENY] = RS_DENIED, [ASK] = BROKER_ASK
	};

	if (state == UNSET)
		return watched ? BROKER_ASK : RS_DENIED;
	return statuses[state];
}

static uint32_t now; /* the interface that it is about */
static uint64_t client;

static void grant_it(uint32_t status)
{
	grants[program_of[client]][now][BROKER_USE].status = status;
	reconsider(0, now);
}

static void is_granted(void)
{
	grant_it(RS_OK);
}

static void is_denied(void)
{
	grant_it(RS_DENIED);
}

static void is_revoked(void)
{
	grant_it(status_of(UNSET, false));
}

/* An answer is for the one process. */
static void answer(uint32_t status)
{
	if (grants[program_of[client]][now][BROKER_USE].status == BROKER_ASK)
		grants[program_of[client]][now][BROKER_USE].status = status;
	reconsider(client, now);
}

static void yes(void)
{
	answer(RS_OK);
}

static void no(void)
{
	answer(RS_DENIED);
}

static void mediate(bool mediated)
{
	grants[program_of[client]][now][BROKER_USE].mediated = mediated;
	reconsider(0, now);
}

static void mediated_on(void)
{
	mediate(true);
}

static void mediated_off(void)
{
	mediate(true);
	(void)open_at(client, now, 0);
	mediate(false);
}

static void bound_to_another(void)
{
	if (now == HOST)
		return;
	MUST(bind_to(now, program_of[SECOND]) == 0);
	MUST(register_at(SECOND, now) == RS_OK);
}

static void handler_ends(void)
{
	handlers_read(); /* what was sent is read to the end by nobody */
	gone(FIRST);
}

/* The handler did not look meanwhile. */
static void revoked_and_granted(void)
{
	grant_it(RS_DENIED);
	send_on(&answered, now);
	grant_it(RS_OK);
	(void)open_at(client, now, 0);
}

static const struct {
	const char *name;
	void (*happens)(void);
	bool loses; /* what was sent may be refused */
} transitions[] = { { "granted", is_granted, false }, { "denied", is_denied, true },
	{ "revoked", is_revoked, true }, { "yes", yes, false }, { "no", no, false },
	{ "mediated", mediated_on, true }, { "mediated no more", mediated_off, true },
	{ "bound to another", bound_to_another, false },
	{ "its handler ends", handler_ends, true },
	{ "revoked and granted again", revoked_and_granted, true } };

/* ---- one field of the matrix ---- */

struct field {
	enum state state;
	bool watched, handled, delays, mediated;
};

static void begin(const struct field *field)
{
	struct hash host = interface(HOST);

	set_up();
	sent_count = delivered_count = refused_count = 0;
	MUST(broker_add_host(broker, &host, 2) == 0);
	for (uint64_t p = HONEST; p <= SECOND; p++)
		start_of(p, (uint32_t)(p - 1));
	MUST(bind_to(BOUND, program_of[FIRST]) == 0);
	for (uint32_t p = 0; p < PROGRAMS; p++)
		for (uint32_t n = 0; n < NAMES; n++)
			grants[p][n][BROKER_USE] = (struct broker_verdict){
				.status = status_of(field->state, field->watched),
				.mediated = field->mediated
			};
	for (uint32_t n = 0; field->handled && n < HOST; n++)
		MUST(register_at(FIRST, n) == RS_OK);
}

/* What it must have been told at once. */
static void answered_rightly(const struct field *field, uint32_t status)
{
	uint32_t granted_as = status_of(field->state, field->watched);

	if (granted_as == BROKER_ASK)
		MUST(status == HOME_LATER);
	else if (granted_as != RS_OK)
		MUST(status == granted_as);
	else if (field->handled || now == HOST)
		MUST(status == RS_OK);
	else
		MUST(status == (now == BOUND ? HOME_LATER : RS_NO_HANDLER));
}

/* A slot of the host is allowed as long as there is a grant, and on no other home lane. */
static void host_is_granted(void)
{
	for (uint64_t p = HONEST; p <= SECOND; p++)
		if (host_slots[p])
			MUST(granted(p, HOST));
}

static void nobody_is_left_waiting(void)
{
	struct hash name = interface(now);
	struct broker_verdict *grant = &grants[program_of[client]][now][BROKER_USE];

	if (grant->status == BROKER_ASK) { /* nobody answers for ever: that is a no */
		grant->status = RS_DENIED;
		reconsider(client, now);
	}
	broker_start_failed(broker, &name);
	MUST(!awaits[client][now].later);
	MUST(awaits[client][now].words <= 2); /* of one open, and of mediated_off()'s */
}

static void one_field(const struct field *field, size_t transition)
{
	begin(field);
	uint32_t status = open_at(client, now, field->delays ? RS_ALLOW_DELAY : 0);
	answered_rightly(field, status);
	bool open = status == RS_OK;
	for (uint32_t i = 0; i < 3; i++)
		send_on(&answered, now);
	uint32_t before = sent_count;

	transitions[transition].happens();
	all_is_granted();
	host_is_granted();
	ends_agree();
	send_on(&answered, now); /* on the old way, if it may or does not care */
	handlers_read();
	MUST(transitions[transition].loses || delivered_count >= before);
	if (granted(client, now)) { /* and by the way there is now */
		status = open_at(client, now, 0);
		MUST(status == RS_OK || status == RS_NO_HANDLER || status == HOME_LATER);
		send_on(&answered, now);
		handlers_read();
		all_is_granted();
	}
	MUST(open || !before);
	nobody_is_left_waiting();
	tear_down();
}

START_TEST(nothing_passes_without_a_grant_and_all_who_wait_get_a_word)
{
	uint32_t fields = STATES << 4;

	tear_down(); /* each field sets up its own */
	for (client = HONEST; client <= HOSTILE; client++)
		for (now = FREE; now < NAMES; now++)
			for (uint32_t i = 0; i < fields; i++) {
				const struct field field = { .state = i >> 4,
					.watched = i & 1,
					.handled = i & 2,
					.delays = i & 4,
					.mediated = i & 8 };
				one_field(&field, (size_t)_i);
			}
	set_up();
}
END_TEST

static Suite *broker_matrix_suite(void)
{
	Suite *suite = suite_create("broker_matrix");
	TCase *tcase = tcase_create("matrix");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, nothing_passes_without_a_grant_and_all_who_wait_get_a_word,
		0, ARRAY_LEN(transitions));
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(broker_matrix_suite)
