/*
 * check_sweep.c: the whole table of system calls, in every ABI of the CPU, with several kinds
 * of arguments, each from native code in a worker of its own that is really locked: all of them
 * die by SIGSYS but for what is named here.
 */
#include <sys/syscall.h>

#include "tests/check_run.h"
#include "tests/runtime/launch.h"
#include "tests/runtime/native.h"

#define NUMBERS   600u /* well above the last call of Linux 6.18 */
#define AT_ONCE   32u
#define TIMEOUT_S 120

enum arguments {
	ZERO,
	POINTERS, /* into the program's memory */
	RANDOM,
	ARGUMENTS
};

/* Allowed whatever the arguments are; check_lock.c shows what they do. */
static const uint64_t always_allowed[] = { SYS_ppoll, SYS_sched_yield, SYS_exit_group };

/*
 * Not the filter's to judge: the kernel lets these two by (they are made by its own trampolines
 * for probes) and answers SIGILL or an error to anybody else.
 */
#define CALL_URETPROBE 335u
#define CALL_UPROBE    336u

static struct launcher launcher;
static int object;
static uint32_t tried;

static void set_up(void)
{
	object = launch_object("tests/runtime/native.c", "-I.");
}

struct attempt {
	struct launched worker;
	uint64_t number;
	enum native_abi abi;
	enum arguments arguments;
};

static uint64_t argument(enum arguments kind)
{
	static uint64_t state = 0x9e3779b97f4a7c15ull; /* always the same numbers */

	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return kind == ZERO ? 0 : kind == POINTERS ? 0x10000 + 2048 : state;
}

static struct attempt begin(uint64_t number, enum native_abi abi, enum arguments kind)
{
	struct attempt attempt = { .number = number, .abi = abi, .arguments = kind };
	struct native_params params = { .job = NATIVE_SYS, .number = number, .abi = abi };

	for (int i = 0; i < 6; i++)
		params.arguments[i] = argument(kind);
	int sealed = launch_params(object, &params, sizeof(params));
	attempt.worker = launch_ask(&launcher, sealed, ++tried, LAUNCH_MEMORY, 0);
	close(sealed);
	return attempt;
}

static void judge(const struct attempt *attempt, int status)
{
	bool probe = attempt->abi == NATIVE_X86_64 &&
		     (attempt->number == CALL_URETPROBE || attempt->number == CALL_UPROBE);
	bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
	/* what the kernel answers there, and then the program ends by itself */
	bool harmless = WIFEXITED(status) && (WEXITSTATUS(status) == 128 + SIGILL ||
						     WEXITSTATUS(status) == NATIVE_FAILED);

	ck_assert_msg(killed || (probe && harmless), "abi %d, call %llu, arguments %d: 0x%x",
		(int)attempt->abi, (unsigned long long)attempt->number, (int)attempt->arguments,
		(unsigned)status);
}

/* Takes events until all of them have ended. */
static void finish(struct attempt *attempts, uint32_t n)
{
	struct launcher_event event;
	uint64_t first = attempts[0].worker.process;

	for (uint32_t ended = 0; ended < n;) {
		ck_assert(launch_event(&launcher, &event, NULL, LAUNCH_WAIT_MS));
		ck_assert_uint_lt(event.process - first, n);
		if (event.kind == LAUNCHER_STARTED)
			continue;
		ck_assert_uint_eq(event.kind, LAUNCHER_ENDED);
		judge(&attempts[event.process - first], event.value);
		ended++;
	}
	for (uint32_t i = 0; i < n; i++)
		launch_forget(&attempts[i].worker);
}

static bool is_allowed(uint64_t number, enum native_abi abi)
{
	for (size_t i = 0; i < ARRAY_LEN(always_allowed); i++)
		if (abi == NATIVE_X86_64 && number == always_allowed[i])
			return true;
	return false;
}

static void sweep(uid_t user)
{
	struct attempt attempts[AT_ONCE];
	uint32_t n = 0;

	launcher = launch(user);
	for (enum native_abi abi = 0; abi < NATIVE_ABIS; abi++)
		for (uint64_t number = 0; number < NUMBERS; number++)
			for (enum arguments kind = 0; kind < ARGUMENTS; kind++) {
				if (is_allowed(number, abi))
					continue;
				attempts[n++] = begin(number, abi, kind);
				if (n == AT_ONCE) {
					finish(attempts, n);
					n = 0;
				}
			}
	if (n)
		finish(attempts, n);
	ck_assert_uint_eq(
		tried, (NUMBERS * NATIVE_ABIS - ARRAY_LEN(always_allowed)) * ARGUMENTS);
}

START_TEST(no_call_outside_the_list_lives_as_root)
{
	sweep(0);
}
END_TEST

START_TEST(no_call_outside_the_list_lives_unprivileged)
{
	if (geteuid() == 0)
		sweep(65534);
}
END_TEST

static Suite *sweep_suite(void)
{
	Suite *suite = suite_create("sweep");
	TCase *calls = tcase_create("calls");

	tcase_set_timeout(calls, TIMEOUT_S);
	tcase_add_checked_fixture(calls, set_up, NULL);
	tcase_add_test(calls, no_call_outside_the_list_lives_as_root);
	tcase_add_test(calls, no_call_outside_the_list_lives_unprivileged);
	suite_add_tcase(suite, calls);
	return suite;
}

CHECK_MAIN(sweep_suite)
