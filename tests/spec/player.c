/*
 * player.c: plays calls to one object, in a process that is a worker in all but lanes and lock:
 * the worker's own loader, memory, stack and traps. Made for programs of program.py, which ask
 * for words (sched_yield) and give words (fd_close).
 *
 *     player OBJECT <calls >ends
 *
 * A line of `calls` is "call WORD..." or "trap WORD...", hexadecimal: what the program is given
 * when it asks. A "trap" is expected to be the end of whoever does it, so a copy of the process
 * does it, and the next call finds all as it was before. The first line written is the start's
 * end, then each call has one: "returned WORD...", "trapped CAUSE", "exited CODE", "killed
 * SIGNAL", or "missing" when something before it was the end.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/wait.h>

#include "runtime/imports.h"
#include "runtime/memory.h"
#include "runtime/object.h"
#include "runtime/trap.h"
#include "runtime/w2c/symbols.h"

#define CALL_S_MAX    60 /* what takes longer hangs */
#define WORDS_MAX     (16u * MIB)
#define WASI          "wasi_snapshot_preview1"
#define NO_CALL       UINT32_MAX
#define WORDS_MAPPING (WORDS_MAX * sizeof(uint32_t))

enum end_kind {
	END_MISSING,
	END_RETURNED,
	END_TRAPPED,
	END_EXITED,
	END_KILLED
};

static const char *const end_names[] = {
	[END_MISSING] = "missing",
	[END_RETURNED] = "returned",
	[END_TRAPPED] = "trapped",
	[END_EXITED] = "exited",
	[END_KILLED] = "killed",
};

struct end {
	enum end_kind kind;
	uint32_t value; /* cause, code or signal */
};

struct call {
	bool traps;
	uint32_t asked, asked_count; /* words of the script */
	uint32_t given, given_count; /* words of the program */
	struct end end;
};

/* Read before the first process is made. */
static uint32_t *script, script_count, calls_count;

/* Shared: what a copy did is seen by all. */
static struct call *calls;
static uint32_t *given, *given_count;
static struct own_page *page;
static struct end *start_end;

/* The program's own. */
static uint32_t now = NO_CALL, asked;
static bool is_copy;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "player: %s\n", what);
	_exit(EXIT_FAILURE);
}

static void *shared(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		fail("out of memory");
	return at;
}

/* ---- the script ---- */

static void read_words(char *text)
{
	for (char *word = strtok(text, " \n"); word; word = strtok(NULL, " \n")) {
		if (script_count == WORDS_MAX)
			fail("too many words");
		script[script_count++] = (uint32_t)strtoul(word, NULL, 16);
	}
}

static void read_script(void)
{
	CLEANUP(freep) char *line = NULL;
	size_t size = 0;

	script = shared(WORDS_MAPPING);
	calls = shared(WORDS_MAPPING);
	while (getline(&line, &size, stdin) > 0) {
		struct call *call = &calls[calls_count++];

		if (calls_count > WORDS_MAPPING / sizeof(*calls))
			fail("too many calls");
		call->traps = line[0] == 't';
		call->asked = script_count;
		read_words(line + strlen("call"));
		call->asked_count = script_count - call->asked;
	}
}

/* ---- ends ---- */

static struct end end_of(int status)
{
	struct end end = { END_EXITED, (uint32_t)WEXITSTATUS(status) };

	if (WIFSIGNALED(status))
		end = (struct end){ END_KILLED, (uint32_t)WTERMSIG(status) };
	else if (page->trap.cause != TRAP_NONE)
		end = (struct end){ END_TRAPPED, page->trap.cause };
	page->trap = (struct trap_report){ 0 };
	return end;
}

/* The call that was under way when everything ended, or the start. */
static void end_last(int status)
{
	struct end end = end_of(status);

	if (start_end->kind == END_MISSING) {
		*start_end = end;
		return;
	}
	for (uint32_t i = 0; i < calls_count; i++)
		if (calls[i].end.kind == END_MISSING) {
			calls[i].end = end;
			return;
		}
}

