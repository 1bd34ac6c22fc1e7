#include "aotc/toolchain.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "aotc/probe.h"

static bool is_program(const char *path)
{
	return access(path, X_OK) == 0;
}

static bool join(
	char path[TOOLCHAIN_PATH_SIZE], const char *folder, size_t size, const char *name)
{
	int n = snprintf(path, TOOLCHAIN_PATH_SIZE, "%.*s/%s", (int)size, folder, name);

	return n > 0 && n < TOOLCHAIN_PATH_SIZE;
}

bool toolchain_in_path(const char *name, char path[TOOLCHAIN_PATH_SIZE])
{
	const char *at = getenv("PATH");

	if (!at)
		at = "/usr/local/bin:/usr/bin:/bin";
	for (; *at; at += strcspn(at, ":"), at += *at == ':') {
		size_t size = strcspn(at, ":");
		if (size > 0 && *at == '/' && join(path, at, size, name) && is_program(path))
			return true;
	}
	path[0] = '\0';
	return false;
}

/* The folder that a file lies in, one or two levels up. */
static bool folder_of(char path[TOOLCHAIN_PATH_SIZE], const char *file, int levels)
{
	snprintf(path, TOOLCHAIN_PATH_SIZE, "%s", file);
	for (int i = 0; i < levels; i++) {
		char *slash = strrchr(path, '/');
		if (!slash || slash == path)
			return false;
		*slash = '\0';
	}
	return true;
}

bool toolchain_beside(char path[TOOLCHAIN_PATH_SIZE])
{
	char self[TOOLCHAIN_PATH_SIZE], folder[TOOLCHAIN_PATH_SIZE];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n <= 0)
		return false;
	self[n] = '\0';
	return folder_of(folder, self, 1) &&
	       join(path, folder, strlen(folder), "wabt/bin/wasm2c") && is_program(path);
}

static bool find_wasm2c(char path[TOOLCHAIN_PATH_SIZE])
{
	const char *given = getenv("REDSHIRT_WASM2C");

	if (given && *given) {
		snprintf(path, TOOLCHAIN_PATH_SIZE, "%s", given);
		return is_program(path);
	}
	return toolchain_beside(path) || toolchain_in_path("wasm2c", path);
}

static bool find_cc(char path[TOOLCHAIN_PATH_SIZE])
{
	const char *given = getenv("REDSHIRT_CC");

	if (given && *given) {
		snprintf(path, TOOLCHAIN_PATH_SIZE, "%s", given);
		return is_program(path);
	}
	return toolchain_in_path("gcc", path) || toolchain_in_path("clang", path);
}

static bool find_tcc(char path[TOOLCHAIN_PATH_SIZE])
{
	const char *given = getenv("REDSHIRT_TCC");

	if (!given)
		return toolchain_in_path("tcc", path);
	snprintf(path, TOOLCHAIN_PATH_SIZE, "%s", given);
	return *given && is_program(path);
}

/* 1.0.32 is the last of its family; what does not say a version is taken for new. */
static enum headers_family family_of(const char *version)
{
	unsigned int major = 0, minor = 0, patch = 0;

	if (sscanf(version, "%u.%u.%u", &major, &minor, &patch) == 3 && major <= 1 &&
		minor == 0 && patch <= 32)
		return HEADERS_1_0_32;
	return HEADERS_1_0_33;
}

/* Where translators were wrong at first, and some still are: versions whose text was read. */
static const struct {
	const char *version;
	uint32_t features;
} proven[] = {
	{ "1.0.42", FEATURE_TAIL_CALLS | FEATURE_EXCEPTIONS },
};

static void find_features(struct toolchain *tools)
{
	tools->features = FEATURES_WABT_1_0_32;
	if (tools->family == HEADERS_1_0_32)
		return;
	tools->features |= FEATURE_EXTENDED_CONST | FEATURE_SIMD;
	for (size_t i = 0; i < ARRAY_LEN(proven); i++)
		if (strcmp(tools->wasm2c_version, proven[i].version) == 0)
			tools->features |= proven[i].features;
}

