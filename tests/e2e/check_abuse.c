/*
 * Programs that take what they were not given: each attempt is refused and counted (rsctl ps),
 * the first of its kind is an event, and everybody else goes on as if nothing had been. Native
 * processes stand for workers in which foreign code has taken over: they write what they like
 * into the lanes that they have.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "ipc/home.h"
#include "ipc/lane.h"
#include "runtime/client/rs_client.h"
#include "supervisor/broker/broker.h"
#include "supervisor/decisions/asks.h"
#include "supervisor/workers/hosts.h"
#include "tests/check_run.h"
#include "tests/e2e/run.h"

#define FOREVER  (-1)
#define SOON_NS  100000000ll
#define FDS      64  /* looked at for bells */
#define NAPS_MAX 100 /* until a ring that stays full is no ring */
#define OPENS    100000
#define FORGED   4096u      /* ids that are tried */
#ifdef __SANITIZE_ADDRESS__ /* keeps what was freed, for a while */
#define GROWTH_KIB (256 * 1024)
#else
#define GROWTH_KIB (4 * 1024) /* of rsd under a flood: what it may remember of one process */
#endif
#define FIRST_LANE    1u /* after the home lane */
#define QUESTION_ROWS "rsctl pending --json"

static const uint8_t ours[32] = "native:ours", silent[32] = "example:silent";
static struct {
	struct rs_delivery head;
	uint8_t body[RS_BODY_BYTES_DEFAULT];
} in;

/* ---- what is seen from outside ---- */

static int64_t counted(uint64_t process, const char *what)
{
	return run_number(run_process(process), what);
}

/* Events of this kind about this process. */
static int events_of(uint64_t process, const char *name)
{
	json_t *rows = run_json(run_expect(0, NULL, "rsctl events --json").out), *row;
	int n = 0;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		n += run_number(row, "process") == (int64_t)process &&
		     strcmp(run_text(row, "event"), name) == 0;
	}
	return n;
}

static bool has_said(uint64_t process, const char *text)
{
	return strstr(run_logs(process), text) != NULL;
}

static void must_have_said(uint64_t process, const char *text)
{
	RUN_UNTIL(has_said(process, "done\n"));
	ck_assert_msg(has_said(process, text), "no \"%s\" in \"%s\"", text, run_logs(process));
}

static long rsd_kib(void)
{
	return strtol(
		run_expect(0, NULL, "sed -n 's/VmRSS: *//p' /proc/%d/status", run_rsd_pid())
			.out,
		NULL, 10);
}

/* Others ask and are answered, and rsctl is. */
static void others_go_on(void)
{
	run_expect(0, "hello\n", "rsctl run \"$guests\"/ask.wasm hello");
	run_expect(0, NULL, "rsctl ps");
}

static uint64_t join(void)
{
	uint64_t process;

	ck_assert_int_eq(rs_client_join(NULL, "abuser", &process), 0);
	return process;
}

static void allow_echo(void)
{
	run_expect(0, NULL, "rsctl grant \"$guests\"/ask.wasm example:echo");
	run_expect(0, NULL, "rsctl grant --register \"$guests\"/echo.wasm example:echo");
	run_start("rsctl start \"$guests\"/echo.wasm");
	others_go_on();
}

/* ---- floods ---- */

START_TEST(a_flood_of_interfaces_never_granted_is_refused_and_forgotten)
{
	allow_echo();
	long before = rsd_kib();
	uint64_t process = run_start("rsctl start \"$guests\"/abuse.wasm open 0");

	do
		others_go_on();
	while (counted(process, "denied") < OPENS);
	ck_assert_int_eq(counted(process, "refused"), 0);
	ck_assert_int_eq(events_of(process, "use-refused"), 1);
	ck_assert_int_eq(events_of(process, "started"), 1);
	ck_assert_int_lt(rsd_kib() - before, GROWTH_KIB);
	run_expect(0, NULL, "rsctl kill %" PRIu64, process);
	others_go_on();
}
END_TEST

START_TEST(a_flood_of_registrations_is_refused)
{
	allow_echo();
	uint64_t process = run_start("rsctl start \"$guests\"/abuse.wasm register 1000");

	must_have_said(process, "1000 denied\n");
	ck_assert_int_eq(counted(process, "denied"), 1000);
	ck_assert_int_eq(events_of(process, "register-refused"), 1);
	ck_assert_int_eq(events_of(process, "use-refused"), 0);
	others_go_on();
}
END_TEST

