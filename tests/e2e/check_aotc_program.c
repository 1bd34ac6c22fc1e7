/* The program aotc as rsd and people call it; what it makes of modules is tested in tests/aotc.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sys/stat.h>
#include <sys/wait.h>

#include "ipc/base.h"
#include "tests/check_run.h"

static char folder[64], tmp[96], small_module[128], large_module[128], object[128];

static void write_file(const char *path, const char *bytes, size_t size)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
}

/* A module whose one function adds up numbers for as long as the compiler cares to look at it.
 */
static void write_large(const char *path)
{
	char text[128], command[300];

	snprintf(text, sizeof text, "%s/large.wat", folder);
	FILE *file = fopen(text, "w");
	ck_assert_ptr_nonnull(file);
	fputs("(module (memory 1) (func (export \"_start\") (local i32)", file);
	for (int i = 0; i < 30000; i++)
		fprintf(file,
			"(if (local.get 0) (then (i32.store (local.get 0) (i32.const %d)))"
			" (else (local.set 0 (i32.load (i32.const %d)))))",
			i, 4 * (i % 1000));
	fputs("))", file);
	ck_assert_int_eq(fclose(file), 0);
	snprintf(command, sizeof command, "wat2wasm %s -o %s", text, path);
	ck_assert_int_eq(system(command), 0);
}

