/* check_bell.c: waking: once per sleep, never lost, never by somebody who may not. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/wait.h>

#include "ipc/bell.h"
#include "tests/check_run.h"

static struct own_page *own;
static struct bell_peer peer;
static int page_fd, bell_read, bell_write;

static void set_up(void)
{
	ck_assert_int_eq(bell_page_new(&page_fd), 0);
	own = mmap(NULL, OWN_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, page_fd, 0);
	ck_assert_ptr_ne(own, MAP_FAILED);
	ck_assert_int_eq(bell_open(&bell_read, &bell_write), 0);
	peer = (struct bell_peer){ .page = own, .fd = bell_write };
}

static void tear_down(void)
{
	munmap(own, OWN_PAGE_BYTES);
	close(page_fd);
	close(bell_read);
	close(bell_write);
}

static bool rung(void)
{
	struct pollfd p = { bell_read, POLLIN, 0 };
	char drained[4096];

	if (poll(&p, 1, 0) == 0)
		return false;
	return read(bell_read, drained, sizeof(drained)) > 0;
}

START_TEST(who_is_awake_is_not_rung)
{
	bell_ring(&peer);
	ck_assert(!rung());
}
END_TEST

START_TEST(a_sleeper_is_rung_once_per_sleep_and_peer)
{
	for (int round = 0; round < 5; round++) {
		uint64_t epoch = bell_sleep_begin(own);
		bell_ring(&peer);
		bell_ring(&peer);
		ck_assert(rung());
		bell_ring(&peer);
		ck_assert(!rung());
		bell_sleep_end(own, epoch);
		bell_ring(&peer);
		ck_assert(!rung());
	}
}
END_TEST

START_TEST(a_full_bell_does_not_block_who_rings)
{
	uint64_t one = 1;

	while (write(bell_write, &one, sizeof(one)) == sizeof(one))
		;
	ck_assert_int_eq(errno, EAGAIN);
	uint64_t epoch = bell_sleep_begin(own);
	bell_ring(&peer); /* returns */
	ck_assert(rung());
	bell_sleep_end(own, epoch);
}
END_TEST

START_TEST(only_its_owner_can_write_an_own_page)
{
	ck_assert(!bell_page_sealed(page_fd));
	ck_assert_int_eq(bell_page_seal(page_fd), 0);
	ck_assert(bell_page_sealed(page_fd));
	ck_assert_ptr_eq(
		mmap(NULL, OWN_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, page_fd, 0),
		MAP_FAILED);
	ck_assert_int_eq(errno, EPERM);
	void *seen = mmap(NULL, OWN_PAGE_BYTES, PROT_READ, MAP_SHARED, page_fd, 0);
	ck_assert_ptr_ne(seen, MAP_FAILED);
	ck_assert_int_ne(mprotect(seen, OWN_PAGE_BYTES, PROT_READ | PROT_WRITE), 0);
	ck_assert_int_ne(ftruncate(page_fd, 0), 0);
	ck_assert_int_ne((int)pwrite(page_fd, "x", 1, 0), 1);
	atomic_store(&own->sleep_epoch, 7); /* the owner still can */
	ck_assert_uint_eq(atomic_load(&((struct own_page *)seen)->sleep_epoch), 7);
	munmap(seen, OWN_PAGE_BYTES);
}
END_TEST

START_TEST(a_page_with_some_of_its_seals_is_not_believed)
{
	int some = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

	ck_assert_int_eq(fcntl(page_fd, F_ADD_SEALS, some), 0);
	ck_assert(!bell_page_sealed(page_fd));
}
END_TEST

/* ---- nobody sleeps through something that was published ---- */

#define ROUNDS 20000u
static _Atomic uint64_t published, taken;

static void *publisher(void *unused)
{
	(void)unused;
	for (uint64_t n = 1; n <= ROUNDS; n++) {
		while (atomic_load_explicit(&taken, memory_order_acquire) != n - 1)
			;
		atomic_store_explicit(&published, n, memory_order_release);
		bell_ring(&peer);
	}
	return NULL;
}

static void sleep_until(uint64_t n)
{
	char drained[4096];

	while (atomic_load_explicit(&published, memory_order_acquire) < n) {
		uint64_t epoch = bell_sleep_begin(own);
		struct pollfd p = { bell_read, POLLIN, 0 };
		if (atomic_load_explicit(&published, memory_order_acquire) < n) {
			MUST(poll(&p, 1, 10000) == 1); /* a lost wake-up: nobody rings again */
			MUST(read(bell_read, drained, sizeof(drained)) > 0);
		}
		bell_sleep_end(own, epoch);
	}
}

START_TEST(no_wake_up_is_lost)
{
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, publisher, NULL), 0);
	for (uint64_t n = 1; n <= ROUNDS; n++) {
		sleep_until(n);
		atomic_store_explicit(&taken, n, memory_order_release);
	}
	pthread_join(thread, NULL);
}
END_TEST

static Suite *bell_suite(void)
{
	Suite *suite = suite_create("bell");
	TCase *bell = tcase_create("bell");

	tcase_add_checked_fixture(bell, set_up, tear_down);
	tcase_add_test(bell, who_is_awake_is_not_rung);
	tcase_add_test(bell, a_sleeper_is_rung_once_per_sleep_and_peer);
	tcase_add_test(bell, a_full_bell_does_not_block_who_rings);
	tcase_add_test(bell, only_its_owner_can_write_an_own_page);
	tcase_add_test(bell, a_page_with_some_of_its_seals_is_not_believed);
	tcase_add_test(bell, no_wake_up_is_lost);
	tcase_set_timeout(bell, 60);
	suite_add_tcase(suite, bell);
	return suite;
}

CHECK_MAIN(bell_suite)
