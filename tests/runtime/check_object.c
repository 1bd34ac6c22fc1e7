/*
 * check_object.c: the loader takes what a compiler made and refuses anything that does not hold
 * together, whatever byte of it is wrong. Nothing of a refused object has run.
 */
#include <elf.h>

#include "runtime/object.h"
#include "tests/check_run.h"
#include "tests/runtime/launch.h"

static int file;
static uint8_t *bytes; /* the file, changed by the tests */
static struct object_header *head;
static Elf64_Ehdr *elf;
static Elf64_Phdr *segments;

static uint32_t given;
static void give(uint32_t value)
{
	given = value;
}

static void *resolve(const char *name)
{
	return strcmp(name, "give") == 0 ? (void *)(uintptr_t)give : NULL;
}

static const char source[] = "void give(unsigned);\n"
			     "static void f(void) { give(1); }\n"
			     "static void g(void) { give(2); }\n"
			     "static void (*volatile table[])(void) = { f, g };\n"
			     "static int zero[5000];\n"
			     "#define ENTRY __attribute__((visibility(\"default\")))\n"
			     "ENTRY void rs_object_instantiate(void) { table[zero[4999]](); }\n"
			     "ENTRY void rs_object_run(void) { table[1](); }\n";

static void set_up(void)
{
	char path[] = "/tmp/redshirt-test-XXXXXX.c";
	int fd = mkstemps(path, 2);
	struct stat stat;

	ck_assert_int_eq(write(fd, source, sizeof(source) - 1), sizeof(source) - 1);
	close(fd);
	file = launch_object(path, "");
	unlink(path);
	ck_assert_int_eq(fstat(file, &stat), 0);
	bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	ck_assert_ptr_ne(bytes, MAP_FAILED);
	head = (void *)bytes;
	elf = (void *)(bytes + head->elf_offset);
	segments = (void *)(bytes + head->elf_offset + elf->e_phoff);
}

static Elf64_Phdr *segment(uint32_t type, uint32_t flags)
{
	for (uint32_t i = 0; i < elf->e_phnum; i++)
		if (segments[i].p_type == type && (segments[i].p_flags & flags) == flags)
			return &segments[i];
	ck_abort_msg("no such segment");
	return NULL;
}

static Elf64_Dyn *dynamic(int64_t tag)
{
	Elf64_Dyn *entry =
		(void *)(bytes + head->elf_offset + segment(PT_DYNAMIC, 0)->p_offset);

	for (; entry->d_tag != DT_NULL; entry++)
		if (entry->d_tag == tag)
			return entry;
	return entry;
}

static int load(struct object *object)
{
	return object_load(file, resolve, object);
}

START_TEST(an_object_is_loaded_and_runs)
{
	struct object object;

	ck_assert_int_eq(load(&object), 0);
	object.instantiate();
	ck_assert_uint_eq(given, 1);
	object.run();
	ck_assert_uint_eq(given, 2);
	ck_assert_uint_eq(object.head->memory_pages, 4);
}
END_TEST

START_TEST(nothing_of_it_is_both_writable_and_executable)
{
	struct object object;
	char line[256];
	unsigned long from, to;
	char rights[8];
	int seen = 0;

	ck_assert_int_eq(load(&object), 0);
	FILE *maps = fopen("/proc/self/maps", "re");
	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof(line), maps)) {
		ck_assert_int_eq(sscanf(line, "%lx-%lx %7s", &from, &to, rights), 3);
		if (to <= (uintptr_t)object.base ||
			from >= (uintptr_t)object.base + object.bytes)
			continue;
		seen++;
		ck_assert(!(strchr(rights, 'w') && strchr(rights, 'x')));
	}
	fclose(maps);
	ck_assert_int_gt(seen, 2);
}
END_TEST

/* ---- what does not hold together ---- */

