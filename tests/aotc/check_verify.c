#include <stdio.h>
#include <string.h>

#include "aotc/compile.h"
#include "aotc/verify.h"
#include "tests/aotc/harness.h"
#include "tests/check_run.h"

static const char wat[] =
	"(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))"
	"(memory 1 3) (table 30 30 funcref) (elem (i32.const 0) $f $g $f $g $f $g $f $g $f $g "
	"$f $g $f $g $f $g $f $g $f $g) (global $n (mut i32) (i32.const 3))"
	"(func $f unreachable) (func $g (drop (memory.grow (i32.const 1))))"
	"(func (export \"_start\") (call_indirect (global.get $n)) (call $exit (i32.const "
	"1))))";

/* One good object, compiled once, and its imports. */
static uint8_t *good;
static size_t good_size;
static uint32_t imports[2];

static void make_good(void)
{
	struct harness h;

	ck_assert_int_eq(harness_translate(&h, HARNESS_OLD, 0, wat), 0);
	ck_assert_int_eq(harness_compile(&h), 0);
	ck_assert_int_eq(work_read(&h.build.work, COMPILE_OBJECT, GIB, &good, &good_size), 0);
	memcpy(imports, h.build.facts.n.imports_used, sizeof imports);
	harness_deinit(&h);
}

static void drop_good(void)
{
	free(good);
}

/* Finding one's way in a copy; nothing here is defensive, the object is good. */
struct copy {
	uint8_t *bytes;
	size_t size;
};

static Elf64_Ehdr *header(struct copy *c)
{
	return (void *)c->bytes;
}

static Elf64_Phdr *segment(struct copy *c, uint32_t type, uint32_t flags)
{
	Elf64_Phdr *p = (void *)(c->bytes + header(c)->e_phoff);

	while (p->p_type != type || (flags && p->p_flags != flags))
		p++;
	return p;
}

static Elf64_Shdr *section(struct copy *c, const char *name)
{
	Elf64_Shdr *all = (void *)(c->bytes + header(c)->e_shoff), *s = all;
	const char *names = (const char *)c->bytes + all[header(c)->e_shstrndx].sh_offset;

	while (strcmp(names + s->sh_name, name) != 0)
		s++;
	return s;
}

static Elf64_Dyn *tag(struct copy *c, int64_t which)
{
	Elf64_Dyn *d = (void *)(c->bytes + section(c, ".dynamic")->sh_offset);

	while (d->d_tag != which)
		d++;
	return d;
}

static Elf64_Sym *symbol(struct copy *c, const char *name)
{
	Elf64_Sym *s = (void *)(c->bytes + section(c, ".dynsym")->sh_offset);
	const char *names = (const char *)c->bytes + section(c, ".dynstr")->sh_offset;

	while (strcmp(names + s->st_name, name) != 0)
		s++;
	return s;
}

static Elf64_Rela *relocation(struct copy *c, uint32_t type)
{
	Elf64_Rela *r = (void *)(c->bytes + section(c, ".rela.dyn")->sh_offset);

	while (ELF64_R_TYPE(r->r_info) != type)
		r++;
	return r;
}

static uint32_t *hash(struct copy *c)
{
	return (void *)(c->bytes + section(c, ".hash")->sh_offset);
}

static Elf64_Sym *symtab(struct copy *c)
{
	return (void *)(c->bytes + section(c, ".symtab")->sh_offset);
}

/* To one that is not longer. */
static void rename_symbol(struct copy *c, const char *from, const char *to)
{
	strcpy((char *)c->bytes + section(c, ".dynstr")->sh_offset + symbol(c, from)->st_name,
		to);
}

/* The dynamic section without its last entry. */
static void open_dynamic(struct copy *c)
{
	Elf64_Phdr *p = segment(c, PT_DYNAMIC, 0);

	while (tag(c, DT_NULL) < (Elf64_Dyn *)(void *)(c->bytes + p->p_offset + p->p_filesz))
		tag(c, DT_NULL)->d_tag = DT_RELACOUNT;
}

/* Lies, and a word of the answer. */
#define LIE(name, word, ...)             \
	static void name(struct copy *c) \
	{                                \
		__VA_ARGS__;             \
	}
