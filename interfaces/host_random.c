#include <string.h>

#include <sys/random.h>

#include "interfaces/host.h"
#include "interfaces/limits.h"
#include "interfaces/random.h"
#include "interfaces/serve.h"

#define RANDOM_BODY_BYTES_MAX 64u

struct host_random {
	const struct host_env *env;
};

static void *random_new(const struct host_env *env)
{
	struct host_random *random = malloc(sizeof(*random));

	if (random)
		random->env = env;
	return random;
}

static uint32_t on_generate(void *self, const struct host_message *message, const void *decoded)
{
	const struct rs_random_generate_request *request = decoded;
	uint8_t bytes[RS_RANDOM_BYTES_MAX], body[RS_RANDOM_ANSWER_BYTES_MAX];
	struct rs_random_generate_answer answer = { .bytes = { bytes, request->bytes } };

	if (request->bytes > sizeof(bytes))
		return RS_TOO_BIG;
	/* Up to 256 bytes come whole. More can be cut short by a signal; and before the
	 * kernel's pool is filled, early at boot, nothing comes: rsd never waits, so the
	 * program does. */
	for (uint32_t had = 0; had < request->bytes;) {
		ssize_t got = getrandom(bytes + had, request->bytes - had, GRND_NONBLOCK);

		if (got < 0 && errno != EINTR)
			return RS_BUSY;
		had += got > 0 ? (uint32_t)got : 0;
	}
	serve_answer(((struct host_random *)self)->env, message, RS_OK, body,
		(uint32_t)rs_random_generate_answer_encode(&answer, body, sizeof(body)));
	explicit_bzero(bytes, sizeof(bytes)); /* they may become somebody's key */
	explicit_bzero(body, sizeof(body));
	return SERVE_TAKEN;
}

static const struct serve_row requests[] = {
	[RS_RANDOM_GENERATE] = { &rs_random_generate_request_layout, on_generate },
};

static void random_message(void *self, const struct host_message *message)
{
	serve_message(requests, ARRAY_LEN(requests), ((struct host_random *)self)->env, self,
		message);
}

/* Every request is answered at once: nothing waits here and nobody is known. */
static void random_cancelled(void *self, uint64_t process, uint64_t id)
{
	(void)self, (void)process, (void)id;
}

static void random_process_gone(void *self, uint64_t process)
{
	(void)self, (void)process;
}

const struct host host_random = {
	.name = "random",
	.interface = rs_interface_random,
	.body_bytes_max = RANDOM_BODY_BYTES_MAX,
	.new = random_new,
	.free = free,
	.message = random_message,
	.cancelled = random_cancelled,
	.process_gone = random_process_gone,
};
