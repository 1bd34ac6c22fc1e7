#include "supervisor/decisions/asks.h"

#include <stdlib.h>
#include <string.h>

#include "ipc/log.h"

#define NS_PER_MS 1000000ull

struct asks {
	/* By number, and so by deadline as well. */
	struct asks_question questions[ASKS_MAX];
	uint32_t count;
	uint64_t last_number, last_news, changes;
	uint64_t timeout_ns;
	asks_over over;
	void *context;
};

int asks_new(uint64_t timeout_ms, asks_over over, void *context, struct asks **out)
{
	struct asks *asks = calloc(1, sizeof(*asks));

	if (!asks)
		return -ENOMEM;
	asks->timeout_ns = timeout_ms * NS_PER_MS;
	asks->over = over;
	asks->context = context;
	*out = asks;
	return 0;
}

struct asks *asks_free(struct asks *asks)
{
	free(asks);
	return NULL;
}

const char *asks_end_text(enum asks_end end)
{
	static const char *const texts[ASKS_ENDS] = {
		[ASKS_ALLOWED] = "allowed",
		[ASKS_DENIED] = "denied",
		[ASKS_TIMED_OUT] = "timed out",
		[ASKS_GONE] = "gone",
	};

	return texts[end];
}

/* ---- reasons ---- */

/* The next character of the text, fit to stand in a line; returns the bytes it was. */
static size_t next_character(const uint8_t *s, size_t left, const char **as, size_t *bytes)
{
	static const char unreadable[] = "\xef\xbf\xbd"; /* U+FFFD */
	size_t n = s[0] >= 0x80 ? log_plain_sequence(s, left) : s[0] >= 0x20 && s[0] != 0x7f;

	if (n) {
		*as = (const char *)s;
		*bytes = n;
		return n;
	}
	*as = s[0] == '\n' || s[0] == '\t' ? " " : unreadable;
	*bytes = strlen(*as);
	return 1;
}

static void set_reason(struct asks_question *question, const char *text, size_t n)
{
	size_t at = 0;

	while (n) {
		const char *as;
		size_t bytes;
		size_t taken = next_character((const uint8_t *)text, n, &as, &bytes);
		if (bytes > ASKS_REASON_BYTES - at)
			break;
		memcpy(question->reason + at, as, bytes);
		at += bytes;
		text += taken;
		n -= taken;
	}
	question->reason[at] = 0;
}

/* ---- the table ---- */

/* Its place; count: there is none. */
static uint32_t find(const struct asks *asks, const struct asks_party *party,
	const struct hash *interface, enum broker_right right)
{
	uint32_t i = 0;

	for (; i < asks->count; i++) {
		const struct asks_question *question = &asks->questions[i];
		if (question->party == party && question->right == right &&
			hash_equal(&question->interface, interface))
			break;
	}
	return i;
}

static bool has_place(const struct asks *asks, const struct asks_party *party)
{
	return asks->count < ASKS_MAX && party->standing < ASKS_PER_PROCESS;
}

bool asks_room(const struct asks *asks, const struct asks_party *party,
	const struct hash *interface, enum broker_right right)
{
	return has_place(asks, party) || find(asks, party, interface, right) < asks->count;
}

static void is_news(struct asks *asks, struct asks_question *question)
{
	question->news = ++asks->last_news;
	asks->changes++;
}

static int put_again(
	struct asks *asks, struct asks_question *question, const char *reason, size_t n)
{
	if (!question->reason[0] && n) {
		set_reason(question, reason, n);
		is_news(asks, question);
	}
	return ASKS_STANDS;
}

int asks_put(struct asks *asks, struct asks_party *party, const struct hash *interface,
	enum broker_right right, const char *reason, size_t n, uint64_t now_ns)
{
	uint32_t at = find(asks, party, interface, right);

	if (at < asks->count)
		return put_again(asks, &asks->questions[at], reason, n);
	if (!has_place(asks, party)) {
		party->refused++;
		return ASKS_FULL;
	}
	struct asks_question *question = &asks->questions[asks->count++];
	*question = (struct asks_question){ .number = ++asks->last_number,
		.party = party,
		.interface = *interface,
		.right = right,
		.since_ns = now_ns,
		.deadline_ns = now_ns + asks->timeout_ns };
	set_reason(question, reason, n);
	is_news(asks, question);
	party->standing++;
	party->asked++;
	return 0;
}

const struct asks_question *asks_get(const struct asks *asks, uint64_t number)
{
	for (uint32_t i = 0; i < asks->count; i++)
		if (asks->questions[i].number == number)
			return &asks->questions[i];
	return NULL;
}

/* First it stands no more, then that is told: who is told may look, and may ask again. */
static void end(struct asks *asks, uint32_t at, enum asks_end how, bool always)
{
	struct asks_question question = asks->questions[at];

	asks->count--;
	memmove(&asks->questions[at], &asks->questions[at + 1],
		(asks->count - at) * sizeof(question));
	question.party->standing--;
	asks->changes++;
	asks->over(asks->context, &question, how, always);
}

int asks_answer(struct asks *asks, uint64_t number, bool allow, bool always)
{
	const struct asks_question *question = asks_get(asks, number);

	if (!question)
		return ASKS_NONE;
	end(asks, (uint32_t)(question - asks->questions), allow ? ASKS_ALLOWED : ASKS_DENIED,
		always);
	return 0;
}

static const struct asks_question *any_of(
	const struct asks *asks, const struct asks_party *party)
{
	for (uint32_t i = 0; i < asks->count; i++)
		if (asks->questions[i].party == party)
			return &asks->questions[i];
	return NULL;
}

void asks_process_gone(struct asks *asks, struct asks_party *party)
{
	const struct asks_question *question;

	while ((question = any_of(asks, party)))
		end(asks, (uint32_t)(question - asks->questions), ASKS_GONE, false);
}

/* ---- time ---- */

uint64_t asks_deadline_ns(const struct asks *asks)
{
	return asks->count ? asks->questions[0].deadline_ns : UINT64_MAX;
}

void asks_tick(struct asks *asks, uint64_t now_ns)
{
	while (asks_deadline_ns(asks) <= now_ns)
		end(asks, 0, ASKS_TIMED_OUT, false);
}

/* ---- for those who show and answer them ---- */

const struct asks_question *asks_next(const struct asks *asks, uint64_t news)
{
	const struct asks_question *next = NULL;

	for (uint32_t i = 0; i < asks->count; i++) {
		const struct asks_question *question = &asks->questions[i];
		if (question->news > news && (!next || question->news < next->news))
			next = question;
	}
	return next;
}

uint64_t asks_last_news(const struct asks *asks)
{
	return asks->last_news;
}

uint64_t asks_changes(const struct asks *asks)
{
	return asks->changes;
}