static void make_modules(void)
{
	/* (module (memory 1) (func (export "_start"))) */
	static const char small_bytes[] =
		"\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0\5\3\1\0\1\7\n\1\6_start\0\0\n\4\1\2\0\x0b";

	strcpy(folder, "/tmp/redshirt-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(tmp, sizeof tmp, "%s/tmp", folder);
	ck_assert_int_eq(mkdir(tmp, 0755), 0);
	ck_assert_int_eq(chmod(folder, 0755), 0);
	setenv("TMPDIR", tmp, 1);
	snprintf(small_module, sizeof small_module, "%s/small.wasm", folder);
	write_file(small_module, small_bytes, sizeof small_bytes - 1);
	snprintf(large_module, sizeof large_module, "%s/large.wasm", folder);
	write_large(large_module);
	snprintf(object, sizeof object, "%s/object", folder);
}

static void remove_modules(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static pid_t start(const char *arguments)
{
	char command[1024];
	pid_t pid = fork();

	if (pid == 0) {
		snprintf(command, sizeof command,
			"exec \"$REDSHIRT_TREE/libexec/redshirt/aotc\" %s", arguments);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(126);
	}
	return pid;
}

static int end_of(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Exit code of a call; what it prints is in `said`. */
static char said[8192];

static int aotc(const char *format, ...) PRINTF(1, 2);
static int aotc(const char *format, ...)
{
	char arguments[512], all[700], path[128];
	va_list list;

	va_start(list, format);
	vsnprintf(arguments, sizeof arguments, format, list);
	va_end(list);
	snprintf(path, sizeof path, "%s/said", folder);
	snprintf(all, sizeof all, ">%s 2>&1 %s", path, arguments);
	int code = end_of(start(all));
	FILE *file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	said[fread(said, 1, sizeof said - 1, file)] = '\0';
	fclose(file);
	return code;
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* Nothing is left in the folder for temporary files. */
static bool tidy(void)
{
	return rmdir(tmp) == 0 && mkdir(tmp, 0755) == 0;
}

START_TEST(a_module_becomes_an_object)
{
	ck_assert_int_eq(aotc("-o %s %s", object, small_module), 0);
	ck_assert_str_eq(said, "");
	ck_assert(exists(object));
	ck_assert(tidy());
}
END_TEST

START_TEST(descriptors_serve_as_well)
{
	ck_assert_int_eq(aotc("--input-fd 5 --output-fd 6 --status-fd 7 5<%s 6>%s 7>&1",
				 small_module, object),
		0);
	ck_assert_ptr_nonnull(strstr(said, "progress check 0 1\n"));
	ck_assert_ptr_nonnull(strstr(said, "\nwalls "));
	ck_assert_ptr_nonnull(strstr(said, "\ndone "));
	ck_assert(tidy());
}
END_TEST

START_TEST(the_same_module_gives_the_same_bytes_in_any_folder)
{
	ck_assert_int_eq(aotc("-o %s %s", object, small_module), 0);
	ck_assert_int_eq(aotc("--keep %s/kept -o %s.2 %s", folder, object, small_module), 0);
	char command[600];
	snprintf(command, sizeof command,
		"cmp %s %s.2 && test -s %s/kept/commands.txt && test -s %s/kept/m.c", object,
		object, folder, folder);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(what_is_no_module_is_refused)
{
	ck_assert_int_eq(aotc("-o %s --status-fd 1 /bin/sh", object), 3);
	ck_assert_ptr_nonnull(strstr(said, "\nrefused "));
	ck_assert(!exists(object));
	ck_assert_int_eq(aotc("-o %s /bin/sh", object), 3);
	ck_assert_int_eq(strncmp(said, "aotc: /bin/sh: refused: ", 24), 0);
	ck_assert(tidy());
}
END_TEST

/* A line of the object's record. */
static bool object_says(const char *line)
{
	char command[300];

	snprintf(command, sizeof command, "grep -a -x -q '%s' %s", line, object);
	return system(command) == 0;
}

START_TEST(a_plan_is_made_as_asked)
{
	char id[128];

	ck_assert_int_eq(aotc("--form plain --target-cpu x86-64 --relaxed-reads -o %s %s",
				 object, small_module),
		0);
	ck_assert(object_says("form plain it was asked for"));
	ck_assert(object_says("cpu x86-64 -march=x86-64"));
	ck_assert(object_says("relaxed-reads yes"));
	ck_assert_int_eq(aotc("--toolchain"), 0);
	snprintf(id, sizeof id, "%s", strstr(said, "id full "));
	id[strcspn(id, "\n")] = '\0';
	ck_assert_int_eq(aotc("--toolchain --target-cpu x86-64"), 0);
	ck_assert_ptr_nonnull(strstr(said, "\ncpu x86-64\n"));
	ck_assert_ptr_null(strstr(said, id));
}
END_TEST

START_TEST(wrong_usage_says_how)
{
	static const char *const wrong[] = { "", "a.wasm", "--nonsense", "-o x a.wasm b.wasm",
		"--jobs 0 -o x a.wasm", "--input-fd 99 --output-fd 1", "--output-fd x",
		"-o x --output-fd 1 a.wasm", "--tier fast -o x a.wasm",
		"--form odd -o x a.wasm", "--target-cpu z80 -o x a.wasm",
		"--toolchain --relaxed-reads=no" };

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		ck_assert_int_eq(aotc("%s", wrong[i]), 2);
		ck_assert_ptr_nonnull(strstr(said, "usage: aotc"));
	}
}
END_TEST

START_TEST(failures_are_not_refusals)
{
	ck_assert_int_eq(aotc("-o %s %s/missing.wasm", object, folder), 1);
	ck_assert_ptr_nonnull(strstr(said, "cannot be opened: No such file"));
	ck_assert_int_eq(aotc("-o %s/no/such/folder %s", folder, small_module), 1);
	ck_assert_ptr_nonnull(strstr(said, "cannot be written"));
	setenv("REDSHIRT_WASM2C", "/no/such/wasm2c", 1);
	ck_assert_int_eq(aotc("-o %s %s", object, small_module), 1);
	ck_assert_ptr_nonnull(strstr(said, "no wasm2c found"));
	setenv("REDSHIRT_WASM2C", "/bin/false", 1);
	ck_assert_int_eq(aotc("-o %s %s", object, small_module), 1);
	ck_assert_ptr_nonnull(strstr(said, "/bin/false does not run"));
	unsetenv("REDSHIRT_WASM2C");
	setenv("REDSHIRT_CC", "/no/such/cc", 1);
	ck_assert_int_eq(aotc("-o %s %s", object, small_module), 1);
	ck_assert_ptr_nonnull(strstr(said, "no C compiler found"));
	ck_assert(tidy());
}
END_TEST

START_TEST(the_toolchain_has_one_name)
{
	static const char word[] = "id full ";
	char first[sizeof said];

	ck_assert_int_eq(aotc("--toolchain"), 0);
	strcpy(first, said);
	const char *id = strstr(first, word);
	ck_assert_ptr_nonnull(id);
	id += strlen(word);
	ck_assert_int_eq(strspn(id, "0123456789abcdef"), 64);
	ck_assert_ptr_nonnull(strstr(said, "\ntranslator wasm2c "));
	ck_assert_ptr_nonnull(strstr(said, "\ncompiler gcc "));
	ck_assert_ptr_nonnull(strstr(said, "\nfeatures "));
	ck_assert_int_eq(aotc("--toolchain"), 0);
	ck_assert_str_eq(said, first);
	setenv("REDSHIRT_WASM2C",
		exists("/usr/bin/wasm2c") && strstr(first, "/wabt/") ? "/usr/bin/wasm2c"
								     : "/bin/echo",
		1);
	ck_assert_int_eq(aotc("--toolchain"), 0);
	const char *other = strstr(said, word);
	ck_assert_ptr_nonnull(other);
	ck_assert_int_ne(strncmp(other + strlen(word), id, 64), 0);
}
END_TEST

static void wait_for_compiler(pid_t pid)
{
	char command[600];

	/* the generated C is there: the compiler is at work */
	snprintf(command, sizeof command, "cat %s/redshirt-aotc-*/cc_0.err 2>/dev/null", tmp);
	for (int i = 0; i < 2000; i++) {
		struct timespec moment = { 0, 10 * 1000 * 1000 };
		nanosleep(&moment, NULL);
		if (system(command) == 0)
			return;
		ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
	}
	ck_abort_msg("the compiler was never started");
}

START_TEST(asked_to_stop_it_tidies_up)
{
	char arguments[600];

	snprintf(arguments, sizeof arguments, "-o %s %s 2>/dev/null", object, large_module);
	pid_t pid = start(arguments);
	wait_for_compiler(pid);
	kill(pid, SIGTERM);
	ck_assert_int_eq(end_of(pid), 1);
	ck_assert(!exists(object));
	ck_assert(tidy());
}
END_TEST

START_TEST(killed_it_leaves_no_object_and_the_next_one_tidies_up)
{
	char arguments[600], command[300];

	snprintf(arguments, sizeof arguments, "-o %s %s 2>/dev/null", object, large_module);
	pid_t pid = start(arguments);
	wait_for_compiler(pid);
	kill(pid, SIGKILL);
	ck_assert_int_eq(end_of(pid), -SIGKILL);
	ck_assert(!exists(object));
	snprintf(command, sizeof command, "sleep 1; touch -d '1 hour ago' %s/redshirt-aotc-*",
		tmp);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(aotc("-o %s %s", object, small_module), 0);
	ck_assert(tidy());
}
END_TEST

/* The tree may lie where only root can go (/root): then nobody special needs a copy of it. */
static void make_tree_reachable(void)
{
	char command[512];

	snprintf(command, sizeof command,
		"mkdir -p %s/libexec && cp -r \"$REDSHIRT_TREE/libexec/redshirt\" %s/libexec/ "
		"&& "
		"chown -R 31337:31337 %s",
		folder, folder, folder);
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_eq(setenv("REDSHIRT_TREE", folder, 1), 0);
}

START_TEST(nobody_special_may_compile)
{
	if (geteuid() == 0) {
		make_tree_reachable();
		ck_assert_int_eq(chown(tmp, 31337, 31337), 0);
		ck_assert_int_eq(chown(folder, 31337, 31337), 0);
		ck_assert_int_eq(setgid(31337), 0);
		ck_assert_int_eq(setuid(31337), 0);
	}
	ck_assert_int_eq(aotc("-o %s %s", object, small_module), 0);
	ck_assert(exists(object));
	ck_assert(tidy());
}
END_TEST

static Suite *aotc_program_suite(void)
{
	Suite *s = suite_create("aotc_program");
	TCase *tc = tcase_create("program");

	tcase_add_checked_fixture(tc, make_modules, remove_modules);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_module_becomes_an_object);
	tcase_add_test(tc, descriptors_serve_as_well);
	tcase_add_test(tc, the_same_module_gives_the_same_bytes_in_any_folder);
	tcase_add_test(tc, what_is_no_module_is_refused);
	tcase_add_test(tc, a_plan_is_made_as_asked);
	tcase_add_test(tc, wrong_usage_says_how);
	tcase_add_test(tc, failures_are_not_refusals);
	tcase_add_test(tc, the_toolchain_has_one_name);
	tcase_add_test(tc, asked_to_stop_it_tidies_up);
	tcase_add_test(tc, killed_it_leaves_no_object_and_the_next_one_tidies_up);
	tcase_add_test(tc, nobody_special_may_compile);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(aotc_program_suite)
