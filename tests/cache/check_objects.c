#include <signal.h>
#include <time.h>

#include <sys/mman.h>
#include <sys/wait.h>

#include "cache/objects.h"
#include "tests/cache/scratch.h"
#include "tests/check_run.h"

#define KEY           "mac.key"
#define OBJECT_MAX    (8 * MIB)
#define HEADER_BYTES  40 /* magic and MAC before the object */
#define SEALS         (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)
#define BUILDERS      8
#define KILL_ROUNDS   80
#define KILL_AFTER_US 500 /* the first round's longest; the n-th takes up to n times that */

static struct objects *objects;

static void reopen(const char *folder, uint64_t size_max)
{
	objects_free(objects);
	ck_assert_int_eq(
		objects_open(scratch_path(folder), scratch_path(KEY), size_max, &objects), 0);
}

static void setup(void)
{
	scratch_setup();
	reopen("o", OBJECT_MAX);
}

static void teardown(void)
{
	objects_free(objects);
	scratch_teardown();
}

static struct hash key_of(uint32_t n)
{
	return hash_blake2b(&n, sizeof(n));
}

/* The file of that key, below scratch; good until the fourth call from here. */
static const char *path_of(struct hash key)
{
	static char paths[4][80];
	static size_t next;
	char *path = paths[next++ % ARRAY_LEN(paths)], hex[HASH_HEX_SIZE];

	snprintf(path, sizeof(paths[0]), "o/%s", hash_to_hex(&key, hex));
	return path;
}

