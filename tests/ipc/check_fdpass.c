/* check_fdpass.c: descriptors over a socket, all or nothing. */
#include <fcntl.h>

#include <sys/socket.h>
#include <sys/stat.h>

#include "ipc/fdpass.h"
#include "tests/check_run.h"

static int ends[2];

static void set_up(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

static void tear_down(void)
{
	close(ends[0]);
	close(ends[1]);
}

static int open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

START_TEST(descriptors_arrive_and_are_the_same_files)
{
	int sent[2] = { 0, 1 }, got[2];
	uint32_t tag = 7, seen = 0;
	struct stat a, b;

	ck_assert_int_eq(fdpass_send(ends[0], &tag, sizeof(tag), sent, 2), 0);
	ck_assert_int_eq(fdpass_receive(ends[1], &seen, sizeof(seen), got, 2), 0);
	ck_assert_uint_eq(seen, 7);
	ck_assert_int_eq(fstat(0, &a), 0);
	ck_assert_int_eq(fstat(got[0], &b), 0);
	ck_assert(a.st_ino == b.st_ino);
	close(got[0]);
	close(got[1]);
}
END_TEST

START_TEST(what_was_not_expected_is_closed)
{
	int sent[3] = { 0, 1, 2 }, got[2];
	uint32_t tag = 7;
	int before = open_fds();

	ck_assert_int_eq(fdpass_send(ends[0], &tag, sizeof(tag), sent, 3), 0);
	ck_assert_int_eq(fdpass_receive(ends[1], &tag, sizeof(tag), got, 2), FDPASS_UNEXPECTED);
	ck_assert_int_eq(fdpass_send(ends[0], &tag, 2, sent, 2), 0);
	ck_assert_int_eq(fdpass_receive(ends[1], &tag, sizeof(tag), got, 2), FDPASS_UNEXPECTED);
	ck_assert_int_eq(fdpass_send(ends[0], &tag, sizeof(tag), NULL, 0), 0);
	ck_assert_int_eq(fdpass_receive(ends[1], &tag, sizeof(tag), got, 2), FDPASS_UNEXPECTED);
	ck_assert_int_eq(open_fds(), before);
}
END_TEST

START_TEST(an_empty_and_a_closed_socket_say_so)
{
	uint32_t tag;
	int got[1];

	ck_assert_int_eq(fdpass_receive(ends[1], &tag, sizeof(tag), got, 1), FDPASS_EMPTY);
	close(ends[0]);
	ck_assert_int_eq(fdpass_receive(ends[1], &tag, sizeof(tag), got, 1), FDPASS_CLOSED);
	ck_assert_int_eq(fdpass_send(ends[1], &tag, sizeof(tag), NULL, 0), -EPIPE);
	ends[0] = -1;
}
END_TEST

static Suite *fdpass_suite(void)
{
	Suite *suite = suite_create("fdpass");
	TCase *tcase = tcase_create("fdpass");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, descriptors_arrive_and_are_the_same_files);
	tcase_add_test(tcase, what_was_not_expected_is_closed);
	tcase_add_test(tcase, an_empty_and_a_closed_socket_say_so);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(fdpass_suite)
