#include "aotc/flags.h"

#include <assert.h>
#include <string.h>

/* Bits: compilers and tiers that a row is for. */
enum {
	GCC = 1 << FLAGS_GCC,
	CLANG = 1 << FLAGS_CLANG,
	TCC = 1 << FLAGS_TCC,
	BOTH = GCC | CLANG,
	EVERY = BOTH | TCC,

	TIERS = (1 << OBJECT_TIERS) - 1,
	COUNTING = 1 << OBJECT_INSTRUMENTED,
	PROFILED = 1 << OBJECT_PROFILED,
	OPTIMISED = TIERS & ~(1 << OBJECT_QUICK),
};

struct flag {
	const char *text, *why;
	unsigned int compilers, tiers;
};

static const struct flag compile_flags[] = {
	{ "-std=gnu11", "C, never C++: a loop without side effects must stay", BOTH, TIERS },
	{ "-std=c11", "the same", TCC, TIERS },
	{ "-nostdinc", "rs-tcc.h is all there is ...", TCC, TIERS },
	{ "-Itcc", "... but for the names", TCC, TIERS },
	{ "-O3", "measured: kernels 2 to 3 % faster than at -O2, a third longer to build", BOTH,
		TIERS },
	{ "-fPIC", "the loader chooses where, above linear memory", BOTH, TIERS },
	{ "-fvisibility=hidden", "two entry points, nothing else", BOTH, TIERS },
	{ "-DNDEBUG", "wasm2c's asserts are about its own calls", BOTH, TIERS },
	{ "-w", "nobody reads warnings about generated text", EVERY, TIERS },
	{ "-Wno-incompatible-pointer-types",
		"our headers give `data` a type of its own; newer compilers stop there", BOTH,
		TIERS },
	{ "-fmax-errors=3", "one is enough for a reason", GCC, TIERS },
	{ "-ferror-limit=3", "one is enough for a reason", CLANG, TIERS },

	{ "--param=max-goto-duplication-insns=40",
		"the jump to an interpreter's next instruction, with what leads up to it, "
		"stands "
		"at the end of each (aotc/dispatch.h)",
		GCC, OPTIMISED },

	/* the language's meaning */
	{ "-fwrapv", "wasm's integers wrap", BOTH, TIERS },
	{ "-fno-strict-aliasing", "linear memory holds every type at every address", BOTH,
		TIERS },
	{ "-fno-dse",
		"gcc's takes two constant addresses for apart, whatever their distance: a "
		"store "
		"that a load reads in part was lost",
		GCC, OPTIMISED },
	{ "-fno-delete-null-pointer-checks", "no address is special", BOTH, TIERS },
	{ "-ffp-contract=off", "a*b+c rounds twice; fused it gave another result", BOTH,
		TIERS },
	{ "-fsignaling-nans", "x*1 makes a signalling NaN quiet; folded away it would not", GCC,
		TIERS },
	{ "-ffp-exception-behavior=maytrap", "clang's word for the same", CLANG, TIERS },
	{ "-fno-finite-loops", "a loop that never ends is right, even without effects", BOTH,
		TIERS },
	{ "-fno-math-errno", "sqrt is an instruction", BOTH, TIERS },
	{ "-fno-optimize-sibling-calls",
		"endless recursion must exhaust the stack, not loop for ever", BOTH, TIERS },

	/* the machine */
	{ "-fstack-clash-protection",
		"a large frame must touch the guard page, not jump over it", BOTH, TIERS },
	{ "-fstack-protector-strong", "a second wall in the object itself", BOTH, TIERS },
	{ "-fcf-protection=full", "indirect jumps land where functions begin", BOTH, TIERS },
	{ "-fno-plt", "host functions are called through read-only slots", BOTH, TIERS },
	{ "-fasynchronous-unwind-tables", "after a trap, who called whom is known", BOTH,
		TIERS },
	{ "-ffunction-sections", "what nobody calls is left out", BOTH, TIERS },
	{ "-falign-functions=64", "speed then depends less on where the linker put things",
		BOTH, TIERS },
	{ "-falign-loops=32", "the same", BOTH, TIERS },

	/* profiles (aotc/skeleton.h, aotc/profile.h) */
	{ "-fprofile-arcs", "counts how often each branch is taken", GCC, COUNTING },
	{ "-fprofile-info-section", "says whose the counters are without a constructor", GCC,
		COUNTING },
	{ "-fprofile-update=single", "a program is one thread", GCC, COUNTING },
	{ "-fdata-sections", "the linker puts counters on pages of their own", GCC, COUNTING },
	{ "-fprofile-use", "a profile stands beside each part", GCC, PROFILED },
	{ "-fprofile-correction",
		"counters of a program that was killed, or lies, do not add up", GCC,
		PROFILED },
	{ "-fprofile-partial-training",
		"what no run has come to yet is as worth being fast as without a profile", GCC,
		PROFILED },

	/* same input, same bytes */
	{ "-frandom-seed=redshirt", "names of local symbols", GCC, TIERS },
	{ "-fno-ident", "no compiler's name in the object", BOTH, TIERS },
	{ "-g0", "no paths, no dates", BOTH, TIERS },
};

