#include "aotc/translate.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "aotc/dispatch.h"
#include "aotc/lines.h"
#include "aotc/mend.h"
#include "aotc/quick.h"
#include "aotc/split.h"

#define C_FACTOR         64ull /* DESIGN section 9: C at most so many times the wasm ... */
#define C_BASE           MIB   /* ... and that much more */
#define PART_CODE_BYTES  (128 * KIB)
#define PART_QUICK_BYTES (512 * KIB)  /* of code as well: tcc has soon read the declarations */
#define TRANSLATOR_PLAIN "text.plain" /* this file says that the text is not one we know */

/* Exit codes of our functions in the jail; 1 is left to the C library and the sanitizers. */
enum {
	STEP_DONE,
	STEP_REFUSED = 3,
	STEP_STRANGE = 4,
	STEP_ERROR = 5
};

static const struct translate_text known_texts[] = {
	{ "1.0.32", HEADERS_1_0_32, "#define TRAP(x)", "static bool s_module_initialized", NULL,
		"36ab2167c737b06b335f12354c469c512958a3b9253065400e4b1bfc62d312fe" },
	{ "1.0.42", HEADERS_1_0_33, "// Computes a pointer to an object",
		"#define WEAK_FUNC_DECL", "#endif",
		"8db62c9699cc6c81ea3d37eefa28f85dbfb0f40fa032ab821244de282f035876" },
};

/* Printed only for modules that use SIMD; what it includes stands in m.h when a global is a
 * vector. */
static const struct translate_text known_simd[] = {
	{ "1.0.42", HEADERS_1_0_33, "#if WASM_RT_MEMCHECK_BOUNDS_CHECK", "// clang-format on",
		"// clang-format on",
		"efc29fba92bbf4f6dbf11e698ce7a2fe24774eb22b14fb4733eb51239a03e825" },
};

static const char *find_line(const char *text, const char *end, const char *prefix)
{
	size_t n = strlen(prefix);

	while ((size_t)(end - text) >= n) {
		if (memcmp(text, prefix, n) == 0)
			return text;
		text = memchr(text, '\n', (size_t)(end - text));
		if (!text)
			return NULL;
		text++;
	}
	return NULL;
}

/* Behind the line's end; NULL when there is none. */
static const char *next_line(const char *line, const char *end)
{
	const char *newline = line ? memchr(line, '\n', (size_t)(end - line)) : NULL;

	return newline ? newline + 1 : NULL;
}

bool translate_hash(
	const struct translate_text *known, const char *text, size_t size, struct hash *hash)
{
	const char *from = find_line(text, text + size, known->from);
	const char *until = from ? find_line(from, text + size, known->until) : NULL;

	if (!until)
		return false;
	*hash = hash_blake2b(from, (size_t)(until - from));
	return true;
}

/* Where the piece is over, if one of the rows knows it; else NULL. */
static const char *end_of(const struct translate_text *rows, size_t count,
	enum headers_family family, const char *text, const char *end)
{
	for (size_t i = 0; i < count; i++) {
		const struct translate_text *row = &rows[i];
		char hex[HASH_HEX_SIZE];
		struct hash hash;

		if (row->family != family ||
			!translate_hash(row, text, (size_t)(end - text), &hash) ||
			strcmp(hash_to_hex(&hash, hex), row->hash) != 0)
			continue;
		const char *at = find_line(find_line(text, end, row->from), end, row->until);
		return row->last ? next_line(find_line(at, end, row->last), end) : at;
	}
	return NULL;
}

size_t translate_head(enum headers_family family, const char *text, size_t size)
{
	const char *end = text + size,
		   *head = end_of(known_texts, ARRAY_LEN(known_texts), family, text, end);

	if (head && find_line(head, end, known_simd[0].from))
		head = end_of(known_simd, ARRAY_LEN(known_simd), family, head, end);
	return head ? (size_t)(head - text) : 0;
}

/* A step in the jail finds the work folder's descriptor closed: there it is the current folder.
 */
