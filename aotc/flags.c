#include "aotc/flags.h"

#include <assert.h>

enum {
	FOR_ALL,
	FOR_GCC,
	FOR_CLANG
};

struct flag {
	const char *text, *why;
	int only;
};

static const struct flag compile_flags[] = {
	{ "-std=gnu11", "C, never C++: a loop without side effects must stay", FOR_ALL },
	{ "-O2", "the level measured", FOR_ALL },
	{ "-fPIC", "the loader chooses where, above linear memory", FOR_ALL },
	{ "-fvisibility=hidden", "two entry points, nothing else", FOR_ALL },
	{ "-DNDEBUG", "wasm2c's asserts are about its own calls", FOR_ALL },
	{ "-w", "nobody reads warnings about generated text", FOR_ALL },
	{ "-Wno-incompatible-pointer-types",
		"our headers give `data` a type of its own; newer compilers stop there",
		FOR_ALL },
	{ "-fmax-errors=3", "one is enough for a reason", FOR_GCC },
	{ "-ferror-limit=3", "one is enough for a reason", FOR_CLANG },

	/* the language's meaning */
	{ "-fwrapv", "wasm's integers wrap", FOR_ALL },
	{ "-fno-strict-aliasing", "linear memory holds every type at every address", FOR_ALL },
	{ "-fno-delete-null-pointer-checks", "no address is special", FOR_ALL },
	{ "-ffp-contract=off", "a*b+c rounds twice; fused it gave another result", FOR_ALL },
	{ "-fsignaling-nans", "x*1 makes a signalling NaN quiet; folded away it would not",
		FOR_GCC },
	{ "-fno-math-errno", "sqrt is an instruction", FOR_ALL },
	{ "-fno-optimize-sibling-calls",
		"endless recursion must exhaust the stack, not loop for ever", FOR_ALL },

	/* the machine */
	{ "-fstack-clash-protection",
		"a large frame must touch the guard page, not jump over it", FOR_ALL },
	{ "-fstack-protector-strong", "a second wall in the object itself", FOR_ALL },
	{ "-fcf-protection=full", "indirect jumps land where functions begin", FOR_ALL },
	{ "-fno-plt", "host functions are called through read-only slots", FOR_ALL },
	{ "-ffunction-sections", "what nobody calls is left out", FOR_ALL },
	{ "-falign-functions=64", "speed then depends less on where the linker put things",
		FOR_ALL },
	{ "-falign-loops=32", "the same", FOR_GCC },

	/* same input, same bytes */
	{ "-frandom-seed=redshirt", "names of local symbols", FOR_GCC },
	{ "-fno-ident", "no compiler's name in the object", FOR_ALL },
	{ "-g0", "no paths, no dates", FOR_ALL },
};

static const struct flag link_flags[] = {
	{ "-shared", "an object", FOR_ALL },
	{ "-nostdlib", "the worker gives what is named in symbols.h, nothing else", FOR_ALL },
	{ "-nostartfiles", "no constructors: nothing runs before the worker's lock", FOR_ALL },
	{ "-Wl,-z,relro,-z,now", "slots are bound once and read-only afterwards", FOR_ALL },
	{ "-Wl,-z,noexecstack", "no code on the stack", FOR_ALL },
	{ "-Wl,-z,separate-code", "no page is both data and code", FOR_ALL },
	{ "-Wl,-z,max-page-size=4096", "segments lie as the loader maps them", FOR_ALL },
	{ "-Wl,-z,text", "code that would need relocation is an error", FOR_ALL },
	{ "-Wl,--gc-sections", "what nobody calls is left out", FOR_ALL },
	{ "-Wl,--build-id=none", "same input, same bytes", FOR_ALL },
	{ "-Wl,--hash-style=sysv", "the loader counts symbols by it", FOR_ALL },
};

static void append(
	const struct flag *flags, size_t n, int mine, const char **argv, size_t *count)
{
	for (size_t i = 0; i < n; i++) {
		if (flags[i].only != FOR_ALL && flags[i].only != mine)
			continue;
		assert(*count < FLAGS_MAX);
		argv[(*count)++] = flags[i].text;
	}
}

void flags_compile(enum flags_compiler compiler, const char **argv, size_t *count)
{
	append(compile_flags, ARRAY_LEN(compile_flags),
		compiler == FLAGS_GCC ? FOR_GCC : FOR_CLANG, argv, count);
	assert(*count < FLAGS_MAX);
	argv[(*count)++] = flags_cpu();
}

void flags_link(const char **argv, size_t *count)
{
	append(link_flags, ARRAY_LEN(link_flags), FOR_ALL, argv, count);
}

/* Levels of the x86-64 psABI: few enough that machines of one kind build the same bytes. */
const char *flags_cpu(void)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("x86-64-v3"))
		return "-march=x86-64-v3";
	if (__builtin_cpu_supports("x86-64-v2"))
		return "-march=x86-64-v2";
	return "-march=x86-64";
}
