#include <string.h>

#include "interfaces/clients.h"
#include "interfaces/console.h"
#include "interfaces/host.h"
#include "interfaces/limits.h"
#include "interfaces/serve.h"
#include "interfaces/timers.h"

#define CONSOLE_BODY_BYTES_MAX 64u

/*
 * Somebody types to this process. Bytes wait in the buffer, or the process waits for bytes,
 * never both.
 */
struct console {
	struct client client;
	struct timer timer; /* of a WAIT */
	uint64_t reader;    /* id of the request that waits; 0: none */
	uint32_t request;   /* RS_CONSOLE_READ or _WAIT */
	uint32_t reader_bytes;
	bool ended;
	uint32_t first, count; /* what waits, in a circle */
	uint8_t buffer[HOST_CONSOLE_BUFFER_BYTES];
};

struct host_console {
	const struct host_env *env;
	struct clients consoles;
	struct timers timers; /* of those that wait until some moment */
};

static struct console *console_of(struct host_console *host, uint64_t process)
{
	return (struct console *)clients_find(&host->consoles, process);
}

static struct console *console_of_timer(struct timer *timer)
{
	return (struct console *)(void *)((char *)timer - offsetof(struct console, timer));
}

/* --- the buffer --- */

static void buffer_put(struct console *console, const uint8_t *bytes, uint32_t n)
{
	uint32_t end = (console->first + console->count) % HOST_CONSOLE_BUFFER_BYTES;
	uint32_t before_wrap = HOST_CONSOLE_BUFFER_BYTES - end;
	uint32_t part = n < before_wrap ? n : before_wrap;

	memcpy(console->buffer + end, bytes, part);
	memcpy(console->buffer, bytes + part, n - part);
	console->count += n;
}

/* Takes at most max bytes, answers how many. */
static uint32_t buffer_take(struct console *console, uint8_t *out, uint32_t max)
{
	uint32_t n = max < console->count ? max : console->count;
	uint32_t before_wrap = HOST_CONSOLE_BUFFER_BYTES - console->first;
	uint32_t part = n < before_wrap ? n : before_wrap;

	memcpy(out, console->buffer + console->first, part);
	memcpy(out + part, console->buffer, n - part);
	console->first = (console->first + n) % HOST_CONSOLE_BUFFER_BYTES;
	console->count -= n;
	return n;
}

/* --- readers --- */

/* What there is; with nothing: the end. */
static void answer_read(
	struct host_console *host, struct console *console, uint64_t id, uint32_t bytes_max)
{
	const struct host_env *env = host->env;
	uint8_t bytes[RS_CONSOLE_BYTES_MAX], body[RS_CONSOLE_ANSWER_BYTES_MAX];
	uint32_t n = buffer_take(console, bytes,
		bytes_max < sizeof(bytes) ? bytes_max : (uint32_t)sizeof(bytes));
	struct rs_console_read_answer answer = { .bytes = { bytes, n } };

	env->answer(env->context, console->client.process, id, RS_OK, body,
		(uint32_t)rs_console_read_answer_encode(&answer, body, sizeof(body)));
}

static void answer_wait(struct host_console *host, const struct console *console, uint64_t id)
{
	const struct host_env *env = host->env;
	struct rs_console_wait_answer answer = { console->count, console->ended };
	uint8_t body[RS_CONSOLE_WAIT_ANSWER_BYTES_MAX];

	env->answer(env->context, console->client.process, id, RS_OK, body,
		(uint32_t)rs_console_wait_answer_encode(&answer, body, sizeof(body)));
}

/* Answers who waits, 0 for nobody, and lets it go. */
static uint64_t take_reader(struct host_console *host, struct console *console)
{
	uint64_t reader = console->reader;

	if (reader && console->request == RS_CONSOLE_WAIT)
		timers_remove(&host->timers, &console->timer);
	console->reader = 0;
	return reader;
}

/* There is something to tell now. */
static void answer_reader(struct host_console *host, struct console *console)
{
	uint64_t reader = take_reader(host, console);

	if (reader && console->request == RS_CONSOLE_READ)
		answer_read(host, console, reader, console->reader_bytes);
	else if (reader)
		answer_wait(host, console, reader);
}

static bool would_wait(const struct console *console)
{
	return console->count == 0 && !console->ended;
}

static uint32_t on_read(void *self, const struct host_message *message, const void *decoded)
{
	struct console *console = console_of(self, message->process);
	const struct rs_console_read_request *request = decoded;

	if (request->bytes == 0)
		return RS_MALFORMED; /* its answer would look like the end */
	if (!console || message->id == 0)
		return RS_OK;
	if (console->reader)
		return RS_BUSY;
	if (would_wait(console)) {
		console->reader = message->id;
		console->request = RS_CONSOLE_READ;
		console->reader_bytes = request->bytes;
	} else {
		answer_read(self, console, message->id, request->bytes);
	}
	return SERVE_TAKEN;
}

