#include <pthread.h>
#include <signal.h>

#include <sys/wait.h>

#include "cache/store.h"
#include "tests/cache/scratch.h"
#include "tests/check_run.h"

#define SIZE_MAX_ANY  (64 * MIB)
#define PIECE_BYTES   4096
#define KILL_ROUNDS   100
#define KILL_AFTER_US 500 /* the first round's longest; the n-th takes up to n times that */

static struct store *store;

static void setup(void)
{
	scratch_setup();
	ck_assert_int_eq(store_open(scratch_path("s"), &store), 0);
}

static void teardown(void)
{
	store_free(store);
	scratch_teardown();
}

static int put(const void *bytes, size_t size, const struct hash *expected, struct hash *out)
{
	struct store_put *p;

	int r = store_put_new(store, SIZE_MAX_ANY, &p);
	for (size_t at = 0; r == 0 && at < size; at += PIECE_BYTES)
		r = store_put_write(p, (const char *)bytes + at,
			size - at < PIECE_BYTES ? size - at : PIECE_BYTES);
	if (r == 0)
		r = store_put_commit(p, expected, out);
	store_put_free(p);
	return r;
}

static struct hash put_text(const char *text)
{
	struct hash name;

	ck_assert_int_eq(put(text, strlen(text), NULL, &name), 0);
	return name;
}

/* The file of that name, below scratch. */
static const char *path_of(const struct hash *name)
{
	static char path[80];
	char hex[HASH_HEX_SIZE];

	snprintf(path, sizeof(path), "s/%s", hash_to_hex(name, hex));
	return path;
}

static struct hash hash_of(const char *text)
{
	return hash_sha256(text, strlen(text));
}

static int get(const struct hash *name)
{
	CLEANUP(fd_closep) int fd = -1;
	uint64_t size;

	return store_get(store, name, &fd, &size);
}

/* --- putting --- */

START_TEST(put_names_the_file_by_its_bytes)
{
	static const struct hash abc = { { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41,
		0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
		0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad } }; /* FIPS 180-2 */
	CLEANUP(fd_closep) int fd = -1;
	char bytes[8] = "";
	uint64_t size;
	struct hash name;

	ck_assert_int_eq(put("abc", 3, &abc, &name), 0);
	ck_assert(hash_equal(&name, &abc));
	ck_assert_int_eq(store_get(store, &abc, &fd, &size), 0);
	ck_assert_uint_eq(size, 3);
	ck_assert_int_eq(read(fd, bytes, sizeof(bytes)), 3);
	ck_assert_str_eq(bytes, "abc");
}
END_TEST

START_TEST(put_takes_a_file_of_any_size)
{
	static const size_t sizes[] = { 0, 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * MIB };
	char *bytes = calloc(1, sizes[_i] + 1);
	struct hash name, expected = hash_sha256(bytes, sizes[_i]);
	int fd;
	uint64_t size;

	ck_assert_int_eq(put(bytes, sizes[_i], &expected, &name), 0);
	ck_assert_int_eq(store_get(store, &name, &fd, &size), 0);
	ck_assert_uint_eq(size, sizes[_i]);
	close(fd);
	free(bytes);
}
END_TEST

START_TEST(a_stored_file_may_only_be_read)
{
	struct hash name = put_text("abc");
	struct stat now;

	ck_assert_int_eq(stat(scratch_path(path_of(&name)), &now), 0);
	ck_assert_int_eq(now.st_mode & 07777, 0400);
}
END_TEST

START_TEST(commit_refuses_what_was_not_promised)
{
	struct hash promised = hash_of("abc"), name, real = hash_of("abd");

	ck_assert_int_eq(put("abd", 3, &promised, &name), STORE_MISMATCH);
	ck_assert_int_eq(get(&promised), STORE_MISSING);
	ck_assert_int_eq(get(&real), STORE_MISSING);
	ck_assert_int_eq(scratch_count("s", ".new-"), 0);
}
END_TEST

START_TEST(put_refuses_one_byte_too_many)
{
	struct store_put *p;
	struct hash name;

	ck_assert_int_eq(store_put_new(store, 4, &p), 0);
	ck_assert_int_eq(store_put_write(p, "abcd", 4), 0);
	ck_assert_int_eq(store_put_write(p, "e", 1), STORE_TOO_BIG);
	ck_assert_int_eq(store_put_write(p, "", 0), STORE_TOO_BIG);
	ck_assert_int_eq(store_put_commit(p, NULL, &name), STORE_TOO_BIG);
	ck_assert_ptr_null(store_put_free(p));
	ck_assert_int_eq(scratch_count("s", ""), 0);
}
END_TEST