static int ask_compiler(struct work *work, struct toolchain *tools)
{
	char line[256];
	int r = probe_line(work, tools->cc, "--version", line, sizeof line);

	if (r)
		return r;
	tools->compiler = strstr(line, "clang") ? FLAGS_CLANG : FLAGS_GCC;
	return probe_line(work, tools->cc,
		tools->compiler == FLAGS_GCC ? "-dumpfullversion" : "-dumpversion",
		tools->cc_version, sizeof tools->cc_version);
}

/* One that does not answer, or is for another machine, is none. */
static int ask_tcc(struct work *work, struct toolchain *tools)
{
	char line[256] = "";
	int r = find_tcc(tools->tcc) ? probe_line(work, tools->tcc, "-v", line, sizeof line)
				     : PROBE_SILENT;

	if (r == 0 && (sscanf(line, "tcc version %31s", tools->tcc_version) != 1 ||
			      !strstr(line, "x86_64 Linux")))
		r = PROBE_SILENT;
	if (r > 0)
		tools->tcc[0] = tools->tcc_version[0] = '\0';
	return r > 0 ? 0 : r;
}

_Static_assert(
	(int)TOOLCHAIN_MISSING == (int)PROBE_SILENT, "a tool that does not answer is none");

int toolchain_ask_wasm2c(struct work *work, struct toolchain *tools)
{
	int r = probe_line(work, tools->wasm2c, "--version", tools->wasm2c_version,
		sizeof tools->wasm2c_version);

	if (r == 0) {
		tools->family = family_of(tools->wasm2c_version);
		find_features(tools);
	}
	return r;
}

int toolchain_find(struct work *work, struct toolchain *out, char reason[TOOLCHAIN_REASON_SIZE])
{
	memset(out, 0, sizeof *out);
	bool wasm2c = find_wasm2c(out->wasm2c), cc = find_cc(out->cc);
	snprintf(reason, TOOLCHAIN_REASON_SIZE, "no %s found (Debian: apt-get install %s)",
		wasm2c ? "C compiler" : "wasm2c", wasm2c ? "gcc" : "wabt");
	if (!wasm2c || !cc)
		return TOOLCHAIN_MISSING;
	snprintf(reason, TOOLCHAIN_REASON_SIZE, "%.200s does not run", out->wasm2c);
	int r = toolchain_ask_wasm2c(work, out);
	if (r)
		return r;
	snprintf(reason, TOOLCHAIN_REASON_SIZE, "%.200s does not run", out->cc);
	memcpy(out->linker, out->cc, sizeof out->linker);
	r = ask_compiler(work, out);
	return r ? r : ask_tcc(work, out);
}

int toolchain_aim(struct work *work, struct toolchain *tools, enum plan_cpu cpu,
	char reason[TOOLCHAIN_REASON_SIZE])
{
	int r = cpu_find(work, tools->cc, tools->compiler, cpu, &tools->cpu);

	if (r > 0)
		snprintf(reason, TOOLCHAIN_REASON_SIZE,
			"%.200s does not say what this CPU is able to", tools->cc);
	return r > 0 ? TOOLCHAIN_MISSING : r;
}

void toolchain_take_tier(struct toolchain *tools, enum object_tier tier)
{
	if (tier != OBJECT_QUICK)
		return;
	tools->compiler = FLAGS_TCC;
	tools->cpu = (struct cpu){ 0 };
	memcpy(tools->cc, tools->tcc, sizeof tools->cc);
	memcpy(tools->cc_version, tools->tcc_version, sizeof tools->cc_version);
}

const char *toolchain_cc_name(const struct toolchain *tools)
{
	static const char *const names[FLAGS_COMPILERS] = {
		[FLAGS_GCC] = "gcc", [FLAGS_CLANG] = "clang", [FLAGS_TCC] = "tcc"
	};

	return names[tools->compiler];
}

