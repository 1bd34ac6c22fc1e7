#include "aotc/provenance.h"

#include <stdio.h>
#include <string.h>

static void words(FILE *file, const char *key, const char *const *argv, size_t count)
{
	fputs(key, file);
	for (size_t i = 0; i < count; i++)
		fprintf(file, " %s", argv[i]);
	fputc('\n', file);
}

static void write_cpu(FILE *file, const struct cpu *cpu)
{
	const char *argv[CPU_WORDS_MAX + 1] = { *cpu->name ? cpu->name : "any" };
	size_t count = 1;

	cpu_append(cpu, argv, &count);
	words(file, "cpu", argv, count);
}

static void write_flags(FILE *file, const struct build *build)
{
	const char *argv[FLAGS_MAX];
	size_t count = 0;

	flags_compile(build->tools.compiler, &build->plan, argv, &count);
	words(file, "flags", argv, count);
	count = 0;
	flags_link(&build->plan, argv, &count);
	words(file, "link-flags", argv, count);
}

static void write_lines(FILE *file, const struct build *build)
{
	const struct toolchain *tools = &build->tools;

	fprintf(file, "tier %s\n", object_tier_name(build->plan.tier));
	fprintf(file, "form %s%s\n", build->plain ? "plain " : "special",
		build->plain ? build->plain_why : "");
	fprintf(file, "translator wasm2c %s\n", tools->wasm2c_version);
	fprintf(file, "compiler %s %s\n", toolchain_cc_name(tools), tools->cc_version);
	write_cpu(file, &tools->cpu);
	write_flags(file, build);
	fprintf(file, "parts %u\n", build->parts);
	fprintf(file, "relaxed-reads %s\n", build->plan.relaxed_reads ? "yes" : "no");
	fprintf(file, "unknown-imports %u\n", build->facts.n.unknown_count);
}

int provenance_write(const struct build *build, char **text, size_t *size)
{
	FILE *file = open_memstream(text, size);

	if (!file)
		return -errno;
	write_lines(file, build);
	if (fclose(file) != 0)
		return -errno;
	return *size <= OBJECT_RECORD_BYTES_MAX ? 0 : -E2BIG;
}