static struct build *inside(void *argument)
{
	struct build *build = argument;

	build->work.fd = AT_FDCWD;
	return build;
}

/* Step 1, in the jail: the front. */
static int front_step(void *argument)
{
	struct build *build = inside(argument);
	CLEANUP(freep) uint8_t *wasm = NULL;
	char reason[FRONT_REASON_SIZE] = "", name[64];
	struct front_limits limits = front_limits_default;
	struct front front = { 0 };
	size_t size = 0;
	int r = work_read(
		&build->work, "module.wasm", front_limits_default.module_bytes, &wasm, &size);

	if (build->plan.tier == OBJECT_QUICK)
		limits.negations = QUICK_NEGATIONS_MAX;
	limits.unknown_imports = build->plan.unknown_imports;
	snprintf(name, sizeof name, "wasm2c %s", build->tools.wasm2c_version);
	if (r == 0)
		r = front_run(wasm, size, build->tools.features, name, &limits, &front, reason);
	if (r == FRONT_REFUSED) {
		r = work_write(&build->work, "reason.txt", reason, strlen(reason));
		return r ? STEP_ERROR : STEP_REFUSED;
	}
	if (r == 0)
		r = facts_write(&build->work, &front);
	if (r == 0 && build->plan.tier != OBJECT_QUICK)
		lines_read_module(build, wasm, size);
	if (r < 0)
		fprintf(stderr, "%s\n", strerror(-r));
	front_deinit(&front);
	return r ? STEP_ERROR : STEP_DONE;
}

