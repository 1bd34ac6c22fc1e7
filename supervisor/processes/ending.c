#include "supervisor/processes/ending.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sys/wait.h>

#include "runtime/abi.h"
#include "runtime/start.h"
#include "supervisor/processes/backtrace.h"
#include "supervisor/protocol.h"

#define STATUS_SIGNAL 128
#define STATUS_TRAP   (STATUS_SIGNAL + SIGABRT) /* what other runtimes answer as well */

static const char *const texts[ENDING_CAUSES] = {
	[ENDING_UNKNOWN] = "unknown",
	[ENDING_EXITED] = "exited",
	[ENDING_TRAP] = "trap",
	[ENDING_CPU_LIMIT] = "cpu limit",
	[ENDING_FORBIDDEN_CALL] = "forbidden call",
	[ENDING_STOPPED] = "stopped",
	[ENDING_KILLED] = "killed",
	[ENDING_SIGNAL] = "signal",
	[ENDING_START_FAILED] = "start failed",
	[ENDING_PROTOCOL] = "protocol",
	[ENDING_LAUNCHER_DIED] = "launcher died",
	[ENDING_LEFT] = "left",
};

static const char *const start_steps[] = {
	[WORKER_EXIT_MAP - WORKER_EXIT_MAP] = "mapping its memory and lanes failed",
	[WORKER_EXIT_OBJECT - WORKER_EXIT_MAP] = "loading its object failed",
	[WORKER_EXIT_LOCK - WORKER_EXIT_MAP] = "locking it down failed",
	[WORKER_EXIT_RUNTIME - WORKER_EXIT_MAP] = "preparing its runtime failed",
	[WORKER_EXIT_MEMORY - WORKER_EXIT_MAP] =
		"it begins with more memory than its limit allows",
};

const char *ending_text(enum ending_cause cause)
{
	return texts[cause < ENDING_CAUSES ? cause : ENDING_UNKNOWN];
}

void ending_set(
	struct ending *out, enum ending_cause cause, int status, const char *format, ...)
{
	va_list args;

	out->cause = cause;
	out->status = status;
	va_start(args, format);
	vsnprintf(out->detail, sizeof(out->detail), format, args);
	va_end(args);
}

#define PLACE_SIZE (SYMBOL_TEXT_SIZE + 4)

/* " in name (function 12) at file.c:34"; empty when nobody knows. */
static void where(const struct ending_facts *facts, char out[PLACE_SIZE])
{
	struct symbol symbol;

	out[0] = 0;
	if (facts->object < 0 ||
		backtrace_first(facts->report, facts->object, facts->object_bytes, &symbol))
		return;
	memcpy(out, " in ", 4);
	symbol_text(&symbol, out + 4);
}

static void trapped(const struct ending_facts *facts, struct ending *out)
{
	char place[PLACE_SIZE], address[32] = "";

	where(facts, place);
	if (facts->report->cause == TRAP_OUT_OF_BOUNDS)
		snprintf(address, sizeof(address), ": address 0x%" PRIx64,
			facts->report->address);
	ending_set(out, ENDING_TRAP, STATUS_TRAP, "%s%s%s", trap_text(facts->report->cause),
		address, place);
	if (facts->object >= 0)
		out->backtrace =
			backtrace_new(facts->report, facts->object, facts->object_bytes);
}

static void exited(int code, const struct ending_facts *facts, struct ending *out)
{
	size_t step = (size_t)(code - WORKER_EXIT_MAP);

	if (!facts->ran && code >= WORKER_EXIT_MAP && step < ARRAY_LEN(start_steps))
		ending_set(out, ENDING_START_FAILED, CONTROL_FAILED, "%s", start_steps[step]);
	else if (facts->report->cause != TRAP_NONE)
		trapped(facts, out);
	else if (!facts->ran)
		ending_set(out, ENDING_START_FAILED, CONTROL_FAILED,
			"the worker ended before its program began (code %d)", code);
	else
		ending_set(out, ENDING_EXITED, code, "%s", "");
}

static void signalled(int signal, const struct ending_facts *facts, struct ending *out)
{
	char place[PLACE_SIZE];
	int status = STATUS_SIGNAL + signal;

	where(facts, place);
	if (signal == SIGXCPU)
		ending_set(out, ENDING_CPU_LIMIT, status, "used up its CPU time");
	else if (signal == SIGSYS)
		ending_set(out, ENDING_FORBIDDEN_CALL, status, "%s",
			"killed by a forbidden system call");
	else if (signal == facts->sent && facts->stopping)
		ending_set(out, signal == SIGTERM ? ENDING_STOPPED : ENDING_KILLED, status,
			"%s", signal == SIGTERM ? "" : "did not stop in time");
	else if (signal == facts->sent)
		ending_set(out, ENDING_KILLED, status, "by signal %d (%s)", signal,
			sigabbrev_np(signal) ? sigabbrev_np(signal) : "?");
	else
		ending_set(out, ENDING_SIGNAL, status, "signal %d (%s)%s%s", signal,
			sigabbrev_np(signal) ? sigabbrev_np(signal) : "?", place,
			signal == SIGKILL ? ", perhaps for want of memory" : "");
}

void ending_deinit(struct ending *ending)
{
	free(ending->backtrace);
	ending->backtrace = NULL;
}

void ending_of(int wait_status, const struct ending_facts *facts, struct ending *out)
{
	if (facts->broke)
		ending_set(out, ENDING_PROTOCOL, STATUS_SIGNAL + SIGKILL, "%s", facts->broke);
	else if (WIFEXITED(wait_status))
		exited(WEXITSTATUS(wait_status), facts, out);
	else if (WIFSIGNALED(wait_status))
		signalled(WTERMSIG(wait_status), facts, out);
	else
		ending_set(out, ENDING_UNKNOWN, CONTROL_FAILED, "wait status 0x%x",
			(unsigned)wait_status);
}
