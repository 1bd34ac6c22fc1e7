#include "supervisor/flags.h"

#include <stdio.h>
#include <string.h>

#include "runtime/abi.h"
#include "supervisor/decisions/asks.h"
#include "supervisor/options.h"
#include "supervisor/protocol.h"
#include "supervisor/units.h"

#define FIELD(name) offsetof(struct flags, name)

static const char *native_wanted(int r)
{
	return r == NATIVE_TOO_MANY ? "fewer of it"
	       : r                  ? "letters, digits and . _ : -, or *"
				    : NULL;
}

static const char *grant_native(void *field, const char *value)
{
	return native_wanted(native_grant(field, value));
}

static const char *read_missing(void *field, const char *value)
{
	return policy_read_missing(value, field) ? NULL : "allow, ask or deny";
}

static const char *read_tier(void *field, const char *value)
{
	bool full = strcmp(value, object_tier_name(OBJECT_FULL)) == 0;

	*(bool *)field = full;
	return full || strcmp(value, object_tier_name(OBJECT_QUICK)) == 0 ? NULL
									  : "quick or full";
}

static const char *read_cpu(void *field, const char *value)
{
	static const char *const words[] = { "native", "x86-64", "x86-64-v2", "x86-64-v3",
		"x86-64-v4" };

	*(const char **)field = value;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(value, words[i]) == 0)
			return object_cpu_is_here(value) ? NULL
							 : "a level that this machine has";
	return "native, x86-64, x86-64-v2, x86-64-v3 or x86-64-v4";
}

static const char *read_percent(void *field, const char *value)
{
	uint64_t n;

	if (!units_count(value, &n) || n > 100)
		return "0 to 100";
	*(uint32_t *)field = (uint32_t)n;
	return NULL;
}

static const struct option options[] = {
	{ 0, "run-dir", "DIR", "where the control socket is", options_text, FIELD(run_dir) },
	{ 0, "state-dir", "DIR", "programs, keys, process numbers", options_text,
		FIELD(state_dir) },
	{ 0, "cache-dir", "DIR", "compiled objects", options_text, FIELD(cache_dir) },
	{ 0, "idle-exit", "TIME", "end when nothing ran and nobody asked for so long",
		options_duration, FIELD(idle_ms) },
	{ 0, "group", "NAME", "its members may use the control socket", options_text,
		FIELD(group) },
	{ 0, "memory", "SIZE", "of a process, if nobody says (default 1G)", options_size,
		FIELD(memory_bytes) },
	{ 0, "max-body", "SIZE", "of a message between programs (default 16M)", options_size,
		FIELD(body_bytes) },
	{ 0, "mediate", NULL, "messages between programs go through rsd", options_switch,
		FIELD(mediate) },
	{ 0, "tier", "TIER",
		"of a first start: quick (default), or full: it waits for fast code", read_tier,
		FIELD(no_quick) },
	{ 0, "target-cpu", "CPU",
		"what is compiled for: native (default), x86-64, x86-64-v2, -v3 or -v4",
		read_cpu, FIELD(target_cpu) },
	{ 0, "relaxed-reads", NULL,
		"a read beyond memory need not trap when nobody uses its value", options_switch,
		FIELD(relaxed_reads) },
	{ 0, "unknown-imports-trap", NULL,
		"programs may import what nothing provides; calling it ends them",
		options_switch, FIELD(unknown_imports) },
	{ 0, "profile-share", "PERCENT",
		"so many of all starts count for a profile: slower (default 0)",
		read_percent, FIELD(profile_share) },
	{ 0, "native", "NAME", "a native client may join under this name, * any (again: more)",
		grant_native, FIELD(natives) },
	{ 0, "default-grant", "WORD",
		"what holds where the user said nothing: allow, ask or deny", read_missing,
		FIELD(missing) },
	{ 0, "ask-timeout", "TIME", "how long a question waits for a person (60s)",
		options_duration, FIELD(ask_timeout_ms) },
	{ 'V', "version", NULL, "print the version", options_switch, FIELD(version) },
	{ 'h', "help", NULL, "print this", options_switch, FIELD(help) },
};

static int usage_error(const char *why)
{
	fprintf(stderr, "rsd: %s\nTry rsd --help\n", why);
	return CONTROL_USAGE;
}

static int help(void)
{
	printf("Usage: rsd [OPTIONS]\n"
	       "Runs WebAssembly programs, each in a locked process of its own; rsctl talks to "
	       "it.\n\n");
	options_help(options, ARRAY_LEN(options), stdout);
	return EXIT_SUCCESS;
}

/* NULL, or what is wrong with them. */
static const char *check(struct flags *flags)
{
	char no_names[] = "", *names = getenv(NATIVE_VARIABLE);

	if (native_wanted(native_grant_words(&flags->natives, names ? names : no_names)))
		return NATIVE_VARIABLE " is names with spaces between";
	if (limits_memory(&flags->limits, flags->memory_bytes))
		return "--memory is 1 byte to 4G";
	if (limits_body(&flags->limits, flags->body_bytes))
		return "--max-body is 64K to 1G";
	if (flags->ask_timeout_ms == 0 || flags->ask_timeout_ms > ASKS_TIMEOUT_MAX)
		return "--ask-timeout is more than nothing, and 24h at most";
	return NULL;
}

int flags_read(int argc, char **argv, struct flags *flags)
{
	char why[OPTIONS_WHY_SIZE];
	int words;

	*flags = (struct flags){ .memory_bytes = LIMITS_MEMORY_DEFAULT,
		.body_bytes = RS_BODY_BYTES_DEFAULT,
		.ask_timeout_ms = ASKS_TIMEOUT_DEFAULT,
		.missing = POLICY_ASK_IF_WATCHED,
		.limits = limits_default() };
	if (options_parse(
		    options, ARRAY_LEN(options), flags, false, argc - 1, argv + 1, &words, why))
		return usage_error(why);
	if (words)
		return usage_error("it takes no arguments, only options");
	if (flags->help)
		return help();
	if (flags->version)
		return printf("rsd %s\n", REDSHIRT_VERSION) < 0;
	const char *wrong = check(flags);
	return wrong ? usage_error(wrong) : FLAGS_GO_ON;
}