/* clang-format off */
#define LIES(LIE) \
	LIE(is_a_program, "no shared object", header(c)->e_type = ET_EXEC) \
	LIE(is_for_another_machine, "no shared object", header(c)->e_machine = EM_AARCH64) \
	LIE(is_gnu_flavoured, "no shared object", \
		header(c)->e_ident[EI_OSABI] = ELFOSABI_GNU) \
	LIE(has_many_segments, "program headers", \
		header(c)->e_phnum = VERIFY_SEGMENTS_MAX + 1) \
	LIE(has_segments_elsewhere, "program headers", header(c)->e_phoff += 8) \
	LIE(has_sections_outside, "section headers", header(c)->e_shoff = c->size) \
	LIE(has_many_sections, "section headers", header(c)->e_shnum = 0xffff) \
	LIE(names_sections_outside, "section headers", header(c)->e_shstrndx = 0xfff0) \
	LIE(writes_code, "flags", segment(c, PT_LOAD, PF_R | PF_X)->p_flags |= PF_W) \
	LIE(runs_data, "flags", segment(c, PT_LOAD, PF_R | PF_W)->p_flags |= PF_X) \
	LIE(runs_its_stack, "stack", segment(c, PT_GNU_STACK, 0)->p_flags |= PF_X) \
	LIE(wants_an_interpreter, "segment of type", \
		segment(c, PT_NOTE, 0)->p_type = PT_INTERP) \
	LIE(wants_thread_storage, "segment of type", \
		segment(c, PT_NOTE, 0)->p_type = PT_TLS) \
	LIE(overlaps, "overlap", segment(c, PT_LOAD, PF_R | PF_X)->p_vaddr = 0) \
	LIE(ends_behind_the_file, "mapped", \
		segment(c, PT_LOAD, PF_R | PF_W)->p_filesz = c->size) \
	LIE(begins_behind_the_file, "mapped", \
		segment(c, PT_LOAD, PF_R | PF_W)->p_offset += 1ull << 39) \
	LIE(wraps_around, "mapped", segment(c, PT_LOAD, PF_R | PF_W)->p_memsz = ~0ull) \
	LIE(is_huge, "large", segment(c, PT_LOAD, PF_R | PF_W)->p_memsz = 4 * GIB) \
	LIE(lies_askew, "mapped", segment(c, PT_LOAD, PF_R | PF_X)->p_offset += 8) \
	LIE(has_code_without_file, "read-only", \
		segment(c, PT_LOAD, PF_R | PF_X)->p_filesz -= 8) \
	LIE(moves_dynamic, "wrong place", segment(c, PT_DYNAMIC, 0)->p_vaddr = 0) \
	LIE(moves_dynamic_in_the_file, "wrong place", \
		segment(c, PT_DYNAMIC, 0)->p_offset -= 64) \
	LIE(stretches_relro, "relro", \
		segment(c, PT_GNU_RELRO, 0)->p_memsz += HOST_PAGE_BYTES * 100) \
	LIE(cuts_relro, "relro", segment(c, PT_GNU_RELRO, 0)->p_memsz -= 8) \
	LIE(needs_a_library, "tag 0x1", tag(c, DT_SYMENT)->d_tag = DT_NEEDED) \
	LIE(has_init, "tag 0xc", tag(c, DT_SYMENT)->d_tag = DT_INIT) \
	LIE(has_init_array, "tag 0x19", tag(c, DT_SYMENT)->d_tag = DT_INIT_ARRAY) \
	LIE(has_fini_array, "tag 0x1a", tag(c, DT_SYMENT)->d_tag = DT_FINI_ARRAY) \
	LIE(has_a_path, "tag 0x1d", tag(c, DT_SYMENT)->d_tag = DT_RUNPATH) \
	LIE(relocates_text, "tag 0x16", tag(c, DT_SYMENT)->d_tag = DT_TEXTREL) \
	LIE(has_a_tag_twice, "tag 0x5", tag(c, DT_SYMENT)->d_tag = DT_STRTAB) \
	LIE(has_a_negative_tag, "tag 0xf", tag(c, DT_SYMENT)->d_tag = -1) \
	LIE(is_bound_lazily, "at once", tag(c, DT_FLAGS)->d_un.d_val = 0) \
	LIE(has_static_flag, "at once", tag(c, DT_FLAGS)->d_un.d_val |= DF_STATIC_TLS) \
	LIE(is_bound_later, "at once", tag(c, DT_FLAGS_1)->d_un.d_val = 0) \
	LIE(never_ends, "endless", open_dynamic(c)) \
	LIE(hides_its_hash, "symbol table", tag(c, DT_HASH)->d_un.d_val = 1ull << 40) \
	LIE(hides_its_symbols, "symbols outside", \
		tag(c, DT_SYMTAB)->d_un.d_val = 1ull << 40) \
	LIE(opens_its_names, "string table", tag(c, DT_STRSZ)->d_un.d_val -= 1) \
	LIE(has_no_names, "string table", tag(c, DT_STRSZ)->d_un.d_val = 0) \
	LIE(counts_too_many, "outside", hash(c)[1] = 1u << 30) \
	LIE(counts_none, "outside", hash(c)[1] = 0) \
	LIE(names_beyond, "without a name", symbol(c, "rs_trap")->st_name = 1u << 30) \
	LIE(asks_weakly, "odd symbol", \
		symbol(c, "rs_trap")->st_info = ELF64_ST_INFO(STB_WEAK, STT_NOTYPE)) \
	LIE(asks_for_data, "asks for", \
		symbol(c, "rs_trap")->st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT)) \
	LIE(asks_for_system, "asks for", rename_symbol(c, "rs_trap", "system")) \
	LIE(asks_for_another_row, "asks for", rename_symbol(c, "rs_i41", "rs_i40")) \
	LIE(runs_outside, "outside of its code", \
		symbol(c, OBJECT_RUN)->st_value = 1ull << 30) \
	LIE(runs_its_data, "outside of its code", \
		symbol(c, OBJECT_RUN)->st_value = segment(c, PT_LOAD, PF_R | PF_W)->p_vaddr) \
	LIE(does_not_run, "asks for", symbol(c, OBJECT_RUN)->st_shndx = SHN_UNDEF) \
	LIE(runs_twice, "exports", \
		symbol(c, OBJECT_INSTANTIATE)->st_name = symbol(c, OBJECT_RUN)->st_name) \
	LIE(exports_more, "exports", symbol(c, "rs_trap")->st_shndx = 1) \
	LIE(copies, "type 5", \
		relocation(c, R_X86_64_GLOB_DAT)->r_info = ELF64_R_INFO(1, R_X86_64_COPY)) \
	LIE(calls_while_binding, "type 37", \
		relocation(c, R_X86_64_RELATIVE)->r_info = ELF64_R_INFO(0, R_X86_64_IRELATIVE)) \
	LIE(wants_a_thread, "type 18", \
		relocation(c, R_X86_64_GLOB_DAT)->r_info = ELF64_R_INFO(1, R_X86_64_TPOFF64)) \
	LIE(patches_code, "outside of its data", \
		relocation(c, R_X86_64_RELATIVE)->r_offset = segment(c, PT_LOAD, PF_R | PF_X)->p_vaddr) \
	LIE(patches_the_header, "outside of its data", \
		relocation(c, R_X86_64_RELATIVE)->r_offset = 0) \
	LIE(patches_far_away, "outside of its data", \
		relocation(c, R_X86_64_RELATIVE)->r_offset = ~7ull) \
	LIE(patches_dynamic, "dynamic section", \
		relocation(c, R_X86_64_RELATIVE)->r_offset = segment(c, PT_DYNAMIC, 0)->p_vaddr) \
	LIE(patches_askew, "outside of its data", \
		relocation(c, R_X86_64_RELATIVE)->r_offset += 1) \
	LIE(points_elsewhere, "elsewhere", relocation(c, R_X86_64_RELATIVE)->r_addend = -1) \
	LIE(points_beyond, "elsewhere", \
		relocation(c, R_X86_64_RELATIVE)->r_addend = 1ll << 40) \
	LIE(binds_nothing, "to nothing", \
		relocation(c, R_X86_64_GLOB_DAT)->r_info = ELF64_R_INFO(9999, R_X86_64_GLOB_DAT)) \
	LIE(binds_beside, "to nothing", relocation(c, R_X86_64_GLOB_DAT)->r_addend = 8) \
	LIE(relocates_without_end, "outside of its segments", \
		tag(c, DT_RELASZ)->d_un.d_val = 24ull << 40) \
	LIE(has_another_entry_size, "another form", tag(c, DT_RELAENT)->d_un.d_val = 16) \
	LIE(constructs, "section", section(c, ".data.rel.ro")->sh_type = SHT_INIT_ARRAY) \
	LIE(runs_a_data_section, "section", section(c, ".bss")->sh_flags |= SHF_EXECINSTR) \
	LIE(has_a_section_outside, "section outside", \
		section(c, ".strtab")->sh_offset = c->size) \
	LIE(has_functions_outside, "function outside", \
		symtab(c)[1] = (Elf64_Sym){ .st_info = STT_FUNC, .st_shndx = 5, .st_value = 1ull << 33 }) \
	LIE(chooses_functions, "symbol of type", symtab(c)[1].st_info = STT_GNU_IFUNC) \
	LIE(strips_itself, "section", section(c, ".symtab")->sh_type = SHT_PROGBITS)