START_TEST(put_takes_exactly_what_is_allowed)
{
	struct store_put *p;
	struct hash name;

	ck_assert_int_eq(store_put_new(store, 4, &p), 0);
	ck_assert_int_eq(store_put_write(p, "abcd", 4), 0);
	ck_assert_int_eq(store_put_commit(p, NULL, &name), 0);
	store_put_free(p);
}
END_TEST

START_TEST(a_put_without_commit_leaves_nothing)
{
	struct store_put *p;

	ck_assert_int_eq(store_put_new(store, SIZE_MAX_ANY, &p), 0);
	ck_assert_int_eq(store_put_write(p, "abc", 3), 0);
	store_put_free(p);
	ck_assert_int_eq(scratch_count("s", ""), 0);
}
END_TEST

START_TEST(a_second_commit_is_an_error)
{
	struct store_put *p;
	struct hash name;

	ck_assert_int_eq(store_put_new(store, SIZE_MAX_ANY, &p), 0);
	ck_assert_int_eq(store_put_commit(p, NULL, &name), 0);
	ck_assert_int_lt(store_put_commit(p, NULL, &name), 0);
	ck_assert_int_lt(store_put_write(p, "late", 4), 0);
	store_put_free(p);
	ck_assert_int_eq(get(&name), 0);
}
END_TEST

START_TEST(putting_twice_is_no_error)
{
	struct hash a = put_text("abc"), b = put_text("abc");
	uint64_t bytes;

	ck_assert(hash_equal(&a, &b));
	ck_assert_int_eq(store_usage(store, &bytes), 0);
	ck_assert_uint_eq(bytes, 3);
}
END_TEST

static void *put_often(void *unused)
{
	(void)unused;
	for (int i = 0; i < 50; i++) {
		struct hash name = put_text("the same bytes");
		ck_assert_int_eq(get(&name), 0);
	}
	return NULL;
}

START_TEST(threads_may_put_the_same_bytes_at_once)
{
	pthread_t threads[4];

	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, put_often, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(scratch_count("s", ".new-"), 0);
}
END_TEST

/* --- getting --- */

START_TEST(get_misses_what_is_not_there)
{
	struct hash name = hash_of("abc");

	ck_assert_int_eq(get(&name), STORE_MISSING);
}
END_TEST

static const struct {
	const char *what, *bytes;
	size_t size;
} damages[] = {
	{ "empty", "", 0 },
	{ "cut", "ab", 2 },
	{ "longer", "abcd", 4 },
	{ "one bit", "abb", 3 },
};

static void damage(const struct hash *name, size_t i)
{
	ck_assert_int_eq(unlink(scratch_path(path_of(name))), 0);
	scratch_write(path_of(name), damages[i].bytes, damages[i].size);
}

START_TEST(get_drops_a_damaged_file)
{
	struct hash name = put_text("abc");

	damage(&name, (size_t)_i);
	ck_assert_int_eq(get(&name), STORE_MISMATCH);
	ck_assert(!scratch_has(path_of(&name)));
	ck_assert_int_eq(get(&name), STORE_MISSING);
}
END_TEST

START_TEST(put_heals_a_damaged_file)
{
	struct hash name = put_text("abc");

	damage(&name, (size_t)_i);
	put_text("abc");
	ck_assert_int_eq(get(&name), 0);
}
END_TEST

START_TEST(get_drops_a_link_and_does_not_follow_it)
{
	struct hash name = hash_of("abc");

	scratch_write("target", "abc", 3); /* even if the bytes are right */
	ck_assert_int_eq(symlink("../target", scratch_path(path_of(&name))), 0);
	ck_assert_int_eq(get(&name), STORE_MISMATCH);
	ck_assert(!scratch_has(path_of(&name)));
	ck_assert(scratch_has("target"));
}
END_TEST

START_TEST(get_does_not_wait_for_a_pipe)
{
	struct hash name = hash_of("abc");

	ck_assert_int_eq(mkfifo(scratch_path(path_of(&name)), 0600), 0);
	ck_assert_int_eq(get(&name), STORE_MISMATCH);
	ck_assert(!scratch_has(path_of(&name)));
}
END_TEST

