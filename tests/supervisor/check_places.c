#include <string.h>

#include <sys/stat.h>

#include "supervisor/places.h"
#include "tests/cache/scratch.h"
#include "tests/check_run.h"

static const char *const variables[] = { "REDSHIRT_RUN_DIR", "REDSHIRT_STATE_DIR",
	"REDSHIRT_CACHE_DIR", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CACHE_HOME", "HOME" };

static void without_environment(void)
{
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		unsetenv(variables[i]);
}

/* Tests run in processes of their own, so a user can be changed for good. */
static void become(uid_t user)
{
	if (getuid() != user)
		ck_assert_int_eq(setuid(user), 0);
}

static struct places found(void)
{
	struct places places;

	ck_assert_int_eq(places_find(&places), 0);
	return places;
}

START_TEST(root_has_the_folders_of_the_system)
{
	if (getuid() != 0)
		return;
	setenv("XDG_STATE_HOME", "/elsewhere", 1);
	struct places p = found();
	ck_assert_str_eq(p.folder[PLACE_RUN], "/run/redshirt");
	ck_assert_str_eq(p.folder[PLACE_STATE], "/var/lib/redshirt");
	ck_assert_str_eq(p.folder[PLACE_CACHE], "/var/cache/redshirt");
}
END_TEST

START_TEST(users_have_the_folders_of_xdg)
{
	become(getuid() ? getuid() : 65534);
	setenv("HOME", "/home/u", 1);
	setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
	setenv("XDG_CACHE_HOME", "not/absolute", 1);
	struct places p = found();
	ck_assert_str_eq(p.folder[PLACE_RUN], "/run/user/7/redshirt");
	ck_assert_str_eq(p.folder[PLACE_STATE], "/home/u/.local/state/redshirt");
	ck_assert_str_eq(p.folder[PLACE_CACHE], "/home/u/.cache/redshirt");
}
END_TEST

START_TEST(without_a_runtime_folder_it_is_in_tmp_by_user)
{
	become(getuid() ? getuid() : 65534);
	setenv("HOME", "/home/u", 1);
	char want[64];
	snprintf(want, sizeof(want), "/tmp/redshirt-%lu", (unsigned long)getuid());
	ck_assert_str_eq(found().folder[PLACE_RUN], want);
}
END_TEST

START_TEST(an_override_counts_for_everybody)
{
	setenv("HOME", "/home/u", 1);
	setenv("REDSHIRT_STATE_DIR", "/s", 1);
	ck_assert_str_eq(found().folder[PLACE_STATE], "/s");
}
END_TEST

START_TEST(a_relative_override_is_refused)
{
	struct places p;

	setenv("REDSHIRT_RUN_DIR", "here", 1);
	ck_assert_int_eq(places_find(&p), -EINVAL);
}
END_TEST

START_TEST(a_path_beyond_the_limit_is_refused)
{
	static char lengthy[PATH_MAX + 8];
	struct places p;

	memset(lengthy, 'x', sizeof(lengthy) - 1);
	lengthy[0] = '/';
	setenv("REDSHIRT_RUN_DIR", lengthy, 1);
	ck_assert_int_eq(places_find(&p), -ENAMETOOLONG);
	strcpy(p.folder[PLACE_RUN], "/r");
	ck_assert_int_eq(places_path(&p, PLACE_RUN, lengthy, lengthy), -ENAMETOOLONG);
}
END_TEST

static struct places in_scratch(const char *below)
{
	struct places p;

	snprintf(p.folder[PLACE_RUN], PATH_MAX, "%s/%s", scratch, below);
	return p;
}

START_TEST(make_makes_parents_and_keeps_others_out)
{
	struct places p = in_scratch("a/b/run");
	struct stat st;

	ck_assert_int_eq(places_make(&p, PLACE_RUN), 0);
	ck_assert_int_eq(places_make(&p, PLACE_RUN), 0); /* again is fine */
	ck_assert_int_eq(stat(p.folder[PLACE_RUN], &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0700);
}
END_TEST

START_TEST(make_refuses_a_folder_that_others_may_write_to)
{
	struct places p = in_scratch("run");

	ck_assert_int_eq(mkdir(p.folder[PLACE_RUN], 0700), 0);
	ck_assert_int_eq(chmod(p.folder[PLACE_RUN], 0777), 0);
	ck_assert_int_eq(places_make(&p, PLACE_RUN), -EPERM);
}
END_TEST

START_TEST(make_refuses_a_link_in_the_folders_place)
{
	struct places p = in_scratch("run");

	ck_assert_int_eq(symlink(scratch, p.folder[PLACE_RUN]), 0);
	ck_assert_int_eq(places_make(&p, PLACE_RUN), -ENOTDIR);
}
END_TEST

START_TEST(make_refuses_somebody_elses_folder)
{
	struct places p = in_scratch("run");

	if (getuid() != 0)
		return;
	ck_assert_int_eq(mkdir(p.folder[PLACE_RUN], 0700), 0);
	ck_assert_int_eq(chown(p.folder[PLACE_RUN], 65534, 65534), 0);
	ck_assert_int_eq(places_make(&p, PLACE_RUN), -EPERM);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("places");
	TCase *t = tcase_create("names");

	tcase_add_checked_fixture(t, without_environment, NULL);
	tcase_add_test(t, root_has_the_folders_of_the_system);
	tcase_add_test(t, users_have_the_folders_of_xdg);
	tcase_add_test(t, without_a_runtime_folder_it_is_in_tmp_by_user);
	tcase_add_test(t, an_override_counts_for_everybody);
	tcase_add_test(t, a_relative_override_is_refused);
	tcase_add_test(t, a_path_beyond_the_limit_is_refused);
	suite_add_tcase(s, t);
	t = tcase_create("making");
	tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
	tcase_add_test(t, make_makes_parents_and_keeps_others_out);
	tcase_add_test(t, make_refuses_a_folder_that_others_may_write_to);
	tcase_add_test(t, make_refuses_a_link_in_the_folders_place);
	tcase_add_test(t, make_refuses_somebody_elses_folder);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite)
