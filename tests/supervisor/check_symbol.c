#include <string.h>

#include <sys/mman.h>

#include "runtime/abi.h"
#include "supervisor/processes/ending.h"
#include "supervisor/processes/symbol.h"
#include "tests/check_run.h"

/* An object with no machine code but a table of functions: three rows, two names. */
static struct {
	struct object_header head;
	struct object_function functions[3];
	char names[16];
} file;

static void set_up(void)
{
	memset(&file, 0, sizeof(file));
	memcpy(file.head.magic, OBJECT_MAGIC, sizeof(file.head.magic));
	file.head.abi_version = OBJECT_ABI_VERSION;
	file.head.functions_offset = offsetof(__typeof__(file), functions);
	file.head.functions_count = 3;
	file.head.names_offset = offsetof(__typeof__(file), names);
	file.head.names_bytes = 8;
	memcpy(file.names, "mainpoke", 8);
	file.functions[0] = (struct object_function){ 0x1000, OBJECT_NOT_WASM, 0, 0 };
	file.functions[1] = (struct object_function){ 0x1100, 5, 0, 4 };
	file.functions[2] = (struct object_function){ 0x1200, 9, 4, 4 };
}

static int find(uint64_t code, uint64_t bytes, struct symbol *out)
{
	int fd = memfd_create("object", MFD_CLOEXEC);

	ck_assert_int_eq(write(fd, &file, sizeof(file)), sizeof(file));
	int r = symbol_find(fd, bytes, code, out);
	close(fd);
	return r;
}

START_TEST(code_belongs_to_the_function_before_it)
{
	struct symbol symbol;

	ck_assert_int_eq(find(0x1150, sizeof(file), &symbol), 0);
	ck_assert_uint_eq(symbol.index, 5);
	ck_assert_uint_eq(symbol.bytes, 4);
	ck_assert_mem_eq(symbol.name, "main", 4);
	ck_assert_int_eq(find(0x1200, sizeof(file), &symbol), 0);
	ck_assert_mem_eq(symbol.name, "poke", 4);
	ck_assert_int_eq(find(UINT64_MAX, sizeof(file), &symbol), 0);
	ck_assert_uint_eq(symbol.index, 9);
	ck_assert_int_eq(find(0x1000, sizeof(file), &symbol), 0);
	ck_assert_uint_eq(symbol.index, OBJECT_NOT_WASM);
	ck_assert_uint_eq(symbol.bytes, 0);
	ck_assert_int_eq(find(0xfff, sizeof(file), &symbol), SYMBOL_UNKNOWN);
	ck_assert_int_eq(find(0, sizeof(file), &symbol), SYMBOL_UNKNOWN);
}
END_TEST

static void lie_magic(void)
{
	file.head.magic[0] = 'x';
}

static void lie_version(void)
{
	file.head.abi_version++;
}

static void lie_count(void)
{
	file.head.functions_count = UINT32_MAX;
}

static void lie_count_beyond_the_file(void)
{
	file.head.functions_count = 1000;
}

static void lie_offset(void)
{
	file.head.functions_offset = UINT64_MAX - 8;
}

static void lie_names(void)
{
	file.head.names_offset = sizeof(file) - 4;
}

static void lie_names_bytes(void)
{
	file.head.names_bytes = UINT64_MAX;
}

static void lie_no_functions(void)
{
	file.head.functions_count = 0;
}

START_TEST(a_table_that_lies_is_not_believed)
{
	static void (*const lies[])(void) = { lie_magic, lie_version, lie_count,
		lie_count_beyond_the_file, lie_offset, lie_names, lie_names_bytes,
		lie_no_functions };
	struct symbol symbol;

	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		set_up();
		lies[i]();
		ck_assert_int_eq(find(0x1150, sizeof(file), &symbol), SYMBOL_UNKNOWN);
	}
}
END_TEST

START_TEST(a_name_outside_the_names_is_left_out)
{
	struct symbol symbol;

	file.functions[1].name_bytes = 9;
	ck_assert_int_eq(find(0x1150, sizeof(file), &symbol), 0);
	ck_assert_uint_eq(symbol.bytes, 0);
	file.functions[1].name_offset = UINT32_MAX;
	ck_assert_int_eq(find(0x1150, sizeof(file), &symbol), 0);
	ck_assert_uint_eq(symbol.bytes, 0);
}
END_TEST

START_TEST(a_file_that_is_cut_is_not_read_past_its_end)
{
	struct symbol symbol;

	for (uint64_t bytes = 0; bytes < sizeof(file); bytes += 4)
		(void)!find(0x1150, bytes, &symbol);
	/* the file says it is longer than it is */
	file.head.functions_offset = sizeof(file) + 4096;
	ck_assert_int_eq(find(0x1150, sizeof(file) + 8192, &symbol), SYMBOL_UNKNOWN);
}
END_TEST

START_TEST(an_unsorted_table_only_finds_the_wrong_name)
{
	struct symbol symbol;

	file.functions[0].code = UINT32_MAX;
	file.functions[2].code = 0;
	for (uint64_t code = 1; code < 0x2000; code += 7)
		(void)!find(code, sizeof(file), &symbol);
}
END_TEST

/* ---- ending ---- */

