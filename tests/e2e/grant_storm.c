#include "tests/e2e/grant_storm.h"

#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "runtime/client/rs_client.h"
#include "supervisor/processes/native.h"
#include "supervisor/rsctl/client.h"
#include "tests/e2e/run.h"
#include "tests/guests/grant_storm.h"

#define WINDOWS_MAX  16384u
#define CLIENTS_MAX  1024u      /* by the numbers of their processes */
#define MESSAGES_MAX (1u << 20) /* of one client that are remembered */
#define PAUSE_MAX_US 20000u
#define REPLY_MS     60000
#define NEVER_NS     UINT64_MAX
#define PROGRAMS     2u /* that may handle it */

/* When the client's program might not: shared with the book. */
static struct windows {
	_Atomic uint32_t count;
	struct window {
		uint64_t from_ns;
		_Atomic uint64_t to_ns;
	} all[WINDOWS_MAX];
} * windows;

static uint64_t seed, dice, instances;
static char client_program[65], sure_program[65], handlers[PROGRAMS][65];

enum word {
	NOTHING,
	YES,
	NO
};
/* What the user has said so far of the client's program, and of its process alone. */
static struct said {
	enum word always, once;
} said;
static uint64_t client, sure;
static uint32_t bound;
static pid_t book;

static uint32_t pick(uint32_t n)
{
	dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17; /* Marsaglia, "Xorshift" */
	return (uint32_t)(dice >> 32) % n;
}

static uint64_t number(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);

	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- rsd: one question each, without a process for it ---- */

/* Until the test ends; the caller's reference is taken. */
static json_t *keep(json_t *reply)
{
	static json_t *kept;

	if (!kept)
		kept = json_array();
	ck_assert_int_eq(json_array_append_new(kept, reply), 0);
	return reply;
}

/* The last row, or the final reply; NULL: rsd refuses. */
static json_t *try(json_t *request)
{
	struct client control = CLIENT_NONE;
	struct reply reply = { .kind = REPLY_PROGRESS };
	json_t *found = NULL;
	char path[256];

	snprintf(path, sizeof(path), "%s/run/" CONTROL_SOCKET_NAME, run_here());
	ck_assert_int_eq(client_open(path, &control), 0);
	ck_assert_int_eq(client_send(&control, request), 0);
	while (reply.kind != REPLY_DONE && reply.kind != REPLY_ERROR) {
		ck_assert_int_eq(client_receive(&control, REPLY_MS, &reply), 0);
		if (reply.kind != REPLY_ROW && (reply.kind != REPLY_DONE || found))
			continue;
		json_decref(found);
		found = json_incref(reply.json);
	}
	client_close(&control);
	if (reply.kind == REPLY_DONE)
		return keep(found);
	json_decref(found);
	return NULL;
}

static json_t *ask(json_t *request)
{
	CLEANUP(freep) char *text = json_dumps(request, JSON_COMPACT);
	json_t *reply = try(request);

	ck_assert_msg(reply != NULL, "STORM_SEED=%" PRIu64 ": rsd refuses %s", seed, text);
	return reply;
}

/* ---- the book ---- */

/* It is forbidden now, and was when the message began. What began then and comes once it is
 * allowed again was kept for a person's answer, or sent a moment later than it says. */
static bool is_forbidden(uint64_t began_ns)
{
	uint32_t count = atomic_load(&windows->count);
	const struct window *last = count ? &windows->all[count - 1] : NULL;

	return last && began_ns > last->from_ns && atomic_load(&last->to_ns) == NEVER_NS;
}

