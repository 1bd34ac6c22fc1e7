/* check_hash.c: names of programs and interfaces. */
#include <stdio.h>

#include "ipc/hash.h"
#include "ipc/memfd.h"
#include "tests/check_run.h"

START_TEST(the_hashes_are_the_known_ones)
{
	char hex[HASH_HEX_SIZE];
	struct hash sha = hash_sha256("abc", 3), blake = hash_blake2b("abc", 3);

	/* FIPS 180-4 example; BLAKE2b-256 as b2sum -l 256 prints it */
	ck_assert_str_eq(hash_to_hex(&sha, hex),
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	ck_assert_str_eq(hash_to_hex(&blake, hex),
		"bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}
END_TEST

START_TEST(a_descriptor_hashes_like_its_bytes)
{
	CLEANUP(fd_closep) int fd = -1;
	static uint8_t bytes[200000];
	struct hash of_fd, of_bytes = hash_sha256(bytes, sizeof(bytes));

	ck_assert_int_eq(memfd_new("t", sizeof(bytes), 0, &fd), 0);
	ck_assert_int_eq(hash_sha256_of_fd(fd, &of_fd), 0);
	ck_assert(hash_equal(&of_fd, &of_bytes));
	of_bytes = hash_blake2b(bytes, sizeof(bytes));
	ck_assert_int_eq(hash_blake2b_of_fd(fd, &of_fd), 0);
	ck_assert(hash_equal(&of_fd, &of_bytes));
	ck_assert_int_eq(hash_sha256_of_fd(-1, &of_fd), -EBADF);
}
END_TEST

START_TEST(only_64_hex_digits_are_a_name)
{
	struct hash hash, again;
	char hex[HASH_HEX_SIZE], long_hex[HASH_HEX_SIZE + 1];

	hash = hash_sha256("x", 1);
	hash_to_hex(&hash, hex);
	ck_assert(hash_from_hex(hex, &again));
	ck_assert(hash_equal(&hash, &again));
	snprintf(long_hex, sizeof(long_hex), "%s0", hex);
	ck_assert(!hash_from_hex(long_hex, &again));
	hex[10] = 'g';
	ck_assert(!hash_from_hex(hex, &again));
	hex[10] = 0;
	ck_assert(!hash_from_hex(hex, &again));
}
END_TEST

static Suite *hash_suite(void)
{
	Suite *suite = suite_create("hash");
	TCase *tcase = tcase_create("hash");

	tcase_add_test(tcase, the_hashes_are_the_known_ones);
	tcase_add_test(tcase, a_descriptor_hashes_like_its_bytes);
	tcase_add_test(tcase, only_64_hex_digits_are_a_name);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(hash_suite)