START_TEST(remove_makes_it_missing)
{
	struct hash name = put_text("abc");

	ck_assert_int_eq(store_remove(store, &name), 0);
	ck_assert_int_eq(get(&name), STORE_MISSING);
	ck_assert_int_eq(store_remove(store, &name), STORE_MISSING);
}
END_TEST

START_TEST(a_removed_file_can_still_be_read_by_its_reader)
{
	struct hash name = put_text("abc"), again;
	CLEANUP(fd_closep) int fd = -1;
	uint64_t size;

	ck_assert_int_eq(store_get(store, &name, &fd, &size), 0);
	ck_assert_int_eq(store_remove(store, &name), 0);
	ck_assert_int_eq(hash_sha256_of_fd(fd, &again), 0);
	ck_assert(hash_equal(&again, &name));
}
END_TEST

/* --- finding: these three begin so, and nothing checks their bytes here --- */

static const char *const found[] = {
	"3fa9000000000000000000000000000000000000000000000000000000000000",
	"3fa9100000000000000000000000000000000000000000000000000000000000",
	"3fb0000000000000000000000000000000000000000000000000000000000000",
};

static void plant_found(void)
{
	char path[80];

	for (size_t i = ARRAY_LEN(found); i-- > 0;) {
		snprintf(path, sizeof(path), "s/%s", found[i]);
		scratch_write(path, "12345", i);
	}
}

static const struct {
	const char *prefix;
	int answer;
	int first; /* row of found[] */
} finds[] = {
	{ "3fb0", 0, 2 },
	{ "3FB0", 0, 2 },
	{ "3fb00000000000", 0, 2 },
	{ "3fa90", 0, 0 },
	{ "3fa91", 0, 1 },
	{ "3fb0000000000000000000000000000000000000000000000000000000000000", 0, 2 },
	{ "3fa9", STORE_AMBIGUOUS, 0 },
	{ "3fa8", STORE_MISSING, 0 },
	{ "ffff", STORE_MISSING, 0 },
	{ "0000", STORE_MISSING, 0 },
	{ "3fb00000000000000000000000000000000000000000000000000000000000001", STORE_BAD_NAME,
		0 },
	{ "3fb", STORE_BAD_NAME, 0 },
	{ "", STORE_BAD_NAME, 0 },
	{ "hello.wasm", STORE_BAD_NAME, 0 },
	{ "3fb0 ", STORE_BAD_NAME, 0 },
	{ "../s", STORE_BAD_NAME, 0 },
};

START_TEST(find_knows_a_name_by_its_beginning)
{
	struct hash name, candidates[4];
	size_t count = ARRAY_LEN(candidates);
	char hex[HASH_HEX_SIZE];

	plant_found();
	int r = store_find(store, finds[_i].prefix, &name, candidates, &count);
	ck_assert_int_eq(r, finds[_i].answer);
	if (r == 0)
		ck_assert_str_eq(hash_to_hex(&name, hex), found[finds[_i].first]);
}
END_TEST

START_TEST(find_lists_the_candidates_sorted)
{
	struct hash name, candidates[4];
	size_t count = ARRAY_LEN(candidates);
	char hex[HASH_HEX_SIZE];

	plant_found();
	ck_assert_int_eq(store_find(store, "3fa9", &name, candidates, &count), STORE_AMBIGUOUS);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(hash_to_hex(&candidates[0], hex), found[0]);
	ck_assert_str_eq(hash_to_hex(&candidates[1], hex), found[1]);
}
END_TEST

START_TEST(find_fills_no_more_candidates_than_there_is_room)
{
	struct hash name, candidates[2];
	size_t count = 1;

	plant_found();
	memset(candidates, 0xee, sizeof(candidates));
	ck_assert_int_eq(store_find(store, "3fa9", &name, candidates, &count), STORE_AMBIGUOUS);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(candidates[1].bytes[0], 0xee);
	count = 0;
	ck_assert_int_eq(store_find(store, "3fa9", &name, NULL, &count), STORE_AMBIGUOUS);
}
END_TEST

/* --- listing --- */

struct seen {
	struct store_entry entries[8];
	size_t count, stop_at;
};

static bool see(void *context, const struct store_entry *entry)
{
	struct seen *seen = context;

	seen->entries[seen->count++] = *entry;
	return seen->count != seen->stop_at;
}

