#include "supervisor/workers/host_program.h"

#include <string.h>

#include "interfaces/program.h"
#include "interfaces/serve.h"
#include "runtime/start.h"

#define PROGRAM_BODY_BYTES_MAX   (16 * 1024u)
#define PROGRAM_ANSWER_BYTES_MAX 1024u /* sixteen instances, or why it trapped */
#define NAME_DIGITS              12    /* of the hash: a child's own name */
#define NS_PER_MS                1000000u
#define NS_PER_S                 1000000000u

struct host_program {
	const struct host_env *env;
	struct children *children;
};

/* ---- Start: what is asked for ---- */

/* What a request points at while it is carried out. */
struct start {
	struct children_request request;
	char *strings;
	struct children_grant grants[CHILDREN_GRANTS_MAX];
	struct hash private_interfaces[CHILDREN_PRIVATE_MAX];
};

static void start_deinit(struct start *start)
{
	free(start->strings);
}

static bool read_hash(const struct rs_bytes *bytes, struct hash *out)
{
	if (bytes->bytes != HASH_BYTES)
		return false;
	memcpy(out->bytes, bytes->at, HASH_BYTES);
	return true;
}

static bool add_bytes(struct start *start, const char *text, uint32_t bytes)
{
	struct children_request *request = &start->request;

	if (bytes > START_STRINGS_BYTES_MAX - request->strings_bytes)
		return false;
	memcpy(start->strings + request->strings_bytes, text, bytes);
	request->strings_bytes += bytes;
	return true;
}

/* A zero closes a string, so there is none in it. */
static bool add_text(struct start *start, const struct rs_text *text)
{
	return text->bytes == 0 ||
	       (!memchr(text->at, 0, text->bytes) && add_bytes(start, text->at, text->bytes));
}

static bool end_string(struct start *start, uint32_t *count)
{
	++*count;
	return start->request.arguments + start->request.variables <= START_STRINGS_MAX &&
	       add_bytes(start, "", 1);
}

static bool read_arguments(struct start *start, const struct rs_program_start_request *in)
{
	struct children_request *request = &start->request;
	char name[HASH_HEX_SIZE];
	struct rs_walk walk;
	struct rs_text text;

	hash_to_hex(&request->program, name);
	if (!add_bytes(start, name, NAME_DIGITS) || !end_string(start, &request->arguments))
		return false;
	rs_walk_begin(&walk, &in->arguments);
	while (rs_program_start_request_arguments_next(&walk, &text))
		if (!add_text(start, &text) || !end_string(start, &request->arguments))
			return false;
	return true;
}

static bool read_environment(struct start *start, const struct rs_program_start_request *in)
{
	struct rs_program_variable variable;
	struct rs_walk walk;

	rs_walk_begin(&walk, &in->environment);
	while (rs_program_start_request_environment_next(&walk, &variable)) {
		const struct rs_text *name = &variable.name;
		if (name->bytes == 0 || memchr(name->at, '=', name->bytes) ||
			!add_text(start, name) || !add_bytes(start, "=", 1) ||
			!add_text(start, &variable.value) ||
			!end_string(start, &start->request.variables))
			return false;
	}
	return true;
}

static bool read_limits(struct limits *limits, const struct rs_program_start_request *in)
{
	const struct rs_program_limits *l = &in->limits;
	uint64_t cpu_s = l->cpu_ns / NS_PER_S + (l->cpu_ns % NS_PER_S != 0);

	limits->children = 0;
	limits->children_depth = LIMITS_CHILDREN_DEPTH_MAX; /* the parent's bounds it */
	return (!l->has_memory_bytes || limits_memory(limits, l->memory_bytes) == 0) &&
	       (!l->has_cpu_ns || limits_cpu(limits, cpu_s) == 0) &&
	       (!l->has_children || limits_children(limits, l->children) == 0) &&
	       (!l->has_outstanding || limits_outstanding(limits, l->outstanding) == 0) &&
	       limits_children_memory(limits, l->has_children_memory_bytes
						      ? l->children_memory_bytes
						      : limits->memory_bytes) == 0;
}

static bool read_grants(struct start *start, const struct rs_program_start_request *in)
{
	struct rs_program_grant grant;
	struct rs_walk walk;

	rs_walk_begin(&walk, &in->grants);
	while (rs_program_start_request_grants_next(&walk, &grant)) {
		struct children_grant *to = &start->grants[start->request.grants_count];
		if (start->request.grants_count == CHILDREN_GRANTS_MAX ||
			!read_hash(&grant.interface, &to->interface))
			return false;
		to->use = grant.use;
		to->handle = grant.register_;
		start->request.grants_count++;
	}
	start->request.grants = start->grants;
	return true;
}

static bool read_private(struct start *start, const struct rs_program_start_request *in)
{
	struct rs_bytes name;
	struct rs_walk walk;

	rs_walk_begin(&walk, &in->private_interfaces);
	while (rs_program_start_request_private_interfaces_next(&walk, &name)) {
		uint32_t *count = &start->request.private_count;
		if (*count == CHILDREN_PRIVATE_MAX ||
			!read_hash(&name, &start->private_interfaces[*count]))
			return false;
		++*count;
	}
	start->request.private_interfaces = start->private_interfaces;
	return true;
}

static bool read_start(struct start *start, const struct rs_program_start_request *in)
{
	start->strings = malloc(START_STRINGS_BYTES_MAX);
	start->request.strings = start->strings;
	return start->strings && read_hash(&in->program, &start->request.program) &&
	       read_limits(&start->request.limits, in) && read_arguments(start, in) &&
	       read_environment(start, in) && read_grants(start, in) && read_private(start, in);
}

/* ---- the requests ---- */

