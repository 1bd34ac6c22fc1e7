#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "supervisor/decisions/database.h"
#include "supervisor/decisions/keeper.h"
#include "tests/check_run.h"

static char home[64], path[96], why[DATABASE_WHY_SIZE];
static struct loop *loop;
static struct offload *offload;
static struct database *database;
static struct events *events;
static struct grants *grants;
static struct names *names;
static struct keeper *keeper;
static const struct hash program = { "a program" }, tcp = { "tcp" }, files = { "files" };
static int done_result, reconsidered;

static void set_up(void)
{
	strcpy(home, "/tmp/check_database.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(home));
	snprintf(path, sizeof(path), "%s/redshirt.db", home);
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(events_new(&events), 0);
}

static void close_all(void)
{
	offload = offload_free(offload);
	keeper = keeper_free(keeper);
	database = database_close(database);
	names = names_free(names);
	grants = grants_free(grants);
}

static void tear_down(void)
{
	char command[96];

	close_all();
	events = events_free(events);
	loop = loop_free(loop);
	snprintf(command, sizeof(command), "rm -rf %s", home);
	ck_assert_int_eq(system(command), 0);
}

static void reconsider(void *context, const struct hash *interface)
{
	(void)context;
	(void)interface;
	reconsidered++;
}

/* As rsd does it. */
static int open_all(void)
{
	ck_assert_int_eq(grants_new(&grants), 0);
	ck_assert_int_eq(names_new(&names), 0);
	ck_assert_int_eq(offload_new(loop, &offload), 0);
	int r = database_open(path, offload, &database, why);
	const struct keeper_parts parts = { .database = database,
		.grants = grants,
		.names = names,
		.events = events,
		.changed = reconsider };
	return r ? r : keeper_new(&parts, &keeper, why);
}

static void reopen(void)
{
	close_all();
	ck_assert_msg(open_all() == 0, "%s", why);
}

static void done(void *context, int result)
{
	(void)context;
	done_result = result;
}

static int wait_done(int r)
{
	ck_assert_int_eq(r, 0);
	done_result = 1;
	while (done_result == 1) {
		ck_assert_int_eq(loop_wait(loop, loop_now_ns() + 1000000000), 0);
		loop_dispatch(loop);
	}
	return done_result;
}

static struct grants_row row_of(const struct hash *interface, enum grants_word word)
{
	return (struct grants_row){ .key = grants_key(&program, interface, BROKER_USE),
		.word = word,
		.mediated = true,
		.limits = { 1, 2, UINT32_MAX } };
}

static int grant(const struct hash *interface, enum grants_word word)
{
	struct grants_row row = row_of(interface, word);

	return wait_done(keeper_grant(keeper, &row, 1, done, NULL));
}

static const struct grants_row *found(const struct hash *interface)
{
	return grants_find(grants, &program, interface, BROKER_USE);
}

/* By somebody else's hand, with everything that is checked switched off. */
static void edit(const char *sql)
{
	sqlite3 *db;
	char *error = NULL;

	close_all();
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_exec(db, "PRAGMA ignore_check_constraints=ON", NULL, NULL, NULL);
	if (sqlite3_exec(db, sql, NULL, NULL, &error))
		ck_abort_msg("%s: %s", sql, error);
	sqlite3_close(db);
}

/* ---- what is kept ---- */

START_TEST(a_new_file_is_ours_alone)
{
	struct stat st;

	ck_assert_int_eq(open_all(), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_ptr_null(found(&tcp));
}
END_TEST

START_TEST(what_was_said_is_there_the_next_time)
{
	ck_assert_int_eq(open_all(), 0);
	ck_assert_int_eq(grant(&tcp, GRANTS_ASK), 0);
	ck_assert_int_eq(grant(NULL, GRANTS_DENY), 0);
	ck_assert_int_eq(wait_done(keeper_teach(keeper, &files, "files", done, NULL)), 0);
	reopen();
	struct grants_row want = row_of(&tcp, GRANTS_ASK);
	const struct grants_row *row = found(&tcp);
	ck_assert_ptr_nonnull(row);
	ck_assert_int_eq(row->word, GRANTS_ASK);
	ck_assert(row->mediated && row->since_ms > 0);
	ck_assert_mem_eq(&row->limits, &want.limits, sizeof(want.limits));
	ck_assert_int_eq(found(&files)->word, GRANTS_DENY);
	ck_assert(found(&files)->key.any_interface);
	ck_assert_str_eq(names_get(names, &files), "files");
}
END_TEST

START_TEST(what_was_taken_back_is_not_there_the_next_time)
{
	const struct grants_key key = grants_key(&program, &tcp, BROKER_USE);

	ck_assert_int_eq(open_all(), 0);
	ck_assert_int_eq(grant(&tcp, GRANTS_ALLOW), 0);
	ck_assert_int_eq(wait_done(keeper_teach(keeper, &tcp, "mine", done, NULL)), 0);
	ck_assert_int_eq(wait_done(keeper_revoke(keeper, &key, 1, done, NULL)), 0);
	ck_assert_int_eq(wait_done(keeper_forget(keeper, &tcp, done, NULL)), 0);
	ck_assert_ptr_null(found(&tcp));
	reopen();
	ck_assert_ptr_null(found(&tcp));
	ck_assert_ptr_null(names_get(names, &tcp));
}
END_TEST

START_TEST(a_built_in_row_that_the_user_replaced_stays_so)
{
	ck_assert_int_eq(open_all(), 0);
	struct grants_row row = *grants_next(grants, NULL);
	ck_assert(row.built_in);
	row.word = GRANTS_DENY;
	ck_assert_int_eq(wait_done(keeper_grant(keeper, &row, 1, done, NULL)), 0);
	reopen();
	ck_assert_int_eq(grants_get(grants, &row.key)->word, GRANTS_DENY);
	ck_assert_int_eq(wait_done(keeper_revoke(keeper, &row.key, 1, done, NULL)), 0);
	reopen();
	ck_assert_int_eq(grants_get(grants, &row.key)->word, GRANTS_ALLOW);
}
END_TEST

START_TEST(a_name_taught_to_another_interface_moves_there)
{
	ck_assert_int_eq(open_all(), 0);
	ck_assert_int_eq(wait_done(keeper_teach(keeper, &tcp, "mine", done, NULL)), 0);
	ck_assert_int_eq(wait_done(keeper_teach(keeper, &files, "mine", done, NULL)), 0);
	reopen();
	ck_assert_ptr_null(names_get(names, &tcp));
	ck_assert_str_eq(names_get(names, &files), "mine");
}
END_TEST

START_TEST(several_rows_are_one_change)
{
	struct grants_row rows[] = { row_of(&tcp, GRANTS_ALLOW), row_of(&files, GRANTS_DENY) };

	ck_assert_int_eq(open_all(), 0);
	reconsidered = 0;
	ck_assert_int_eq(wait_done(keeper_grant(keeper, rows, 2, done, NULL)), 0);
	ck_assert_int_eq(reconsidered, 2);
	reopen();
	ck_assert(found(&tcp) && found(&files));
}
END_TEST

/* ---- when it is not to be had ---- */

START_TEST(nothing_holds_before_the_disk_has_it)
{
	struct grants_row row = row_of(&tcp, GRANTS_ALLOW);

	ck_assert_int_eq(open_all(), 0);
	ck_assert_int_eq(keeper_grant(keeper, &row, 1, done, NULL), 0);
	ck_assert_ptr_null(found(&tcp));
	ck_assert_int_eq(wait_done(0), 0);
	ck_assert_ptr_nonnull(found(&tcp));
}
END_TEST

/* The child does all but the last step, and dies. */
START_TEST(what_was_not_committed_never_was)
{
	int status;

	ck_assert_int_eq(open_all(), 0);
	ck_assert_int_eq(grant(&tcp, GRANTS_DENY), 0);
	close_all();
	pid_t pid = fork();
	if (pid == 0) {
		sqlite3 *db;
		/* so little memory that pages are written before the end */
		if (sqlite3_open(path, &db) ||
			sqlite3_exec(db,
				"PRAGMA journal_mode=TRUNCATE; PRAGMA cache_size=1; BEGIN "
				"EXCLUSIVE; DELETE FROM grants; WITH RECURSIVE n(i) AS (SELECT "
				"1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO "
				"names SELECT randomblob(32), 'n' || i, 1 FROM n",
				NULL, NULL, NULL))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	ck_assert_msg(open_all() == 0, "%s", why);
	ck_assert_ptr_nonnull(found(&tcp));
	struct hash none;
	ck_assert_int_eq(names_find(names, "n1", &none), NAMES_NONE);
}
END_TEST

START_TEST(a_full_disk_changes_nothing)
{
	const struct rlimit none = { 0, RLIM_INFINITY };
	const struct rlimit any = { RLIM_INFINITY, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(open_all(), 0);
	ck_assert_int_eq(grant(&files, GRANTS_DENY), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	reconsidered = 0;
	int r = grant(&tcp, GRANTS_ALLOW),
	    n = wait_done(keeper_teach(keeper, &files, "mine", done, NULL));
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &any), 0);
	ck_assert_int_lt(r, 0);
	ck_assert_int_lt(n, 0);
	ck_assert_int_eq(reconsidered, 0);
	ck_assert_ptr_null(found(&tcp));
	ck_assert_ptr_null(names_get(names, &files));
	ck_assert_int_eq(grant(&tcp, GRANTS_ALLOW), 0);
	reopen();
	ck_assert_int_eq(found(&tcp)->word, GRANTS_ALLOW);
	ck_assert_int_eq(found(&files)->word, GRANTS_DENY);
}
END_TEST

START_TEST(while_somebody_writes_it_nothing_is_changed)
{
	sqlite3 *db;

	ck_assert_int_eq(open_all(), 0);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(grant(&tcp, GRANTS_ALLOW), -EBUSY);
	ck_assert_ptr_null(found(&tcp));
	sqlite3_close(db);
	ck_assert_int_eq(grant(&tcp, GRANTS_ALLOW), 0);
}
END_TEST

/* ---- a file that others wrote ---- */

START_TEST(what_is_no_database_is_refused)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(write(fd, "deny everything to everybody\n", 29), 29);
	close(fd);
	ck_assert_int_eq(open_all(), DATABASE_DAMAGED);
}
END_TEST

START_TEST(a_file_that_was_cut_off_is_refused)
{
	ck_assert_int_eq(open_all(), 0);
	ck_assert_int_eq(grant(&tcp, GRANTS_ALLOW), 0);
	close_all();
	ck_assert_int_eq(truncate(path, 8192), 0);
	ck_assert_int_eq(open_all(), DATABASE_DAMAGED);
}
END_TEST

/* Every byte that matters is turned once; what is opened all the same says what it said. */
START_TEST(a_byte_that_is_another_is_no_crash)
{
	ck_assert_int_eq(open_all(), 0);
	ck_assert_int_eq(grant(&tcp, GRANTS_ALLOW), 0);
	close_all();
	int fd = open(path, O_RDWR | O_CLOEXEC), refused = 0;
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	for (off_t at = _i; at < st.st_size; at += 64) {
		uint8_t byte, turned;
		MUST(pread(fd, &byte, 1, at) == 1);
		turned = byte ^ 0xff;
		MUST(pwrite(fd, &turned, 1, at) == 1);
		refused += open_all() != 0;
		close_all();
		MUST(pwrite(fd, &byte, 1, at) == 1);
	}
	close(fd);
	ck_assert_int_gt(refused, 0);
	ck_assert_msg(open_all() == 0, "%s", why);
}
END_TEST

START_TEST(a_link_or_a_pipe_is_not_followed)
{
	char elsewhere[128];

	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", home);
	ck_assert_int_eq(symlink(elsewhere, path), 0);
	ck_assert_int_eq(open_all(), -ELOOP);
	ck_assert_int_ne(access(elsewhere, F_OK), 0);
	close_all();
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(open_all(), -EPERM);
}
END_TEST

/* As the first version wrote it. */
START_TEST(an_older_file_gets_the_tables_that_came_later)
{
	ck_assert_int_eq(open_all(), 0);
	ck_assert_int_eq(grant(&tcp, GRANTS_ALLOW), 0);
	edit("DROP TABLE builds; PRAGMA user_version=1");
	ck_assert_msg(open_all() == 0, "%s", why);
	ck_assert_ptr_nonnull(found(&tcp));
	reopen();
	edit("INSERT INTO builds VALUES (zeroblob(32), zeroblob(32), 1, 1, 1, 1)");
	ck_assert_msg(open_all() == 0, "%s", why);
}
END_TEST

static const struct {
	const char *sql;
	int r;
} edits[] = {
	{ "PRAGMA user_version=3", DATABASE_NEWER },
	{ "PRAGMA user_version=1", DATABASE_DAMAGED }, /* it has a table of later */
	{ "DROP TABLE builds", DATABASE_DAMAGED },
	{ "INSERT INTO builds VALUES (zeroblob(32), zeroblob(32), 4, 1, 1, 1)",
		DATABASE_DAMAGED },
	{ "PRAGMA user_version=0", DATABASE_DAMAGED },
	{ "PRAGMA application_id=7", DATABASE_DAMAGED },
	{ "DROP TABLE grants", DATABASE_DAMAGED },
	{ "DROP TABLE grants; CREATE TABLE grants(program, interface, handles)",
		DATABASE_DAMAGED },
	{ "CREATE TABLE more (a)", DATABASE_DAMAGED },
	{ "CREATE TRIGGER t AFTER INSERT ON grants BEGIN DELETE FROM grants; END",
		DATABASE_DAMAGED },
	{ "CREATE VIEW v AS SELECT * FROM grants", DATABASE_DAMAGED },
	{ "ALTER TABLE grants RENAME COLUMN word TO other", DATABASE_DAMAGED },
	{ "UPDATE grants SET word = 3", DATABASE_DAMAGED },
	{ "UPDATE grants SET handles = 2", DATABASE_DAMAGED },
	{ "UPDATE grants SET program = x'00'", DATABASE_DAMAGED },
	{ "UPDATE grants SET interface = zeroblob(33)", DATABASE_DAMAGED },
	{ "UPDATE grants SET body_bytes_max = -1", DATABASE_DAMAGED },
	{ "UPDATE grants SET outstanding_max = 4294967296", DATABASE_DAMAGED },
	{ "UPDATE names SET name = 'a b'", DATABASE_BAD_ROW },
	{ "UPDATE names SET name = char(27) || '[2J'", DATABASE_BAD_ROW },
	{ "UPDATE names SET name = 'x' || char(0) || 'y'", DATABASE_BAD_ROW },
	{ "UPDATE names SET name = CAST(zeroblob(70) AS TEXT)", DATABASE_DAMAGED },
	{ "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 16500) "
	  "INSERT INTO grants SELECT randomblob(32), x'', 0, 0, 0, 0, 0, 0, 0 FROM n",
		DATABASE_BAD_ROW },
	{ "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100) "
	  "INSERT INTO names SELECT randomblob(32), 'n' || i, 0 FROM n",
		DATABASE_BAD_ROW },
	{ "UPDATE grants SET since_ms = -9223372036854775807", 0 },
};

START_TEST(what_rsd_would_never_write_is_refused)
{
	ck_assert_int_eq(open_all(), 0);
	ck_assert_int_eq(grant(&tcp, GRANTS_ALLOW), 0);
	ck_assert_int_eq(wait_done(keeper_teach(keeper, &files, "files", done, NULL)), 0);
	edit(edits[_i].sql);
	int r = open_all();
	ck_assert_msg(r == edits[_i].r, "%s: %d (%s)", edits[_i].sql, r, why);
	ck_assert(r == 0 || why[0]);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("database");
	TCase *kept = tcase_create("kept"), *refused = tcase_create("refused"),
	      *hostile = tcase_create("hostile");

	tcase_add_checked_fixture(kept, set_up, tear_down);
	tcase_add_test(kept, a_new_file_is_ours_alone);
	tcase_add_test(kept, what_was_said_is_there_the_next_time);
	tcase_add_test(kept, what_was_taken_back_is_not_there_the_next_time);
	tcase_add_test(kept, a_built_in_row_that_the_user_replaced_stays_so);
	tcase_add_test(kept, a_name_taught_to_another_interface_moves_there);
	tcase_add_test(kept, several_rows_are_one_change);
	tcase_add_test(kept, an_older_file_gets_the_tables_that_came_later);
	suite_add_tcase(s, kept);
	tcase_add_checked_fixture(refused, set_up, tear_down);
	tcase_set_timeout(refused, 60);
	tcase_add_test(refused, nothing_holds_before_the_disk_has_it);
	tcase_add_test(refused, what_was_not_committed_never_was);
	tcase_add_test(refused, a_full_disk_changes_nothing);
	tcase_add_test(refused, while_somebody_writes_it_nothing_is_changed);
	suite_add_tcase(s, refused);
	tcase_add_checked_fixture(hostile, set_up, tear_down);
	tcase_set_timeout(hostile, 120);
	tcase_add_test(hostile, what_is_no_database_is_refused);
	tcase_add_test(hostile, a_file_that_was_cut_off_is_refused);
	tcase_add_loop_test(hostile, a_byte_that_is_another_is_no_crash, 0, 8);
	tcase_add_test(hostile, a_link_or_a_pipe_is_not_followed);
	tcase_add_loop_test(
		hostile, what_rsd_would_never_write_is_refused, 0, (int)ARRAY_LEN(edits));
	suite_add_tcase(s, hostile);
	return s;
}
CHECK_MAIN(suite)
