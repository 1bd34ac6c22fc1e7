/*
 * evil.h: the hostile modules of tests/evil/evil.py, and what must be true of every compile.
 */
#pragma once

#include "ipc/base.h"

enum evil_verdict {
	EVIL_ACCEPTED,
	EVIL_REFUSED,
	EVIL_EITHER, /* refused only for what it would cost */
};

struct evil_module {
	const char *name;
	enum evil_verdict verdict; /* what needs a feature is accepted or refused by now */
	const char *end;           /* accepted: how a run of it ends */
	const char *reason;        /* refused: a regular expression */
};

/* What one compile may cost. */
struct evil_budget {
	int64_t cpu_ms, peak_kib;
};

/* Writes the modules to $here/evil and reads what is expected; `more`: words for evil.py. An
 * unchecked fixture, after run_folders(). */
void evil_make(const char *more);
/* The modules from `from` on with that verdict, NULL at the end. */
const struct evil_module *evil_next(const struct evil_module *after, enum evil_verdict verdict);
#define EVIL_EACH(module, verdict)                                                \
	for (const struct evil_module *module = evil_next(NULL, verdict); module; \
		module = evil_next(module, verdict))

/* Compiles it with the budget and says what was wrong, one line, or NULL. Everything made on
 * the way stays in $here/kept. */
const char *evil_compile(const struct evil_module *module, const struct evil_budget *budget);

/* Fails the test with all that was wrong, at its end. */
void evil_wrong(const struct evil_module *module, const char *what);
void evil_conclude(void);
