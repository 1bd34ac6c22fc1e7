/*
 * bench_start.c: from rsd's request to a worker that is locked and ready, for an object that is
 * compiled already; against fork and exec of a small static program that says one byte. The two
 * take turns, so that both see the same machine; so does the same program with LARGE_BYTES of
 * initialised data, because what a start costs must not depend on them. Then what an idle
 * worker costs in memory.
 *
 * Aims: a ready worker within 500 us on a quiet machine and within 1.5 times the static
 * program; 64 KiB of private memory.
 */
#include <stdarg.h>
#include <time.h>

#include <sys/syscall.h>

#include "tests/runtime/launch.h"

#define ROUNDS      400
#define LARGE_BYTES (16 * MIB)

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_value);
	return values[n / 2];
}

static void must(const char *format, ...) PRINTF(1, 2);
static void must(const char *format, ...)
{
	char command[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	ck_assert_msg(system(command) == 0, "%s", command);
}

/* ---- the static program ---- */

static char folder[] = "/tmp/redshirt-bench-XXXXXX";

static void make_static(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/one.c", folder);
	FILE *file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	fputs("#include <unistd.h>\nint main(void) { return write(1, \"\", 1) != 1; }\n", file);
	fclose(file);
	must("gcc -O2 -static -o %s/one %s/one.c", folder, folder);
}

static double exec_one(void)
{
	char path[128];
	int ends[2], status;
	char byte;

	snprintf(path, sizeof(path), "%s/one", folder);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	double before = now_us();
	pid_t pid = fork();
	if (pid == 0) {
		dup2(ends[1], 1);
		execl(path, path, (char *)NULL);
		_exit(1);
	}
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	double after = now_us();
	waitpid(pid, &status, 0);
	close(ends[0]);
	close(ends[1]);
	return after - before;
}

/* ---- the worker ---- */

static struct launcher launcher;

static int make_object(const char *module)
{
	char path[128];
	struct stat stat;
	int fd;

	snprintf(path, sizeof(path), "%s/object", folder);
	must("%s/libexec/redshirt/aotc -o %s %s", getenv("REDSHIRT_TREE"), path, module);
	int from = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(from, 0);
	ck_assert_int_eq(fstat(from, &stat), 0);
	void *bytes = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, from, 0);
	ck_assert_ptr_ne(bytes, MAP_FAILED);
	ck_assert_int_eq(memfd_new("object", (uint64_t)stat.st_size, 0, &fd), 0);
	ck_assert_int_eq(pwrite(fd, bytes, (size_t)stat.st_size, 0), stat.st_size);
	munmap(bytes, (size_t)stat.st_size);
	close(from);
	ck_assert_int_eq(memfd_seal(fd, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
	return fd;
}

/* The same code, and no page of the data is empty. */
static int make_large(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/large.wasm", folder);
	must("echo 'const char large[%llu] = { [0 ... %llu] = 7 };' >%s/data.c",
		(unsigned long long)LARGE_BYTES, (unsigned long long)LARGE_BYTES - 1, folder);
	must("clang --target=wasm32-wasi -Wl,--no-gc-sections,--strip-debug -o %s %s/echo.o "
	     "%s/data.c",
		path, getenv("REDSHIRT_GUESTS"), folder);
	return make_object(path);
}

static void end(struct launched *w)
{
	syscall(SYS_pidfd_send_signal, w->pidfd, SIGKILL, NULL, 0);
	launch_ended(&launcher, w);
	launch_forget(w);
}

/* From the request on; what rsd shares with the worker was made before. */
static double start_one(int object)
{
	struct launched w = launch_ask(&launcher, object, 7, 2 * LARGE_BYTES, 0);

	launch_ready(&w);
	double after = now_us();
	launch_started(&launcher, &w);
	end(&w);
	return after - w.asked_us;
}

/* The sum of such a row of /proc/PID/smaps, in KiB. */
static long smaps(pid_t pid, const char *row)
{
	char path[64], line[256];
	long sum = 0, kib;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return -1; /* not root */
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, row, strlen(row)) == 0 &&
			sscanf(line + strlen(row), ": %ld", &kib) == 1)
			sum += kib;
	fclose(file);
	return sum;
}

/* The second of two, since the program's code is shared by all that run it. */
static void idle(int object)
{
	struct launched w[2];

	for (int i = 0; i < 2; i++) {
		w[i] = launch_worker(&launcher, object);
		launch_ready(&w[i]);
		bell_ring(&w[i].home.peer); /* looks at its page, as rsd does */
	}
	usleep(100000); /* they ask rsd for an interface, and wait */
	printf("%-44s %8ld KiB\n", "idle worker, private memory",
		smaps(w[1].pid, "Private_Dirty"));
	if (getenv("BENCH_PAUSE")) /* to look at it */
		sleep(1000);
	for (int i = 0; i < 2; i++) {
		syscall(SYS_pidfd_send_signal, w[i].pidfd, SIGKILL, NULL, 0);
		launch_ended(&launcher, &w[i]);
	}
}

START_TEST(start)
{
	static double exec_us[ROUNDS], ready_us[ROUNDS], large_us[ROUNDS];
	char echo[1024];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	make_static();
	snprintf(echo, sizeof(echo), "%s/echo.wasm", getenv("REDSHIRT_GUESTS"));
	int object = make_object(echo), large = make_large();
	launcher = launch(0);
	for (int i = 0; i < ROUNDS; i++) {
		exec_us[i] = exec_one();
		ready_us[i] = start_one(object);
		large_us[i] = start_one(large);
	}
	double exec = median(exec_us, ROUNDS), ready = median(ready_us, ROUNDS);
	printf("%-44s %8.0f us\n", "fork and exec of a static program", exec);
	printf("%-44s %8.0f us, %.2f times that\n", "request to ready worker", ready,
		ready / exec);
	double more = median(large_us, ROUNDS);
	printf("%-44s %8.0f us, %.2f times the one before\n",
		"the same with 16 MiB of initialised data", more, more / ready);
	idle(object);
	must("rm -r %s", folder);
}
END_TEST

/* The helpers of the tests complain through Check, so it runs this as well. */
int main(void)
{
	Suite *suite = suite_create("start");
	TCase *bench = tcase_create("start");

	tcase_add_test(bench, start);
	suite_add_tcase(suite, bench);
	SRunner *runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_MINIMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
