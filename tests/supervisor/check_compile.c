#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <sys/stat.h>

#include "cache/folder.h"
#include "supervisor/compiling/compile.h"
#include "tests/check_run.h"

/*
 * A compiler made of shell: says an id, counts how often it is asked to compile, and does what
 * the first word of the module says.
 */
static const char script[] =
	"#!/bin/sh\n"
	"here=${0%/*}\n"
	"if [ \"$1\" = --toolchain ]; then\n"
	"	[ -f $here/broken ] && { echo 'no cc'; exit 1; }\n"
	"	echo \"id full $(printf %064d 7)\"; echo 'compiler none'; exit 0\n"
	"fi\n"
	"echo x >>$here/count\n"
	"read word rest <&3\n"
	"echo 'progress front 1 3' >&5\n"
	"case $word in\n"
	"good) echo \"object of $rest\" >&4; echo 'done 10' >&5;;\n"
	"slow) sleep 0.3; echo slow >&4;;\n"
	"bad) echo 'refused imports env.foo, which nothing provides' >&5; exit 3;;\n"
	"broken) echo 'failed out of luck' >&5; exit 1;;\n"
	"mute) exit 1;;\n"
	"long) head -c 100000 /dev/zero | tr '\\0' a >&5; echo >&5; exit 1;;\n"
	"hang) trap 'touch '$here'/asked; exit 1' TERM; while :; do sleep 0.05; done;;\n"
	"stubborn) trap '' TERM; while :; do sleep 0.05; done;;\n"
	"killed) kill -9 $$;;\n"
	"esac\n";

static char home[64];
static struct loop *loop;
static struct offload *offload;
static struct store *store;
static struct objects *objects;
static struct shelf *shelf;
static struct compile *compile;
static struct events *events;
static struct database *database;
static struct builds *builds;
static int refused = -1;

static const char *path(const char *name)
{
	static char out[256];

	snprintf(out, sizeof(out), "%s/%s", home, name);
	return out;
}

static void open_all(void)
{
	char key[256], aotc[256];

	strcpy(key, path("key"));
	strcpy(aotc, path("aotc"));
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(offload_new(loop, &offload), 0);
	ck_assert_int_eq(store_open(path("store"), &store), 0);
	ck_assert_int_eq(objects_open(path("objects"), key, MIB, &objects), 0);
	ck_assert_int_eq(folder_open(path("refused"), &refused), 0);
	ck_assert_int_eq(shelf_new(&shelf), 0);
	static char kept[256];
	strcpy(kept, aotc);
	char why[DATABASE_WHY_SIZE];
	ck_assert_int_eq(events_new(&events), 0);
	ck_assert_int_eq(database_open(path("db"), offload, &database, why), 0);
	ck_assert_int_eq(builds_open(database, &builds, why), 0);
	struct compile_parts parts = { .loop = loop,
		.offload = offload,
		.store = store,
		.objects = objects,
		.shelf = shelf,
		.events = events,
		.builds = builds,
		.refused = refused,
		.way = { .aotc = kept } };
	ck_assert_int_eq(compile_new(&parts, &compile), 0);
}

static void close_all(void)
{
	offload = offload_free(offload);
	compile = compile_free(compile);
	builds = builds_close(builds);
	database = database_close(database);
	events = events_free(events);
	shelf = shelf_free(shelf);
	fd_closep(&refused);
	objects = objects_free(objects);
	store = store_free(store);
	loop = loop_free(loop);
}