static void other_magic(void)
{
	head->magic[0]++;
}
static void other_version(void)
{
	head->abi_version++;
}
static void more_than_declared(void)
{
	head->memory_pages_max = head->memory_pages - 1;
}
static void too_many_pages(void)
{
	head->memory_pages_max = MEMORY_PAGES_MAX + 1;
}
static void too_many_runs(void)
{
	head->runs_count = OBJECT_RUNS_MAX + 1;
}
static void a_run_beyond_memory(void)
{
	head->runs[0].memory_offset = 4 * MEMORY_PAGE_BYTES;
}
static void a_run_beyond_the_file(void)
{
	head->runs[0].bytes = 1 << 30;
}
static void a_run_that_wraps(void)
{
	head->runs[0].memory_offset = -4096ull;
}
static void a_run_off_the_page(void)
{
	head->runs[0].file_offset++;
}
static void an_empty_run(void)
{
	head->runs[0].bytes = 0;
}
static void runs_that_overlap(void)
{
	head->runs[1] = head->runs[0];
	head->runs_count = 2;
}
static void functions_off_the_page(void)
{
	head->functions_offset = 8;
}
static void functions_beyond_the_file(void)
{
	head->functions_offset = 1 << 20;
	head->functions_count = 1;
}
static void too_many_functions(void)
{
	head->functions_count = OBJECT_FUNCTIONS_MAX + 1;
}
static void an_elf_off_the_page(void)
{
	head->elf_offset += 8;
}
static void an_elf_beyond_the_file(void)
{
	head->elf_offset += 1 << 30;
}
static void an_elf_that_wraps(void)
{
	head->elf_bytes = -4096ull;
}
static void an_elf_cut_short(void)
{
	head->elf_bytes = 4096;
}
static void no_elf(void)
{
	elf->e_ident[0] = 0;
}
static void a_32_bit_elf(void)
{
	elf->e_ident[EI_CLASS] = ELFCLASS32;
}
static void a_program(void)
{
	elf->e_type = ET_EXEC;
}
static void another_machine(void)
{
	elf->e_machine = EM_AARCH64;
}
static void too_many_segments(void)
{
	elf->e_phnum = 1000;
}
static void segments_elsewhere(void)
{
	elf->e_phoff = UINT64_MAX - 10;
}
static void no_segments(void)
{
	elf->e_phnum = 0;
}
static void code_that_can_be_written(void)
{
	segment(PT_LOAD, PF_X)->p_flags |= PF_W;
}
static void a_segment_far_away(void)
{
	segment(PT_LOAD, PF_W)->p_vaddr += 1ull << 40;
}
static void a_segment_too_large(void)
{
	segment(PT_LOAD, PF_W)->p_memsz = 1ull << 40;
}
static void a_segment_smaller_than_its_file(void)
{
	segment(PT_LOAD, PF_X)->p_memsz = 1;
}
static void a_segment_beyond_the_elf(void)
{
	segment(PT_LOAD, PF_X)->p_offset += 1 << 20;
}
static void segments_on_each_other(void)
{
	segment(PT_LOAD, PF_X)->p_vaddr = 0;
}
static void no_dynamic_section(void)
{
	segment(PT_DYNAMIC, 0)->p_type = PT_NULL;
}
static void a_dynamic_section_elsewhere(void)
{
	segment(PT_DYNAMIC, 0)->p_vaddr = 1 << 29;
}
static void a_constructor(void)
{
	dynamic(DT_DEBUG)->d_tag = DT_INIT;
}
static void constructors(void)
{
	dynamic(DT_DEBUG)->d_tag = DT_INIT_ARRAY;
}
static void a_destructor(void)
{
	dynamic(DT_DEBUG)->d_tag = DT_FINI_ARRAY;
}
static void another_library(void)
{
	dynamic(DT_DEBUG)->d_tag = DT_NEEDED;
}
static void relocated_code(void)
{
	dynamic(DT_DEBUG)->d_tag = DT_TEXTREL;
}
static void no_hash(void)
{
	dynamic(DT_HASH)->d_tag = 0x7fffffff;
}
static void symbols_elsewhere(void)
{
	dynamic(DT_SYMTAB)->d_un.d_val = 1 << 29;
}
static void names_elsewhere(void)
{
	dynamic(DT_STRTAB)->d_un.d_val = 1 << 29;
}
static void names_too_long(void)
{
	dynamic(DT_STRSZ)->d_un.d_val = UINT64_MAX;
}
static void relocations_elsewhere(void)
{
	dynamic(DT_RELA)->d_un.d_val = 1 << 29;
}
static void too_many_relocations(void)
{
	dynamic(DT_RELASZ)->d_un.d_val = 1 << 29;
}
static Elf64_Rela *relocation(void)
{
	/* the first segment lies at the same place in file and memory */
	return (void *)(bytes + head->elf_offset + dynamic(DT_RELA)->d_un.d_val);
}
static void a_relocation_of_code(void)
{
	relocation()->r_offset = 0;
}
static void a_relocation_far_away(void)
{
	relocation()->r_offset = UINT64_MAX - 3;
}
static void a_relocation_of_another_kind(void)
{
	relocation()->r_info = R_X86_64_DTPMOD64;
}
static void a_symbol_that_is_not_there(void)
{
	relocation()->r_info = ELF64_R_INFO(0xffffffull, R_X86_64_64);
}
static void nobodys_symbol(void)
{
	Elf64_Sym *symbols =
		(void *)(bytes + head->elf_offset + dynamic(DT_SYMTAB)->d_un.d_val);

	for (int i = 1; i < 4; i++)
		symbols[i].st_name = 0;
}

