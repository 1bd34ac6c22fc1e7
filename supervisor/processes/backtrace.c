#include "supervisor/processes/backtrace.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "interfaces/log.h"
#include "runtime/abi.h"

#define END      "...\n"
#define END_ROOM (sizeof(END) + 32) /* and of how often a line comes again */

struct text {
	char *bytes;
	size_t used;
	bool full;
	char last[SYMBOL_TEXT_SIZE]; /* line, without its newline */
	uint32_t again;              /* it came so often more */
};

static void add(struct text *t, const char *words, size_t room)
{
	size_t n = strlen(words);

	if (t->used + n + room >= BACKTRACE_BYTES_MAX)
		t->full = true;
	if (t->full)
		return;
	memcpy(t->bytes + t->used, words, n + 1);
	t->used += n;
}

/* Recursion is one line, whatever its depth. */
static void end_line(struct text *t)
{
	char times[32];

	if (!t->last[0])
		return;
	add(t, t->last, END_ROOM);
	snprintf(times, sizeof(times), ", %" PRIu32 " times", t->again + 1);
	if (t->again)
		add(t, times, sizeof(END));
	add(t, "\n", sizeof(END));
	t->last[0] = 0;
	t->again = 0;
}

static void add_symbol(struct text *t, const struct symbol *symbol)
{
	char line[SYMBOL_TEXT_SIZE];

	symbol_text(symbol, line);
	if (strcmp(line, t->last) == 0) {
		t->again++;
		return;
	}
	end_line(t);
	memcpy(t->last, line, sizeof(line));
}

static uint32_t frames_of(const struct trap_report *report)
{
	return report->frames_count < TRAP_FRAMES_MAX ? report->frames_count : TRAP_FRAMES_MAX;
}

static bool is_wasm(int object, uint64_t object_bytes, uint64_t code, struct symbol *out)
{
	return symbol_find(object, object_bytes, code, out) == 0 &&
	       out->index != OBJECT_NOT_WASM;
}

int backtrace_first(
	const struct trap_report *report, int object, uint64_t object_bytes, struct symbol *out)
{
	if (is_wasm(object, object_bytes, report->code, out))
		return 0;
	for (uint32_t i = 0; i < frames_of(report); i++)
		if (is_wasm(object, object_bytes, report->frames[i], out))
			return 0;
	return symbol_find(object, object_bytes, report->code, out);
}

char *backtrace_new(const struct trap_report *report, int object, uint64_t object_bytes)
{
	struct text t = { .bytes = malloc(BACKTRACE_BYTES_MAX) };
	struct symbol symbol;

	if (!t.bytes)
		return NULL;
	for (uint32_t i = 0; i < frames_of(report) && !t.full; i++)
		if (is_wasm(object, object_bytes, report->frames[i], &symbol))
			add_symbol(&t, &symbol);
	end_line(&t);
	if (t.used && (t.full || report->frames_more == 1)) {
		t.full = false;
		add(&t, END, 0);
	}
	if (t.used)
		return t.bytes;
	free(t.bytes);
	return NULL;
}

void backtrace_keep(
	const char *text, const char *cause, int64_t time_ms, struct journal_book *book)
{
	if (!text)
		return;
	journal_write(book, RS_LOG_ERROR, time_ms, cause, strlen(cause));
	for (uint32_t n = 0; *text; n++) {
		char line[SYMBOL_TEXT_SIZE + 32];
		int bytes = (int)strcspn(text, "\n");

		snprintf(line, sizeof(line), "  #%" PRIu32 " %.*s", n, bytes, text);
		journal_write(book, RS_LOG_ERROR, time_ms, line, strlen(line));
		text += bytes + 1;
	}
}

const char *backtrace_line(const char *text, char out[EVENTS_DETAIL_SIZE])
{
	size_t used = 0;

	out[0] = 0;
	for (; *text && used < EVENTS_DETAIL_SIZE; text += strcspn(text, "\n") + 1)
		used += (size_t)snprintf(out + used, EVENTS_DETAIL_SIZE - used, "%s%.*s",
			used ? " < " : "", (int)strcspn(text, "\n"), text);
	return out;
}
