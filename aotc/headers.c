#include "aotc/headers.h"

#include <string.h>

/* The Makefile names these files as what headers.o is made from: the compiler does not see
 * .incbin. */
#define EMBED(name, path)                                                       \
	__asm__(".pushsection .rodata\n" #name ": .incbin \"" path "\"\n" #name \
		"_end: .byte 0\n.popsection\n");                                \
	extern const char name[] __attribute__((visibility("hidden")));         \
	extern const char name##_end[] __attribute__((visibility("hidden")))

EMBED(headers_symbols, "runtime/w2c/symbols.h");
EMBED(headers_common, "runtime/w2c/rs-common.h");
EMBED(headers_after, "runtime/w2c/rs-after.h");
EMBED(headers_exceptions, "runtime/w2c/wasm-rt-exceptions.h");
EMBED(headers_calls, "runtime/w2c/rs-calls.h");
EMBED(headers_simd, "runtime/w2c/rs-simd.h");
EMBED(headers_simd_float, "runtime/w2c/rs-simd-float.h");
EMBED(headers_simd_plain, "runtime/w2c/rs-simd-plain.h");
EMBED(headers_simd_after, "runtime/w2c/rs-simd-after.h");
EMBED(headers_counters, "runtime/w2c/rs-counters.ld");
EMBED(headers_quick, "runtime/w2c/rs-quick.h");
EMBED(headers_tcc, "runtime/w2c/rs-tcc.h");
EMBED(headers_object, "runtime/w2c/object.c");
EMBED(headers_rt_1_0_32, "runtime/w2c/wasm-rt-1.0.32.h");
EMBED(headers_rt_1_0_33, "runtime/w2c/wasm-rt-1.0.33.h");

struct embedded {
	const char *name, *start, *end;
};

static int write_one(struct work *work, const struct embedded *file)
{
	return work_write(work, file->name, file->start, (size_t)(file->end - file->start));
}

int headers_write(struct work *work, enum headers_family family)
{
	static const struct embedded families[] = {
		[HEADERS_1_0_32] = { "wasm-rt.h", headers_rt_1_0_32, headers_rt_1_0_32_end },
		[HEADERS_1_0_33] = { "wasm-rt.h", headers_rt_1_0_33, headers_rt_1_0_33_end },
	};
	static const struct embedded all[] = {
		{ "symbols.h", headers_symbols, headers_symbols_end },
		{ "rs-common.h", headers_common, headers_common_end },
		{ "rs-after.h", headers_after, headers_after_end },
		{ "wasm-rt-exceptions.h", headers_exceptions, headers_exceptions_end },
		{ "rs-calls.h", headers_calls, headers_calls_end },
		{ "rs-simd-after.h", headers_simd_after, headers_simd_after_end },
		{ "rs-counters.ld", headers_counters, headers_counters_end },
		{ "object.c", headers_object, headers_object_end },
	};
	int r = write_one(work, &families[family]);

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(all); i++)
		r = write_one(work, &all[i]);
	return r;
}

int headers_write_simd(struct work *work)
{
	static const char choice[] = "#if RS_QUICK\n#include \"rs-simd-plain.h\"\n"
				     "#else\n#include \"rs-simd.h\"\n#endif\n";
	static const struct embedded all[] = {
		{ "rs-simd.h", headers_simd, headers_simd_end },
		{ "rs-simd-float.h", headers_simd_float, headers_simd_float_end },
		{ "rs-simd-plain.h", headers_simd_plain, headers_simd_plain_end },
	};
	struct work outer = { .fd = -1 }, inner = { .fd = -1 };
	int r = work_folder(work, "simde", &outer);

	if (r == 0)
		r = work_folder(&outer, "wasm", &inner);
	if (r == 0)
		r = work_write(&inner, "simd128.h", choice, strlen(choice));
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(all); i++)
		r = write_one(work, &all[i]);
	fd_closep(&inner.fd);
	fd_closep(&outer.fd);
	return r;
}

/* What wasm2c's text includes. All of it stands in rs-tcc.h. */
static const char *const system_headers[] = { "alloca.h", "assert.h", "math.h", "stdarg.h",
	"stdbool.h", "stddef.h", "stdint.h", "stdlib.h", "string.h" };

int headers_write_quick(struct work *work)
{
	static const struct embedded all[] = {
		{ "rs-quick.h", headers_quick, headers_quick_end },
		{ "rs-tcc.h", headers_tcc, headers_tcc_end },
	};
	struct work folder = { .fd = -1 };
	int r = work_folder(work, "tcc", &folder);

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(all); i++)
		r = write_one(work, &all[i]);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(system_headers); i++)
		r = work_write(&folder, system_headers[i], "", 0);
	fd_closep(&folder.fd);
	return r;
}