START_TEST(list_is_sorted_and_leaves_foreign_names_out)
{
	struct seen seen = { .stop_at = 0 };
	char hex[HASH_HEX_SIZE];
	struct stat now;

	plant_found();
	scratch_write("s/README", "kept", 4);
	ck_assert_int_eq(symlink("README", scratch_path("s/00000000000000000000000000000000"
							"00000000000000000000000000000000")),
		0);
	ck_assert_int_eq(store_list(store, see, &seen), 0);
	ck_assert_uint_eq(seen.count, ARRAY_LEN(found));
	for (size_t i = 0; i < ARRAY_LEN(found); i++) {
		ck_assert_str_eq(hash_to_hex(&seen.entries[i].name, hex), found[i]);
		ck_assert_uint_eq(seen.entries[i].size, i);
	}
	ck_assert_int_eq(stat(scratch_path(path_of(&seen.entries[0].name)), &now), 0);
	ck_assert_int_eq(seen.entries[0].added_s, now.st_mtime);
	ck_assert(scratch_has("s/README"));
}
END_TEST

START_TEST(list_stops_when_told)
{
	struct seen seen = { .stop_at = 2 };

	plant_found();
	ck_assert_int_eq(store_list(store, see, &seen), 0);
	ck_assert_uint_eq(seen.count, 2);
}
END_TEST

START_TEST(an_empty_store_lists_nothing)
{
	struct seen seen = { .stop_at = 0 };
	uint64_t bytes;

	ck_assert_int_eq(store_list(store, see, &seen), 0);
	ck_assert_uint_eq(seen.count, 0);
	ck_assert_int_eq(store_usage(store, &bytes), 0);
	ck_assert_uint_eq(bytes, 0);
}
END_TEST

START_TEST(usage_counts_all_files)
{
	struct hash name = put_text("12345");
	uint64_t bytes;

	put_text("123");
	scratch_write("s/README", "foreign", 7);
	ck_assert_int_eq(store_usage(store, &bytes), 0);
	ck_assert_uint_eq(bytes, 8);
	ck_assert_int_eq(store_remove(store, &name), 0);
	ck_assert_int_eq(store_usage(store, &bytes), 0);
	ck_assert_uint_eq(bytes, 3);
}
END_TEST

START_TEST(open_refuses_a_folder_others_may_write_to)
{
	struct store *other = NULL;

	ck_assert_int_eq(chmod(scratch_path("s"), 0777), 0);
	ck_assert_int_eq(store_open(scratch_path("s"), &other), -EPERM);
	ck_assert_ptr_null(other);
}
END_TEST

/* --- death and full disks --- */

START_TEST(a_full_disk_is_said_and_leaves_nothing)
{
	static char bytes[512 * KIB];
	uint64_t used;
	struct hash name, small;

	if (!scratch_small_disk())
		return;
	store_free(store);
	ck_assert_int_eq(store_open(scratch_path("disk"), &store), 0);
	small = put_text("abc");
	ck_assert_int_eq(put(bytes, sizeof(bytes), NULL, &name), -ENOSPC);
	ck_assert_int_eq(scratch_count("disk", ".new-"), 0);
	ck_assert_int_eq(get(&small), 0);
	ck_assert_int_eq(store_usage(store, &used), 0);
	ck_assert_uint_eq(used, 3);
	ck_assert_int_eq(put(bytes, 64 * KIB, NULL, &name), 0); /* the room came back */
}
END_TEST

START_TEST(a_failed_write_cannot_be_committed)
{
	static char bytes[512 * KIB];
	struct store_put *p;
	struct hash name;

	if (!scratch_small_disk())
		return;
	store_free(store);
	ck_assert_int_eq(store_open(scratch_path("disk"), &store), 0);
	ck_assert_int_eq(store_put_new(store, SIZE_MAX_ANY, &p), 0);
	ck_assert_int_eq(store_put_write(p, bytes, sizeof(bytes)), -ENOSPC);
	ck_assert_int_eq(store_put_write(p, "a", 1), -ENOSPC);
	ck_assert_int_eq(store_put_commit(p, NULL, &name), -ENOSPC);
	store_put_free(p);
	ck_assert_int_eq(scratch_count("disk", ""), 0);
}
END_TEST

/* Puts one file after the other until it is killed; says through the pipe which are there for
 * good. */
static void put_until_killed(uint32_t seed, int said)
{
	static uint32_t bytes[32 * KIB];
	struct hash name;

	for (;;) {
		size_t words = scratch_random(&seed) % ARRAY_LEN(bytes);
		for (size_t i = 0; i < words; i++)
			bytes[i] = scratch_random(&seed);
		if (put(bytes, words * sizeof(*bytes), NULL, &name) != 0 ||
			write(said, &name, sizeof(name)) != sizeof(name))
			_exit(1);
	}
}