void toolchain_features(const struct toolchain *tools, char *text, size_t size)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
		{ FEATURE_SIMD, "simd" },
		{ FEATURE_BULK_MEMORY, "bulk-memory" },
		{ FEATURE_REFERENCE_TYPES, "reference-types" },
		{ FEATURE_MULTI_VALUE, "multi-value" },
		{ FEATURE_SIGN_EXTENSION, "sign-extension" },
		{ FEATURE_SATURATING_FLOAT, "saturating-float" },
		{ FEATURE_TAIL_CALLS, "tail-calls" },
		{ FEATURE_EXTENDED_CONST, "extended-const" },
		{ FEATURE_EXCEPTIONS, "exceptions" },
	};
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (tools->features & names[i].bit && used < size)
			used += (size_t)snprintf(text + used, size - used, "%s%s",
				used ? " " : "", names[i].name);
}

/* One line of what is hashed: a file's name and its content. */
struct id_text {
	char text[32 * KIB];
	size_t used;
};

static void id_add(struct id_text *id, const char *name, const char *value)
{
	int n = snprintf(
		id->text + id->used, sizeof id->text - id->used, "%s=%s\n", name, value);

	if (n > 0)
		id->used += (size_t)n;
	if (id->used > sizeof id->text - 1)
		id->used = sizeof id->text - 1;
}

static int id_add_file(struct id_text *id, const char *name, const char *path)
{
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char hex[HASH_HEX_SIZE];
	struct hash hash;
	int r = fd < 0 ? -errno : hash_blake2b_of_fd(fd, &hash);

	if (r == 0)
		id_add(id, name, hash_to_hex(&hash, hex));
	return r;
}

/* The programs behind the compiler's driver. One that it does not have (clang has no cc1) is no
 * part of it; tcc is all in one, and only linked for. */
static int id_add_parts(struct work *work, const struct toolchain *tools, struct id_text *id)
{
	static const char *const parts[] = { "cc1", "as", "ld" };

	for (size_t i = tools->compiler == FLAGS_TCC ? 2 : 0; i < ARRAY_LEN(parts); i++) {
		char option[64], line[TOOLCHAIN_PATH_SIZE], path[TOOLCHAIN_PATH_SIZE];

		snprintf(option, sizeof option, "-print-prog-name=%s", parts[i]);
		int r = probe_line(work, tools->linker, option, line, sizeof line);
		if (r < 0)
			return r;
		if (r > 0 || (line[0] != '/' && !toolchain_in_path(parts[i], path)))
			continue;
		r = id_add_file(id, parts[i], line[0] == '/' ? line : path);
		if (r)
			return r;
	}
	return 0;
}

static void id_add_flags(
	const struct toolchain *tools, const struct plan *plan, struct id_text *id)
{
	const char *flags[FLAGS_MAX + CPU_WORDS_MAX];
	size_t count = 0;

	flags_compile(tools->compiler, plan, flags, &count);
	flags_link(plan, flags, &count);
	cpu_append(&tools->cpu, flags, &count);
	for (size_t i = 0; i < count; i++)
		id_add(id, "flag", flags[i]);
}

int toolchain_id(struct work *work, const struct toolchain *tools, const struct plan *plan,
	struct hash *id)
{
	struct id_text text = { .used = 0 };
	char number[16];

	snprintf(number, sizeof number, "%u", OBJECT_ABI_VERSION);
	id_add(&text, "abi", number);
	id_add(&text, "tier", object_tier_name(plan->tier));
	id_add(&text, "form", plan_form_name(plan->form));
	id_add(&text, "unknown-imports", plan->unknown_imports ? "trap" : "refused");
	id_add(&text, "relaxed-reads", plan->relaxed_reads ? "yes" : "no");
	id_add_flags(tools, plan, &text);
	int r = id_add_file(&text, "aotc", "/proc/self/exe");
	if (r == 0)
		r = id_add_file(&text, "wasm2c", tools->wasm2c);
	if (r == 0)
		r = id_add_file(&text, "cc", tools->cc);
	if (r == 0)
		r = id_add_file(&text, "linker", tools->linker);
	if (r == 0)
		r = id_add_parts(work, tools, &text);
	if (r == 0)
		*id = hash_blake2b(text.text, text.used);
	return r;
}
