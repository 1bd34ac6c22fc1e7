#include "runtime/inbox.h"

#include <x86intrin.h>

#include "runtime/again.h"
#include "runtime/closing.h"
#include "runtime/held.h"
#include "runtime/parcels.h"
#include "runtime/taking.h"

/* What delivers nothing must not keep the other lanes waiting: a flood of records, or a long
 * body, of which one turn takes so much. */
#define TURN_RECORDS 64u
#define TURN_BYTES   (1 * MIB)

/* A lane that was empty is heard again after so many deliveries at most, however busy others
 * are. */
#define SCAN_EVERY 64u

#define MORE_LOOKS 4u /* lanes, beginning with the one whose turn it was */

uint64_t inbox_busy_since;
static struct ends_set stuck; /* lanes that cannot go on in this call */
static uint32_t turn;         /* the lane that was read last */
static uint32_t unscanned;    /* rounds of turns since all lanes were looked at */

int inbox_init(uint32_t body_bytes_max)
{
	return parcels_init(body_bytes_max);
}

void inbox_forget(void)
{
	ends_clear(&stuck);
	turn = unscanned = 0;
	again_forget();
	parcels_forget();
}

/* ---- one lane ---- */

/* Reads lane i until something was delivered, or its turn is over. TAKING_GO_ON: nothing was.
 */
static int64_t read_lane(
	uint32_t i, const struct inbox_want *want, const struct inbox_sink *sink)
{
	int64_t got = ends.all[i].parcel == PARCEL_WHOLE ? taking_parcel(i, want, sink)
							 : TAKING_GO_ON;
	uint64_t end = ends.all[i].lane.in.position + TURN_BYTES;
	bool empty = false;

	ends_heat(i);
	for (uint32_t n = 0; got == TAKING_GO_ON && !empty && n < TURN_RECORDS &&
			     ends.all[i].lane.in.position < end;
		n++) {
		struct record head;
		const uint8_t *body;
		int r = ring_peek(&ends.all[i].lane.in, &head, &body);

		if (r == RING_EMPTY)
			empty = true;
		else
			got = r ? TAKING_LIE : taking_record(i, &head, body, want, sink);
	}
	if (got == TAKING_LIE)
		closing_broken(i);
	else if (empty && ends.all[i].state == END_DRAINING)
		closing_drained(i);
	else {
		if (empty)
			ends_cool(i);
		return got;
	}
	taking_changed = true;
	return TAKING_CLOSED;
}

/* ---- all of them ---- */

/* Lanes that are not read for this want. */
static const struct ends_set *left_alone(const struct inbox_want *want)
{
	static struct ends_set both;

	if (want->messages || want->parcels || !ends_any(&ends.handlers))
		return &stuck;
	both = stuck;
	ends_join(&both, &ends.handlers);
	return &both;
}

/* One turn for each hot lane in [from, to). */
static int64_t read_between(uint32_t from, uint32_t to, const struct ends_set *but,
	const struct inbox_want *want, const struct inbox_sink *sink)
{
	for (uint32_t i = ends_next_but(&ends.hot, but, from); i < to;
		i = ends_next_but(&ends.hot, but, i + 1)) {
		turn = i;
		int64_t got = read_lane(i, want, sink);
		if (got > 0)
			return got;
		if (got == TAKING_STUCK)
			ends_add(&stuck, i);
	}
	return 0;
}

static int64_t read_lanes(const struct inbox_want *want, const struct inbox_sink *sink)
{
	const struct ends_set *but = left_alone(want);
	uint32_t last = turn;

	if (++unscanned >= SCAN_EVERY) {
		ends_scan(but);
		unscanned = 0;
	}
	int64_t got = read_between(last + 1, LANES_MAX, but, want, sink);
	return got ? got : read_between(0, last + 1, but, want, sink);
}

/* At what is known to have come. */
static int64_t look(const struct inbox_want *want, const struct inbox_sink *sink)
{
	int64_t got;

	do {
		taking_changed = false;
		closing_watch();
		if (held_any())
			held_flush();
		if (ends.owing)
			ends_pay();
		got = taking_finished(want, sink);
		if (!got && want->messages)
			got = taking_noticed(sink);
		if (!got && want->messages && ends.leaving)
			got = taking_leaving(sink);
		if (!got)
			got = read_lanes(want, sink);
		if (parcels_room_came) { /* for those that found none before */
			parcels_room_came = false;
			ends_clear(&stuck);
			taking_changed = true;
		}
	} while (!got && taking_changed);
	return got;
}