static void end(int wait_status, struct ending_facts facts, struct ending *ending)
{
	static const struct trap_report none;

	if (!facts.report)
		facts.report = &none;
	ending_of(wait_status, &facts, ending);
}

#define EXITED(code)   ((code) << 8)
#define SIGNALLED(sig) (sig)

START_TEST(every_end_has_its_words)
{
	static const struct trap_report bounds = { .cause = TRAP_OUT_OF_BOUNDS,
		.address = 0x20 };
	static const struct trap_report divided = { .cause = TRAP_DIVISION_BY_ZERO };
	static const struct trap_report unheard = { .cause = 77 };
	static const struct {
		int wait_status;
		struct ending_facts facts;
		enum ending_cause cause;
		int status;
		const char *detail;
	} rows[] = {
		{ EXITED(0), { .ran = true, .object = -1 }, ENDING_EXITED, 0, "" },
		{ EXITED(7), { .ran = true, .object = -1 }, ENDING_EXITED, 7, "" },
		{ EXITED(120), { .ran = true, .object = -1 }, ENDING_EXITED, 120, "" },
		{ EXITED(0), { .ran = true, .stopping = true, .object = -1 }, ENDING_EXITED, 0,
			"" },
		{ EXITED(134), { .ran = true, .report = &bounds, .object = -1 }, ENDING_TRAP,
			134, "out of bounds: address 0x20" },
		{ EXITED(134), { .ran = true, .report = &divided, .object = -1 }, ENDING_TRAP,
			134, "division by zero" },
		{ EXITED(134), { .ran = true, .report = &unheard, .object = -1 }, ENDING_TRAP,
			134, "unknown cause" },
		{ EXITED(120), { .object = -1 }, ENDING_START_FAILED, 1,
			"mapping its memory and lanes failed" },
		{ EXITED(122), { .object = -1 }, ENDING_START_FAILED, 1,
			"locking it down failed" },
		{ EXITED(99), { .object = -1 }, ENDING_START_FAILED, 1,
			"the worker ended before its program began (code 99)" },
		{ SIGNALLED(24), { .ran = true, .object = -1 }, ENDING_CPU_LIMIT, 152,
			"used up its CPU time" },
		{ SIGNALLED(31), { .ran = true, .object = -1 }, ENDING_FORBIDDEN_CALL, 159,
			"killed by a forbidden system call" },
		{ SIGNALLED(15), { .ran = true, .sent = 15, .stopping = true, .object = -1 },
			ENDING_STOPPED, 143, "" },
		{ SIGNALLED(9), { .ran = true, .sent = 9, .stopping = true, .object = -1 },
			ENDING_KILLED, 137, "did not stop in time" },
		{ SIGNALLED(9), { .ran = true, .sent = 9, .object = -1 }, ENDING_KILLED, 137,
			"by signal 9 (KILL)" },
		{ SIGNALLED(9), { .ran = true, .object = -1 }, ENDING_SIGNAL, 137,
			"signal 9 (KILL), perhaps for want of memory" },
		{ SIGNALLED(11), { .ran = true, .object = -1 }, ENDING_SIGNAL, 139,
			"signal 11 (SEGV)" },
		{ SIGNALLED(9), { .ran = true, .sent = 9, .broke = "lied", .object = -1 },
			ENDING_PROTOCOL, 137, "lied" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ending ending = { 0 };
		end(rows[i].wait_status, rows[i].facts, &ending);
		ck_assert_msg(ending.cause == rows[i].cause, "row %zu: %s", i,
			ending_text(ending.cause));
		ck_assert_int_eq(ending.status, rows[i].status);
		ck_assert_str_eq(ending.detail, rows[i].detail);
	}
}
END_TEST

START_TEST(a_trap_names_its_function)
{
	struct trap_report report = { .cause = TRAP_UNREACHABLE, .code = 0x1210 };
	struct ending ending = { 0 };
	int fd = memfd_create("object", MFD_CLOEXEC);

	memcpy(file.names + 4, "po\x1b[", 4);
	ck_assert_int_eq(write(fd, &file, sizeof(file)), sizeof(file));
	end(EXITED(134),
		(struct ending_facts){ .ran = true,
			.report = &report,
			.object = fd,
			.object_bytes = sizeof(file) },
		&ending);
	ck_assert_str_eq(ending.detail, "unreachable in po\\x1b[ (function 9)");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("symbol");
	TCase *table = tcase_create("table"), *lies = tcase_create("lies"),
	      *endings = tcase_create("ending");

	tcase_add_checked_fixture(table, set_up, NULL);
	tcase_add_checked_fixture(lies, set_up, NULL);
	tcase_add_checked_fixture(endings, set_up, NULL);
	tcase_add_test(table, code_belongs_to_the_function_before_it);
	tcase_add_test(lies, a_table_that_lies_is_not_believed);
	tcase_add_test(lies, a_name_outside_the_names_is_left_out);
	tcase_add_test(lies, a_file_that_is_cut_is_not_read_past_its_end);
	tcase_add_test(lies, an_unsorted_table_only_finds_the_wrong_name);
	tcase_add_test(endings, every_end_has_its_words);
	tcase_add_test(endings, a_trap_names_its_function);
	suite_add_tcase(s, table);
	suite_add_tcase(s, lies);
	suite_add_tcase(s, endings);
	return s;
}

CHECK_MAIN(suite)
