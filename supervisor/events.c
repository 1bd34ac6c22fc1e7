#include "supervisor/events.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ipc/log.h"

struct events {
	uint64_t last;
	struct event ring[EVENTS_MAX];
};

int events_new(struct events **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

struct events *events_free(struct events *events)
{
	free(events);
	return NULL;
}

int64_t events_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void log_line(const struct event *event)
{
	char who[64] = "", program[32] = "";

	if (event->process)
		snprintf(who, sizeof(who), "proc=%" PRIu64 " ", event->process);
	if (event->has_program) {
		char hex[HASH_HEX_SIZE];
		snprintf(program, sizeof(program), "program=%.12s ",
			hash_to_hex(&event->program, hex));
	}
	if (event->detail[0])
		log_info(event->name, "%s%sdetail=\"%s\"", who, program, event->detail);
	else
		log_info(event->name, "%s%s", who, program);
}

void events_add(struct events *events, const char *name, uint64_t process,
	const struct hash *program, const char *detail, ...)
{
	struct event *event = &events->ring[events->last++ % EVENTS_MAX];
	va_list args;

	*event = (struct event){ .time_ms = events_now_ms(), .process = process };
	snprintf(event->name, sizeof(event->name), "%s", name);
	va_start(args, detail);
	vsnprintf(event->detail, sizeof(event->detail), detail, args);
	va_end(args);
	if (program) {
		event->program = *program;
		event->has_program = true;
	}
	log_line(event);
}

uint64_t events_first(const struct events *events)
{
	return events->last > EVENTS_MAX ? events->last - EVENTS_MAX : 0;
}

uint64_t events_last(const struct events *events)
{
	return events->last;
}

const struct event *events_get(const struct events *events, uint64_t number)
{
	assert(number >= events_first(events) && number < events->last);
	return &events->ring[number % EVENTS_MAX];
}
