#include <elf.h>
#include <string.h>

#include <sys/mman.h>

#include "supervisor/rsctl/symbols.h"
#include "tests/check_run.h"

#define PAGE 4096

/* An object of three functions, one of them under a name that no tool should print, and two
 * lines. Its parts begin at pages. */
static struct {
	_Alignas(PAGE) struct object_header head;
	_Alignas(PAGE) struct {
		Elf64_Ehdr head;
		Elf64_Phdr segments[2];
		uint8_t unwind[32];
	} elf;
	_Alignas(PAGE) struct object_function functions[4];
	_Alignas(PAGE) char names[32];
	_Alignas(PAGE) struct object_line lines[3];
	_Alignas(PAGE) char files[16];
} file;

#define AT(part) offsetof(__typeof__(file), part)

static void set_up(void)
{
	memset(&file, 0, sizeof(file));
	file.head = (struct object_header){ .abi_version = OBJECT_ABI_VERSION,
		.elf_offset = AT(elf),
		.elf_bytes = sizeof(file.elf),
		.functions_offset = AT(functions),
		.functions_count = 4,
		.names_offset = AT(names),
		.names_bytes = 9,
		.unwind_address = 0x200,
		.unwind_bytes = 32,
		.lines_offset = AT(lines),
		.lines_count = 3,
		.files_offset = AT(files),
		.files_bytes = 8 };
	memcpy(file.head.magic, OBJECT_MAGIC, sizeof(file.head.magic));
	file.elf.head.e_phoff = offsetof(__typeof__(file.elf), segments);
	file.elf.head.e_phnum = 2;
	file.elf.segments[0] = (Elf64_Phdr){ .p_type = PT_LOAD,
		.p_flags = PF_R,
		.p_vaddr = 0x200,
		.p_offset = offsetof(__typeof__(file.elf), unwind),
		.p_filesz = 32 };
	file.elf.segments[1] = (Elf64_Phdr){ .p_type = PT_LOAD,
		.p_flags = PF_R | PF_X,
		.p_vaddr = 0x1000,
		.p_offset = 0x1000,
		.p_memsz = 0x300 };
	memcpy(file.names, "mainx\x1b[2J", 9);
	file.functions[0] = (struct object_function){ 0x1000, OBJECT_NOT_WASM, 0, 0 };
	file.functions[1] = (struct object_function){ 0x1100, 5, 0, 4 };
	file.functions[2] = (struct object_function){ 0x1200, 9, 4, 5 };
	file.functions[3] = (struct object_function){ 0x1300, OBJECT_NOT_WASM, 0, 0 };
	memcpy(file.files, "a.c\0b.c", 8);
	file.lines[0] = (struct object_line){ 0x1100, 10, 0 };
	file.lines[1] = (struct object_line){ 0x1180, 7, 4 };
	file.lines[2] = (struct object_line){ 0x1200, 0, 0 };
}

static int open_file(struct symbols *out)
{
	int fd = memfd_create("object", MFD_CLOEXEC);

	ck_assert_int_eq(write(fd, &file, sizeof(file)), sizeof(file));
	int r = symbols_open(fd, out);
	close(fd);
	return r;
}

/* What a command says of the debug file. */
static char *ask(const char *command, const char *rest, char text[4096])
{
	char path[] = "/tmp/redshirt-test-XXXXXX", line[256];
	struct symbols symbols;
	int fd = mkstemp(path);
	FILE *to = fdopen(fd, "w");

	ck_assert_int_eq(open_file(&symbols), 0);
	ck_assert_int_eq(symbols_write(&symbols, to), 0);
	fclose(to);
	symbols_close(&symbols);
	snprintf(line, sizeof(line), "%s %s %s", command, path, rest);
	FILE *said = popen(line, "r");
	size_t n = fread(text, 1, 4095, said);
	text[n] = 0;
	ck_assert_int_eq(pclose(said), 0);
	unlink(path);
	return text;
}

START_TEST(functions_have_names_that_tools_can_print)
{
	char text[4096];

	ck_assert_str_eq(ask("nm -n", "", text), "0000000000001000 t redshirt-helper\n"
						 "0000000000001100 t main\n"
						 "0000000000001200 t wasm-function[9]\n");
}
END_TEST

START_TEST(lines_are_where_they_were)
{
	char text[4096];

	ck_assert_str_eq(ask("addr2line -e", "0x1100 0x1150 0x1180 0x11ff", text),
		"a.c:10\na.c:10\nb.c:7\nb.c:7\n");
}
END_TEST

START_TEST(the_file_is_sound)
{
	char text[4096];

	ask("readelf -aW --debug-dump=line,info,frames-interp", "2>&1 >/dev/null", text);
	ck_assert_str_eq(text, "");
}
END_TEST

static void lie_magic(void)
{
	file.head.magic[0] = 'x';
}

static void lie_version(void)
{
	file.head.abi_version--;
}

static void lie_functions(void)
{
	file.head.functions_count = OBJECT_FUNCTIONS_MAX;
}

static void lie_names(void)
{
	file.head.names_bytes = UINT64_MAX;
}

static void lie_lines(void)
{
	file.head.lines_offset = UINT64_MAX & ~4095ull;
}

static void lie_files(void)
{
	file.head.files_offset = sizeof(file);
}

static void lie_elf(void)
{
	file.head.elf_bytes = sizeof(file);
}

static void lie_segments(void)
{
	file.elf.head.e_phoff = UINT64_MAX - 8;
}

static void lie_no_code(void)
{
	file.elf.segments[1].p_flags = PF_R;
}

START_TEST(an_object_that_lies_is_refused)
{
	static void (*const lies[])(void) = { lie_magic, lie_version, lie_functions, lie_names,
		lie_lines, lie_files, lie_elf, lie_segments, lie_no_code };
	struct symbols symbols;

	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		set_up();
		lies[i]();
		ck_assert_msg(open_file(&symbols) == SYMBOLS_BAD, "lie %zu", i);
	}
}
END_TEST

/* Numbers inside the tables cost their rows only. */
START_TEST(rows_that_lie_do_no_harm)
{
	char text[4096];

	file.functions[1].name_offset = UINT32_MAX;
	file.functions[2].code = 3;
	file.lines[0].file = UINT32_MAX;
	file.lines[1].code = 0;
	file.head.unwind_address = UINT64_MAX - 4;
	ask("nm", "", text);
	ck_assert_ptr_nonnull(strstr(text, "wasm-function[5]"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("symbols");
	TCase *tc = tcase_create("file"), *lies = tcase_create("lies");

	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_test(tc, functions_have_names_that_tools_can_print);
	tcase_add_test(tc, lines_are_where_they_were);
	tcase_add_test(tc, the_file_is_sound);
	tcase_add_checked_fixture(lies, set_up, NULL);
	tcase_add_test(lies, an_object_that_lies_is_refused);
	tcase_add_test(lies, rows_that_lie_do_no_harm);
	suite_add_tcase(s, tc);
	suite_add_tcase(s, lies);
	return s;
}

CHECK_MAIN(suite)
