/*
 * cpu.c: with -### a compiler prints the commands it would run, in which -march=native has
 * become words of its own language: for gcc they are options again, clang's features are handed
 * on by -Xclang.
 */
#include "aotc/cpu.h"

#include <stdio.h>
#include <string.h>

#include "aotc/probe.h"

#define WORD_SIZE    48u
#define FEATURES_MAX (CPU_WORDS_MAX / 4 - 1)
#define ANSWER_SIZE  (32 * KIB)

typedef char word[WORD_SIZE];

/* The next word of a command line as compilers print it, without its quotes; false at the
 * line's end. What is too long, or not of the letters that features are made of, is empty. */
static bool next_word(const char **at, word out)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-=_";

	*at += strspn(*at, " \"");
	size_t n = strcspn(*at, " \"\n");
	bool good = n < WORD_SIZE && strspn(*at, letters) >= n;
	snprintf(out, WORD_SIZE, "%.*s", good ? (int)n : 0, *at);
	*at += n;
	return n > 0;
}

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static int add(struct cpu *cpu, const char *text)
{
	size_t n = strlen(text) + 1;

	if (n > sizeof cpu->words - cpu->words_bytes)
		return CPU_UNKNOWN;
	memcpy(cpu->words + cpu->words_bytes, text, n);
	cpu->words_bytes += (uint32_t)n;
	return 0;
}

static int add_march(struct cpu *cpu, const char *name)
{
	char march[sizeof cpu->name + 8];

	snprintf(cpu->name, sizeof cpu->name, "%s", name);
	snprintf(march, sizeof march, "-march=%s", name);
	return add(cpu, march);
}

/* cc1 ... "-march=cooperlake" -mmmx -mno-fma4 ... */
static int read_gcc(const char *line, struct cpu *cpu)
{
	uint32_t count = 0;
	int r = 0;

	for (word w; r == 0 && next_word(&line, w);) {
		if (!starts(w, "-m"))
			continue;
		if (starts(w, "-march="))
			r = add_march(cpu, w + strlen("-march="));
		else
			r = add(cpu, w);
		if (++count >= CPU_WORDS_MAX)
			r = CPU_UNKNOWN;
	}
	return r ? r : cpu->name[0] ? 0 : CPU_UNKNOWN;
}

/* What is absent first, as it takes along what builds on it; each kind by name. */
static int by_feature(const void *a, const void *b)
{
	const char *x = a, *y = b;

	return x[0] != y[0] ? (x[0] == '-' ? -1 : 1) : strcmp(x, y);
}

static int add_features(struct cpu *cpu, word *features, uint32_t count)
{
	int r = 0;

	qsort(features, count, sizeof *features, by_feature);
	for (uint32_t i = 0; r == 0 && i < count; i++) {
		r = add(cpu, "-Xclang");
		r = r ? r : add(cpu, "-target-feature");
		r = r ? r : add(cpu, "-Xclang");
		r = r ? r : add(cpu, features[i]);
	}
	return r;
}

/* clang -cc1 ... "-target-cpu" "icelake-client" "-target-feature" "-xop" ... */
static int read_clang(const char *line, struct cpu *cpu)
{
	word features[FEATURES_MAX], w, value;
	uint32_t count = 0;
	int r = 0;

	while (r == 0 && next_word(&line, w)) {
		if (strcmp(w, "-target-cpu") == 0 && next_word(&line, value))
			r = add_march(cpu, value);
		else if (strcmp(w, "-target-feature") == 0 && next_word(&line, value)) {
			if (count >= FEATURES_MAX)
				return CPU_UNKNOWN;
			memcpy(features[count++], value, sizeof value);
		}
	}
	if (r == 0)
		r = add_features(cpu, features, count);
	return r ? r : cpu->name[0] ? 0 : CPU_UNKNOWN;
}

static int ask(struct work *work, const char *cc, enum flags_compiler compiler, struct cpu *out)
{
	static const struct {
		const char *sign; /* of the line that names the features */
		int (*read)(const char *line, struct cpu *cpu);
	} kinds[] = {
		[FLAGS_GCC] = { "/cc1 ", read_gcc },
		[FLAGS_CLANG] = { "\"-cc1\" ", read_clang },
	};
	const char *argv[] = { cc, "-march=native", "-###", "-E", "-x", "c", "-", NULL };
	CLEANUP(freep) char *text = malloc(ANSWER_SIZE);

	if (!text)
		return -ENOMEM;
	int r = probe_text(work, argv, text, ANSWER_SIZE);
	if (r)
		return r < 0 ? r : CPU_UNKNOWN;
	const char *at = strstr(text, kinds[compiler].sign);
	return at ? kinds[compiler].read(at, out) : CPU_UNKNOWN;
}

int cpu_find(struct work *work, const char *cc, enum flags_compiler compiler,
	enum plan_cpu wish, struct cpu *out)
{
	memset(out, 0, sizeof *out);
	if (wish == PLAN_NATIVE)
		return ask(work, cc, compiler, out);
	return add_march(out, plan_cpu_name(wish));
}

void cpu_append(const struct cpu *cpu, const char **argv, size_t *count)
{
	for (const char *at = cpu->words; at < cpu->words + cpu->words_bytes;
		at += strlen(at) + 1)
		argv[(*count)++] = at;
}
