#include "tests/aotc/harness.h"

#include <check.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/wait.h>

#include "aotc/compile.h"
#include "aotc/pack.h"
#include "aotc/translate.h"
#include "runtime/object.h"
#include "runtime/w2c/symbols.h"

struct plan harness_plan = { .tier = OBJECT_FULL };

static const char *path_of(enum harness_wasm2c which)
{
	static char path[4096];
	const char *tree = getenv("REDSHIRT_TREE"), *given = getenv("REDSHIRT_WASM2C_NEW");

	if (which == HARNESS_OLD)
		return "/usr/bin/wasm2c";
	if (given)
		return given;
	snprintf(path, sizeof path, "%s/libexec/redshirt/wabt/bin/wasm2c", tree ? tree : "");
	return path;
}

bool harness_has(enum harness_wasm2c which)
{
	return access(path_of(which), X_OK) == 0;
}

static void write_text(const char *folder, const char *wat, char path[128])
{
	snprintf(path, 128, "%s/text.wat", folder);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(wat, file);
	ck_assert_int_eq(fclose(file), 0);
}

static int make_module(struct harness *h, const char *wat)
{
	char text[128], module[128], command[512];

	write_text(h->folder, wat, text);
	snprintf(module, sizeof module, "%s/text.wasm", h->folder);
	snprintf(command, sizeof command,
		"wat2wasm --enable-exceptions --enable-tail-call --enable-extended-const "
		"--no-check --debug-names %s -o %s",
		text, module);
	ck_assert_int_eq(system(command), 0);
	int fd = open(module, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

int harness_translate(
	struct harness *h, enum harness_wasm2c which, uint64_t part_bytes, const char *wat)
{
	char reason[TOOLCHAIN_REASON_SIZE];

	*h = (struct harness){ .object = -1,
		.build = { .plan = harness_plan,
			.jobs = 2,
			.part_bytes = part_bytes,
			.memory_base = MEMORY_BASE,
			.status_fd = -1,
			.profile_fd = -1,
			.interrupt_fd = -1 } };
	strcpy(h->folder, "/tmp/redshirt-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(h->folder));
	CLEANUP(fd_closep) int module = make_module(h, wat);
	setenv("REDSHIRT_WASM2C", path_of(which), 1);
	ck_assert_int_eq(work_open(NULL, &h->build.work), 0);
	ck_assert_int_eq(toolchain_find(&h->build.work, &h->build.tools, reason), 0);
	ck_assert_int_eq(
		toolchain_aim(&h->build.work, &h->build.tools, h->build.plan.cpu, reason), 0);
	toolchain_take_tier(&h->build.tools, h->build.plan.tier);
	ck_assert_int_eq(
		work_take(&h->build.work, "module.wasm", module, MIB, &h->build.module_bytes),
		0);
	return translate(&h->build);
}

int harness_compile(struct harness *h)
{
	uint64_t bytes = 0;
	int r = compile(&h->build);

	if (r)
		return r;
	h->object = memfd_create("object", MFD_CLOEXEC);
	ck_assert_int_ge(h->object, 0);
	return pack_object(&h->build, h->object, &bytes);
}

void harness_deinit(struct harness *h)
{
	static const char *const files[] = { "text.wat", "text.wasm" };
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof path, "%s/%s", h->folder, files[i]);
		unlink(path);
	}
	rmdir(h->folder);
	facts_deinit(&h->build.facts);
	work_close(&h->build.work);
	fd_closep(&h->object);
}

/* What the child gives to the object. */

__attribute__((noreturn)) static void end_by_trap(uint32_t cause)
{
	_exit(HARNESS_TRAP + (int)cause);
}

static uint32_t grow(uint32_t had, uint32_t more)
{
	return (uint32_t)mprotect((void *)(MEMORY_BASE + had * MEMORY_PAGE_BYTES),
		more * MEMORY_PAGE_BYTES, PROT_READ | PROT_WRITE);
}

static void proc_exit(void *unused, uint32_t code)
{
	(void)unused;
	_exit((int)code);
}

static uint32_t fd_close(void *unused, uint32_t fd)
{
	(void)unused;
	return fd + 1;
}

static void *resolve(const char *name)
{
#define ROW(symbol) { #symbol, (uintptr_t)symbol },
	static const struct {
		const char *name;
		uintptr_t address;
	} rows[] = { { "rs_trap", (uintptr_t)end_by_trap },
		{ "rs_memory_grow", (uintptr_t)grow },
		OBJECT_SYMBOLS_LIBC(ROW) OBJECT_SYMBOLS_LIBM(ROW) };
#undef ROW
	char host[32];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return (void *)rows[i].address;
	for (uint32_t k = 0; k < host_functions_count; k++) {
		snprintf(host, sizeof host, OBJECT_HOST_PREFIX "%u", k);
		if (strcmp(host, name) == 0)
			return (void *)(strcmp(host_functions[k].field, "proc_exit") == 0
						? (uintptr_t)proc_exit
						: (uintptr_t)fd_close);
	}
	return NULL;
}

static uint8_t alternate_stack[64 * KIB];

static void on_fault(int signal, siginfo_t *info, void *context)
{
	uintptr_t address = (uintptr_t)info->si_addr;

	(void)signal;
	(void)context;
	_exit(address < MEMORY_BASE + MEMORY_RESERVED ? HARNESS_FAULT : HARNESS_OVERFLOW);
}

static bool map_memory(const struct object_header *head, int file)
{
	void *base = (void *)MEMORY_BASE;

	if (mmap(base, MEMORY_RESERVED, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1,
		    0) != base)
		return false;
	if (head->memory_pages && grow(0, head->memory_pages) != 0)
		return false;
	for (uint32_t i = 0; i < head->runs_count; i++)
		if (mmap((void *)(MEMORY_BASE + head->runs[i].memory_offset),
			    head->runs[i].bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_FIXED, file,
			    (off_t)head->runs[i].file_offset) == MAP_FAILED)
			return false;
	return true;
}

/* counters: -1, or where an instrumented object counts. */
static _Noreturn void be_program(int file, int counters)
{
	stack_t stack = { .ss_sp = alternate_stack, .ss_size = sizeof alternate_stack };
	struct sigaction fault = { .sa_sigaction = on_fault,
		.sa_flags = SA_ONSTACK | SA_SIGINFO };
	struct object object;

	sigaltstack(&stack, NULL);
	sigaction(SIGSEGV, &fault, NULL);
	sigaction(SIGBUS, &fault, NULL);
	if (object_load(file, resolve, &object) != 0 || !map_memory(object.head, file))
		_exit(250);
	if (counters >= 0 && object_share_counters(&object, counters) != 0)
		_exit(251);
	object.instantiate();
	object.run();
	_exit(0);
}

int harness_run(int object)
{
	return harness_run_counting(object, -1);
}

int harness_run_counting(int object, int counters)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		be_program(object, counters);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

int harness_run_text(
	enum harness_wasm2c which, uint64_t part_bytes, bool plain, const char *wat)
{
	struct harness h;
	int r = harness_translate(&h, which, part_bytes, wat);

	ck_assert_msg(r == 0, "translate answers %d: %s", r, h.build.reason);
	if (plain) {
		h.build.plain = true;
		h.build.plain_why = "it was asked for";
	}
	r = harness_compile(&h);
	ck_assert_msg(r == 0, "compile answers %d: %s", r, h.build.reason);
	int code = harness_run(h.object);
	harness_deinit(&h);
	return code;
}
