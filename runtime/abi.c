#include "runtime/abi.h"

#include <string.h>

static const char *const trap_texts[TRAP_COUNT] = {
	[TRAP_NONE] = "no trap",
	[TRAP_OUT_OF_BOUNDS] = "out of bounds",
	[TRAP_INTEGER_OVERFLOW] = "integer overflow",
	[TRAP_DIVISION_BY_ZERO] = "division by zero",
	[TRAP_INVALID_CONVERSION] = "invalid conversion to integer",
	[TRAP_UNREACHABLE] = "unreachable",
	[TRAP_INDIRECT_CALL] = "indirect call mismatch",
	[TRAP_STACK] = "stack overflow",
	[TRAP_ILLEGAL_INSTRUCTION] = "illegal instruction",
	[TRAP_EXCEPTION] = "uncaught exception",
	[TRAP_IMPORT] = "call of an unknown import",
	[TRAP_RUNTIME] = "runtime failure",
};

const char *trap_text(uint32_t cause)
{
	return cause < TRAP_COUNT ? trap_texts[cause] : "unknown cause";
}

#define RS(field, type)                  \
	{                                \
		"redshirt", #field, type \
	}
#define WASI(field, type)                              \
	{                                              \
		"wasi_snapshot_preview1", #field, type \
	}

/* WASI types: WebAssembly/WASI, legacy/preview1/witx. The order is part of the ABI: add at the
 * end. */
const struct host_function host_functions[] = {
	RS(emit_message, "iiiIi>i"),
	RS(emit_answer, "iiii>i"),
	RS(next_message, "iiiiI>I"),
	WASI(args_get, "ii>i"),
	WASI(args_sizes_get, "ii>i"),
	WASI(environ_get, "ii>i"),
	WASI(environ_sizes_get, "ii>i"),
	WASI(clock_res_get, "ii>i"),
	WASI(clock_time_get, "iIi>i"),
	WASI(fd_advise, "iIIi>i"),
	WASI(fd_allocate, "iII>i"),
	WASI(fd_close, "i>i"),
	WASI(fd_datasync, "i>i"),
	WASI(fd_fdstat_get, "ii>i"),
	WASI(fd_fdstat_set_flags, "ii>i"),
	WASI(fd_fdstat_set_rights, "iII>i"),
	WASI(fd_filestat_get, "ii>i"),
	WASI(fd_filestat_set_size, "iI>i"),
	WASI(fd_filestat_set_times, "iIIi>i"),
	WASI(fd_pread, "iiiIi>i"),
	WASI(fd_prestat_dir_name, "iii>i"),
	WASI(fd_prestat_get, "ii>i"),
	WASI(fd_pwrite, "iiiIi>i"),
	WASI(fd_read, "iiii>i"),
	WASI(fd_readdir, "iiiIi>i"),
	WASI(fd_renumber, "ii>i"),
	WASI(fd_seek, "iIii>i"),
	WASI(fd_sync, "i>i"),
	WASI(fd_tell, "ii>i"),
	WASI(fd_write, "iiii>i"),
	WASI(path_create_directory, "iii>i"),
	WASI(path_filestat_get, "iiiii>i"),
	WASI(path_filestat_set_times, "iiiiIIi>i"),
	WASI(path_link, "iiiiiii>i"),
	WASI(path_open, "iiiiiIIii>i"),
	WASI(path_readlink, "iiiiii>i"),
	WASI(path_remove_directory, "iii>i"),
	WASI(path_rename, "iiiiii>i"),
	WASI(path_symlink, "iiiii>i"),
	WASI(path_unlink_file, "iii>i"),
	WASI(poll_oneoff, "iiii>i"),
	WASI(proc_exit, "i>"),
	WASI(proc_raise, "i>i"),
	WASI(random_get, "ii>i"),
	WASI(sched_yield, ">i"),
	WASI(sock_accept, "iii>i"),
	WASI(sock_recv, "iiiiii>i"),
	WASI(sock_send, "iiiii>i"),
	WASI(sock_shutdown, "ii>i"),
};
const size_t host_functions_count = ARRAY_LEN(host_functions);

const char *object_tier_name(uint32_t tier)
{
	static const char *const names[OBJECT_TIERS] = {
		[OBJECT_QUICK] = "quick",
		[OBJECT_FULL] = "full",
		[OBJECT_PROFILED] = "profiled",
		[OBJECT_INSTRUMENTED] = "instrumented",
	};

	return tier < OBJECT_TIERS ? names[tier] : "unknown tier";
}

/* The levels have names for gcc, which builds what is installed; what clang 14 builds is only
 * fuzzed. */
#ifdef __clang__
#define HAS_LEVEL(level, sign) __builtin_cpu_supports(sign)
#else
#define HAS_LEVEL(level, sign) __builtin_cpu_supports(level)
#endif

bool object_cpu_is_here(const char *cpu)
{
	__builtin_cpu_init();
	if (strcmp(cpu, "x86-64-v2") == 0)
		return HAS_LEVEL("x86-64-v2", "sse4.2");
	if (strcmp(cpu, "x86-64-v3") == 0)
		return HAS_LEVEL("x86-64-v3", "avx2");
	if (strcmp(cpu, "x86-64-v4") == 0)
		return HAS_LEVEL("x86-64-v4", "avx512vl");
	return strcmp(cpu, "native") == 0 || strcmp(cpu, "x86-64") == 0;
}

static bool same(const char *ours, const char *theirs, size_t size)
{
	return strlen(ours) == size && memcmp(ours, theirs, size) == 0;
}

int host_function_find(
	const char *module, size_t module_size, const char *field, size_t field_size)
{
	for (size_t i = 0; i < host_functions_count; i++)
		if (same(host_functions[i].module, module, module_size) &&
			same(host_functions[i].field, field, field_size))
			return (int)i;
	return -1;
}
