#include "supervisor/broker/opening.h"

#include <stdlib.h>

#include "ipc/home.h"
#include "supervisor/broker/directory.h"
#include "supervisor/broker/judging.h"
#include "supervisor/broker/lanes.h"
#include "supervisor/broker/slots.h"
#include "supervisor/broker/waits.h"

static void tell_opened(struct broker *broker, struct member *client, uint64_t open_id,
	const struct hash *interface, uint32_t status)
{
	client->refused += status == RS_LIMIT;
	client->denied += status == RS_DENIED;
	broker->act.opened(
		broker->act.context, client->process, open_id, interface, status, 0, 0, false);
}

/* ---- to who handles it ---- */

/* Lanes between the two on which all was revoked are of no use to anybody. The new one is there
 * before, or the handler would take this for the end of its client. */
static void close_useless(
	struct broker *broker, const struct member *client, const struct member *handler)
{
	for (struct link *link = client->paid; link; link = link->next)
		if (link->ends[LANE_HANDLER] == handler && link->revoked &&
			!link->slots[LANE_HANDLER])
			lanes_close(broker, link);
}

/* The lane for this slot: one there is, or a new one. NULL: it cannot be made. */
static struct link *lane_for(struct broker *broker, struct member *client,
	const struct entry *entry, bool large, bool mediated, bool *new_lane)
{
	struct member *handler = entry->handler;
	struct link *link = links_to(client, handler, entry->slot, mediated);

	*new_lane = !link;
	if (link)
		return link;
	close_useless(broker, client, handler);
	large |= handler->slots[entry->slot].large;
	return lanes_connect(
		broker, client, handler, large ? LANE_RING_LARGE : LANE_RING_SMALL, mediated);
}

/* The interface goes one way only: what is mediated now is not sent past rsd any more. */
static void close_others(struct broker *broker, const struct member *client,
	const struct entry *entry, const struct link *chosen)
{
	for (struct link *link = client->paid; link; link = link->next)
		if (link != chosen && link->open && link->ends[LANE_HANDLER] == entry->handler)
			slots_take(broker, link, entry->slot, SLOTS_OVER);
}

static void lead_to_handler(struct broker *broker, struct member *client, uint64_t open_id,
	const struct entry *entry, bool large, const struct broker_verdict *verdict)
{
	struct link *link = links_allowing(client, entry->handler, entry->slot);
	bool new_lane = false;

	/* what is mediated stays so while it lasts: nothing is overtaken */
	if (!link || (verdict->mediated && !link->mediated))
		link = lane_for(broker, client, entry, large, verdict->mediated, &new_lane);
	if (!link) {
		tell_opened(broker, client, open_id, &entry->interface, RS_LIMIT);
		return;
	}
	close_others(broker, client, entry, link);
	if (link->mediated)
		slots_limit(broker, client, link->index[LANE_CLIENT], entry->slot,
			&verdict->limits);
	slots_allow(broker, link, entry->slot);
	broker->act.opened(broker->act.context, client->process, open_id, &entry->interface,
		RS_OK, link->index[LANE_CLIENT], entry->slot, new_lane);
}

static void lead_to_host(struct broker *broker, struct member *client, uint64_t open_id,
	const struct entry *entry, const struct broker_verdict *verdict)
{
	slots_limit(broker, client, LANE_HOME, entry->slot, &verdict->limits);
	slots_allow_host(broker, client, entry->slot);
	broker->act.opened(broker->act.context, client->process, open_id, &entry->interface,
		RS_OK, LANE_HOME, entry->slot, false);
}

static bool is_handled(const struct entry *entry)
{
	return entry && (entry->host || entry->handler);
}

static void lead(struct broker *broker, struct member *client, uint64_t open_id,
	const struct entry *entry, bool large, const struct broker_verdict *verdict)
{
	if (entry->host)
		lead_to_host(broker, client, open_id, entry, verdict);
	else
		lead_to_handler(broker, client, open_id, entry, large, verdict);
}

/* ---- those who wait ---- */

static uint64_t now_ms(const struct broker *broker)
{
	return broker->act.now_ms ? broker->act.now_ms(broker->act.context) : 0;
}

static void wait_for(const struct broker *broker, struct wait *wait, enum broker_why why)
{
	if (wait->why != why)
		wait->since_ms = now_ms(broker);
	wait->why = why;
	wait->asks = why == BROKER_WHY_ASK;
}

/* Its one word: it waits no more. */
static void end_wait(struct broker *broker, struct wait *wait, uint32_t status)
{
	struct member *client = wait->client;
	const struct entry *entry = wait->entry;

	waits_end(wait);
	tell_opened(broker, client, 0, &entry->interface, status);
}

/* It was to come, and does not. Who may be delayed waits on, as if it had been so at once. */
static void comes_not(struct broker *broker, struct wait *wait)
{
	bool due = wait->later;

	if (!wait->delays) {
		end_wait(broker, wait, RS_NO_HANDLER);
		return;
	}
	wait_for(broker, wait, BROKER_WHY_DELAY);
	wait->later = false;
	if (due)
		tell_opened(broker, wait->client, 0, &wait->entry->interface, RS_NO_HANDLER);
}

static bool is_to_come(const struct entry *entry)
{
	return entry && (entry->bound || entry->instance);
}

static void look_again(struct broker *broker, struct wait *wait)
{
	struct member *client = wait->client;
	const struct entry *entry = wait->entry;
	const struct broker_verdict verdict =
		judging_use(broker, client, &entry->interface, entry);

	if (verdict.status == BROKER_ASK) {
		wait_for(broker, wait, BROKER_WHY_ASK);
	} else if (verdict.status != RS_OK) {
		end_wait(broker, wait, verdict.status);
	} else if (is_handled(entry)) {
		waits_end(wait);
		lead(broker, client, 0, entry, false, &verdict);
	} else if (is_to_come(entry)) {
		wait_for(broker, wait, BROKER_WHY_START);
	} else {
		comes_not(broker, wait);
	}
}