static void say(const struct end *end)
{
	fputs(end_names[end->kind], stdout);
	if (end->kind == END_TRAPPED)
		printf(" %s", trap_text(end->value));
	else if (end->kind == END_EXITED || end->kind == END_KILLED)
		printf(" %u", end->value);
}

static void say_all(void)
{
	say(start_end);
	putchar('\n');
	for (uint32_t i = 0; i < calls_count; i++) {
		const struct call *call = &calls[i];

		say(&call->end);
		for (uint32_t w = 0; w < call->given_count; w++)
			printf(" %x", given[call->given + w]);
		putchar('\n');
	}
}

/* ---- the program's process ---- */

/* A copy of this process does the call: true in the copy, and false once it is gone. */
static bool copy_does(struct call *call)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		fail("no more processes");
	if (pid == 0) {
		is_copy = true;
		alarm(CALL_S_MAX);
		return true;
	}
	waitpid(pid, &status, 0);
	if (call->end.kind == END_MISSING)
		call->end = end_of(status);
	return false;
}

static void next_call(void)
{
	if (now != NO_CALL)
		calls[now].end.kind = END_RETURNED;
	if (is_copy)
		_exit(0);
	for (;;) {
		if (++now == calls_count)
			_exit(0);
		calls[now].given = *given_count;
		asked = 0;
		alarm(CALL_S_MAX);
		if (!calls[now].traps || copy_does(&calls[now]))
			return;
	}
}

static uint32_t take(void *unused)
{
	(void)unused;
	if (now == NO_CALL || asked == calls[now].asked_count)
		next_call();
	return script[calls[now].asked + asked++];
}

static uint32_t give(void *unused, uint32_t word)
{
	(void)unused;
	if (now == NO_CALL || *given_count == WORDS_MAX)
		fail("words that nobody wants");
	given[(*given_count)++] = word;
	calls[now].given_count++;
	return 0;
}

static void *resolve(const char *name)
{
	static const struct {
		const char *field;
		uintptr_t address;
	} ours[] = { { "sched_yield", (uintptr_t)take }, { "fd_close", (uintptr_t)give } };
	char host[32];

	for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
		snprintf(host, sizeof host, OBJECT_HOST_PREFIX "%d",
			host_function_find(
				WASI, strlen(WASI), ours[i].field, strlen(ours[i].field)));
		if (strcmp(host, name) == 0)
			return (void *)ours[i].address;
	}
	return imports_find(name);
}

/* As worker.c's steps. */
static int play(void *path)
{
	struct object object;
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0 || trap_catch(page))
		fail("cannot begin");
	if (object_load(file, resolve, &object))
		fail("not an object");
	trap_code_at(&(struct trap_code){ .base = object.base,
		.bytes = object.bytes,
		.functions = object.functions,
		.functions_count = object.head->functions_count });
	if (memory_map(object.head, file, MEMORY_SIZE_MAX))
		fail("no linear memory");
	alarm(CALL_S_MAX);
	object.instantiate();
	start_end->kind = END_RETURNED;
	object.run();
	fail("the program returned");
}

int main(int argc, char **argv)
{
	void *stack;
	int status;

	if (argc != 2) {
		fputs("usage: player OBJECT <calls >ends\n", stderr);
		return 2;
	}
	read_script();
	given = shared(WORDS_MAPPING);
	given_count = shared(sizeof(*given_count));
	page = shared(OWN_PAGE_BYTES);
	start_end = shared(sizeof(*start_end));
	if (trap_stack_new(&stack))
		fail("no stack");
	pid_t pid = clone(play, stack, SIGCHLD, argv[1]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		fail("no process");
	if (!WIFEXITED(status) || status)
		end_last(status);
	say_all();
	return EXIT_SUCCESS;
}
