#include "tests/bench/native/ways.h"

#include "ipc/base.h"

#define NATIVE(name, head, build)                                    \
	{                                                            \
		name, head, build, NULL, NULL, "exec \"$0\" \"$@\"", \
			"a compiler (make deps-bench)", 0            \
	}
/* Each has an rsd and a cache of its own, because a program is known by its bytes alone. $kept:
 * what may outlive this run. */
#define PLACE(folder)                                                                         \
	"export REDSHIRT_RUN_DIR=\"$here/" folder "/run\" REDSHIRT_STATE_DIR=\"$kept/" folder \
	"/state\" REDSHIRT_CACHE_DIR=\"$kept/" folder "/cache\"; "
#define OURS_BY(name, head, build, place, compile, needs)                                      \
	{                                                                                      \
		name, head, build, place, place compile, place "exec rsctl run \"$0\" \"$@\"", \
			needs, 0                                                               \
	}
#define OURS(name, head, build, place, needs) OURS_BY(name, head, build, place, COMPILE, needs)
#define COMPILE                               "exec rsctl compile --wait --json \"$0\""
/* The profile comes from one run of what is then measured. */
#define COMPILE_PROFILED                                                          \
	"program=$(rsctl add \"$0\") && rsctl profile start \"$program\" >&2 && " \
	"rsctl run \"$0\" \"$@\" >&2 && rsctl profile stop \"$program\" >&2 && " COMPILE

#define SYSTEM_WASM2C "/usr/bin/wasm2c"
#define NODE \
	"exec node --no-warnings --no-liftoff --no-wasm-lazy-compilation \"$tools\"/wasi.mjs "

const struct way_row ways_all[WAYS] = {
	[WAY_GCC] = NATIVE("gcc -O3", "gcc", "gcc"),
	[WAY_GCC_NATIVE] = NATIVE("gcc -O3 -march=native", "gcc nat", "gcc-native"),
	[WAY_CLANG] = NATIVE("clang -O3", "clang", "clang"),
	[WAY_CLANG_NATIVE] = NATIVE("clang -O3 -march=native", "cl. nat", "clang-native"),

	[WAY_OURS] = OURS("redshirt", "rs", "simd", PLACE("ours"), "it"),
	[WAY_OURS_SCALAR] =
		OURS("redshirt, guest without SIMD", "rs -simd", "wasm", PLACE("scalar"), "it"),
	[WAY_OURS_OLD] = OURS("redshirt, no SIMD, the system's WABT", "rs sys", "wasm",
		"[ -x " SYSTEM_WASM2C
		" ] || exit 127; " PLACE("system") "export REDSHIRT_WASM2C=" SYSTEM_WASM2C "; ",
		SYSTEM_WASM2C),
	[WAY_OURS_CLANG] = OURS("redshirt, by clang", "rs clang", "simd",
		"command -v clang >&2 || exit 127; " PLACE(
			"clang") "export REDSHIRT_CC=$(command -v clang); ",
		"clang"),

	/* The object of the first of ours: the places are the same. */
	[WAY_OURS_LIMITED] = { "redshirt, with a CPU limit", "rs limit", "simd", PLACE("ours"),
		"exit 0", PLACE("ours") "exec rsctl run --cpu 3600 \"$0\" \"$@\"", "it", 0 },
	[WAY_OURS_PROFILED] = OURS_BY("redshirt, with a profile", "rs prof", "simd",
		PLACE("profiled"), COMPILE_PROFILED, "it"),
	/* A compiler that only links, so that nothing better is made behind what is measured.
	 */
	[WAY_OURS_QUICK] = OURS_BY("redshirt, quick tier", "rs quick", "simd",
		"command -v tcc >&2 || exit 127; " PLACE(
			"quick") "export REDSHIRT_CC=\"$only_link\"; ",
		"exec rsctl compile --json \"$0\"", "tcc"),

	[WAY_V8] = { "V8, optimising compiler", "V8", "simd", NULL, NULL, NODE "\"$0\" \"$@\"",
		"Node.js 20", 0 },
	[WAY_V8_SCALAR] = { "V8, guest without SIMD", "V8 -simd", "wasm", NULL, NULL,
		NODE "\"$0\" \"$@\"", "Node.js 20", 0 },
	[WAY_WASMTIME] = { "wasmtime", "wasmtime", "simd", NULL, NULL,
		"if command -v wasmtime >&2; then exec wasmtime run \"$0\" \"$@\"; fi; "
		"[ -d \"$peers\"/wasmtime ] || exit 127; "
		"PYTHONPATH=\"$peers\" exec python3 \"$tools\"/wasmtime_run.py \"$0\" \"$@\"",
		"wasmtime (make deps-bench)", 0 },
	[WAY_WASM3] = { "wasm3, interpreter", "wasm3", "wasm", NULL, NULL,
		"exec \"${WASM3:-wasm3}\" \"$0\" \"$@\"", "wasm3 (WASM3=its path)", 1 },
	[WAY_WAMR] = { "WAMR", "WAMR", "wasm", NULL, NULL,
		"exec \"${IWASM:-iwasm}\" \"$0\" \"$@\"", "iwasm (IWASM=its path)", 1 },
};

const struct target ways_targets[] = {
	{ "against gcc -O3", NULL, WAY_OURS, OPPONENT_WAY, WAY_GCC, 1.05, 0 },
	{ "with a profile, against gcc -O3", NULL, WAY_OURS_PROFILED, OPPONENT_WAY, WAY_GCC,
		0.97, 0 },
	{ "a CPU limit costs nothing", NULL, WAY_OURS_LIMITED, OPPONENT_WAY, WAY_OURS, 1.005,
		0 },
	{ "no SIMD in WABT, against gcc -O3", NULL, WAY_OURS_OLD, OPPONENT_WAY, WAY_GCC, 1.20,
		0 },
	{ "computed goto, against the best native", "vm_goto", WAY_OURS, OPPONENT_NATIVE, 0,
		1.10, 0 },
	{ "against wasmtime", NULL, WAY_OURS, OPPONENT_WAY, WAY_WASMTIME, 0.80, 0 },
	{ "against V8", NULL, WAY_OURS, OPPONENT_WAY, WAY_V8, 0.70, 0 },
	{ "PolyBench: against gcc -O3", NULL, WAY_OURS, OPPONENT_WAY, WAY_GCC, 1.00, 1 },
	{ "PolyBench: the worst, against gcc -O3", "", WAY_OURS, OPPONENT_WAY, WAY_GCC, 1.6,
		1 },
	{ "branchy programs: against the best native", NULL, WAY_OURS, OPPONENT_NATIVE, 0, 1.05,
		1 },
	{ "branchy programs: profiled, against the best native", NULL, WAY_OURS_PROFILED,
		OPPONENT_NATIVE, 0, 0.95, 1 },
	{ "no SIMD in WABT, against gcc -O3", NULL, WAY_OURS_OLD, OPPONENT_WAY, WAY_GCC, 1.20,
		1 },
	{ "against wasmtime", NULL, WAY_OURS, OPPONENT_WAY, WAY_WASMTIME, 0.80, 1 },
	{ "against V8", NULL, WAY_OURS, OPPONENT_WAY, WAY_V8, 0.70, 1 },
};
const size_t ways_targets_count = ARRAY_LEN(ways_targets);