/* True: a lane that carries answers cannot go on, so what is wanted may never come. */
static bool answers_stuck(const struct inbox_want *want)
{
	for (uint32_t w = 0; !want->answers && ends_any(&stuck) && w < ENDS_WORDS; w++)
		if (stuck.words[w] & ~ends.handlers.words[w])
			return true;
	return false;
}

/* After a look: nor has anything come meanwhile, or half of a body. */
static bool nothing_is_left(const struct inbox_want *want)
{
	return !ends_any(&stuck) && !ends_scan(left_alone(want)) && taking_may_part();
}

static void sleep_until(const struct inbox_want *want, uint64_t until_ns)
{
	uint64_t rest_ns = parcels_rest();

	if (rest_ns < until_ns)
		until_ns = rest_ns;
	if (!parcels_wanted) {
		ends_sleep(left_alone(want), until_ns);
		return;
	}
	/* look again after a while, whether those who have the room go on */
	struct ends_set but = *left_alone(want);
	uint64_t soon_ns = ends_clock_ns() + PARCELS_IDLE_NS;
	ends_clear(&stuck);
	parcels_wanted = false;
	ends_sleep(&but, soon_ns < until_ns ? soon_ns : until_ns);
}

static int64_t next(
	const struct inbox_want *want, const struct inbox_sink *sink, int64_t timeout_ns)
{
	uint64_t until_ns = ENDS_FOREVER;

	ends_clear(&stuck);
	for (bool first = true;; first = false) {
		int64_t got = look(want, sink);
		bool room = want->messages && again_due();
		bool parts = want->messages && taking_may_part();
		/* before it is said that there is nothing: at all that may have come */
		if (!got && (timeout_ns == 0 || room || parts || answers_stuck(want)) &&
			ends_scan(left_alone(want))) {
			got = look(want, sink);
			room = want->messages && again_due();
		}
		/* last, so that who has other things to do hears of them first */
		if (!got && room && !answers_stuck(want))
			got = taking_room(sink);
		if (!got && parts && nothing_is_left(want))
			got = taking_parting(sink);
		if (got)
			return got;
		if (answers_stuck(want))
			return INBOX_STUCK;
		if (timeout_ns == 0)
			break;
		if (first && timeout_ns > 0)
			until_ns = ends_clock_ns() + (uint64_t)timeout_ns;
		if (!first && timeout_ns > 0 && ends_clock_ns() >= until_ns)
			break;
		if (want->messages)
			again_want_room();
		sleep_until(want, until_ns);
		inbox_busy_since = __rdtsc();
	}
	ends_settle(); /* the program may compute for long now */
	return 0;
}

int64_t inbox_next(
	const struct inbox_want *want, const struct inbox_sink *sink, int64_t timeout_ns)
{
	int64_t got = next(want, sink, timeout_ns);

	parcels_spill(); /* the sink is the program's again */
	return got;
}

bool inbox_more(void)
{
	uint32_t i = ends_next(&ends.hot, turn ? turn : 1);

	for (uint32_t n = 0; n < MORE_LOOKS && i < LANES_MAX; n++) {
		if (ring_waiting(&ends.all[i].lane.in))
			return true;
		i = ends_next(&ends.hot, i + 1);
	}
	return false;
}

bool inbox_sleep_begin(void)
{
	static const struct inbox_want all = { .answers = true, .messages = true };
	static const struct inbox_sink no_room = { 0 }; /* what is there stays there */

	ends_clear(&stuck);
	if (look(&all, &no_room) || again_due() || taking_may_part())
		return false;
	again_want_room();
	const struct ends_set *but = left_alone(&all);
	bool asleep = ends_sleep_begin(but);
	if (!asleep)
		ends_sleep_end(but, false);
	return asleep;
}

/* ---- for those who wait for something else ---- */

static const struct inbox_want nothing = { .parcels = true };

bool inbox_read_home(void)
{
	closing_watch();
	bool stuck_now = read_lane(LANE_HOME, &nothing, NULL) == TAKING_STUCK;
	ends_pay();
	return !stuck_now;
}

bool inbox_drain(void)
{
	ends_clear(&stuck);
	(void)!look(&nothing, NULL);
	return !answers_stuck(&nothing);
}

void inbox_sleep_home(void)
{
	struct ends_set all_but_home = { 0 };

	for (uint32_t w = 0; w < ENDS_WORDS; w++)
		ends_set_word(&all_but_home, w, UINT64_MAX);
	ends_remove(&all_but_home, LANE_HOME);
	ends_sleep(&all_but_home, ENDS_FOREVER);
}

void inbox_sleep_drained(uint64_t until_ns)
{
	ends_sleep(left_alone(&nothing), until_ns);
}
