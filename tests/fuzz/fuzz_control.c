/*
 * fuzz_control.c: the input is what a client of the control socket sends: packets of any bytes,
 * and requests that are made of the ops' own tables, so that more of them get past the first
 * check. Behind them is a whole rsd but for two things, which have stand-ins here: the
 * connection (packets come from the input, answers are looked at) and the helper thread (its
 * jobs are run between packets).
 *
 * Whatever comes, every packet that goes back is JSON or data, and nothing follows the final
 * answer. rsd is made anew after so many inputs, since much of what may be asked stays.
 */
#include <assert.h>

#include "tests/supervisor/control_fixture.h"
#include "tests/supervisor/made_manifest.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS_MAX       64
#define LAUNCHER_SOCKET 3 /* of the launcher */
#define TURNS           4
#define INPUTS_OF_ONE   5000u /* that one rsd gets */

struct input {
	const uint8_t *data;
	size_t bytes;
};

static uint64_t take(struct input *input, size_t bytes)
{
	uint64_t value = 0;
	size_t n = bytes < input->bytes ? bytes : input->bytes;

	memcpy(&value, input->data, n);
	input->data += n;
	input->bytes -= n;
	return value;
}

static const uint8_t *take_bytes(struct input *input, size_t *count)
{
	const uint8_t *at = input->data;

	*count = *count < input->bytes ? *count : input->bytes;
	input->data += *count;
	input->bytes -= *count;
	return at;
}

/* --- the connection --- */

struct connection {
	struct connection_events events;
	bool ended, paused, finals;
	uint64_t in, out;
};

int connection_new(struct loop *loop, int fd, const struct connection_events *events,
	struct connection **out)
{
	struct connection *c = calloc(1, sizeof(*c));

	(void)loop, (void)fd;
	assert(c);
	c->events = *events;
	*out = c;
	return 0;
}

struct connection *connection_free(struct connection *c)
{
	free(c);
	return NULL;
}

static void check_json(struct connection *c, const void *bytes, size_t n)
{
	json_error_t error;
	json_t *message = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, &error);

	assert(json_is_object(message));
	assert(!c->finals);
	c->finals = json_object_get(message, "ok") || json_object_get(message, "error");
	json_decref(message);
}

void connection_send(struct connection *c, uint8_t type, const void *head, uint32_t n,
	const void *body, uint32_t m)
{
	(void)body;
	assert(!c->ended && n <= CONTROL_PAYLOAD_MAX && m <= CONTROL_PAYLOAD_MAX - n);
	c->out++;
	if (type == CONTROL_JSON && m == 0)
		check_json(c, head, n);
	else
		assert(type == CONTROL_DATA);
}

int connection_send_fds(struct connection *c, uint8_t type, const void *bytes, uint32_t n,
	const int *fds, size_t n_fds)
{
	(void)fds, (void)n_fds;
	connection_send(c, type, bytes, n, NULL, 0);
	return 0;
}

int connection_pidfd(const struct connection *c, pid_t pid, int *pidfd)
{
	(void)c, (void)pid, (void)pidfd;
	return -ESRCH;
}

void connection_end(struct connection *c)
{
	c->ended = true;
}

void connection_pause(struct connection *c, bool pause)
{
	c->paused = pause;
}

bool connection_closed(const struct connection *c)
{
	return c->ended;
}

size_t connection_queued(const struct connection *c)
{
	(void)c;
	return 0;
}

uint64_t connection_moved_in(const struct connection *c)
{
	return c->in;
}

uint64_t connection_moved_out(const struct connection *c)
{
	return c->out;
}

/* --- the helper --- */

struct offload {
	struct offload_job *first, **last;
};

int offload_new(struct loop *loop, struct offload **out)
{
	(void)loop;
	*out = calloc(1, sizeof(**out));
	assert(*out);
	(*out)->last = &(*out)->first;
	return 0;
}

static void run_jobs(struct offload *offload)
{
	struct offload_job *job;

	while ((job = offload->first)) {
		offload->first = job->next;
		if (!offload->first)
			offload->last = &offload->first;
		job->run(job);
		job->done(job);
	}
}