static int memfd_of(const void *bytes, size_t size)
{
	int fd = memfd_create("built", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	return fd;
}

/* What save answers; *kept is false as well when it failed. */
static int save_kept(struct hash key, const void *bytes, size_t size, bool *kept)
{
	CLEANUP(fd_closep) int fd = memfd_of(bytes, size);
	CLEANUP(fd_closep) int sealed = -1;
	uint64_t saved;

	*kept = false;
	int r = objects_save(objects, &key, fd, &sealed, &saved, kept);
	if (r == 0)
		ck_assert_uint_eq(saved, size);
	return r;
}

static void save(struct hash key, const void *bytes, size_t size)
{
	bool kept;

	ck_assert_int_eq(save_kept(key, bytes, size, &kept), 0);
	ck_assert(kept);
}

static int load(struct hash key)
{
	CLEANUP(fd_closep) int fd = -1;
	uint64_t size;

	return objects_load(objects, &key, &fd, &size);
}

static void expect_bytes(int fd, uint64_t size, const void *bytes, size_t bytes_size)
{
	char *read_back = calloc(1, bytes_size + 1);

	ck_assert_uint_eq(size, bytes_size);
	ck_assert_int_eq(pread(fd, read_back, bytes_size + 1, 0), (ssize_t)bytes_size);
	ck_assert_mem_eq(read_back, bytes, bytes_size);
	free(read_back);
}

static void expect_load(struct hash key, const void *bytes, size_t size)
{
	CLEANUP(fd_closep) int fd = -1;
	uint64_t loaded;

	ck_assert_int_eq(objects_load(objects, &key, &fd, &loaded), 0);
	expect_bytes(fd, loaded, bytes, size);
}

/* It is dropped, and then the same key can be built again. */
static void expect_dropped(struct hash key)
{
	ck_assert_int_eq(load(key), OBJECTS_DAMAGED);
	ck_assert(!scratch_has(path_of(key)));
	ck_assert_int_eq(load(key), OBJECTS_MISSING);
	save(key, "again", 5);
	expect_load(key, "again", 5);
}

/* --- the MAC key --- */

START_TEST(open_makes_the_key_once)
{
	char first[64], second[64];
	struct stat now;

	ck_assert_uint_eq(scratch_read(KEY, first, sizeof(first)), 32);
	ck_assert_int_eq(stat(scratch_path(KEY), &now), 0);
	ck_assert_int_eq(now.st_mode & 07777, 0600);
	reopen("o", OBJECT_MAX);
	ck_assert_uint_eq(scratch_read(KEY, second, sizeof(second)), 32);
	ck_assert_mem_eq(first, second, 32);
	ck_assert_int_eq(scratch_count("", ".new-"), 0);
}
END_TEST

START_TEST(two_machines_have_two_keys)
{
	static const char zero[32];
	char first[32], second[32];

	scratch_read(KEY, first, sizeof(first));
	ck_assert_int_eq(unlink(scratch_path(KEY)), 0);
	reopen("o", OBJECT_MAX);
	scratch_read(KEY, second, sizeof(second));
	ck_assert_mem_ne(first, second, 32);
	ck_assert_mem_ne(second, zero, 32);
}
END_TEST

static void key_too_open(const char *key)
{
	ck_assert_int_eq(chmod(key, 0640), 0);
}

static void key_read_only(const char *key)
{
	ck_assert_int_eq(chmod(key, 0400), 0);
}

static void key_cut(const char *key)
{
	ck_assert_int_eq(truncate(key, 31), 0);
}

static void key_empty(const char *key)
{
	ck_assert_int_eq(truncate(key, 0), 0);
}

static void key_too_long(const char *key)
{
	ck_assert_int_eq(truncate(key, 33), 0);
}

static void key_is_a_link(const char *key)
{
	const char *target = scratch_path("target");

	ck_assert_int_eq(rename(key, target), 0);
	ck_assert_int_eq(symlink(target, key), 0);
}

static void key_is_a_folder(const char *key)
{
	ck_assert_int_eq(unlink(key), 0);
	ck_assert_int_eq(mkdir(key, 0600), 0);
}

static void key_is_a_pipe(const char *key)
{
	ck_assert_int_eq(unlink(key), 0);
	ck_assert_int_eq(mkfifo(key, 0600), 0);
}

static void key_of_somebody_else(const char *key)
{
	if (geteuid() == 0)
		ck_assert_int_eq(chown(key, 1, 1), 0);
	else /* only root can give a file away; let the mode stand for it */
		key_too_open(key);
}

static void key_folder_open_to_others(const char *key)
{
	(void)key;
	ck_assert_int_eq(chmod(scratch, 0777), 0);
}

static void (*const spoil_key[])(const char *key) = { key_too_open, key_read_only, key_cut,
	key_empty, key_too_long, key_is_a_link, key_is_a_folder, key_is_a_pipe,
	key_of_somebody_else, key_folder_open_to_others };

START_TEST(open_refuses_a_key_that_may_not_be_ours)
{
	struct objects *other = NULL;

	spoil_key[_i](scratch_path(KEY));
	ck_assert_int_eq(
		objects_open(scratch_path("o"), scratch_path(KEY), OBJECT_MAX, &other), -EPERM);
	ck_assert_ptr_null(other);
}
END_TEST

START_TEST(open_refuses_a_folder_others_may_write_to)
{
	struct objects *other;

	ck_assert_int_eq(chmod(scratch_path("o"), 0770), 0);
	ck_assert_int_eq(
		objects_open(scratch_path("o"), scratch_path(KEY), OBJECT_MAX, &other), -EPERM);
}
END_TEST

static void wait_for_all(void)
{
	int status;

	while (wait(&status) > 0)
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_int_eq(errno, ECHILD);
}

START_TEST(processes_that_start_together_agree_on_the_key)
{
	int gate[2];
	char byte;

	ck_assert_int_eq(pipe(gate), 0);
	ck_assert_int_eq(unlink(scratch_path(KEY)), 0);
	for (uint32_t i = 0; i < BUILDERS; i++)
		if (fork() == 0) {
			close(gate[1]);
			(void)!read(gate[0], &byte, 1); /* until the parent closes its end */
			reopen("o", OBJECT_MAX);
			save(key_of(i), "object", 6);
			_exit(0);
		}
	close(gate[0]);
	close(gate[1]);
	wait_for_all();
	reopen("o", OBJECT_MAX);
	for (uint32_t i = 0; i < BUILDERS; i++)
		expect_load(key_of(i), "object", 6);
}
END_TEST

/* --- saving and loading --- */

static const size_t sizes[] = { 0, 1, 4095, 4096, 5 * MIB, OBJECT_MAX };

START_TEST(load_gives_what_was_saved)
{
	char *bytes = calloc(1, sizes[_i] + 1);

	for (size_t i = 0; i < sizes[_i]; i++)
		bytes[i] = (char)(i * 7 + i / 251);
	save(key_of(1), bytes, sizes[_i]);
	expect_load(key_of(1), bytes, sizes[_i]);
	reopen("o", OBJECT_MAX);
	expect_load(key_of(1), bytes, sizes[_i]);
	free(bytes);
}
END_TEST

START_TEST(load_misses_what_is_not_there)
{
	ck_assert_int_eq(load(key_of(1)), OBJECTS_MISSING);
}
END_TEST

START_TEST(save_replaces)
{
	save(key_of(1), "old", 3);
	save(key_of(1), "newer", 5);
	expect_load(key_of(1), "newer", 5);
}
END_TEST

START_TEST(save_reads_from_the_beginning_and_answers_a_copy)
{
	CLEANUP(fd_closep) int fd = memfd_of("before", 6), sealed = -1;
	struct hash key = key_of(1);
	uint64_t size;
	bool kept;

	ck_assert_int_eq(lseek(fd, 3, SEEK_SET), 3);
	ck_assert_int_eq(objects_save(objects, &key, fd, &sealed, &size, &kept), 0);
	ck_assert_int_eq(pwrite(fd, "BEHIND", 6, 0), 6);
	expect_bytes(sealed, size, "before", 6);
	expect_load(key, "before", 6);
}
END_TEST

static void expect_sealed(int fd)
{
	ck_assert_int_eq(fcntl(fd, F_GET_SEALS) & SEALS, SEALS);
	ck_assert_int_eq(pwrite(fd, "x", 1, 0), -1);
	ck_assert_int_eq(errno, EPERM);
	ck_assert_int_eq(ftruncate(fd, 1), -1);
	ck_assert_int_eq(ftruncate(fd, 100000), -1);
	ck_assert_ptr_eq(
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

START_TEST(nobody_can_change_what_load_and_save_answer)
{
	CLEANUP(fd_closep) int fd = memfd_of("object", 6), saved = -1, loaded = -1;
	struct hash key = key_of(1);
	uint64_t size;
	bool kept;

	ck_assert_int_eq(objects_save(objects, &key, fd, &saved, &size, &kept), 0);
	expect_sealed(saved);
	ck_assert_int_eq(objects_load(objects, &key, &loaded, &size), 0);
	expect_sealed(loaded);
}
END_TEST

START_TEST(an_object_can_be_mapped_executable)
{
	static const unsigned char answer_42[] = { 0xb8, 42, 0, 0, 0, 0xc3 }; /* x86-64 */
	CLEANUP(fd_closep) int fd = -1;
	struct hash key = key_of(1);
	uint64_t size;

	save(key, answer_42, sizeof(answer_42));
	ck_assert_int_eq(objects_load(objects, &key, &fd, &size), 0);
	void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	ck_assert_ptr_ne(code, MAP_FAILED);
#ifdef __x86_64__
	int (*run)(void);
	memcpy(&run, &code, sizeof(run));
	ck_assert_int_eq(run(), 42);
#endif
	munmap(code, 4096);
}
END_TEST

START_TEST(save_refuses_one_byte_too_many)
{
	bool kept;

	reopen("o", 4);
	ck_assert_int_eq(save_kept(key_of(1), "12345", 5, &kept), OBJECTS_TOO_BIG);
	ck_assert_int_eq(load(key_of(1)), OBJECTS_MISSING);
	save(key_of(1), "1234", 4);
	expect_load(key_of(1), "1234", 4);
}
END_TEST

START_TEST(save_says_when_it_cannot_read)
{
	CLEANUP(fd_closep) int sealed = -1;
	struct hash key = key_of(1);
	uint64_t size;
	int fds[2];
	bool kept;

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_lt(objects_save(objects, &key, fds[1], &sealed, &size, &kept), 0);
	ck_assert_int_eq(objects_save(objects, &key, -1, &sealed, &size, &kept), -EBADF);
	ck_assert_int_eq(sealed, -1);
	ck_assert_int_eq(scratch_count("o", ""), 0);
}
END_TEST

START_TEST(remove_makes_it_missing)
{
	struct hash key = key_of(1);

	save(key, "object", 6);
	ck_assert_int_eq(objects_remove(objects, &key), 0);
	ck_assert_int_eq(load(key), OBJECTS_MISSING);
	ck_assert_int_eq(objects_remove(objects, &key), OBJECTS_MISSING);
}
END_TEST

/* --- damage --- */

#define FILE_BYTES 20000
#define SAMPLE     61 /* every so many bytes beyond the header one is tried */

/* A saved object's file, to be given back damaged. */
static void take_file(struct hash key, unsigned char file[FILE_BYTES])
{
	uint32_t seed = 7;

	for (size_t i = 0; i < FILE_BYTES; i++)
		file[i] = (unsigned char)scratch_random(&seed);
	save(key, file, FILE_BYTES - HEADER_BYTES);
	ck_assert_uint_eq(scratch_read(path_of(key), file, FILE_BYTES), FILE_BYTES);
	ck_assert_int_eq(unlink(scratch_path(path_of(key))), 0);
}

START_TEST(a_flipped_bit_is_found_wherever_it_is)
{
	unsigned char file[FILE_BYTES];
	struct hash key = key_of(1);

	take_file(key, file);
	for (size_t at = 0; at < FILE_BYTES; at += at < HEADER_BYTES ? 1 : SAMPLE) {
		unsigned char bit = (unsigned char)(1 << at % 8);
		file[at] ^= bit;
		scratch_write(path_of(key), file, FILE_BYTES);
		ck_assert_msg(load(key) == OBJECTS_DAMAGED, "byte %zu", at);
		ck_assert(!scratch_has(path_of(key)));
		file[at] ^= bit;
	}
	scratch_write(path_of(key), file, FILE_BYTES);
	ck_assert_int_eq(load(key), 0);
}
END_TEST

START_TEST(a_cut_file_is_found_wherever_it_is_cut)
{
	unsigned char file[FILE_BYTES];
	struct hash key = key_of(1);

	take_file(key, file);
	for (size_t size = 0; size < FILE_BYTES; size += size < 2 * HEADER_BYTES ? 1 : SAMPLE) {
		scratch_write(path_of(key), file, size);
		ck_assert_msg(load(key) == OBJECTS_DAMAGED, "%zu bytes", size);
		ck_assert(!scratch_has(path_of(key)));
	}
}
END_TEST

static void nothing_in_it(struct hash key)
{
	scratch_write(path_of(key), "", 0);
}

static void more_behind_it(struct hash key)
{
	CLEANUP(fd_closep) int fd = -1;

	save(key, "object", 6);
	ck_assert_int_eq(chmod(scratch_path(path_of(key)), 0600), 0);
	fd = open(scratch_path(path_of(key)), O_WRONLY | O_APPEND | O_CLOEXEC);
	ck_assert_int_eq(write(fd, "", 1), 1);
}

static void another_object(struct hash key)
{
	save(key_of(2), "object", 6);
	ck_assert_int_eq(
		rename(scratch_path(path_of(key_of(2))), scratch_path(path_of(key))), 0);
}

static void a_program_of_somebody(struct hash key)
{
	scratch_write(path_of(key), "\177ELF and so on, with more than a header's bytes", 48);
}

static void a_link_to_an_object(struct hash key)
{
	const char *target = scratch_path("target");

	save(key, "object", 6);
	ck_assert_int_eq(rename(scratch_path(path_of(key)), target), 0);
	ck_assert_int_eq(symlink(target, scratch_path(path_of(key))), 0);
}

static void a_pipe(struct hash key)
{
	ck_assert_int_eq(mkfifo(scratch_path(path_of(key)), 0600), 0);
}

static void made_elsewhere(struct hash key)
{
	save(key, "object", 6);
	ck_assert_int_eq(unlink(scratch_path(KEY)), 0);
	reopen("o", OBJECT_MAX); /* with a new MAC key */
}

static void beyond_the_limit(struct hash key)
{
	save(key, "object", 6);
	reopen("o", 5);
}

static void (*const spoil_object[])(struct hash key) = { nothing_in_it, more_behind_it,
	another_object, a_program_of_somebody, a_link_to_an_object, a_pipe, made_elsewhere,
	beyond_the_limit };

START_TEST(what_is_not_this_object_is_dropped)
{
	spoil_object[_i](key_of(1));
	expect_dropped(key_of(1));
}
END_TEST

START_TEST(a_link_is_dropped_and_its_target_left)
{
	a_link_to_an_object(key_of(1));
	expect_dropped(key_of(1));
	ck_assert(scratch_has("target"));
}
END_TEST

/* --- one build per key --- */

/* As a supervisor does it: look, lock, look again, build. Every build adds a byte to the file
 * "built". */
static void build_once(bool die)
{
	CLEANUP(fd_closep) int lock = -1, log = -1;
	struct hash key = key_of(1);

	if (load(key) == 0)
		return;
	ck_assert_int_eq(objects_lock(objects, &key, &lock), 0);
	if (load(key) == 0)
		return;
	log = open(scratch_path("built"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	ck_assert_int_eq(write(log, "b", 1), 1);
	usleep(20000);
	if (die)
		raise(SIGKILL);
	save(key, "object", 6);
}

START_TEST(of_several_builders_one_does_the_work)
{
	char bytes[BUILDERS];

	for (int i = 0; i < BUILDERS; i++)
		if (fork() == 0) {
			build_once(false);
			_exit(load(key_of(1)));
		}
	wait_for_all();
	ck_assert_uint_eq(scratch_read("built", bytes, sizeof(bytes)), 1);
}
END_TEST

START_TEST(a_builder_who_dies_lets_the_next_one_in)
{
	char bytes[BUILDERS];
	int status;

	pid_t child = fork();
	if (child == 0)
		build_once(true);
	while (!scratch_has("built"))
		usleep(1000);
	build_once(false);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	ck_assert_uint_eq(scratch_read("built", bytes, sizeof(bytes)), 2);
	expect_load(key_of(1), "object", 6);
}
END_TEST

/* --- how much is kept --- */

#define KEPT_BYTES (HEADER_BYTES + 60)

/* Objects 0 to 3 of KEPT_BYTES each in the cache; object n was last used n days ago. */
static void save_four(void)
{
	static const char bytes[60];

	for (uint32_t n = 0; n < 4; n++) {
		save(key_of(n), bytes, sizeof(bytes));
		struct timespec used[2] = { { .tv_nsec = UTIME_OMIT },
			{ .tv_sec = time(NULL) - 86400 * (time_t)n } };
		ck_assert_int_eq(
			utimensat(AT_FDCWD, scratch_path(path_of(key_of(n))), used, 0), 0);
	}
}

START_TEST(usage_counts_objects_and_bytes)
{
	uint64_t bytes, count;

	ck_assert_int_eq(objects_usage(objects, &bytes, &count), 0);
	ck_assert(bytes == 0 && count == 0);
	save_four();
	scratch_write("o/README", "foreign", 7);
	ck_assert_int_eq(objects_usage(objects, &bytes, &count), 0);
	ck_assert_uint_eq(bytes, 4 * KEPT_BYTES);
	ck_assert_uint_eq(count, 4);
}
END_TEST

/* bytes_max, and which of the four then stay if object 3 was loaded before. */
static const struct {
	uint64_t bytes_max;
	bool stays[4];
} trims[] = {
	{ UINT64_MAX, { true, true, true, true } },
	{ 4 * KEPT_BYTES, { true, true, true, true } },
	{ 4 * KEPT_BYTES - 1, { true, true, false, true } },
	{ 3 * KEPT_BYTES, { true, true, false, true } },
	{ 2 * KEPT_BYTES, { true, false, false, true } },
	{ KEPT_BYTES, { false, false, false, true } },
	{ 0, { false, false, false, false } },
};

START_TEST(trim_removes_the_least_recently_used)
{
	save_four();
	scratch_write("o/README", "foreign", 7);
	usleep(20000); /* beyond the clock's tick that object 0 was saved in */
	ck_assert_int_eq(load(key_of(3)), 0);
	ck_assert_int_eq(objects_trim(objects, trims[_i].bytes_max), 0);
	for (uint32_t n = 0; n < 4; n++)
		ck_assert_int_eq(scratch_has(path_of(key_of(n))), trims[_i].stays[n]);
	ck_assert(scratch_has("o/README"));
}
END_TEST

/* --- death and full disks --- */

START_TEST(a_full_disk_keeps_nothing_and_the_object_runs_all_the_same)
{
	static char bytes[512 * KIB];
	CLEANUP(fd_closep) int fd = memfd_of(bytes, sizeof(bytes)), sealed = -1;
	struct hash key = key_of(1);
	uint64_t size;
	bool kept = true;

	if (!scratch_small_disk())
		return;
	reopen(SCRATCH_DISK, OBJECT_MAX);
	ck_assert_int_eq(objects_save(objects, &key, fd, &sealed, &size, &kept), 0);
	ck_assert(!kept);
	expect_bytes(sealed, size, bytes, sizeof(bytes));
	expect_sealed(sealed);
	ck_assert_int_eq(scratch_count(SCRATCH_DISK, ""), 0);
	ck_assert_int_eq(load(key), OBJECTS_MISSING);
	save(key, bytes, 64 * KIB); /* the room came back */
}
END_TEST

static void save_until_killed(uint32_t seed)
{
	static uint32_t bytes[64 * KIB];
	bool kept;

	for (;;) {
		uint32_t n = scratch_random(&seed) % 16;
		if (save_kept(key_of(n), bytes, scratch_random(&seed) % sizeof(bytes), &kept))
			_exit(1);
	}
}

START_TEST(kill_in_mid_save_leaves_the_cache_whole)
{
	uint32_t seed = 1, whole = 0;

	for (uint32_t i = 1; i <= KILL_ROUNDS; i++) {
		pid_t child = fork();
		if (child == 0)
			save_until_killed(i);
		usleep(scratch_random(&seed) % (i * KILL_AFTER_US));
		ck_assert_int_eq(kill(child, SIGKILL), 0);
		ck_assert_int_eq(waitpid(child, NULL, 0), child);
	}
	reopen("o", OBJECT_MAX);
	ck_assert_int_eq(scratch_count("o", ".new-"), 0);
	for (uint32_t n = 0; n < 16; n++) {
		int r = load(key_of(n));
		ck_assert(r == 0 || r == OBJECTS_MISSING);
		whole += r == 0;
	}
	ck_assert_uint_gt(whole, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("objects");

	TCase *mac_key = tcase_create("MAC key");
	tcase_add_checked_fixture(mac_key, setup, teardown);
	tcase_add_test(mac_key, open_makes_the_key_once);
	tcase_add_test(mac_key, two_machines_have_two_keys);
	tcase_add_loop_test(
		mac_key, open_refuses_a_key_that_may_not_be_ours, 0, (int)ARRAY_LEN(spoil_key));
	tcase_add_test(mac_key, open_refuses_a_folder_others_may_write_to);
	tcase_add_test(mac_key, processes_that_start_together_agree_on_the_key);
	suite_add_tcase(s, mac_key);

	TCase *saving = tcase_create("saving and loading");
	tcase_add_checked_fixture(saving, setup, teardown);
	tcase_add_loop_test(saving, load_gives_what_was_saved, 0, (int)ARRAY_LEN(sizes));
	tcase_add_test(saving, load_misses_what_is_not_there);
	tcase_add_test(saving, save_replaces);
	tcase_add_test(saving, save_reads_from_the_beginning_and_answers_a_copy);
	tcase_add_test(saving, nobody_can_change_what_load_and_save_answer);
	tcase_add_test(saving, an_object_can_be_mapped_executable);
	tcase_add_test(saving, save_refuses_one_byte_too_many);
	tcase_add_test(saving, save_says_when_it_cannot_read);
	tcase_add_test(saving, remove_makes_it_missing);
	suite_add_tcase(s, saving);

	TCase *damage = tcase_create("damage");
	tcase_add_checked_fixture(damage, setup, teardown);
	tcase_set_timeout(damage, 30);
	tcase_add_test(damage, a_flipped_bit_is_found_wherever_it_is);
	tcase_add_test(damage, a_cut_file_is_found_wherever_it_is_cut);
	tcase_add_loop_test(
		damage, what_is_not_this_object_is_dropped, 0, (int)ARRAY_LEN(spoil_object));
	tcase_add_test(damage, a_link_is_dropped_and_its_target_left);
	suite_add_tcase(s, damage);

	TCase *building = tcase_create("one build per key");
	tcase_add_checked_fixture(building, setup, teardown);
	tcase_add_test(building, of_several_builders_one_does_the_work);
	tcase_add_test(building, a_builder_who_dies_lets_the_next_one_in);
	suite_add_tcase(s, building);

	TCase *kept = tcase_create("how much is kept");
	tcase_add_checked_fixture(kept, setup, teardown);
	tcase_add_test(kept, usage_counts_objects_and_bytes);
	tcase_add_loop_test(
		kept, trim_removes_the_least_recently_used, 0, (int)ARRAY_LEN(trims));
	suite_add_tcase(s, kept);

	TCase *death = tcase_create("death");
	tcase_add_checked_fixture(death, setup, teardown);
	tcase_set_timeout(death, 30);
	tcase_add_test(death, a_full_disk_keeps_nothing_and_the_object_runs_all_the_same);
	tcase_add_test(death, kill_in_mid_save_leaves_the_cache_whole);
	suite_add_tcase(s, death);
	return s;
}

CHECK_MAIN(suite)