/* clang-format on */

LIES(LIE)

#define ROW(name, word, ...) { #name, word, name },
static const struct {
	const char *name, *word;
	void (*tell)(struct copy *);
} lies[] = { LIES(ROW) };

static int verify_copy(
	const struct copy *c, const uint32_t used[2], char reason[VERIFY_REASON_SIZE])
{
	struct verify_symbols symbols;

	reason[0] = '\0';
	return verify(c->bytes, c->size, used, &symbols, reason);
}

static struct copy copy_good(void)
{
	struct copy c = { malloc(good_size), good_size };

	ck_assert_ptr_nonnull(c.bytes);
	memcpy(c.bytes, good, good_size);
	return c;
}

START_TEST(an_object_of_ours_is_good)
{
	struct copy c = { good, good_size };
	char reason[VERIFY_REASON_SIZE];

	ck_assert_msg(verify_copy(&c, imports, reason) == 0, "%s", reason);
}
END_TEST

START_TEST(every_lie_is_seen_and_named)
{
	char reason[VERIFY_REASON_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		struct copy c = copy_good();

		lies[i].tell(&c);
		ck_assert_msg(verify_copy(&c, imports, reason) == VERIFY_BAD, "%s passes",
			lies[i].name);
		ck_assert_msg(strstr(reason, lies[i].word) != NULL, "%s: \"%s\"", lies[i].name,
			reason);
		free(c.bytes);
	}
}
END_TEST