START_TEST(a_flood_of_waits_is_bounded_though_all_is_granted)
{
	allow_echo();
	run_expect(0, NULL, "rsctl grant \"$guests\"/abuse.wasm '*'");
	uint64_t process = run_start("rsctl start \"$guests\"/abuse.wasm delay 10000");

	RUN_UNTIL(has_said(process, "done\n"));
	const json_t *row = run_process(process);
	ck_assert_uint_le(
		json_array_size(json_object_get(row, "waits_for")), BROKER_PENDING_MAX);
	ck_assert_int_gt(run_number(row, "refused"), 0);
	ck_assert_int_eq(events_of(process, "limit-met"), 1);
	others_go_on();
}
END_TEST

START_TEST(a_flood_of_questions_is_bounded)
{
	allow_echo();
	run_expect(0, NULL, "rsctl grant --ask \"$guests\"/abuse.wasm '*'");
	run_expect(0, NULL, "rsctl grant \"$guests\"/abuse.wasm log,console");
	uint64_t process = run_start("rsctl start \"$guests\"/abuse.wasm delay 1000");

	RUN_UNTIL(has_said(process, "done\n"));
	ck_assert_uint_eq(json_array_size(run_json(run_expect(0, NULL, QUESTION_ROWS).out)),
		ASKS_PER_PROCESS);
	ck_assert_int_eq(events_of(process, "asked"), ASKS_PER_PROCESS);
	ck_assert_int_eq(events_of(process, "ask-refused"), 1);
	ck_assert_int_gt(counted(process, "ask_refused"), 0);
	others_go_on();
}
END_TEST

/* ---- what belongs to others ---- */

START_TEST(nobody_takes_the_place_of_a_host)
{
	run_expect(0, NULL, "rsctl grant --register native:abuser '*'");
	uint64_t process = join();
	for (uint32_t slot = 0; slot < HOSTS_COUNT; slot++) {
		const struct hash host = hosts_interface(slot);

		ck_assert_int_eq(rs_client_register(host.bytes, 0), RS_DENIED);
	}
	ck_assert_int_eq(counted(process, "denied"), HOSTS_COUNT);
	ck_assert_int_eq(events_of(process, "register-refused"), 1);
	run_expect(0, NULL, "rsctl run \"$guests\"/random.wasm");
}
END_TEST

START_TEST(a_bound_interface_is_not_taken_by_others)
{
	run_expect(0, NULL, "rsctl grant --register '*' '*'");
	run_expect(0, NULL, "rsctl grant \"$guests\"/ask.wasm example:echo");
	run_expect(0, NULL, "rsctl bind example:echo \"$guests\"/echo.wasm");
	uint64_t process = run_start("rsctl start \"$guests\"/abuse.wasm handle example:echo");

	must_have_said(process, "1 denied\n");
	ck_assert_int_eq(counted(process, "denied"), 1);
	ck_assert_int_eq(events_of(process, "register-refused"), 1);
	others_go_on();
}
END_TEST

START_TEST(what_its_manifest_does_not_name_is_refused_though_granted)
{
	allow_echo();
	run_expect(0, NULL, "rsctl grant '*' '*'");
	run_expect(0, NULL, "rsctl grant --register '*' '*'");
	uint64_t process = run_start("rsctl start \"$guests\"/abuse_manifest.wasm");

	must_have_said(process, "declared: nobody handles the interface\nanother: denied\n"
				"handle: denied\nhandle what it uses: denied\n");
	ck_assert_int_eq(counted(process, "denied"), 3);
	ck_assert_int_eq(events_of(process, "use-refused"), 1);
	ck_assert_int_eq(events_of(process, "register-refused"), 1);
}
END_TEST

/* ---- foreign code in a process ---- */

/* Its own end of a lane, past the library that looks after it. */
static struct lane take_over(uint32_t i, enum lane_role role)
{
	uint64_t bytes = 1ull << LANE_RING_SMALL;
	uint8_t *page = (uint8_t *)LANE_RANGE_BASE + LANE_OWN_BYTES + i * 4096;
	uint8_t *rings = (uint8_t *)LANE_RINGS + i * LANE_SLOT_BYTES;
	struct lane_control *control = (void *)page;
	bool client = role == LANE_CLIENT;
	struct lane lane = {
		.out = { .data = client ? rings : rings + 2 * bytes,
			.bytes = bytes,
			.tail = client ? &control->request_tail : &control->answer_tail,
			.head = client ? &control->request_head : &control->answer_head },
		.role = role,
	};

	lane.out.position = atomic_load(&lane.out.tail->position);
	lane.out.head_seen = lane.out.position;
	lane.out.head_seen = atomic_load(&lane.out.head->position);
	return lane;
}

/* It does not look which is whose. */
static void ring_all_bells(void)
{
	const uint64_t word = 1;

	for (int fd = 3; fd < FDS; fd++) {
		struct stat st;

		if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) &&
			(fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY)
			(void)!write(fd, &word, sizeof(word));
	}
}

