#include <stdio.h>
#include <string.h>

#include "aotc/dwarf.h"
#include "tests/check_run.h"

/* Line tables of every version, made by the compilers here of a text whose lines are known. */
static const char source[] = "__attribute__((noinline)) int third(int n)\n"
			     "{\n"
			     "\treturn n * 3;\n"
			     "}\n"
			     "int seventh(int n)\n"
			     "{\n"
			     "\treturn third(n) + 1;\n"
			     "}\n";

static const char *const compilers[] = { "gcc -gdwarf-2", "gcc -gdwarf-3", "gcc -gdwarf-4",
	"gcc -gdwarf-5", "gcc -gdwarf-5 -O0", "clang -gdwarf-4", "clang -gdwarf-5" };

static struct {
	uint8_t line[16384], line_str[16384], str[16384];
	struct dwarf_sections sections;
	uint64_t third, seventh;
} made;

static void read_file(
	const char *folder, const char *name, uint8_t room[16384], struct dwarf_section *out)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = fopen(path, "re");
	*out = (struct dwarf_section){ room, file ? fread(room, 1, 16384, file) : 0 };
	if (file)
		fclose(file);
}

static uint64_t symbol(const char *folder, const char *name)
{
	char line[256];
	unsigned long long address = 0;

	snprintf(line, sizeof(line), "nm %s/code.so | grep ' T %s$'", folder, name);
	FILE *said = popen(line, "r");
	ck_assert_int_eq(fscanf(said, "%llx", &address), 1);
	pclose(said);
	return address;
}

/* False: this compiler is not here. */
static bool make(size_t compiler)
{
	char folder[] = "/tmp/redshirt-test-XXXXXX", line[1024];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(line, sizeof(line), "%s/a b;c.c", folder);
	FILE *file = fopen(line, "we");
	fputs(source, file);
	fclose(file);
	snprintf(line, sizeof(line),
		"cd %s && %s -O1 -shared -fPIC -nostdlib -o code.so 'a b;c.c' && objcopy "
		"--dump-section .debug_line=line code.so && (objcopy --dump-section "
		".debug_line_str=line_str --dump-section .debug_str=str code.so || true) >/dev/null 2>&1",
		folder, compilers[compiler]);
	bool there = system(line) == 0;
	if (there) {
		read_file(folder, "line", made.line, &made.sections.line);
		read_file(folder, "line_str", made.line_str, &made.sections.line_str);
		read_file(folder, "str", made.str, &made.sections.str);
		made.third = symbol(folder, "third");
		made.seventh = symbol(folder, "seventh");
	}
	snprintf(line, sizeof(line), "rm -r %s", folder);
	ck_assert_int_eq(system(line), 0);
	return there;
}

static uint32_t line_at(const struct dwarf_lines *lines, uint64_t address)
{
	const struct dwarf_row *row = dwarf_lines_find(lines, address);

	return row ? row->line : 0;
}

START_TEST(functions_are_on_their_lines)
{
	struct dwarf_lines lines;

	if (!make((size_t)_i))
		return;
	ck_assert_int_eq(dwarf_lines_read(&made.sections, &lines), 0);
	ck_assert_msg(line_at(&lines, made.third) - 1 < 3, "%s: %u", compilers[_i],
		line_at(&lines, made.third));
	ck_assert_msg(line_at(&lines, made.seventh) - 5 < 3, "%s: %u", compilers[_i],
		line_at(&lines, made.seventh));
	ck_assert_ptr_null(dwarf_lines_find(&lines, made.third - 1));
	ck_assert_ptr_null(dwarf_lines_find(&lines, made.seventh + 4096));
	/* the file's name, in safe letters */
	const struct dwarf_row *row = dwarf_lines_find(&lines, made.third);
	ck_assert_ptr_nonnull(strstr(lines.files + row->file, "a_b_c.c"));
	dwarf_lines_deinit(&lines);
}
END_TEST

static uint64_t random_state = 88172645463325252ull;

static uint64_t random_number(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

START_TEST(whatever_stands_there_ends)
{
	uint8_t good[16384];

	if (!make((size_t)_i))
		return;
	memcpy(good, made.line, sizeof(good));
	for (int round = 0; round < 2000; round++) {
		struct dwarf_sections lies = made.sections;
		struct dwarf_lines lines;

		memcpy(made.line, good, sizeof(good));
		for (uint64_t n = 1 + random_number() % 6; n; n--)
			made.line[random_number() % lies.line.size] = (uint8_t)random_number();
		lies.line.size = 1 + random_number() % lies.line.size;
		ck_assert_int_eq(dwarf_lines_read(&lies, &lines), 0);
		for (uint32_t i = 0; i < lines.count; i++)
			ck_assert(lines.rows[i].line == 0 ||
				  lines.rows[i].file < lines.files_bytes);
		dwarf_lines_deinit(&lines);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("dwarf");
	TCase *tc = tcase_create("tables");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, functions_are_on_their_lines, 0, ARRAY_LEN(compilers));
	tcase_add_loop_test(tc, whatever_stands_there_ends, 0, ARRAY_LEN(compilers));
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(suite)
