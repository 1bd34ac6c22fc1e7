#include <pthread.h>
#include <signal.h>

#include <sys/syscall.h>
#include <sys/wait.h>

#include "cache/folder.h"
#include "tests/cache/scratch.h"
#include "tests/check_run.h"

static int folder;

/* What was made durable in which order; these stand before the C library's functions of the
 * same name. */
static char order[16];
static bool sync_fails;

static void note(const char *what)
{
	strncat(order, what, sizeof(order) - strlen(order) - 1);
}

int fsync(int fd)
{
	struct stat now;

	note(fstat(fd, &now) == 0 && S_ISDIR(now.st_mode) ? "D" : "f");
	if (sync_fails)
		errno = EIO;
	return sync_fails ? -1 : (int)syscall(SYS_fsync, fd);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	note("r");
	return (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, 0);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
	note("l");
	return (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
}

static void setup(void)
{
	scratch_setup();
	ck_assert_int_eq(folder_open(scratch_path("f"), &folder), 0);
}

static void teardown(void)
{
	close(folder);
	scratch_teardown();
}

static void publish(const char *name, const char *text)
{
	CLEANUP(folder_draft_deinit) struct folder_draft draft;

	ck_assert_int_eq(folder_draft_init(&draft, folder, 0400), 0);
	ck_assert_int_eq(folder_draft_write(&draft, text, strlen(text)), 0);
	ck_assert_int_eq(folder_draft_publish(&draft, name), 0);
}

static void expect_text(const char *path, const char *text)
{
	char bytes[64] = "";

	scratch_read(path, bytes, sizeof(bytes) - 1);
	ck_assert_str_eq(bytes, text);
}

/* --- opening --- */

START_TEST(open_makes_a_private_folder)
{
	struct stat now;

	ck_assert_int_eq(fstat(folder, &now), 0);
	ck_assert_int_eq(now.st_mode & 07777, 0700);
}
END_TEST

START_TEST(open_needs_the_parent)
{
	int fd = -1;

	ck_assert_int_eq(folder_open(scratch_path("no/f"), &fd), -ENOENT);
	ck_assert_int_eq(fd, -1);
}
END_TEST

START_TEST(open_refuses_a_file)
{
	int fd;

	scratch_write("file", "", 0);
	ck_assert_int_eq(folder_open(scratch_path("file"), &fd), -ENOTDIR);
}
END_TEST

static const struct {
	mode_t mode;
	int answer;
} folder_modes[] = {
	{ 0700, 0 },
	{ 0755, 0 },
	{ 0770, -EPERM },
	{ 0702, -EPERM },
	{ 01777, -EPERM },
};

START_TEST(open_refuses_a_folder_others_may_write_to)
{
	int fd;

	ck_assert_int_eq(chmod(scratch_path("f"), folder_modes[_i].mode), 0);
	ck_assert_int_eq(folder_open(scratch_path("f"), &fd), folder_modes[_i].answer);
}
END_TEST

START_TEST(open_refuses_a_folder_of_somebody_else)
{
	int fd;

	if (geteuid() != 0) {
		fprintf(stderr, "skipped: only root can give a folder away\n");
		return;
	}
	ck_assert_int_eq(chown(scratch_path("f"), 1, 1), 0);
	ck_assert_int_eq(folder_open(scratch_path("f"), &fd), -EPERM);
}
END_TEST

/* --- drafts --- */

START_TEST(a_draft_appears_only_when_published)
{
	struct folder_draft draft;

	ck_assert_int_eq(folder_draft_init(&draft, folder, 0400), 0);
	ck_assert_int_eq(folder_draft_write(&draft, "whole", 5), 0);
	ck_assert(!scratch_has("f/name"));
	ck_assert_int_eq(folder_draft_publish(&draft, "name"), 0);
	folder_draft_deinit(&draft);
	expect_text("f/name", "whole");
	ck_assert_int_eq(scratch_count("f", ".new-"), 0);
}
END_TEST

START_TEST(a_draft_that_is_given_up_leaves_nothing)
{
	struct folder_draft draft;

	ck_assert_int_eq(folder_draft_init(&draft, folder, 0400), 0);
	ck_assert_int_eq(scratch_count("f", ".new-"), 1);
	folder_draft_deinit(&draft);
	folder_draft_deinit(&draft); /* twice is once */
	ck_assert_int_eq(scratch_count("f", ""), 0);
}
END_TEST

START_TEST(a_published_file_has_its_mode_whatever_the_umask)
{
	struct stat now;

	umask(0777);
	publish("name", "x");
	ck_assert_int_eq(stat(scratch_path("f/name"), &now), 0);
	ck_assert_int_eq(now.st_mode & 07777, 0400);
}
END_TEST

START_TEST(publish_replaces_a_file_and_a_link)
{
	scratch_write("target", "untouched", 9);
	ck_assert_int_eq(symlink("../target", scratch_path("f/name")), 0);
	publish("name", "one");
	publish("name", "two");
	expect_text("f/name", "two");
	expect_text("target", "untouched");
}
END_TEST

START_TEST(publish_new_leaves_what_is_there)
{
	CLEANUP(folder_draft_deinit) struct folder_draft draft;

	publish("name", "first");
	ck_assert_int_eq(folder_draft_init(&draft, folder, 0600), 0);
	ck_assert_int_eq(folder_draft_publish_new(&draft, "name"), FOLDER_EXISTS);
	expect_text("f/name", "first");
	ck_assert_int_eq(folder_draft_publish_new(&draft, "other"), 0);
}
END_TEST

START_TEST(a_name_is_given_between_two_syncs)
{
	CLEANUP(folder_draft_deinit) struct folder_draft draft;

	publish("name", "x");
	ck_assert_str_eq(order, "frD");
	order[0] = 0;
	ck_assert_int_eq(folder_draft_init(&draft, folder, 0600), 0);
	ck_assert_int_eq(folder_draft_publish_new(&draft, "other"), 0);
	ck_assert_str_eq(order, "flD");
}
END_TEST

static int (*const give_name[])(struct folder_draft *, const char *) = { folder_draft_publish,
	folder_draft_publish_new };

START_TEST(what_could_not_be_synced_gets_no_name)
{
	struct folder_draft draft;

	ck_assert_int_eq(folder_draft_init(&draft, folder, 0400), 0);
	sync_fails = true;
	ck_assert_int_eq(give_name[_i](&draft, "name"), -EIO);
	folder_draft_deinit(&draft);
	ck_assert_int_eq(scratch_count("f", ""), 0);
}
END_TEST

START_TEST(open_removes_the_drafts_of_the_dead_and_no_others)
{
	CLEANUP(folder_draft_deinit) struct folder_draft ours;
	int again;

	pid_t child = fork();
	if (child == 0) {
		struct folder_draft draft;
		_exit(folder_draft_init(&draft, folder, 0400) ? 1 : 0);
	}
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_assert_int_eq(folder_draft_init(&ours, folder, 0400), 0);
	scratch_write("f/.new-somebody-else", "", 0);
	ck_assert_int_eq(scratch_count("f", ".new-"), 3);

	ck_assert_int_eq(folder_open(scratch_path("f"), &again), 0);
	ck_assert_int_eq(scratch_count("f", ".new-"), 2);
	ck_assert(scratch_has("f/.new-somebody-else"));
	ck_assert_int_eq(folder_draft_publish(&ours, "name"), 0);
}
END_TEST

static void *sweep_for_ever(void *stop)
{
	while (!__atomic_load_n((bool *)stop, __ATOMIC_RELAXED)) {
		CLEANUP(fd_closep) int fd = -1;
		ck_assert_int_eq(folder_open(scratch_path("f"), &fd), 0);
	}
	return NULL;
}

START_TEST(sweeping_takes_no_draft_from_the_living)
{
	bool stop = false;
	pthread_t sweeper;

	ck_assert_int_eq(pthread_create(&sweeper, NULL, sweep_for_ever, &stop), 0);
	for (int i = 0; i < 2000; i++) {
		struct folder_draft draft;
		struct stat now;

		ck_assert_int_eq(folder_draft_init(&draft, folder, 0400), 0);
		ck_assert_int_eq(fstatat(folder, draft.name, &now, 0), 0);
		folder_draft_deinit(&draft);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(sweeper, NULL);
}
END_TEST

/* --- files --- */

static void plant_link(const char *path)
{
	ck_assert_int_eq(symlink("/etc/hostname", path), 0);
}

static void plant_pipe(const char *path)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
}

static void plant_folder(const char *path)
{
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void plant_loop(const char *path)
{
	ck_assert_int_eq(symlink(path, path), 0);
}

static void (*const plant[])(
	const char *path) = { plant_link, plant_pipe, plant_loop, plant_folder };
#define PLANTS_REMOVABLE 3 /* a folder with things in it is not ours to remove */

START_TEST(file_open_takes_plain_files_only)
{
	int fd = -1;

	plant[_i](scratch_path("f/name"));
	ck_assert_int_eq(folder_file_open(folder, "name", &fd), FOLDER_FOREIGN);
	ck_assert_int_eq(fd, -1);
}
END_TEST

START_TEST(file_open_answers_a_descriptor_that_only_reads)
{
	CLEANUP(fd_closep) int fd = -1;

	publish("name", "x");
	ck_assert_int_eq(folder_file_open(folder, "name", &fd), 0);
	ck_assert_int_eq(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDONLY);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
}
END_TEST

START_TEST(file_open_misses_what_is_not_there)
{
	int fd;

	ck_assert_int_eq(folder_file_open(folder, "name", &fd), FOLDER_MISSING);
}
END_TEST

START_TEST(file_open_refuses_a_file_of_somebody_else)
{
	int fd;

	if (geteuid() != 0) {
		fprintf(stderr, "skipped: only root can give a file away\n");
		return;
	}
	publish("name", "x");
	ck_assert_int_eq(chown(scratch_path("f/name"), 1, 1), 0);
	ck_assert_int_eq(folder_file_open(folder, "name", &fd), FOLDER_FOREIGN);
}
END_TEST

START_TEST(drop_removes_what_is_not_a_plain_file)
{
	plant[_i](scratch_path("f/name"));
	ck_assert_int_eq(folder_file_drop(folder, "name", -1), 0);
	ck_assert(!scratch_has("f/name"));
}
END_TEST

START_TEST(drop_removes_the_file_that_was_seen)
{
	CLEANUP(fd_closep) int fd = -1;

	publish("name", "bad");
	ck_assert_int_eq(folder_file_open(folder, "name", &fd), 0);
	ck_assert_int_eq(folder_file_drop(folder, "name", fd), 0);
	ck_assert(!scratch_has("f/name"));
	ck_assert_int_eq(folder_file_drop(folder, "name", fd), 0);
}
END_TEST

START_TEST(drop_spares_what_was_published_since)
{
	CLEANUP(fd_closep) int fd = -1;

	publish("name", "bad");
	ck_assert_int_eq(folder_file_open(folder, "name", &fd), 0);
	publish("name", "good");
	ck_assert_int_eq(folder_file_drop(folder, "name", fd), 0);
	ck_assert_int_eq(folder_file_drop(folder, "name", -1), 0);
	expect_text("f/name", "good");
}
END_TEST

START_TEST(remove_says_when_there_was_nothing)
{
	publish("name", "x");
	ck_assert_int_eq(folder_file_remove(folder, "name"), 0);
	ck_assert_int_eq(folder_file_remove(folder, "name"), FOLDER_MISSING);
}
END_TEST

/* --- listing --- */

#define DIGITS_60 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab"

START_TEST(list_shows_our_names_in_order_and_no_others)
{
	struct folder_entry *entries;
	char hex[HASH_HEX_SIZE];
	size_t count;

	publish(DIGITS_60 "0002", "22");
	publish(DIGITS_60 "0001", "1");
	publish(DIGITS_60 "00AA", "upper case");
	publish(DIGITS_60, "short");
	publish(DIGITS_60 "00034", "long");
	plant_link(scratch_path("f/" DIGITS_60 "0004"));
	plant_folder(scratch_path("f/" DIGITS_60 "0005"));

	ck_assert_int_eq(folder_list(folder, &entries, &count), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(hash_to_hex(&entries[0].name, hex), DIGITS_60 "0001");
	ck_assert_uint_eq(entries[0].size, 1);
	ck_assert_str_eq(hash_to_hex(&entries[1].name, hex), DIGITS_60 "0002");
	ck_assert_uint_eq(entries[1].size, 2);
	free(entries);
}
END_TEST

START_TEST(list_grows_with_the_folder)
{
	struct folder_entry *entries;
	char path[128];
	size_t count;

	for (int i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), "f/" DIGITS_60 "%04x", 299 - i);
		scratch_write(path, "", 0);
	}
	ck_assert_int_eq(folder_list(folder, &entries, &count), 0);
	ck_assert_uint_eq(count, 300);
	for (size_t i = 0; i < count; i++)
		ck_assert_uint_eq(
			entries[i].name.bytes[31] + 256u * entries[i].name.bytes[30], i);
	free(entries);
}
END_TEST

/* --- locks --- */

static void *take_lock(void *taken)
{
	CLEANUP(fd_closep) int lock = -1;

	ck_assert_int_eq(folder_lock(folder, FOLDER_LOCK_BUILD, "name", &lock), 0);
	__atomic_fetch_add((int *)taken, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

START_TEST(a_lock_holds_between_threads)
{
	pthread_t other;
	int lock, free_lock, taken = 0;

	ck_assert_int_eq(folder_lock(folder, FOLDER_LOCK_BUILD, "name", &lock), 0);
	ck_assert_int_eq(pthread_create(&other, NULL, take_lock, &taken), 0);
	usleep(50000);
	ck_assert_int_eq(__atomic_load_n(&taken, __ATOMIC_SEQ_CST), 0);
	/* neither another name nor the other lock of this name has to wait */
	ck_assert_int_eq(folder_lock(folder, FOLDER_LOCK_BUILD, "other", &free_lock), 0);
	ck_assert_int_eq(folder_lock(folder, FOLDER_LOCK_NAME, "name", &free_lock), 0);
	close(lock);
	pthread_join(other, NULL);
	ck_assert_int_eq(taken, 1);
}
END_TEST

static void *publish_name(void *unused)
{
	publish("name", "new");
	return unused;
}

static void *drop_name(void *fd)
{
	ck_assert_int_eq(folder_file_drop(folder, "name", *(int *)fd), 0);
	return NULL;
}

static void *(*const change_name[])(void *) = { publish_name, drop_name };

START_TEST(what_stands_under_a_name_changes_only_under_its_lock)
{
	CLEANUP(fd_closep) int fd = -1;
	pthread_t other;
	char now[8] = "";
	int lock;

	publish("name", "old");
	ck_assert_int_eq(folder_file_open(folder, "name", &fd), 0);
	ck_assert_int_eq(folder_lock(folder, FOLDER_LOCK_NAME, "name", &lock), 0);
	ck_assert_int_eq(pthread_create(&other, NULL, change_name[_i], &fd), 0);
	usleep(50000);
	expect_text("f/name", "old");
	close(lock);
	pthread_join(other, NULL);
	if (scratch_has("f/name"))
		scratch_read("f/name", now, sizeof(now) - 1);
	ck_assert_str_ne(now, "old");
}
END_TEST

START_TEST(a_lock_ends_with_its_process)
{
	int lock;

	pid_t child = fork();
	if (child == 0) {
		if (folder_lock(folder, FOLDER_LOCK_BUILD, "name", &lock) == 0)
			kill(getpid(), SIGSTOP);
		pause();
	}
	ck_assert_int_eq(waitpid(child, NULL, WUNTRACED), child);
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(folder_lock(folder, FOLDER_LOCK_BUILD, "name", &lock), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("folder");

	TCase *opening = tcase_create("opening");
	tcase_add_checked_fixture(opening, setup, teardown);
	tcase_add_test(opening, open_makes_a_private_folder);
	tcase_add_test(opening, open_needs_the_parent);
	tcase_add_test(opening, open_refuses_a_file);
	tcase_add_loop_test(opening, open_refuses_a_folder_others_may_write_to, 0,
		(int)ARRAY_LEN(folder_modes));
	tcase_add_test(opening, open_refuses_a_folder_of_somebody_else);
	suite_add_tcase(s, opening);

	TCase *drafts = tcase_create("drafts");
	tcase_add_checked_fixture(drafts, setup, teardown);
	tcase_add_test(drafts, a_draft_appears_only_when_published);
	tcase_add_test(drafts, a_draft_that_is_given_up_leaves_nothing);
	tcase_add_test(drafts, a_published_file_has_its_mode_whatever_the_umask);
	tcase_add_test(drafts, publish_replaces_a_file_and_a_link);
	tcase_add_test(drafts, publish_new_leaves_what_is_there);
	tcase_add_test(drafts, a_name_is_given_between_two_syncs);
	tcase_add_loop_test(
		drafts, what_could_not_be_synced_gets_no_name, 0, (int)ARRAY_LEN(give_name));
	tcase_add_test(drafts, open_removes_the_drafts_of_the_dead_and_no_others);
	tcase_add_test(drafts, sweeping_takes_no_draft_from_the_living);
	suite_add_tcase(s, drafts);

	TCase *files = tcase_create("files");
	tcase_add_checked_fixture(files, setup, teardown);
	tcase_add_loop_test(files, file_open_takes_plain_files_only, 0, (int)ARRAY_LEN(plant));
	tcase_add_test(files, file_open_answers_a_descriptor_that_only_reads);
	tcase_add_test(files, file_open_misses_what_is_not_there);
	tcase_add_test(files, file_open_refuses_a_file_of_somebody_else);
	tcase_add_loop_test(files, drop_removes_what_is_not_a_plain_file, 0, PLANTS_REMOVABLE);
	tcase_add_test(files, drop_removes_the_file_that_was_seen);
	tcase_add_test(files, drop_spares_what_was_published_since);
	tcase_add_test(files, remove_says_when_there_was_nothing);
	suite_add_tcase(s, files);

	TCase *listing = tcase_create("listing");
	tcase_add_checked_fixture(listing, setup, teardown);
	tcase_add_test(listing, list_shows_our_names_in_order_and_no_others);
	tcase_add_test(listing, list_grows_with_the_folder);
	suite_add_tcase(s, listing);

	TCase *locks = tcase_create("locks");
	tcase_add_checked_fixture(locks, setup, teardown);
	tcase_add_test(locks, a_lock_holds_between_threads);
	tcase_add_loop_test(locks, what_stands_under_a_name_changes_only_under_its_lock, 0,
		(int)ARRAY_LEN(change_name));
	tcase_add_test(locks, a_lock_ends_with_its_process);
	suite_add_tcase(s, locks);
	return s;
}

CHECK_MAIN(suite)