/* False: nobody reads it any more. */
static bool put(struct lane *lane, const struct record *head)
{
	for (int naps = 0; ring_put(&lane->out, head, "") == RING_FULL; naps++) {
		if (naps == NAPS_MAX)
			return false;
		run_nap();
	}
	ring_all_bells();
	return true;
}

static int deliver(uint32_t kind)
{
	size_t bytes;
	int r;

	do
		r = rs_client_next_message(NULL, 0, &in, sizeof(in), FOREVER, &bytes);
	while (r == 0 && in.head.kind != kind);
	return r;
}

static void allow_abuser(void)
{
	run_expect(0, NULL, "rsctl grant '*' native:ours,example:silent");
	run_expect(0, NULL, "rsctl grant --register '*' native:ours,example:silent");
}

/* An honest client of two handlers: 0 when what it asked the first stays open, and what it
 * asked the second ends with the lane. */
static int ask_two(void)
{
	uint64_t of_silent, of_ours;
	size_t bytes;

	if (rs_client_join(NULL, "other", NULL) ||
		rs_client_send(silent, "?", 1, RS_NEEDS_ANSWER | RS_ALLOW_DELAY, &of_silent) ||
		rs_client_send(ours, "?", 1, RS_NEEDS_ANSWER | RS_ALLOW_DELAY, &of_ours))
		return 1;
	if (rs_client_next_message(&of_ours, 1, &in, sizeof(in), FOREVER, &bytes) ||
		in.head.status != RS_HANDLER_GONE)
		return 2;
	return rs_client_next_message(NULL, 0, &in, sizeof(in), SOON_NS, &bytes) == RS_TIMED_OUT
		       ? 0
		       : 3;
}

static pid_t child(int (*work)(void))
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(work());
	}
	return pid;
}

