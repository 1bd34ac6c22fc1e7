#include "aotc/compile.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <sys/stat.h>

#include "aotc/lines.h"
#include "aotc/profile.h"

#define TABLE_GROWTH 65536u /* entries that a growing table may gain */
#define ARGUMENTS    (FLAGS_MAX + CPU_WORDS_MAX + BUILD_PARTS_MAX + 16)

static const struct {
	const char *name;
	enum trap_cause cause;
} causes[] = {
	{ "OUT_OF_BOUNDS", TRAP_OUT_OF_BOUNDS },
	{ "INTEGER_OVERFLOW", TRAP_INTEGER_OVERFLOW },
	{ "DIVISION_BY_ZERO", TRAP_DIVISION_BY_ZERO },
	{ "INVALID_CONVERSION", TRAP_INVALID_CONVERSION },
	{ "UNREACHABLE", TRAP_UNREACHABLE },
	{ "INDIRECT_CALL", TRAP_INDIRECT_CALL },
	{ "STACK", TRAP_STACK },
	{ "EXCEPTION", TRAP_EXCEPTION },
	{ "IMPORT", TRAP_IMPORT },
	{ "RUNTIME", TRAP_RUNTIME },
};

/* Both families' names of an import become the one that the loader knows. */
static void config_imports(const struct build *build, FILE *file)
{
	const char *prefix = build->tools.family == HEADERS_1_0_32 ? "Z_hZ_i" : "w2c_h_i";
	bool any = false;

	for (uint32_t row = 0; row < host_functions_count; row++) {
		if (!facts_imports(&build->facts, row))
			continue;
		fprintf(file, "#define %s%u rs_i%u\n", prefix, row, row);
		any = true;
	}
	fprintf(file, "#define RS_HAS_IMPORTS %d\n", any || build->facts.n.unknown_count > 0);
	fputs("#define RS_UNKNOWN_IMPORTS(ROW)", file);
	for (uint32_t i = 0; i < build->facts.n.unknown_count; i++)
		fprintf(file, " ROW(%u)", build->facts.unknown[i]);
	fputc('\n', file);
}

int compile_config(const struct build *build, char **text)
{
	size_t size = 0;
	FILE *file = open_memstream(text, &size);

	if (!file)
		return -errno;
	fprintf(file, "#define RS_MEMORY_BASE %#llxull\n",
		(unsigned long long)(build->memory_base ? build->memory_base
							: OBJECT_MEMORY_BASE));
	for (size_t i = 0; i < ARRAY_LEN(causes); i++)
		fprintf(file, "#define RS_CAUSE_%s %d\n", causes[i].name, (int)causes[i].cause);
	fprintf(file, "#define RS_PLAIN %d\n", build->plain);
	fprintf(file, "#define RS_QUICK %d\n", build->plan.tier == OBJECT_QUICK);
	fprintf(file, "#define RS_RELAXED_READS %d\n", build->plan.relaxed_reads);
	fprintf(file, "#define RS_INSTRUMENTED %d\n", build->plan.tier == OBJECT_INSTRUMENTED);
	fprintf(file, "#define RS_TYPES_MAX %u\n", front_limits_default.types);
	fprintf(file, "#define RS_TABLE_GROWTH %u\n",
		build->facts.n.table_fixed ? 0 : TABLE_GROWTH);
	fprintf(file, "#define RS_FIXED_TABLE %u\n",
		!build->plain && build->facts.n.table_fixed ? build->facts.n.table_entries : 0);
	fprintf(file, "#define RS_PARTS %u\n", build->parts);
	fprintf(file, "#define RS_EXCEPTION_BYTES %u\n",
		build->facts.n.features & FEATURE_EXCEPTIONS
			? build->facts.n.exception_bytes + 1
			: 0);
	config_imports(build, file);
	return fclose(file) == 0 ? 0 : -errno;
}

static int write_config(struct build *build)
{
	CLEANUP(freep) char *text = NULL;
	int r = compile_config(build, &text);

	if (r == 0)
		r = work_write(&build->work, "rs-config.h", text, strlen(text));
	if (r == 0)
		r = headers_write(&build->work, build->tools.family);
	if (r == 0 && build->facts.n.features & FEATURE_SIMD)
		r = headers_write_simd(&build->work);
	return r;
}

