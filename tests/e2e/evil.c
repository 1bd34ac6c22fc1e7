#include "tests/e2e/evil.h"

#include <check.h>
#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "tests/e2e/run.h"

#define MODULES_MAX   1024u
#define FIELDS        4
#define WRONG_BYTES   3000
#define REASON_MAX    512u /* of a status line; "aotc: FILE: " stands before it */
#define COMMAND_BYTES 300u

static struct evil_module modules[MODULES_MAX];
static size_t n_modules;
static char wrong[WRONG_BYTES];

/* --- what is expected --- */

static bool has_feature(const char *name)
{
	return run("aotc --toolchain | grep -qx 'features.* %s\\( .*\\)*'", name).status == 0;
}

/* Splits a line at its tabs; how many fields it has. */
static size_t split(char *line, char *fields[FIELDS])
{
	size_t n = 0;

	for (char *rest = line; rest && n < FIELDS;)
		fields[n++] = strsep(&rest, "\t");
	return n;
}

static void read_line(char *line)
{
	char *fields[FIELDS] = { NULL };
	struct evil_module *m = &modules[n_modules++];
	size_t n = split(line, fields);

	ck_assert_uint_le(n_modules, MODULES_MAX);
	ck_assert_uint_ge(n, 3);
	m->name = fields[0];
	if (strcmp(fields[1], "accepted") == 0)
		*m = (struct evil_module){ m->name, EVIL_ACCEPTED, fields[2], NULL };
	else if (strcmp(fields[1], "refused") == 0)
		*m = (struct evil_module){ m->name, EVIL_REFUSED, NULL, fields[2] };
	else if (strcmp(fields[1], "needs") == 0 && has_feature(fields[2]))
		*m = (struct evil_module){ m->name, EVIL_ACCEPTED, "exits", NULL };
	else if (strcmp(fields[1], "needs") == 0)
		*m = (struct evil_module){ m->name, EVIL_REFUSED, NULL, fields[3] };
	else
		*m = (struct evil_module){ m->name, EVIL_EITHER, NULL,
			"(needs|wrote) more than" };
}

void evil_make(const char *more)
{
	run_expect(0, "",
		"python3 tests/evil/evil.py %s \"$here\"/evil && mkdir \"$here\"/out "
		"\"$here\"/kept",
		more);
	char *text = run_expect(0, NULL, "cat \"$here\"/evil/expected").out;
	for (char *line = strsep(&text, "\n"); line && *line; line = strsep(&text, "\n"))
		read_line(line);
	ck_assert_uint_gt(n_modules, 0);
}

const struct evil_module *evil_next(const struct evil_module *after, enum evil_verdict verdict)
{
	for (size_t i = after ? (size_t)(after - modules) + 1 : 0; i < n_modules; i++)
		if (modules[i].verdict == verdict)
			return &modules[i];
	return NULL;
}

/* --- compiling --- */

/* Python's \d is the one thing that POSIX spells in another way. */
static bool found(const char *pattern, const char *text)
{
	char posix[1024];
	size_t n = 0;
	regex_t compiled;

	for (const char *p = pattern; *p && n < sizeof(posix) - 6; p++)
		if (p[0] == '\\' && p[1] == 'd') {
			n += (size_t)sprintf(posix + n, "[0-9]");
			p++;
		} else {
			posix[n++] = *p;
		}
	posix[n] = 0;
	ck_assert_msg(regcomp(&compiled, posix, REG_EXTENDED | REG_NOSUB) == 0, "%s", pattern);
	bool is = regexec(&compiled, text, 0, NULL, 0) == 0;
	regfree(&compiled);
	return is;
}

/* One printable line: nothing of the module may move a cursor or feign a second line. */
static bool is_one_clear_line(const char *text)
{
	size_t length = strlen(text);

	if (length < 2 || length > REASON_MAX + COMMAND_BYTES || text[length - 1] != '\n')
		return false;
	for (size_t i = 0; i < length - 1; i++)
		if (iscntrl((unsigned char)text[i]))
			return false;
	return true;
}

static const char *judge_accepted(const struct evil_module *module, const struct run_said *said)
{
	if (said->status != 0)
		return said->err;
	if (run("test -s \"$here\"/out/%s", module->name).status != 0)
		return "there is no object";
	return NULL;
}

static const char *judge_refused(const struct evil_module *module, const struct run_said *said)
{
	if (said->status != 3)
		return said->status == 0 ? "was accepted" : "was not refused, but failed";
	if (!is_one_clear_line(said->err))
		return "the reason is not one clear line";
	if (module->reason && !found(module->reason, said->err))
		return said->err;
	if (run("test -e \"$here\"/out/%s", module->name).status == 0)
		return "an object was left behind";
	return NULL;
}

const char *evil_compile(const struct evil_module *module, const struct evil_budget *budget)
{
	struct run_said said = run("exec aotc --jobs 1 --keep \"$here\"/kept/%s -o "
				   "\"$here\"/out/%s \"$here\"/evil/%s.wasm",
		module->name, module->name, module->name);

	if (said.cpu_ms > budget->cpu_ms)
		return "took too much CPU time";
	if (said.peak_kib > budget->peak_kib)
		return "took too much memory";
	if (module->verdict == EVIL_EITHER && said.status != 0)
		return judge_refused(module, &said);
	return module->verdict == EVIL_REFUSED ? judge_refused(module, &said)
					       : judge_accepted(module, &said);
}

/* --- what was wrong --- */

void evil_wrong(const struct evil_module *module, const char *what)
{
	size_t used = strlen(wrong);

	if (what)
		snprintf(
			wrong + used, sizeof(wrong) - used, "%s: %.300s\n", module->name, what);
}

void evil_conclude(void)
{
	if (*wrong)
		ck_abort_msg("%s", wrong);
}
