/*
 * Who called whom, found in code of every compiler that aotc uses: compiled here, loaded, and
 * asked from its innermost function.
 */
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/stat.h>

#include "runtime/unwind.h"
#include "tests/check_run.h"

#define FRAMES 16u

static const char source[] =
	"extern int depth;\n"
	"#define OUT __attribute__((noinline, visibility(\"default\")))\n"
	"OUT int innermost(void (*ask)(void), int n) { ask(); return n + 1; }\n"
	"OUT int saves(void (*ask)(void), int n, int a, int b, int c, int d)\n"
	"{ int r = innermost(ask, n) ^ a; r = r * b + c; return r - innermost(ask, d) + n; }\n"
	"OUT int sized(void (*ask)(void), int n)\n"
	"{ volatile char room[n + 100]; room[n] = 1; return saves(ask, n, 1, 2, 3, 4) + "
	"room[n]; }\n"
	"OUT int aligned(void (*ask)(void), int n)\n"
	"{ __attribute__((aligned(64))) volatile char room[20000]; room[n] = 1;\n"
	"  return sized(ask, n + room[n]) + room[n]; }\n"
	"OUT int outermost(void (*ask)(void), int n) { return aligned(ask, n) + 1; }\n";

static const char *const chain[] = { "innermost", "saves", "sized", "aligned", "outermost" };

static const struct {
	const char *name, *command;
} compilers[] = {
	{ "gcc", "gcc -O2 -fno-optimize-sibling-calls -fstack-clash-protection "
		 "-fcf-protection=full -shared -fPIC -nostdlib -nostartfiles" },
	{ "gcc -march=x86-64-v3", "gcc -O2 -march=x86-64-v3 -fno-optimize-sibling-calls "
				  "-shared -fPIC -nostdlib -nostartfiles" },
	{ "clang", "clang -O2 -fno-optimize-sibling-calls -fstack-clash-protection -shared "
		   "-fPIC -nostdlib -nostartfiles" },
	{ "tcc", "tcc -shared -nostdlib" },
};

/* ---- code that is loaded ---- */

struct loaded {
	void *handle;
	int (*outermost)(void (*ask)(void), int n);
	struct unwind_code code;
	uint8_t *table; /* .eh_frame */
	uint64_t table_bytes;
};

static struct loaded loaded;

/* .eh_frame's address in the file; false: it has none. */
static bool find_table(const char *path, uint64_t *address, uint64_t *bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat stat;

	ck_assert_int_eq(fstat(fd, &stat), 0);
	const uint8_t *file = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	ck_assert_ptr_ne(file, MAP_FAILED);
	close(fd);
	const Elf64_Ehdr *head = (const void *)file;
	const Elf64_Shdr *sections = (const void *)(file + head->e_shoff);
	const char *names = (const char *)file + sections[head->e_shstrndx].sh_offset;
	*bytes = 0;
	for (unsigned int i = 0; i < head->e_shnum; i++)
		if (strcmp(names + sections[i].sh_name, ".eh_frame") == 0) {
			*address = sections[i].sh_addr;
			*bytes = sections[i].sh_size;
		}
	munmap((void *)(uintptr_t)file, (size_t)stat.st_size);
	return *bytes > 0;
}

/* False: this compiler is not here. */
static bool load(size_t compiler)
{
	char folder[] = "/tmp/redshirt-test-XXXXXX", c[64], so[64], command[512];
	struct link_map *map;
	uint64_t address = 0;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(c, sizeof(c), "%s/code.c", folder);
	snprintf(so, sizeof(so), "%s/code.so", folder);
	FILE *file = fopen(c, "we");
	ck_assert_ptr_nonnull(file);
	fputs(source, file);
	fclose(file);
	snprintf(command, sizeof(command), "%s -o %s %s 2>&1", compilers[compiler].command, so,
		c);
	bool there = system(command) == 0;
	if (there) {
		loaded.handle = dlopen(so, RTLD_NOW);
		ck_assert_msg(loaded.handle, "%s", dlerror());
		loaded.outermost = dlsym(loaded.handle, "outermost");
		ck_assert_int_eq(dlinfo(loaded.handle, RTLD_DI_LINKMAP, &map), 0);
		(void)find_table(so, &address, &loaded.table_bytes);
		loaded.code = (struct unwind_code){ .base = map->l_addr, .bytes = MIB };
		loaded.table = (uint8_t *)map->l_addr + address;
		loaded.code.cfi.table = loaded.table;
		loaded.code.cfi.table_bytes = loaded.table_bytes;
	}
	unlink(so);
	unlink(c);
	rmdir(folder);
	return there;
}

static void stack_limits(struct cfi *cfi)
{
	pthread_attr_t attributes;
	void *low;
	size_t bytes;

	ck_assert_int_eq(pthread_getattr_np(pthread_self(), &attributes), 0);
	ck_assert_int_eq(pthread_attr_getstack(&attributes, &low, &bytes), 0);
	cfi->stack_low = (uint64_t)low;
	cfi->stack_high = (uint64_t)low + bytes;
	pthread_attr_destroy(&attributes);
}

/* ---- asking from the inside ---- */

static uint32_t found[FRAMES], found_count, asked;
static bool found_more;
static uint32_t frames_max = FRAMES;

void asked_with(const struct cfi_registers *registers);
__attribute__((used)) void asked_with(const struct cfi_registers *registers)
{
	asked++;
	found_count = unwind(&loaded.code, registers, true, found, frames_max, &found_more);
}

/* As rs_trap() takes them, but it returns. */
__attribute__((naked)) static void ask(void)
{
	__asm__(UNWIND_CAPTURE "mov %rsp, %rdi\n\t"
			       "call asked_with\n\t"
			       "add $17 * 8, %rsp\n\t"
			       "ret");
}