/* An instrumented object holds the name of its files, folder included: it must be one name
 * wherever the folder lies. */
#define HERE "/proc/self/cwd/"

/* Everything of one command: argv points into it. */
struct command {
	const char *argv[ARGUMENTS];
	size_t count;
	char name[16], module[32], part[24], object[32];
};

static void add(struct command *command, const char *argument)
{
	if (command->count < ARRAY_LEN(command->argv) - 1)
		command->argv[command->count++] = argument;
}

static void fill_command(struct build *build, uint32_t part, struct command *c)
{
	snprintf(c->name, sizeof c->name, "cc_%u", part);
	snprintf(c->module, sizeof c->module, "-DRS_MODULE=\"m_%u.c\"", part);
	snprintf(c->part, sizeof c->part, "-DRS_PART=%u", part);
	snprintf(c->object, sizeof c->object, "%sm_%u.o",
		build->plan.tier == OBJECT_INSTRUMENTED ? HERE : "", part);
	add(c, build->tools.cc);
	flags_compile(build->tools.compiler, &build->plan, c->argv, &c->count);
	cpu_append(&build->tools.cpu, c->argv, &c->count);
	if (build->parts == 1 && build->tools.compiler == FLAGS_GCC)
		add(c, "-fwhole-program"); /* all there is stands in this file: local, and
					      inlined as it pays */
	if (build->lines) /* after -g0: code is the same, and the object keeps none of it */
		add(c, build->tools.compiler == FLAGS_GCC ? "-g1" : "-gline-tables-only");
	add(c, "-I.");
	add(c, c->module);
	add(c, c->part);
	add(c, "-c");
	add(c, "object.c");
	add(c, "-o");
	add(c, c->object);
}

/* An exit code of the compiler: a crash is the module's doing, anything else our headers'. */
static int judge_compiler(struct build *build, const struct build_job *job)
{
	char line[256];

	if (job->end.code == 0)
		return 0;
	build_first_line(build, job->name, line, sizeof line);
	if (strstr(line, "Killed signal")) /* by the kernel, short of memory: not the module's
					      fault */
		return build_fail(build, "%s was killed", job->what);
	if (strstr(line, "CPU time limit exceeded")) /* the driver lives to tell of cc1's end */
		return build_refuse(build, "needs more than %llu seconds of CPU to compile",
			(unsigned long long)job->jail.limits.cpu_s);
	if (strstr(line, "internal compiler error") || strstr(line, "terminated program"))
		return build_refuse(build, "the compiler crashed on it: %s", line);
	if (build->plan.tier == OBJECT_QUICK) /* what tcc cannot, the others may */
		return build_unfit(
			build, "%s ended with %d: %s", job->what, job->end.code, line);
	return build_fail(build, "%s ended with %d: %s%s", job->what, job->end.code, line,
		build->plain ? " (this wasm2c is not one we know: 1.0.32 and 1.0.42 are)" : "");
}

/* The folder above bin/, for compilers outside of /usr. */
static void allow_compiler(
	const char *compiler, char folder[TOOLCHAIN_PATH_SIZE], struct build_job *job)
{
	snprintf(folder, TOOLCHAIN_PATH_SIZE, "%s", compiler);
	for (int i = 0; i < 2; i++) {
		char *slash = strrchr(folder, '/');
		if (slash)
			*slash = '\0';
	}
	if (folder[0] == '/' && folder[1])
		job->jail.read[0] = folder;
}