static int run_front(struct build *build)
{
	struct build_job job = build_job_of(build, "front", "the checker");
	char line[BUILD_REASON_SIZE];

	job.jail.function = front_step;
	job.jail.argument = build;
	int r = build_run(build, "check", &job, 1);
	if (r)
		return r;
	if (job.end.code == STEP_REFUSED) {
		work_head(&build->work, "reason.txt", line, sizeof line);
		return build_refuse(build, "%s", line);
	}
	if (job.end.code != STEP_DONE) {
		build_first_line(build, "front", line, sizeof line);
		return build_fail(
			build, "the checker ended with %d: %.300s", job.end.code, line);
	}
	build->lines = faccessat(build->work.fd, LINES_SOURCE, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	r = facts_read(&build->work, &build->facts);
	return r == FACTS_BAD ? build_fail(build, "the checker's answer makes no sense") : r;
}

/* Step 2: wasm2c. What it can do beyond the features we announce is switched off, where it has
 * the switch. */
static int run_wasm2c(struct build *build)
{
	static const char *const always[] = { "-n", "m", "canonical.wasm", "-o", "m.c" };
	static const struct {
		uint32_t feature; /* 0: never announced */
		const char *off;
	} switches[] = {
		{ 0, "--disable-memory64" },
		{ 0, "--disable-multi-memory" },
		{ FEATURE_EXCEPTIONS, "--disable-exceptions" },
		{ FEATURE_TAIL_CALLS, "--disable-tail-call" },
	};
	const char *argv[2 + ARRAY_LEN(always) + ARRAY_LEN(switches)] = { build->tools.wasm2c };
	size_t count = 1;
	char line[300];

	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		argv[count++] = always[i];
	if (build->tools.family != HEADERS_1_0_32)
		for (size_t i = 0; i < ARRAY_LEN(switches); i++)
			if (!(build->tools.features & switches[i].feature))
				argv[count++] = switches[i].off;
	struct build_job job = build_tool(build, "wasm2c", "the translator", argv);
	job.jail.read[0] = build->tools.wasm2c;
	job.jail.limits.file_bytes = C_FACTOR * build->facts.n.module_bytes + C_BASE;
	int r = build_run(build, "translate", &job, 1);
	if (r)
		return r;
	if (job.end.code == 0)
		return 0;
	build_first_line(build, "wasm2c", line, sizeof line);
	return build_refuse(build, "invalid module: %s", line);
}

/* The module's own text: in parts, or as it stands, which is slower to compile and as good to
 * run. */
static int cut_rest(struct build *build, const char *rest, size_t size)
{
	int r = 0;

	if (build->parts > 1)
		r = split_text(&build->work, rest, size, build->parts);
	if (build->parts > 1 && r != SPLIT_STRANGE)
		return r;
	int written = work_write(&build->work, "m_0.c", rest, size);
	return written ? written : r;
}

static int mend(const struct build *build, char **text, size_t *size)
{
	uint32_t features = build->facts.n.features;
	char *mended = NULL;
	int r = 0;

	if (features & FEATURE_TAIL_CALLS)
		r = mend_tail_calls(*text, *size, &mended, size);
	else if (features & FEATURE_EXCEPTIONS) /* no module has both */
		r = mend_handlers(*text, *size, &mended, size);
	else
		return 0;

	if (r == 0) {
		free(*text);
		*text = mended;
	}
	return r;
}

/* Step 3, in the jail: is the text one we know, and cut it. */
static int text_step(void *argument)
{
	struct build *build = inside(argument);
	CLEANUP(freep) uint8_t *text = NULL;
	size_t size = 0, head = 0;
	int r = work_read(&build->work, "m.c", UINT64_MAX, &text, &size);

	if (r == 0)
		r = mend(build, (char **)&text, &size);
	if (r == MEND_STRANGE)
		return STEP_ERROR;
	if (r == 0)
		head = translate_head(build->tools.family, (const char *)text, size);
	if (r == 0 && head == 0)
		r = work_write(&build->work, TRANSLATOR_PLAIN, "", 0);
	if (head > 0 && build->plan.tier != OBJECT_QUICK)
		dispatch_text((char *)text + head, size - head);
	if (r == 0)
		r = work_write(&build->work, "m-head.h", text, head);
	if (r == 0)
		r = cut_rest(build, (const char *)text + head, size - head);
	return r < 0 ? STEP_ERROR : r > 0 ? STEP_STRANGE : STEP_DONE;
}

/* Why the special form does not fit; NULL: it does. */
static const char *why_plain(const struct build *build)
{
	static const struct {
		enum unusual bit;
		const char *why;
	} rows[] = { { UNUSUAL_GROWING_TABLE, "its table grows" } };

	if (!build->text_is_known)
		return "the translator's text is not known";
	if (build->plan.form == PLAN_PLAIN)
		return "it was asked for";
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (build->facts.n.unusual & (uint32_t)rows[i].bit)
			return rows[i].why;
	return NULL;
}

static void choose_form(struct build *build)
{
	build->text_is_known =
		faccessat(build->work.fd, TRANSLATOR_PLAIN, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
	build->plain_why = why_plain(build);
	build->plain = build->plain_why != NULL;
	if (build->plain)
		build_say(build, "plain %s", build->plain_why);
}

static int run_text(struct build *build)
{
	struct build_job job = build_job_of(build, "text", "the cutter");
	uint64_t part = build->part_bytes                  ? build->part_bytes
			: build->plan.tier == OBJECT_QUICK ? PART_QUICK_BYTES
							   : PART_CODE_BYTES;
	uint64_t parts = (build->facts.n.code_bytes + part - 1) / part;

	build->parts = parts < 1                 ? 1
		       : parts < BUILD_PARTS_MAX ? (uint32_t)parts
						 : BUILD_PARTS_MAX;
	job.jail.function = text_step;
	job.jail.argument = build;
	int r = build_run(build, "cut", &job, 1);
	if (r)
		return r;
	if (job.end.code == STEP_STRANGE)
		build->parts = 1;
	else if (job.end.code != STEP_DONE)
		return build_fail(build, "the cutter ended with %d", job.end.code);
	choose_form(build);
	return 0;
}

int translate(struct build *build)
{
	int r = run_front(build);

	if (r == 0 && build->plan.tier == OBJECT_QUICK)
		r = quick_takes(build);
	if (r == 0)
		r = run_wasm2c(build);
	return r ? r : run_text(build);
}