/* ---- what others have to do ---- */

static struct wait *first_to_ask(const struct entry *entry)
{
	struct wait *wait = entry ? entry->waits : NULL;

	while (wait && !wait->asks)
		wait = wait->next;
	return wait;
}

static void put_question(struct broker *broker, struct wait *wait, const struct hash *interface)
{
	uint64_t process = wait->client->process;

	wait->asks = false;
	if (broker->act.ask &&
		broker->act.ask(broker->act.context, process, interface, BROKER_USE))
		return;
	/* there is no room; and anything may have happened meanwhile */
	struct member *client = directory_member(broker, process);
	struct entry *entry = directory_entry(broker, interface);
	wait = client && entry ? waits_find(client, entry) : NULL;
	if (!wait || wait->why != BROKER_WHY_ASK)
		return;
	end_wait(broker, wait, RS_DENIED);
	directory_drop(broker, entry);
}

static bool awaits_start(const struct entry *entry)
{
	if (!entry || !entry->bound)
		return false;
	if (entry->handler) /* another program's, until the bound one takes over */
		return !hash_equal(&entry->handler->program, &entry->program);
	const struct wait *wait = entry->waits;
	while (wait && wait->why != BROKER_WHY_START)
		wait = wait->next;
	return wait;
}

static void start(struct broker *broker, const struct hash *interface)
{
	if (broker->act.start && broker->act.start(broker->act.context, interface))
		return;
	struct entry *entry = directory_entry(broker, interface);
	if (entry)
		opening_not_started(broker, entry);
}

static void see_to_it(struct broker *broker, const struct hash *interface)
{
	struct wait *wait;

	while ((wait = first_to_ask(directory_entry(broker, interface))))
		put_question(broker, wait, interface);
	if (awaits_start(directory_entry(broker, interface)))
		start(broker, interface);
}

void opening_again(struct broker *broker, struct entry *entry, uint64_t process)
{
	const struct hash interface = entry->interface;

	for (struct wait *wait = entry->waits, *next; wait; wait = next) {
		next = wait->next;
		if (!process || wait->client->process == process)
			look_again(broker, wait);
	}
	directory_drop(broker, entry);
	see_to_it(broker, &interface);
}

void opening_not_started(struct broker *broker, struct entry *entry)
{
	for (struct wait *wait = entry->waits, *next; wait; wait = next) {
		next = wait->next;
		if (wait->why == BROKER_WHY_START)
			comes_not(broker, wait);
	}
	directory_drop(broker, entry);
}

void opening_over(struct broker *broker, struct entry *entry)
{
	while (entry->waits)
		end_wait(broker, entry->waits,
			entry->waits->delays ? RS_HANDLER_GONE : RS_NO_HANDLER);
}

/* ---- the open itself ---- */

/* NULL: it waits for too many already, or there is no memory. */
static struct wait *wait_get(
	struct broker *broker, struct member *client, const struct hash *interface)
{
	struct entry *entry = directory_get(broker, interface);
	struct wait *wait = entry ? waits_find(client, entry) : NULL;

	if (!entry || wait)
		return wait;
	if (client->waits_count < BROKER_PENDING_MAX)
		wait = calloc(1, sizeof(*wait));
	if (!wait) {
		directory_drop(broker, entry);
		return NULL;
	}
	wait->since_ms = now_ms(broker);
	waits_begin(wait, client, entry);
	return wait;
}

/* Answers what the client is told now: RS_NO_HANDLER, HOME_LATER or RS_LIMIT. */
static uint32_t begin_wait(struct broker *broker, struct member *client,
	const struct hash *interface, enum broker_why why, bool delays)
{
	struct wait *wait = wait_get(broker, client, interface);

	if (!wait)
		return RS_LIMIT;
	wait->delays |= delays;
	wait->later |= why != BROKER_WHY_DELAY;
	wait_for(broker, wait, why);
	return why == BROKER_WHY_DELAY ? RS_NO_HANDLER : HOME_LATER;
}

/* Who opens again while it waits may have been decided about meanwhile: the word that is due
 * comes first. */
static struct entry *up_to_date(
	struct broker *broker, struct member *client, const struct hash *interface)
{
	struct entry *entry = directory_entry(broker, interface);
	struct wait *wait = entry ? waits_find(client, entry) : NULL;

	if (!wait)
		return entry;
	look_again(broker, wait);
	directory_drop(broker, entry);
	return directory_entry(broker, interface);
}

void opening_begin(struct broker *broker, struct member *client, uint64_t open_id,
	const struct hash *interface, uint32_t flags)
{
	const struct entry *entry = up_to_date(broker, client, interface);
	const struct broker_verdict verdict = judging_use(broker, client, interface, entry);
	bool delays = flags & RS_ALLOW_DELAY, allowed = verdict.status == RS_OK;
	uint32_t status = verdict.status;

	if (allowed && is_handled(entry)) {
		lead(broker, client, open_id, entry, flags & HOME_OPEN_LARGE, &verdict);
		see_to_it(broker, interface);
		return;
	}
	if (status == BROKER_ASK)
		status = begin_wait(broker, client, interface, BROKER_WHY_ASK, delays);
	else if (allowed && is_to_come(entry))
		status = begin_wait(broker, client, interface, BROKER_WHY_START, delays);
	else if (allowed)
		status = delays ? begin_wait(broker, client, interface, BROKER_WHY_DELAY, true)
				: RS_NO_HANDLER;
	tell_opened(broker, client, open_id, interface, status);
	see_to_it(broker, interface);
}