START_TEST(an_import_the_module_lacks_is_refused)
{
	struct copy c = { good, good_size };
	char reason[VERIFY_REASON_SIZE];

	ck_assert_int_eq(verify_copy(&c, (uint32_t[2]){ 0, 0 }, reason), VERIFY_BAD);
	ck_assert_str_eq(reason, "asks for rs_i41");
}
END_TEST

START_TEST(every_cut_is_seen)
{
	char reason[VERIFY_REASON_SIZE];

	for (size_t size = 0; size < good_size; size += size < 4096 ? 1 : 7) {
		struct copy c = { malloc(size ? size : 1),
			size }; /* of just that size, for the sanitizer */
		memcpy(c.bytes, good, size);
		ck_assert_msg(
			verify_copy(&c, imports, reason) == VERIFY_BAD, "cut at %zu", size);
		free(c.bytes);
	}
}
END_TEST

/* Whatever is changed, nothing is read outside of the file (the sanitizer watches), and the
 * answer is one of two. */
START_TEST(no_change_leads_astray)
{
	char reason[VERIFY_REASON_SIZE];
	struct copy c = copy_good();
	uint32_t seed = 1;

	for (int round = 0; round < 60000; round++) {
		size_t at[3];
		for (size_t k = 0; k < ARRAY_LEN(at); k++) {
			seed = seed * 1664525 + 1013904223;
			/* half of the changes in the headers, where it hurts */
			at[k] = k == 0 ? seed % 0x400 : seed % good_size;
			c.bytes[at[k]] = (uint8_t)(seed >> 24);
		}
		int r = verify_copy(&c, imports, reason);
		ck_assert(r == 0 || r == VERIFY_BAD);
		for (size_t k = 0; k < ARRAY_LEN(at); k++)
			c.bytes[at[k]] = good[at[k]];
	}
	free(c.bytes);
}
END_TEST

static Suite *verify_suite(void)
{
	Suite *s = suite_create("verify");
	TCase *tc = tcase_create("lies");

	tcase_add_unchecked_fixture(tc, make_good, drop_good);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, an_object_of_ours_is_good);
	tcase_add_test(tc, every_lie_is_seen_and_named);
	tcase_add_test(tc, an_import_the_module_lacks_is_refused);
	tcase_add_test(tc, every_cut_is_seen);
	tcase_add_test(tc, no_change_leads_astray);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(verify_suite)