static bool is_whole(void *count, const struct store_entry *entry)
{
	ck_assert_int_eq(get(&entry->name), 0);
	++*(size_t *)count;
	return true;
}

START_TEST(kill_in_mid_put_leaves_the_store_whole)
{
	size_t promised = 0, there = 0;
	uint32_t seed = 1;
	struct hash name;
	int said[2];

	ck_assert_int_eq(pipe(said), 0);
	for (uint32_t i = 1; i <= KILL_ROUNDS; i++) {
		pid_t child = fork();
		if (child == 0)
			put_until_killed(i, said[1]);
		usleep(scratch_random(&seed) % (i * KILL_AFTER_US));
		ck_assert_int_eq(kill(child, SIGKILL), 0);
		ck_assert_int_eq(waitpid(child, NULL, 0), child);
	}
	close(said[1]);
	store_free(store);
	ck_assert_int_eq(store_open(scratch_path("s"), &store), 0);
	ck_assert_int_eq(scratch_count("s", ".new-"), 0);
	ck_assert_int_eq(store_list(store, is_whole, &there), 0);
	for (; read(said[0], &name, sizeof(name)) == sizeof(name); promised++)
		ck_assert(scratch_has(path_of(&name)));
	ck_assert_uint_gt(promised, 0);
	ck_assert_uint_ge(there, promised);
	close(said[0]);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("store");

	TCase *putting = tcase_create("putting");
	tcase_add_checked_fixture(putting, setup, teardown);
	tcase_add_test(putting, put_names_the_file_by_its_bytes);
	tcase_add_loop_test(putting, put_takes_a_file_of_any_size, 0, 5);
	tcase_add_test(putting, a_stored_file_may_only_be_read);
	tcase_add_test(putting, commit_refuses_what_was_not_promised);
	tcase_add_test(putting, put_refuses_one_byte_too_many);
	tcase_add_test(putting, put_takes_exactly_what_is_allowed);
	tcase_add_test(putting, a_put_without_commit_leaves_nothing);
	tcase_add_test(putting, a_second_commit_is_an_error);
	tcase_add_test(putting, putting_twice_is_no_error);
	tcase_add_test(putting, threads_may_put_the_same_bytes_at_once);
	suite_add_tcase(s, putting);

	TCase *getting = tcase_create("getting");
	tcase_add_checked_fixture(getting, setup, teardown);
	tcase_add_test(getting, get_misses_what_is_not_there);
	tcase_add_loop_test(getting, get_drops_a_damaged_file, 0, (int)ARRAY_LEN(damages));
	tcase_add_loop_test(getting, put_heals_a_damaged_file, 0, (int)ARRAY_LEN(damages));
	tcase_add_test(getting, get_drops_a_link_and_does_not_follow_it);
	tcase_add_test(getting, get_does_not_wait_for_a_pipe);
	tcase_add_test(getting, remove_makes_it_missing);
	tcase_add_test(getting, a_removed_file_can_still_be_read_by_its_reader);
	suite_add_tcase(s, getting);

	TCase *finding = tcase_create("finding");
	tcase_add_checked_fixture(finding, setup, teardown);
	tcase_add_loop_test(
		finding, find_knows_a_name_by_its_beginning, 0, (int)ARRAY_LEN(finds));
	tcase_add_test(finding, find_lists_the_candidates_sorted);
	tcase_add_test(finding, find_fills_no_more_candidates_than_there_is_room);
	suite_add_tcase(s, finding);

	TCase *listing = tcase_create("listing");
	tcase_add_checked_fixture(listing, setup, teardown);
	tcase_add_test(listing, list_is_sorted_and_leaves_foreign_names_out);
	tcase_add_test(listing, list_stops_when_told);
	tcase_add_test(listing, an_empty_store_lists_nothing);
	tcase_add_test(listing, usage_counts_all_files);
	tcase_add_test(listing, open_refuses_a_folder_others_may_write_to);
	suite_add_tcase(s, listing);

	TCase *death = tcase_create("death");
	tcase_add_checked_fixture(death, setup, teardown);
	tcase_set_timeout(death, 30);
	tcase_add_test(death, a_full_disk_is_said_and_leaves_nothing);
	tcase_add_test(death, a_failed_write_cannot_be_committed);
	tcase_add_test(death, kill_in_mid_put_leaves_the_store_whole);
	suite_add_tcase(s, death);
	return s;
}

CHECK_MAIN(suite)