static const char *name_of(uint32_t offset)
{
	Dl_info info;

	return dladdr((const void *)(loaded.code.base + offset), &info) && info.dli_sname
		       ? info.dli_sname
		       : "?";
}

static void run(void)
{
	found_count = asked = 0;
	stack_limits(&loaded.code.cfi);
	(void)loaded.outermost(ask, 5);
	ck_assert_uint_eq(asked, 2);
}

START_TEST(every_caller_is_found)
{
	if (!load((size_t)_i)) {
		fprintf(stderr, "check_unwind: no %s here\n", compilers[_i].name);
		return;
	}
	run();
	ck_assert_msg(found_count == ARRAY_LEN(chain), "%s: %u frames", compilers[_i].name,
		found_count);
	for (uint32_t i = 0; i < found_count; i++)
		ck_assert_msg(strcmp(name_of(found[i]), chain[i]) == 0, "%s: frame %u is %s",
			compilers[_i].name, i, name_of(found[i]));
	ck_assert(!found_more);
}
END_TEST

START_TEST(what_does_not_fit_is_told)
{
	if (!load(0))
		return;
	frames_max = 3;
	run();
	ck_assert_uint_eq(found_count, 3);
	ck_assert(found_more);
}
END_TEST

/* Nothing of it is code of ours: whoever called it is looked for. */
START_TEST(a_fault_in_the_runtime_is_its_callers)
{
	struct cfi_registers registers = { 0 };
	uint64_t stack[8] = { 1, 2, 3 };

	if (!load(0))
		return;
	loaded.code.cfi.stack_low = (uint64_t)stack;
	loaded.code.cfi.stack_high = (uint64_t)(stack + ARRAY_LEN(stack));
	registers.at[CFI_RIP] = (uint64_t)strlen;
	registers.at[CFI_RSP] = (uint64_t)stack;
	ck_assert_uint_eq(
		unwind(&loaded.code, &registers, false, found, FRAMES, &found_more), 0);
	stack[3] = (uint64_t)loaded.outermost + 20;
	ck_assert_uint_ge(
		unwind(&loaded.code, &registers, false, found, FRAMES, &found_more), 1);
	ck_assert_str_eq(name_of(found[0]), "outermost");
}
END_TEST

/* ---- lies ---- */

static uint64_t random_state = 88172645463325252ull;

static uint64_t random_number(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void make_writable(void)
{
	uint64_t from = (uint64_t)loaded.table & ~4095ull,
		 to = ((uint64_t)loaded.table + loaded.table_bytes + 4095) & ~4095ull;

	ck_assert_int_eq(mprotect((void *)from, to - from, PROT_READ | PROT_WRITE), 0);
}

/* Whatever stands there: it ends, and reads nothing but the stack and the table. */
START_TEST(a_broken_table_costs_frames_only)
{
	static uint8_t good[64 * KIB];

	if (!load((size_t)_i) || loaded.table_bytes == 0)
		return;
	ck_assert_uint_le(loaded.table_bytes, sizeof(good));
	memcpy(good, loaded.table, loaded.table_bytes);
	make_writable();
	for (int round = 0; round < 4000; round++) {
		memcpy(loaded.table, good, loaded.table_bytes);
		for (uint64_t n = 1 + random_number() % 8; n; n--)
			loaded.table[random_number() % loaded.table_bytes] =
				(uint8_t)random_number();
		loaded.code.cfi.table_bytes = random_number() % (loaded.table_bytes + 1);
		run();
		ck_assert_uint_le(found_count, FRAMES);
	}
}
END_TEST

START_TEST(registers_that_lie_lead_nowhere)
{
	if (!load(0))
		return;
	stack_limits(&loaded.code.cfi);
	for (int round = 0; round < 4000; round++) {
		struct cfi_registers registers;

		for (uint32_t n = 0; n < CFI_REGISTERS; n++)
			registers.at[n] = random_number();
		registers.at[CFI_RSP] = round % 2 ? (uint64_t)&registers : random_number();
		registers.at[CFI_RIP] = (uint64_t)loaded.outermost + random_number() % 64;
		ck_assert_uint_le(
			unwind(&loaded.code, &registers, true, found, FRAMES, &found_more),
			FRAMES);
	}
}
END_TEST

START_TEST(a_chain_that_goes_down_ends)
{
	struct cfi_registers registers = { 0 };
	uint64_t stack[4];

	if (!load(0))
		return;
	loaded.code.cfi = (struct cfi){ .stack_low = (uint64_t)stack,
		.stack_high = (uint64_t)(stack + 4) };
	stack[0] = stack[2] = (uint64_t)stack; /* each is its own caller */
	stack[1] = stack[3] = (uint64_t)loaded.outermost + 20;
	registers.at[CFI_RIP] = (uint64_t)loaded.outermost + 20;
	registers.at[CFI_RBP] = registers.at[CFI_RSP] = (uint64_t)stack;
	ck_assert_uint_eq(
		unwind(&loaded.code, &registers, true, found, FRAMES, &found_more), 2);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("unwind");
	TCase *callers = tcase_create("callers"), *lies = tcase_create("lies");

	tcase_add_loop_test(callers, every_caller_is_found, 0, ARRAY_LEN(compilers));
	tcase_add_test(callers, what_does_not_fit_is_told);
	tcase_add_test(callers, a_fault_in_the_runtime_is_its_callers);
	tcase_add_loop_test(lies, a_broken_table_costs_frames_only, 0, ARRAY_LEN(compilers));
	tcase_add_test(lies, registers_that_lie_lead_nowhere);
	tcase_add_test(lies, a_chain_that_goes_down_ends);
	suite_add_tcase(s, callers);
	suite_add_tcase(s, lies);
	return s;
}

CHECK_MAIN(suite)