static uint32_t on_start(void *self, const struct host_message *message, const void *request)
{
	const struct host_program *host = self;
	const struct limits *own = children_limits(host->children, message->process);
	CLEANUP(start_deinit) struct start start = { 0 };

	if (!own)
		return RS_UNSUPPORTED; /* it is about to be gone */
	start.request.limits = *own;
	if (!read_start(&start, request))
		return RS_BAD_ARGUMENT;
	children_start(host->children, message->process, message->id, &start.request);
	return SERVE_TAKEN;
}

static uint32_t on_wait(void *self, const struct host_message *message, const void *decoded)
{
	const struct host_program *host = self;
	const struct rs_program_wait_request *request = decoded;

	children_wait(host->children, message->process, message->id, request->child);
	return SERVE_TAKEN;
}

static uint32_t on_stop(void *self, const struct host_message *message, const void *decoded)
{
	const struct host_program *host = self;
	const struct rs_program_stop_request *request = decoded;
	uint64_t ms = request->timeout_ns / NS_PER_MS + (request->timeout_ns % NS_PER_MS != 0);

	children_stop(host->children, message->process, message->id, request->child,
		ms < PROCESSES_STOP_MAX ? ms : PROCESSES_STOP_MAX);
	return SERVE_TAKEN;
}

static const struct serve_row requests[] = {
	[RS_PROGRAM_START] = { &rs_program_start_request_layout, on_start },
	[RS_PROGRAM_WAIT] = { &rs_program_wait_request_layout, on_wait },
	[RS_PROGRAM_STOP] = { &rs_program_stop_request_layout, on_stop },
};

/* ---- the answers ---- */

static void started(void *context, uint64_t parent, uint64_t id, uint32_t status,
	uint64_t child, const struct hash *instances, uint32_t count)
{
	const struct host_env *env = ((struct host_program *)context)->env;
	struct rs_program_start_answer answer = { .child = child };
	struct rs_bytes names[CHILDREN_PRIVATE_MAX];
	uint8_t body[PROGRAM_ANSWER_BYTES_MAX];

	for (uint32_t i = 0; i < count; i++)
		names[i] = (struct rs_bytes){ instances[i].bytes, HASH_BYTES };
	rs_program_start_answer_set_instances(&answer, names, count);
	int64_t bytes = rs_program_start_answer_encode(&answer, body, sizeof(body));
	env->answer(env->context, parent, id, status, body,
		status == RS_OK && bytes > 0 ? (uint32_t)bytes : 0);
}

/* As a shell sees it, but for what only we know. */
static struct rs_program_wait_answer answer_of(const struct ending *ending)
{
	struct rs_program_wait_answer answer = { .which_end = RS_PROGRAM_WAIT_ANSWER_STATUS };

	if (ending->cause == ENDING_TRAP) {
		answer.which_end = RS_PROGRAM_WAIT_ANSWER_TRAP;
		answer.end.trap =
			(struct rs_text){ ending->detail, (uint32_t)strlen(ending->detail) };
	} else if (ending->cause != ENDING_EXITED && ending->status > 128) {
		answer.which_end = RS_PROGRAM_WAIT_ANSWER_SIGNAL;
		answer.end.signal = (uint32_t)ending->status - 128;
	} else {
		answer.end.status = (uint32_t)ending->status;
	}
	return answer;
}

static void ended(void *context, uint64_t parent, uint64_t id, uint32_t status,
	const struct ending *ending)
{
	const struct host_env *env = ((struct host_program *)context)->env;
	uint8_t body[PROGRAM_ANSWER_BYTES_MAX];
	int64_t bytes = 0;

	if (ending) {
		struct rs_program_wait_answer answer = answer_of(ending);
		bytes = rs_program_wait_answer_encode(&answer, body, sizeof(body));
	}
	env->answer(env->context, parent, id, status, body, bytes > 0 ? (uint32_t)bytes : 0);
}

/* ---- the host ---- */

static void program_free(void *self)
{
	struct host_program *host = self;

	children_free(host->children);
	free(host);
}

static void *program_new(const struct host_env *env)
{
	struct host_program *host = calloc(1, sizeof(*host));
	const struct children_answers answers = { host, started, ended };

	if (!host)
		return NULL;
	host->env = env;
	if (children_new(&answers, &host->children)) {
		free(host);
		return NULL;
	}
	return host;
}

void host_program_begin(void *self, const struct children_parts *parts)
{
	children_begin(((struct host_program *)self)->children, parts);
}

void host_program_end(void *self)
{
	children_end(((struct host_program *)self)->children);
}

static void program_message(void *self, const struct host_message *message)
{
	serve_message(requests, ARRAY_LEN(requests), ((struct host_program *)self)->env, self,
		message);
}

static void program_cancelled(void *self, uint64_t process, uint64_t id)
{
	children_cancelled(((struct host_program *)self)->children, process, id);
}

static void program_process_gone(void *self, uint64_t process)
{
	children_parent_gone(((struct host_program *)self)->children, process);
}

static uint64_t program_deadline_ns(void *self)
{
	return children_due(((struct host_program *)self)->children) ? 0 : UINT64_MAX;
}

static void program_tick(void *self, uint64_t now_ns)
{
	(void)now_ns;
	children_tick(((struct host_program *)self)->children);
}

const struct host host_program = {
	.name = "program",
	.interface = rs_interface_program,
	.body_bytes_max = PROGRAM_BODY_BYTES_MAX,
	.new = program_new,
	.free = program_free,
	.message = program_message,
	.cancelled = program_cancelled,
	.process_gone = program_process_gone,
	.deadline_ns = program_deadline_ns,
	.tick = program_tick,
};