static void set_up(void)
{
	strcpy(home, "/tmp/check_compile.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(home));
	int fd = open(path("aotc"), O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	ck_assert_int_eq(write(fd, script, sizeof(script) - 1), sizeof(script) - 1);
	close(fd);
	open_all();
}

static void tear_down(void)
{
	char command[128];

	close_all();
	snprintf(command, sizeof(command), "rm -rf %s", home);
	ck_assert_int_eq(system(command), 0);
}

static struct hash add(const char *text)
{
	struct store_put *put;
	struct hash name;

	ck_assert_int_eq(store_put_new(store, MIB, &put), 0);
	ck_assert_int_eq(store_put_write(put, text, strlen(text)), 0);
	ck_assert_int_eq(store_put_commit(put, NULL, &name), 0);
	store_put_free(put);
	return name;
}

struct wish {
	struct compile_want want;
	int calls;
	enum compile_outcome outcome;
	struct shelf_object *object;
	char why[600];
};

static int settled; /* wishes that were answered */

static void ready(struct compile_want *want, enum compile_outcome outcome,
	struct shelf_object *object, const char *why)
{
	struct wish *wish = (struct wish *)(void *)want;

	settled++;
	wish->calls++;
	wish->outcome = outcome;
	wish->object = object;
	snprintf(wish->why, sizeof(wish->why), "%s", why);
}

static void ask(struct wish *wish, const struct hash *program)
{
	*wish = (struct wish){ .want = { .program = *program, .ready = ready } };
	compile_get(compile, &wish->want);
}

static void turn_for(const int *value, int until, uint64_t ms)
{
	uint64_t end = loop_now_ns() + ms * 1000000;

	while (*value < until && loop_now_ns() < end) {
		ck_assert_int_eq(loop_wait(loop, end), 0);
		loop_dispatch(loop);
	}
}

static void get(struct wish *wish, const char *text)
{
	struct hash program = add(text);

	settled = 0;
	ask(wish, &program);
	turn_for(&settled, 1, 20000);
	ck_assert_int_eq(wish->calls, 1);
}

static int compiles(void)
{
	struct stat st;

	return stat(path("count"), &st) ? 0 : (int)st.st_size / 2;
}

START_TEST(a_program_becomes_an_object)
{
	struct wish wish;
	char bytes[64] = "";

	get(&wish, "good day\n");
	ck_assert_msg(wish.outcome == COMPILE_DONE, "%s", wish.why);
	ck_assert_int_gt(pread(wish.object->fd, bytes, sizeof(bytes), 0), 0);
	ck_assert_str_eq(bytes, "object of day\n");
	ck_assert_int_eq(fcntl(wish.object->fd, F_GET_SEALS) & F_SEAL_WRITE, F_SEAL_WRITE);
	shelf_drop(wish.object);
}
END_TEST

START_TEST(many_who_ask_wait_for_one_compile)
{
	static struct wish wishes[50];
	struct hash program = add("slow\n");

	settled = 0;
	for (size_t i = 0; i < ARRAY_LEN(wishes); i++)
		ask(&wishes[i], &program);
	turn_for(&settled, 50, 20000);
	for (size_t i = 0; i < ARRAY_LEN(wishes); i++) {
		ck_assert_int_eq(wishes[i].calls, 1);
		ck_assert_int_eq(wishes[i].outcome, COMPILE_DONE);
		ck_assert_ptr_eq(wishes[i].object, wishes[0].object);
		shelf_drop(wishes[i].object);
	}
	ck_assert_int_eq(compiles(), 1);
}
END_TEST

START_TEST(the_second_time_comes_from_the_shelf_and_then_from_disk)
{
	struct wish wish;

	get(&wish, "good day\n");
	shelf_drop(wish.object);
	struct hash program = wish.want.program;
	ask(&wish, &program);
	ck_assert_int_eq(wish.calls, 1); /* at once */
	shelf_drop(wish.object);
	close_all();
	open_all();
	get(&wish, "good day\n");
	ck_assert_int_eq(wish.outcome, COMPILE_DONE);
	shelf_drop(wish.object);
	ck_assert_int_eq(compiles(), 1);
}
END_TEST

START_TEST(a_damaged_object_is_built_again)
{
	struct wish wish;
	struct lookup_key keys[OBJECT_TIERS];
	char hex[HASH_HEX_SIZE], file[128];

	get(&wish, "good day\n");
	shelf_drop(wish.object);
	ck_assert_uint_eq(compile_keys(compile, &wish.want.program, keys), 1);
	close_all();
	snprintf(file, sizeof(file), "objects/%s", hash_to_hex(&keys[0].key, hex));
	ck_assert_int_eq(truncate(path(file), 5), 0);
	open_all();
	get(&wish, "good day\n");
	ck_assert_int_eq(wish.outcome, COMPILE_DONE);
	shelf_drop(wish.object);
	ck_assert_int_eq(compiles(), 2);
}
END_TEST

START_TEST(a_refusal_is_remembered_over_a_restart)
{
	struct wish wish;

	get(&wish, "bad thing\n");
	ck_assert_int_eq(wish.outcome, COMPILE_REFUSED);
	ck_assert_str_eq(wish.why, "imports env.foo, which nothing provides");
	close_all();
	open_all();
	get(&wish, "bad thing\n");
	ck_assert_int_eq(wish.outcome, COMPILE_REFUSED);
	ck_assert_str_eq(wish.why, "imports env.foo, which nothing provides");
	ck_assert_int_eq(compiles(), 1);
}
END_TEST

START_TEST(a_failure_is_told_and_tried_again)
{
	struct wish wish;

	get(&wish, "broken\n");
	ck_assert_int_eq(wish.outcome, COMPILE_FAILED);
	ck_assert_str_eq(wish.why, "out of luck");
	get(&wish, "broken\n");
	ck_assert_int_eq(compiles(), 2);
	get(&wish, "mute\n");
	ck_assert_str_eq(wish.why, "the compiler ended with code 1");
	get(&wish, "killed\n");
	ck_assert_str_eq(wish.why, "the compiler was killed by signal 9");
	get(&wish, "long\n");
	ck_assert_int_eq(wish.outcome, COMPILE_FAILED);
}
END_TEST

START_TEST(a_program_that_is_not_there_is_missing)
{
	struct hash program = hash_sha256("never added", 11);
	struct wish wish;

	settled = 0;
	ask(&wish, &program);
	turn_for(&settled, 1, 20000);
	ck_assert_int_eq(wish.outcome, COMPILE_MISSING);
}
END_TEST

START_TEST(a_compile_that_nobody_wants_any_more_is_asked_to_end)
{
	struct hash program = add("hang\n");
	struct wish wish, other;
	const int never = 0;
	struct stat st;

	ask(&wish, &program);
	ask(&other, &program);
	turn_for(&never, 1, 700);
	ck_assert_str_eq(compile_progress(&wish.want).stage, "front");
	ck_assert_uint_eq(compile_progress(&wish.want).total, 3);
	compile_drop(&wish.want);
	turn_for(&never, 1, 200);
	ck_assert_int_ne(stat(path("asked"), &st), 0); /* the other still wants it */
	compile_drop(&other.want);
	compile_drop(&other.want);
	for (int i = 0; i < 100 && stat(path("asked"), &st); i++)
		turn_for(&never, 1, 50);
	ck_assert_int_eq(stat(path("asked"), &st), 0);
	ck_assert_int_eq(wish.calls + other.calls, 0);
}
END_TEST

START_TEST(one_that_does_not_end_when_asked_is_killed)
{
	struct hash program = add("stubborn\n");
	struct wish wish, again;
	const int never = 0;

	ask(&wish, &program);
	turn_for(&never, 1, 500);
	compile_drop(&wish.want);
	/* whoever asks meanwhile gets a compile of his own */
	ask(&again, &program);
	turn_for(&never, 1, 500);
	ck_assert_int_eq(compiles(), 2);
	compile_drop(&again.want);
	turn_for(&never, 1, 3500);
}
END_TEST

START_TEST(tear_down_ends_what_compiles)
{
	struct hash program = add("hang\n");
	struct wish wish;
	const int never = 0;
	struct stat st;

	ask(&wish, &program);
	turn_for(&never, 1, 500);
	compile_drop(&wish.want);
	ask(&wish, &program);
	turn_for(&never, 1, 300);
	close_all();
	ck_assert_int_eq(stat(path("asked"), &st), 0);
	open_all();
}
END_TEST

START_TEST(without_a_toolchain_every_wish_fails_until_there_is_one)
{
	struct wish wish;
	int fd = open(path("broken"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	close(fd);
	close_all();
	open_all();
	get(&wish, "good day\n");
	ck_assert_int_eq(wish.outcome, COMPILE_FAILED);
	ck_assert_ptr_nonnull(strstr(wish.why, "no cc"));
	unlink(path("broken"));
	get(&wish, "good day\n");
	ck_assert_int_eq(wish.outcome, COMPILE_DONE);
	shelf_drop(wish.object);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("compile");
	TCase *ways = tcase_create("ways"), *ends = tcase_create("ends");

	tcase_add_checked_fixture(ways, set_up, tear_down);
	tcase_add_checked_fixture(ends, set_up, tear_down);
	tcase_add_test(ways, a_program_becomes_an_object);
	tcase_add_test(ways, many_who_ask_wait_for_one_compile);
	tcase_add_test(ways, the_second_time_comes_from_the_shelf_and_then_from_disk);
	tcase_add_test(ways, a_damaged_object_is_built_again);
	tcase_add_test(ways, a_refusal_is_remembered_over_a_restart);
	tcase_add_test(ways, a_failure_is_told_and_tried_again);
	tcase_add_test(ways, a_program_that_is_not_there_is_missing);
	tcase_add_test(ways, without_a_toolchain_every_wish_fails_until_there_is_one);
	tcase_add_test(ends, a_compile_that_nobody_wants_any_more_is_asked_to_end);
	tcase_add_test(ends, one_that_does_not_end_when_asked_is_killed);
	tcase_add_test(ends, tear_down_ends_what_compiles);
	tcase_set_timeout(ways, 60);
	tcase_set_timeout(ends, 60);
	suite_add_tcase(s, ways);
	suite_add_tcase(s, ends);
	return s;
}

CHECK_MAIN(suite)
