#include <string.h>

#include "interfaces/clients.h"
#include "interfaces/host.h"
#include "interfaces/request.h"

#define CONSOLE_BODY_BYTES_MAX 64u

/* Somebody types to this process. Bytes wait in the buffer, or the process waits for bytes,
 * never both. */
struct console {
	struct client client;
	bool ended;
	uint64_t reader; /* id of the read that waits; 0: none */
	uint32_t reader_bytes;
	uint32_t first, count; /* what waits, in a circle */
	uint8_t buffer[HOST_CONSOLE_BUFFER_BYTES];
};

struct host_console {
	const struct host_env *env;
	struct clients consoles;
};

static struct console *console_of(struct host_console *host, uint64_t process)
{
	return (struct console *)clients_find(&host->consoles, process);
}

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

/* Answers a read with what there is; with nothing: the end. */
static void answer_read(
	struct host_console *host, struct console *console, uint64_t id, uint32_t bytes_max)
{
	const struct host_env *env = host->env;
	uint8_t bytes[RS_CONSOLE_BYTES_MAX];
	uint32_t n = buffer_take(console, bytes,
		bytes_max < sizeof(bytes) ? bytes_max : (uint32_t)sizeof(bytes));

	env->answer(env->context, console->client.process, id, RS_OK, bytes, n);
}

static void answer_reader(struct host_console *host, struct console *console)
{
	uint64_t reader = console->reader;

	if (!reader)
		return;
	console->reader = 0; /* first: the answer may lead back here */
	answer_read(host, console, reader, console->reader_bytes);
}

static uint32_t serve_read(void *self, const struct host_message *message)
{
	struct console *console = console_of(self, message->process);
	struct rs_console_read request;

	memcpy(&request, message->body, sizeof(request));
	if (request.bytes == 0)
		return RS_MALFORMED; /* its answer would look like the end */
	if (!console || message->id == 0)
		return RS_OK;
	if (console->reader)
		return RS_BUSY;
	if (console->count || console->ended) {
		answer_read(self, console, message->id, request.bytes);
	} else {
		console->reader = message->id;
		console->reader_bytes = request.bytes;
	}
	return REQUEST_TAKEN;
}

static const struct request requests[] = {
	[RS_CONSOLE_READ] = { sizeof(struct rs_console_read), sizeof(struct rs_console_read),
		serve_read },
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
	free(host);
}

static void console_message(void *self, const struct host_message *message)
{
	request_serve(requests, ARRAY_LEN(requests), ((struct host_console *)self)->env, self,
		message);
}

static void console_cancelled(void *self, uint64_t process, uint64_t id)
{
	struct console *console = console_of(self, process);

	if (console && console->reader == id)
		console->reader = 0;
}

static void console_process_gone(void *self, uint64_t process)
{
	free(clients_take(&((struct host_console *)self)->consoles, process));
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
};