static const struct flag link_flags[] = {
	{ "-shared", "an object", BOTH, TIERS },
	{ "-nodefaultlibs", "the worker gives what is named in symbols.h, nothing else", BOTH,
		TIERS },
	{ "-nostartfiles", "no constructors: nothing runs before the worker's lock", BOTH,
		TIERS },
	{ "-Wl,-z,relro,-z,now", "slots are bound once and read-only afterwards", BOTH, TIERS },
	{ "-Wl,-z,noexecstack", "no code on the stack", BOTH, TIERS },
	{ "-Wl,-z,separate-code", "no page is both data and code", BOTH, TIERS },
	{ "-Wl,-z,max-page-size=4096", "segments lie as the loader maps them", BOTH, TIERS },
	{ "-Wl,-z,text", "code that would need relocation is an error", BOTH, TIERS },
	{ "-Wl,--gc-sections", "what nobody calls is left out", BOTH, TIERS },
	{ "-Wl,--version-script=exports.map", "tcc hides nothing: two entry points", BOTH,
		1 << OBJECT_QUICK },
	{ "-Wl,--no-ld-generated-unwind-info", "tcc writes none either", BOTH,
		1 << OBJECT_QUICK },
	{ "-Wl,--build-id=none", "same input, same bytes", BOTH, TIERS },
	{ "-Wl,--hash-style=sysv", "the loader counts symbols by it", BOTH, TIERS },
	{ "-Wl,-T,rs-counters.ld", "counters have pages of their own", GCC, COUNTING },
};

const char *flags_left_out;

static bool applies(const struct flag *flag, unsigned int compiler, const struct plan *plan)
{
	return flag->compilers & 1u << compiler && flag->tiers & 1u << plan->tier &&
	       !(flags_left_out && strcmp(flag->text, flags_left_out) == 0);
}

static void append(const struct flag *flags, size_t n, unsigned int compiler,
	const struct plan *plan, const char **argv, size_t *count)
{
	for (size_t i = 0; i < n; i++) {
		if (!applies(&flags[i], compiler, plan))
			continue;
		assert(*count < FLAGS_MAX);
		argv[(*count)++] = flags[i].text;
	}
}

void flags_compile(
	enum flags_compiler compiler, const struct plan *plan, const char **argv, size_t *count)
{
	append(compile_flags, ARRAY_LEN(compile_flags), compiler, plan, argv, count);
}

void flags_link(const struct plan *plan, const char **argv, size_t *count)
{
	append(link_flags, ARRAY_LEN(link_flags), FLAGS_GCC, plan, argv, count);
}