/* False: it was there before. */
static bool is_new(const struct grant_storm_message *message)
{
	static uint8_t(*seen)[MESSAGES_MAX / 8];
	uint8_t bit = (uint8_t)(1u << message->number % 8);

	if (!seen)
		seen = mmap(NULL, (size_t)CLIENTS_MAX * sizeof(*seen), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (message->process >= CLIENTS_MAX || message->number >= MESSAGES_MAX)
		return true;
	uint8_t *byte = &seen[message->process][message->number / 8];
	bool was = *byte & bit;
	*byte |= bit;
	return !was;
}

static struct {
	struct rs_delivery head;
	struct grant_storm_message body;
} in;

/* What the sure client sends is never forbidden. */
static int keep_book(uint64_t sure_process)
{
	static const uint8_t name[32] = GRANT_STORM_BOOK;
	size_t bytes;
	int r;

	if (rs_client_join(NULL, "book", NULL) || rs_client_register(name, 0))
		return GRANT_STORM_CALL;
	while ((r = rs_client_next_message(NULL, 0, &in, sizeof(in), -1, &bytes)) == 0) {
		if (in.head.kind != RS_MESSAGE)
			continue;
		if (in.body.process != sure_process && is_forbidden(in.body.begun_ns))
			return GRANT_STORM_FORBIDDEN;
		if (!is_new(&in.body))
			return GRANT_STORM_TWICE;
		if (rs_client_answer(&in.head, RS_OK, "", 0) == -EPIPE)
			return 0;
	}
	return r == -EPIPE ? 0 : GRANT_STORM_CALL;
}

static void open_book(void)
{
	book = fork();
	ck_assert_int_ge(book, 0);
	if (book == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(keep_book(sure));
	}
}

static void book_is_in_order(void)
{
	int status;

	if (waitpid(book, &status, WNOHANG) == book)
		ck_abort_msg("STORM_SEED=%" PRIu64 ": the book ended with %d", seed,
			WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
}

/* ---- what is allowed, and since when ---- */

static bool is_allowed(const struct said *s)
{
	return s->always != NO && s->once != NO && (s->once == YES || s->always == YES);
}

static struct window *open_window(void)
{
	uint32_t count = atomic_load(&windows->count);
	struct window *last = count ? &windows->all[count - 1] : NULL;

	return last && atomic_load(&last->to_ns) == NEVER_NS ? last : NULL;
}

/* Before anybody is told of it. */
static void may_become(const struct said *next)
{
	struct window *window = open_window();

	if (window && is_allowed(next))
		atomic_store(&window->to_ns, now_ns());
}

/* After everybody was. */
static void became(const struct said *next)
{
	uint32_t count = atomic_load(&windows->count);

	said = *next;
	if (is_allowed(&said) || open_window() || count == WINDOWS_MAX)
		return;
	windows->all[count].from_ns = now_ns();
	atomic_store(&windows->all[count].to_ns, NEVER_NS);
	atomic_store(&windows->count, count + 1);
}

/* ---- guests ---- */

static uint64_t start(const char *program, const char *more)
{
	char instance[24];

	snprintf(instance, sizeof(instance), "%" PRIu64, ++instances);
	json_t *args = json_pack("[s]", instance);
	if (more)
		json_array_append_new(args, json_string(more));
	return (uint64_t)run_number(ask(json_pack("{s:s, s:s, s:o}", "op", "start", "program",
					    program, "args", args)),
		"process");
}

static bool is_gone(uint64_t process)
{
	const json_t *row =
		ask(json_pack("{s:s, s:I}", "op", "inspect", "target", (json_int_t)process));

	return strcmp(run_text(json_object_get(row, "process"), "state"), "gone") == 0;
}

/* What was said of its process alone went with it. */
static void replace_client(void)
{
	struct said next = { .always = said.always };

	(void)try(json_pack("{s:s, s:I}", "op", "kill", "process", (json_int_t)client));
	may_become(&next);
	client = start(client_program, NULL);
	became(&next);
}

static void stop_well(uint64_t process, const char *who)
{
	const json_t *reply = ask(json_pack("{s:s, s:I, s:i}", "op", "stop", "process",
		(json_int_t)process, "timeout_ms", REPLY_MS));

	if (run_number(reply, "status") != 0)
		ck_abort_msg("STORM_SEED=%" PRIu64 ": %s %" PRIu64 " ended with %" PRIi64
			     ": %s",
			seed, who, process, run_number(reply, "status"), run_logs(process));
}

/* ---- changes ---- */

static json_t *about(const char *op)
{
	return json_pack("{s:s, s:s, s:[s]}", "op", op, "program", client_program, "interfaces",
		GRANT_STORM_INTERFACE);
}

static void change(json_t *request, enum word always)
{
	const struct said next = { always, said.once };

	may_become(&next);
	(void)try(request); /* there may be nothing to take back */
	became(&next);
}

static void grant_direct(void)
{
	change(about("grant"), YES);
}

static void grant_mediated(void)
{
	json_t *request = about("grant");

	json_object_set_new(request, "mediated", json_true());
	change(request, YES);
}

static void deny(void)
{
	change(about("deny"), NO);
}

static void take_back(void)
{
	change(about("revoke"), NOTHING);
}

/* Who has a direct lane is killed. */
static void take_back_hard(void)
{
	json_t *request = about("revoke");

	json_object_set_new(request, "hard", json_true());
	change(request, NOTHING);
	if (is_gone(client))
		replace_client();
}

static void answer(void)
{
	const json_t *question = try(json_pack("{s:s}", "op", "pending"));
	bool yes = pick(3) != 0, always = pick(2) != 0;
	struct said next = said;

	if (run_number(question, "process") != (int64_t)client)
		return; /* nothing is asked */
	*(always ? &next.always : &next.once) = yes ? YES : NO;
	may_become(&next);
	const json_t *done = try(json_pack("{s:s, s:I, s:s, s:b}", "op", "answer", "number",
		(json_int_t)run_number(question, "number"), "grant", yes ? "allow" : "deny",
		"always", always));
	became(done ? &next : &(struct said){ said.always, said.once });
}

static void ask_and_answer(void)
{
	take_back();
	for (int naps = 0; naps < 10; naps++) {
		answer();
		run_nap();
	}
}

static void bind_other(void)
{
	bound = !bound;
	(void)try(json_pack("{s:s, s:s, s:s}", "op", "bind", "interface", GRANT_STORM_INTERFACE,
		"program", handlers[bound]));
}

/* And another comes, if rsd has not started one itself. */
static void kill_handlers(void)
{
	json_t *rows = run_json(run_expect(0, NULL, "rsctl ps --json").out), *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const char *program = run_text(row, "program");
		for (uint32_t k = 0; k < PROGRAMS; k++)
			if (strcmp(program, handlers[k]) == 0)
				(void)try(json_pack("{s:s, s:I}", "op", "kill", "process",
					(json_int_t)run_number(row, "process")));
	}
	(void)start(handlers[bound], NULL);
}

static void (*const changes[])(void) = { grant_direct, grant_direct, grant_mediated,
	grant_mediated, deny, take_back, take_back_hard, ask_and_answer, ask_and_answer,
	bind_other, kill_handlers, replace_client };

/* ---- a storm ---- */

static void add(const char *guest, const char *mark, char hash[65])
{
	/* a custom section makes another program of it */
	snprintf(hash, 65, "%s",
		run_expect(0, NULL,
			"cp \"$guests\"/%s.wasm \"$here\"/%s.wasm && "
			"printf '\\000\\003\\001%sx' >>\"$here\"/%s.wasm && "
			"printf %%s $(rsctl add \"$here\"/%s.wasm)",
			guest, mark, mark, mark, mark)
			.out);
	ck_assert_uint_eq(strlen(hash), 64);
}

static void begin(void)
{
	windows = mmap(NULL, sizeof(*windows), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(windows, MAP_FAILED);
	add("grant_storm_client", "c", client_program);
	add("grant_storm_client", "s", sure_program);
	add("grant_storm_handler", "h", handlers[0]);
	add("grant_storm_handler", "k", handlers[1]);
	run_expect(0, NULL, "rsctl grant '*' " GRANT_STORM_BOOK);
	run_expect(0, NULL, "rsctl grant --register '*' '*'");
	run_expect(0, NULL, "rsctl grant %s " GRANT_STORM_INTERFACE, sure_program);
	(void)try(about("revoke")); /* what the storm before this one left on disk */
	said = (struct said){ NOTHING, NOTHING };
	sure = start(sure_program, "sure");
	open_book();
	RUN_UNTIL(run("rsctl ps | grep -q " GRANT_STORM_BOOK).status == 0);
	bind_other();
	became(&said); /* before the first one begins */
	client = start(client_program, NULL);
}

static void pause_a_while(void)
{
	struct timespec t = { .tv_nsec = pick(4) ? pick(PAUSE_MAX_US) * 1000l : 0 };

	ppoll(NULL, 0, &t, NULL);
}

/* All that is open completes when it may, and somebody handles it. */
static void end(void)
{
	replace_client(); /* it may have been told no for ever */
	grant_direct();
	RUN_UNTIL(strstr(run_expect(0, NULL, "rsctl inspect --json %" PRIu64, client).out,
		GRANT_STORM_INTERFACE));
	stop_well(client, "the client");
	kill_handlers(); /* what was sent to one that rsd is about to start waits for it */
	stop_well(sure, "the sure client");
	book_is_in_order();
	ck_assert_ptr_null(strstr(run_logs(sure), "\n0 answered"));
	kill(book, SIGKILL);
	waitpid(book, NULL, 0);
}

void grant_storm_seed(void)
{
	seed = number("STORM_SEED", (uint64_t)run_now_ms());
	printf("STORM_SEED=%" PRIu64 "\n", seed);
	fflush(stdout);
}

void grant_storm_rsd(void)
{
	run_rsd_with("--default-grant ask --ask-timeout 600s --native book");
}

void grant_storm(uint64_t rounds, int which)
{
	dice = (seed + 1 + (uint64_t)which) * 0x9e3779b97f4a7c15ull;
	begin();
	for (uint64_t left = number("STORM_ROUNDS", rounds); left; left--) {
		pause_a_while();
		changes[pick(ARRAY_LEN(changes))]();
		book_is_in_order();
		ck_assert(!is_gone(sure) && !is_gone(client));
	}
	end();
}