#define ROW(name)           \
	{                   \
#name, name \
	}
static const struct {
	const char *what;
	void (*change)(void);
} lies[] = { ROW(other_magic), ROW(other_version), ROW(more_than_declared), ROW(too_many_pages),
	ROW(too_many_runs), ROW(a_run_beyond_memory), ROW(a_run_beyond_the_file),
	ROW(a_run_that_wraps), ROW(a_run_off_the_page), ROW(an_empty_run),
	ROW(runs_that_overlap), ROW(functions_off_the_page), ROW(functions_beyond_the_file),
	ROW(too_many_functions), ROW(an_elf_off_the_page), ROW(an_elf_beyond_the_file),
	ROW(an_elf_that_wraps), ROW(an_elf_cut_short), ROW(no_elf), ROW(a_32_bit_elf),
	ROW(a_program), ROW(another_machine), ROW(too_many_segments), ROW(segments_elsewhere),
	ROW(no_segments), ROW(code_that_can_be_written), ROW(a_segment_far_away),
	ROW(a_segment_too_large), ROW(a_segment_smaller_than_its_file),
	ROW(a_segment_beyond_the_elf), ROW(segments_on_each_other), ROW(no_dynamic_section),
	ROW(a_dynamic_section_elsewhere), ROW(no_hash), ROW(symbols_elsewhere),
	ROW(names_elsewhere), ROW(names_too_long), ROW(relocations_elsewhere),
	ROW(too_many_relocations), ROW(a_relocation_of_code), ROW(a_relocation_far_away),
	ROW(a_relocation_of_another_kind), ROW(a_symbol_that_is_not_there), ROW(nobodys_symbol),
	ROW(a_constructor), ROW(constructors), ROW(a_destructor), ROW(another_library),
	ROW(relocated_code) };

START_TEST(what_does_not_hold_together_is_refused)
{
	struct object object;

	lies[_i].change();
	ck_assert_msg(load(&object) == OBJECT_REFUSED, "%s", lies[_i].what);
	ck_assert_uint_eq(given, 0);
}
END_TEST

START_TEST(an_empty_file_is_refused)
{
	struct object object;

	ck_assert_int_eq(ftruncate(file, 0), 0);
	ck_assert_int_eq(load(&object), OBJECT_REFUSED);
}
END_TEST

static Suite *object_suite(void)
{
	Suite *suite = suite_create("object");
	TCase *good = tcase_create("good"), *bad = tcase_create("bad");

	tcase_add_checked_fixture(good, set_up, NULL);
	tcase_add_test(good, an_object_is_loaded_and_runs);
	tcase_add_test(good, nothing_of_it_is_both_writable_and_executable);
	tcase_add_checked_fixture(bad, set_up, NULL);
	tcase_add_loop_test(bad, what_does_not_hold_together_is_refused, 0, ARRAY_LEN(lies));
	tcase_add_test(bad, an_empty_file_is_refused);
	suite_add_tcase(suite, good);
	suite_add_tcase(suite, bad);
	return suite;
}

CHECK_MAIN(object_suite)