/* Measured with gcc -O2: a hundred bytes for each of C, and what every part includes. */
static uint64_t memory_of(struct build *build, uint32_t part)
{
	enum {
		PER_BYTE = 100
	};
	char name[16];
	struct stat st;

	snprintf(name, sizeof name, "m_%u.c", part);
	if (fstatat(build->work.fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return 64 * MIB + PER_BYTE * (uint64_t)st.st_size;
}

static int compile_parts(struct build *build)
{
	CLEANUP(freep) struct command *commands = calloc(build->parts, sizeof *commands);
	CLEANUP(freep) struct build_job *jobs = calloc(build->parts, sizeof *jobs);
	char folder[TOOLCHAIN_PATH_SIZE];
	int r = 0;

	if (!commands || !jobs)
		return -ENOMEM;
	for (uint32_t i = 0; i < build->parts; i++) {
		fill_command(build, i, &commands[i]);
		jobs[i] = build_tool(build, commands[i].name, "the compiler", commands[i].argv);
		allow_compiler(build->tools.cc, folder, &jobs[i]);
		jobs[i].memory_bytes = memory_of(build, i);
	}
	r = build_run(build, "compile", jobs, build->parts);
	for (uint32_t i = 0; r == 0 && i < build->parts; i++)
		r = judge_compiler(build, &jobs[i]);
	return r;
}

static int link_to(struct build *build, const char *output, const char *extra)
{
	CLEANUP(freep) char *names = calloc(build->parts, 16);
	struct command c = { .count = 0 };
	char folder[TOOLCHAIN_PATH_SIZE];

	if (!names)
		return -ENOMEM;
	add(&c, build->tools.linker);
	flags_link(&build->plan, c.argv, &c.count);
	for (uint32_t i = 0; i < build->parts; i++) {
		snprintf(names + 16 * i, 16, "m_%u.o", i);
		add(&c, names + 16 * i);
	}
	add(&c, "-lgcc"); /* counting bits, where the CPU cannot */
	if (extra)
		add(&c, extra);
	add(&c, "-o");
	add(&c, output);
	struct build_job job = build_tool(build, "link", "the linker", c.argv);
	allow_compiler(build->tools.linker, folder, &job);
	int r = build_run(build, "link", &job, 1);
	return r ? r : judge_compiler(build, &job);
}

/* Once more with what the compiler says of lines, which is read and not kept. */
static int link_parts(struct build *build)
{
	int r = link_to(build, COMPILE_OBJECT, build->lines ? "-Wl,--strip-debug" : NULL);

	if (r == 0 && build->lines && link_to(build, LINES_LINKED, NULL) == 0)
		lines_make(build);
	return r;
}

static int compile_full(struct build *build)
{
	int r = write_config(build);

	if (r == 0)
		r = compile_parts(build);
	return r ? r : link_parts(build);
}

static int compile_profiled(struct build *build)
{
	int r = profile_write(build);

	return r ? r : compile_full(build);
}

static bool with_profiles(const struct toolchain *tools)
{
	return tools->compiler == FLAGS_GCC && atoi(tools->cc_version) == PROFILE_GCC;
}

static bool always(const struct toolchain *tools)
{
	(void)tools;
	return true;
}

/* The one place where tcc's objects, which hide nothing, are told what to export. */
static const char exports[] =
	"{ global: " OBJECT_INSTANTIATE "; " OBJECT_RUN "; local: *; };\n";

/* What tcc does not take, or takes too long for, may be nothing to the other compilers. */
static int compile_quick(struct build *build)
{
	if (!build->text_is_known)
		return build_unfit(build, "%s", build->plain_why);
	int r = write_config(build);
	if (r == 0)
		r = headers_write_quick(&build->work);
	if (r == 0)
		r = work_write(&build->work, "exports.map", exports, sizeof exports - 1);
	if (r == 0)
		r = compile_parts(build);
	if (r == 0)
		r = link_parts(build);
	return r == BUILD_REFUSED ? BUILD_UNFIT : r;
}

static bool has_tcc(const struct toolchain *tools)
{
	return tools->tcc[0] != '\0';
}

/* How each tier is made, and with which tools it can be. */
static const struct {
	int (*make)(struct build *build);
	bool (*can)(const struct toolchain *tools);
} tiers[OBJECT_TIERS] = {
	[OBJECT_QUICK] = { compile_quick, has_tcc },
	[OBJECT_FULL] = { compile_full, always },
	[OBJECT_PROFILED] = { compile_profiled, with_profiles },
	[OBJECT_INSTRUMENTED] = { compile_full, with_profiles },
};

bool compile_has(const struct toolchain *tools, enum object_tier tier)
{
	return tiers[tier].make && tiers[tier].can(tools);
}

int compile(struct build *build)
{
	enum object_tier tier = build->plan.tier;

	if (!compile_has(&build->tools, tier))
		return build_fail(build, "objects of the %s tier cannot be made here",
			object_tier_name(tier));
	return tiers[tier].make(build);
}