/* Who waits where nobody types is at the end of it. */
static uint32_t answer_at_end(struct host_console *host, const struct host_message *message)
{
	static const struct rs_console_wait_answer at_end = { .ended = true };
	uint8_t body[RS_CONSOLE_WAIT_ANSWER_BYTES_MAX];

	serve_answer(host->env, message, RS_OK, body,
		(uint32_t)rs_console_wait_answer_encode(&at_end, body, sizeof(body)));
	return SERVE_TAKEN;
}

static uint32_t on_wait(void *self, const struct host_message *message, const void *decoded)
{
	struct host_console *host = self;
	struct console *console = console_of(self, message->process);
	const struct rs_console_wait_request *request = decoded;
	uint64_t until_ns = request->has_until_ns ? request->until_ns : UINT64_MAX;

	if (!console || message->id == 0)
		return answer_at_end(host, message);
	if (console->reader)
		return RS_BUSY;
	if (!would_wait(console)) {
		answer_wait(host, console, message->id);
		return SERVE_TAKEN;
	}
	if (until_ns <= host->env->monotonic_ns(host->env->context))
		return RS_TIMED_OUT;
	if (timers_add(&host->timers, &console->timer, until_ns))
		return RS_LIMIT;
	console->reader = message->id;
	console->request = RS_CONSOLE_WAIT;
	return SERVE_TAKEN;
}

static const struct serve_row requests[] = {
	[RS_CONSOLE_READ] = { &rs_console_read_request_layout, on_read },
	[RS_CONSOLE_WAIT] = { &rs_console_wait_request_layout, on_wait },
};

/* --- what the supervisor tells --- */

int host_console_attach(void *self, uint64_t process)
{
	struct host_console *host = self;

	if (console_of(host, process))
		return 0;
	struct console *console = malloc(sizeof(*console));
	if (!console)
		return -ENOMEM;
	/* The buffer is left as it came: pages that nobody types into are never touched. */
	memset(console, 0, offsetof(struct console, buffer));
	console->client.process = process;
	clients_add(&host->consoles, &console->client);
	return 0;
}

int host_console_input(void *self, uint64_t process, const void *bytes, uint32_t n)
{
	struct console *console = console_of(self, process);

	if (!console || console->ended || n == 0)
		return 0; /* nobody is going to read it */
	if (n > HOST_CONSOLE_BUFFER_BYTES - console->count)
		return HOST_CONSOLE_FULL;
	buffer_put(console, bytes, n);
	answer_reader(self, console);
	return 0;
}

void host_console_end(void *self, uint64_t process)
{
	struct console *console = console_of(self, process);

	if (!console)
		return;
	console->ended = true;
	answer_reader(self, console);
}

uint32_t host_console_room(void *self, uint64_t process)
{
	const struct console *console = console_of(self, process);

	return console && !console->ended ? HOST_CONSOLE_BUFFER_BYTES - console->count : 0;
}

/* --- the host --- */

static void *console_new(const struct host_env *env)
{
	struct host_console *host = calloc(1, sizeof(*host));

	if (host)
		host->env = env;
	return host;
}

static void console_free(void *self)
{
	struct host_console *host = self;

	for (void *console; (console = clients_take_any(&host->consoles));)
		free(console);
	timers_deinit(&host->timers);
	free(host);
}

static void console_message(void *self, const struct host_message *message)
{
	serve_message(requests, ARRAY_LEN(requests), ((struct host_console *)self)->env, self,
		message);
}

static void console_cancelled(void *self, uint64_t process, uint64_t id)
{
	struct console *console = console_of(self, process);

	if (console && console->reader == id)
		take_reader(self, console);
}

static void console_process_gone(void *self, uint64_t process)
{
	struct host_console *host = self;
	struct console *console = (struct console *)clients_take(&host->consoles, process);

	if (console)
		take_reader(host, console);
	free(console);
}

static uint64_t console_deadline_ns(void *self)
{
	return timers_due_ns(&((struct host_console *)self)->timers);
}

/* At most one timer for each process: all that are due. */
static void console_tick(void *self, uint64_t now_ns)
{
	struct host_console *host = self;
	const struct host_env *env = host->env;

	while (timers_due_ns(&host->timers) <= now_ns && now_ns != UINT64_MAX) {
		struct console *console = console_of_timer(timers_first(&host->timers));
		uint64_t reader = take_reader(host, console);

		env->answer(
			env->context, console->client.process, reader, RS_TIMED_OUT, NULL, 0);
	}
}

const struct host host_console = {
	.name = "console",
	.interface = rs_interface_console,
	.body_bytes_max = CONSOLE_BODY_BYTES_MAX,
	.new = console_new,
	.free = console_free,
	.message = console_message,
	.cancelled = console_cancelled,
	.process_gone = console_process_gone,
	.deadline_ns = console_deadline_ns,
	.tick = console_tick,
};
