#include "supervisor/workers/meter.h"

/* Credit grows by one for each nanosecond and message a second, so nothing is ever rounded. */
#define MESSAGE   1000000000u /* what one costs */
#define SECOND_NS 1000000000u
_Static_assert((uint64_t)UINT32_MAX <= UINT64_MAX / 2 / SECOND_NS,
	"what is full and grows for another second fits");

static uint64_t full(const struct meter *meter)
{
	return (uint64_t)meter->limits.messages_a_second * MESSAGE;
}

void meter_set(struct meter *meter, const struct broker_limits *limits, uint64_t now_ns)
{
	bool other_rate = limits->messages_a_second != meter->limits.messages_a_second;

	meter->limits = *limits;
	if (!other_rate)
		return;
	meter->credit = full(meter);
	meter->since_ns = now_ns;
}

static void fill(struct meter *meter, uint64_t now_ns)
{
	if (now_ns <= meter->since_ns)
		return;
	uint64_t ns = now_ns - meter->since_ns;
	meter->since_ns = now_ns;
	meter->credit += (ns < SECOND_NS ? ns : SECOND_NS) * meter->limits.messages_a_second;
	if (meter->credit > full(meter))
		meter->credit = full(meter);
}

uint32_t meter_check(
	struct meter *meter, uint32_t body_bytes, bool needs_answer, uint64_t now_ns)
{
	const struct broker_limits *limits = &meter->limits;

	if (limits->body_bytes_max && body_bytes > limits->body_bytes_max)
		return RS_TOO_BIG;
	if (needs_answer && limits->outstanding_max &&
		meter->outstanding >= limits->outstanding_max)
		return RS_LIMIT;
	if (!meter_timed(meter))
		return RS_OK;
	fill(meter, now_ns);
	return meter->credit < MESSAGE ? RS_LIMIT : RS_OK;
}

void meter_take(struct meter *meter, bool needs_answer)
{
	if (meter_timed(meter))
		meter->credit -= meter->credit < MESSAGE ? meter->credit : MESSAGE;
	if (needs_answer && meter->limits.outstanding_max)
		meter->outstanding++;
}

void meter_answered(struct meter *meter)
{
	if (meter->outstanding)
		meter->outstanding--;
}