struct offload *offload_free(struct offload *offload)
{
	run_jobs(offload);
	free(offload);
	return NULL;
}

int offload_push(struct offload *offload, struct offload_job *job)
{
	job->next = NULL;
	*offload->last = job;
	offload->last = &job->next;
	return 0;
}

/* Nothing here is to outlive a fall of the machine. */
int fsync(int fd)
{
	(void)fd;
	return 0;
}

int fdatasync(int fd)
{
	return fsync(fd);
}

/* --- one client --- */

static struct session *session;
static uint32_t followers;

static void enter_client(void)
{
	const struct ucred peer = { .pid = getpid(), .uid = geteuid() };

	assert(session_new(&parts, control_ops, &followers, -1, &peer, &session) == 0);
}

static void turn_once(void)
{
	run_jobs(parts.offload);
	session_step(session);
	assert(loop_wait(parts.loop, 0) == 0);
	loop_dispatch(parts.loop);
	(void)workers_pump(parts.workers);
}

static void give(uint8_t type, const void *bytes, size_t n)
{
	struct connection *c = session->connection;
	uint8_t *exactly = malloc(n + !n); /* one byte more is seen */

	memcpy(exactly, bytes, n);
	c->in++;
	for (int i = 0; i < TURNS && c->paused; i++)
		turn_once();
	if (!c->ended && !c->paused)
		c->events.packet(c->events.context, type, exactly, (uint32_t)n);
	free(exactly);
}

/* --- what it says --- */

static void any_packet(struct input *input)
{
	static const uint8_t types[] = { CONTROL_JSON, CONTROL_DATA, 'Q' };
	uint8_t type = types[take(input, 1) % ARRAY_LEN(types)];
	size_t n = take(input, 1) * (type == CONTROL_DATA ? 16 : 1);
	const uint8_t *bytes = take_bytes(input, &n);

	give(type, bytes, n);
}

/* Words that mean something somewhere. */
static const char *const words[] = { "allow", "deny", "ask", "use", "register", "log", "time",
	"interface", "all", "1", "0", "a=b", "stop", "once", "always", "00", "beef" };

/* The one that is there from the beginning. */
static const uint8_t program[] = { 0, 'a', 's', 'm', 1, 0, 0, 0 };

static json_t *program_prefix(size_t digits)
{
	const struct hash hash = hash_sha256(program, sizeof(program));
	char hex[HASH_HEX_SIZE];

	return json_stringn(hash_to_hex(&hash, hex), digits % HASH_HEX_SIZE);
}

static json_t *any_text(struct input *input)
{
	uint64_t which = take(input, 1);
	size_t n = take(input, 1);
	struct hash hash;
	char hex[HASH_HEX_SIZE];

	if (which < ARRAY_LEN(words))
		return json_string(words[which]);
	if (which < 64)
		return program_prefix(n);
	if (which % 2) { /* a name of 64 digits, or the beginning of one */
		memset(&hash, (int)which, sizeof(hash));
		return json_stringn(hash_to_hex(&hash, hex), n % HASH_HEX_SIZE);
	}
	const uint8_t *bytes = take_bytes(input, &n);
	json_t *text = json_stringn((const char *)bytes, n);
	return text ? text : json_string("no UTF-8");
}

static json_t *any_number(struct input *input)
{
	uint64_t bytes = take(input, 1) % 9;

	return json_integer((json_int_t)take(input, bytes));
}

static json_t *any_texts(struct input *input)
{
	json_t *list = json_array();

	for (uint64_t n = take(input, 1) % 8; n > 0; n--)
		json_array_append_new(list, any_text(input));
	return list;
}

/* What is named so is mostly there. */
static bool names_program(const struct field *field)
{
	return strcmp(field->name, "program") == 0 || strcmp(field->name, "target") == 0;
}