static void ends_well(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

/* All but the one that it was asked itself. */
static void forge_answers(struct lane *lane)
{
	const struct record *asked =
		(const void *)((uint8_t *)LANE_RINGS + FIRST_LANE * LANE_SLOT_BYTES);

	for (uint64_t id = 0; id < FORGED; id++) {
		const struct record forged = { .kind = RECORD_ANSWER, .id = id };

		if (id != asked->id && !put(lane, &forged))
			return;
	}
}

START_TEST(answers_to_what_others_were_asked_complete_nothing)
{
	allow_abuser();
	allow_echo();
	run_start("rsctl start \"$guests\"/silent.wasm");
	join();
	ck_assert_int_eq(rs_client_register(ours, 0), 0);
	pid_t client = child(ask_two);

	ck_assert_int_eq(deliver(RS_MESSAGE), 0);
	uint64_t accuser = in.head.process;
	struct lane lane = take_over(FIRST_LANE, LANE_HANDLER);
	forge_answers(&lane);
	ends_well(client);
	ck_assert_int_eq(events_of(accuser, "lane-broken"), 1);
	others_go_on();
}
END_TEST

/* On the home lane rsd itself reads: who lies there is out. */
static const struct lie {
	struct record head;
	const char *why;
} lies[] = {
	{ { .kind = RECORD_ANSWER, .id = 1 }, "a record that has no place here" },
	{ { .kind = RECORD_MESSAGE, .slot = 63 }, "it used a slot it was not given" },
	{ { .kind = RECORD_MESSAGE, .slot = UINT32_MAX }, "it used a slot it was not given" },
	{ { .kind = RECORD_OPEN }, "a malformed open" },
	{ { .kind = RECORD_LANE_DONE }, "it let go of a lane it does not have" },
	{ { .kind = RECORD_LANE_BROKEN }, "it accused a peer it does not have" },
	{ { .kind = RECORD_LANE_TAKEN }, "it took a lane nobody gave" },
	{ { .kind = RECORD_READY }, "it was ready twice" },
};

START_TEST(a_lie_to_rsd_is_the_end_and_is_said)
{
	allow_echo();
	uint64_t process = join();
	struct lane home = take_over(LANE_HOME, LANE_CLIENT);

	ck_assert(put(&home, &lies[_i].head));
	RUN_UNTIL(run_is_gone(process));
	ck_assert_str_eq(run_text(run_process(process), "cause"), "protocol");
	ck_assert_str_eq(run_text(run_process(process), "detail"), lies[_i].why);
	ck_assert_int_eq(events_of(process, "ended"), 1);
	others_go_on();
}
END_TEST

/* Two that conspire need no slot of their direct lane: only an end of one of them helps. */
START_TEST(who_has_a_direct_lane_is_ended_by_a_hard_denial)
{
	allow_abuser();
	run_expect(0, NULL, "rsctl grant '*' native:ours");
	run_start("rsctl start \"$guests\"/handler.wasm native:ours well");
	RUN_UNTIL(run("rsctl ps | grep -q native:ours").status == 0);
	uint64_t process = run_start("rsctl start \"$guests\"/abuse.wasm use native:ours");

	must_have_said(process, "1 ok\n");
	run_expect(0, NULL, "rsctl deny \"$guests\"/abuse.wasm native:ours");
	ck_assert(!run_is_gone(process));
	run_expect(0, NULL, "rsctl deny --hard \"$guests\"/abuse.wasm native:ours");
	ck_assert(run_is_gone(process));
	ck_assert_str_eq(run_text(run_process(process), "cause"), "killed");
}
END_TEST

/* What its table says is nothing to it; rsd, which passes its messages on, keeps to it. */
START_TEST(who_is_mediated_is_cut_and_lives)
{
	allow_abuser();
	run_expect(0, NULL, "rsctl grant --mediated native:abuser native:ours");
	uint64_t handler = run_start("rsctl start \"$guests\"/handler.wasm native:ours well");
	uint64_t process = join(), id;

	RUN_UNTIL(run("rsctl ps | grep -q native:ours").status == 0);
	ck_assert_int_eq(rs_client_send(ours, "?", 1, RS_NEEDS_ANSWER, &id), 0);
	ck_assert_int_eq(deliver(RS_ANSWER), 0);
	const struct record *sent =
		(const void *)((uint8_t *)LANE_RINGS + FIRST_LANE * LANE_SLOT_BYTES);
	const struct record more = { .kind = RECORD_MESSAGE, .slot = sent->slot };
	run_expect(0, NULL, "rsctl deny --hard native:abuser native:ours");
	struct lane lane = take_over(FIRST_LANE, LANE_CLIENT);
	for (int i = 0; i < 10; i++)
		ck_assert(put(&lane, &more));
	RUN_UNTIL(
		run("rsctl inspect %" PRIu64 " | grep -q 'refused: 10$'", process).status == 0);
	ck_assert_int_eq(events_of(process, "use-refused"), 1);
	ck_assert(!run_is_gone(process) && !run_is_gone(handler));
	run_expect(0, NULL, "rsctl inspect %" PRIu64 " | grep -q ' messages: 1$'", handler);
}
END_TEST

/* Ids are each client's own: what one lets go of is not another's. */
START_TEST(cancelling_what_others_asked_ends_nothing)
{
	allow_echo();
	join();
	struct lane home = take_over(LANE_HOME, LANE_CLIENT);
	struct run_job job = run_behind("exec rsctl run \"$guests\"/timers.wasm");

	for (uint64_t id = 0; id < FORGED; id++)
		ck_assert(put(&home, &(struct record){ .kind = RECORD_CANCEL, .id = id }));
	ck_assert_int_eq(run_join(&job).status, 0);
	others_go_on();
}
END_TEST

/* ---- */

static void begin(void)
{
	run_rsd_with("--default-grant deny --native abuser --native other");
}

static void end(void)
{
	(void)!rs_client_leave();
	run_rsd_end();
}

static TCase *abuse_case(const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, run_folders, run_folders_end);
	tcase_add_checked_fixture(tc, begin, end);
	return tc;
}

static Suite *suite(void)
{
	Suite *s = suite_create("abuse");
	TCase *tc = abuse_case("floods");

	tcase_add_test(tc, a_flood_of_interfaces_never_granted_is_refused_and_forgotten);
	tcase_add_test(tc, a_flood_of_registrations_is_refused);
	tcase_add_test(tc, a_flood_of_waits_is_bounded_though_all_is_granted);
	tcase_add_test(tc, a_flood_of_questions_is_bounded);
	suite_add_tcase(s, tc);
	tc = abuse_case("what belongs to others");
	tcase_add_test(tc, nobody_takes_the_place_of_a_host);
	tcase_add_test(tc, a_bound_interface_is_not_taken_by_others);
	tcase_add_test(tc, what_its_manifest_does_not_name_is_refused_though_granted);
	suite_add_tcase(s, tc);
	tc = abuse_case("foreign code");
	tcase_add_test(tc, answers_to_what_others_were_asked_complete_nothing);
	tcase_add_loop_test(tc, a_lie_to_rsd_is_the_end_and_is_said, 0, ARRAY_LEN(lies));
	tcase_add_test(tc, who_has_a_direct_lane_is_ended_by_a_hard_denial);
	tcase_add_test(tc, who_is_mediated_is_cut_and_lives);
	tcase_add_test(tc, cancelling_what_others_asked_ends_nothing);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(suite)