static json_t *any_value(struct input *input, enum field_type type)
{
	switch (type) {
	case FIELD_TEXTS:
		return any_texts(input);
	case FIELD_NUMBER:
		return any_number(input);
	case FIELD_BOOL:
		return json_boolean(take(input, 1) % 2);
	case FIELD_TARGET:
		return take(input, 1) % 2 ? any_text(input) : any_number(input);
	default:
		return any_text(input);
	}
}

/* A request that its op's table would let pass, mostly. */
static void made_request(struct input *input)
{
	size_t count = 0;

	while (control_ops[count])
		count++;
	const struct session_op *op = control_ops[take(input, 1) % count];
	json_t *request = json_pack("{s:s}", "op", op->name);
	for (const struct field *field = op->fields; field->name; field++) {
		uint64_t how = take(input, 1);
		enum field_type type =
			how % 16 == 15 ? (enum field_type)(how / 16) % 5 : field->type;
		if (field->needed ? how != 255 : how % 2)
			json_object_set_new(request, field->name,
				how >= 64 && names_program(field) ? program_prefix(how)
								  : any_value(input, type));
	}
	CLEANUP(freep) char *text = json_dumps(request, JSON_COMPACT);
	give(CONTROL_JSON, text, strlen(text));
	json_decref(request);
}

/* An upload with all its bytes, and maybe more; some have a manifest. */
static void whole_program(struct input *input)
{
	static struct made module, records;
	size_t n = take(input, 1);
	const uint8_t *bytes = take_bytes(input, &n);
	char request[64];

	records.count = 0;
	made_module(&module);
	made_bytes(&records, bytes, n);
	made_manifest(&module, &records);
	snprintf(request, sizeof(request), "{\"op\":\"add\",\"bytes\":%zu}",
		module.count - take(input, 1) % 4);
	give(CONTROL_JSON, request, strlen(request));
	give(CONTROL_DATA, module.bytes, module.count);
}

static void another_client(struct input *input)
{
	(void)input;
	session_free(session);
	enter_client();
}

static void a_turn(struct input *input)
{
	(void)input;
	turn_once();
}

static void (*const steps[])(struct input *) = {
	any_packet,
	made_request,
	whole_program,
	a_turn,
	another_client,
};

/* --- one rsd --- */

static void end_rsd(void)
{
	char command[128];

	close_parts();
	snprintf(command, sizeof(command), "rm -rf %s", home);
	assert(system(command) == 0);
}

static void add_program(void)
{
	const struct store_entry entry = { .name = hash_sha256(program, sizeof(program)) };
	struct store_put *put;
	struct hash name;
	bool known;

	assert(store_put_new(parts.store, MIB, &put) == 0);
	assert(store_put_write(put, program, sizeof(program)) == 0);
	assert(store_put_commit(put, NULL, &name) == 0);
	store_put_free(put);
	assert(programs_add(parts.programs, &entry, NULL, &known) == 0);
}

static void begin_rsd(void)
{
	static bool before;

	setenv("REDSHIRT_LOG", "error", 1);
	log_open("fuzz_control");
	if (!before)
		atexit(end_rsd);
	else
		end_rsd();
	before = true;
	strcpy(home, "/tmp/fuzz_control.XXXXXX");
	assert(mkdtemp(home));
	compiler_script = "#!/bin/sh\nexec sleep 1000\n"; /* it thinks about it */
	write_compiler();
	open_parts();
	add_program();
}

/* rsd's launcher is this program too: one that starts nothing, and ends with rsd. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char byte;

	(void)argc;
	if (strcmp((*argv)[0], "/proc/self/exe") != 0) {
		fake_launcher = true;
		return 0;
	}
	while (read(LAUNCHER_SOCKET, &byte, 1) > 0)
		;
	_exit(0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint32_t inputs;
	struct input input = { data, size };

	if (inputs++ % INPUTS_OF_ONE == 0)
		begin_rsd();
	enter_client();
	for (int i = 0; i < STEPS_MAX && input.bytes; i++)
		steps[take(&input, 1) % ARRAY_LEN(steps)](&input);
	for (int i = 0; i < TURNS; i++)
		turn_once();
	session_free(session);
	run_jobs(parts.offload);
	return 0;
}
