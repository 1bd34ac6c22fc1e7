#include "supervisor/paths.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <sys/stat.h>

#define NAME "redshirt"

static const char *const texts[] = {
	[PATHS_TOO_LONG] = "the path is too long",
	[PATHS_RELATIVE] = "the path does not begin with /",
	[PATHS_NO_HOME] = "HOME is not set",
	[PATHS_FOREIGN] = "it is another user's, or not a folder",
	[PATHS_WRITABLE] = "others may write to it",
};

const char *paths_text(int outcome)
{
	if (outcome < 0)
		return strerror(-outcome);
	return (size_t)outcome < ARRAY_LEN(texts) ? texts[outcome] : "unknown";
}

/* One row of the table in paths.h. */
struct place {
	const char *override; /* our own variable */
	const char *root;
	const char *xdg;
	const char *at_home; /* NULL: /tmp/redshirt-UID */
};

static const struct place run_place = { "REDSHIRT_RUN_DIR", "/run/" NAME, "XDG_RUNTIME_DIR",
	NULL };
static const struct place state_place = { "REDSHIRT_STATE_DIR", "/var/lib/" NAME,
	"XDG_STATE_HOME", ".local/state" };
static const struct place cache_place = { "REDSHIRT_CACHE_DIR", "/var/cache/" NAME,
	"XDG_CACHE_HOME", ".cache" };

static int fits(int n)
{
	return n < PATH_MAX ? 0 : PATHS_TOO_LONG;
}

static int given(const char *path, char out[PATH_MAX])
{
	if (path[0] != '/')
		return PATHS_RELATIVE;
	return fits(snprintf(out, PATH_MAX, "%s", path));
}

static int usual(const struct place *place, char out[PATH_MAX])
{
	const char *xdg = getenv(place->xdg), *home = getenv("HOME");

	if (geteuid() == 0)
		return fits(snprintf(out, PATH_MAX, "%s", place->root));
	if (xdg && xdg[0] == '/') /* the XDG specification: a relative one is ignored */
		return fits(snprintf(out, PATH_MAX, "%s/" NAME, xdg));
	if (!place->at_home)
		return fits(snprintf(out, PATH_MAX, "/tmp/" NAME "-%u", geteuid()));
	if (!home || home[0] != '/')
		return PATHS_NO_HOME;
	return fits(snprintf(out, PATH_MAX, "%s/%s/" NAME, home, place->at_home));
}

static int find(const struct place *place, const char *option, const char *option_name,
	char out[PATH_MAX], const char **blame)
{
	const char *variable = getenv(place->override);

	*blame = option ? option_name : variable && *variable ? place->override : "HOME";
	if (option)
		return given(option, out);
	if (variable && *variable)
		return given(variable, out);
	return usual(place, out);
}

int paths_find(const struct paths_options *options, struct paths *out, const char **blame)
{
	int r = find(&run_place, options->run, "--run-dir", out->run, blame);

	if (r == 0)
		r = find(&state_place, options->state, "--state-dir", out->state, blame);
	if (r == 0)
		r = find(&cache_place, options->cache, "--cache-dir", out->cache, blame);
	return r;
}

/* Makes every folder on the way; that they are there already is fine. */
static int make_way(char *path, mode_t mode)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		bool failed = mkdir(path, mode) && errno != EEXIST && errno != EROFS;
		*slash = '/';
		if (failed)
			return -errno;
	}
	return mkdir(path, mode) && errno != EEXIST ? -errno : 0;
}

int paths_make(const char *folder, mode_t mode)
{
	char path[PATH_MAX];
	struct stat st;
	int r = given(folder, path);

	if (r == 0)
		r = make_way(path, mode);
	if (r)
		return r;
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOTDIR || errno == ELOOP ? PATHS_FOREIGN : -errno;
	if (fstat(fd, &st))
		return -errno;
	if (st.st_uid != geteuid())
		return PATHS_FOREIGN;
	return st.st_mode & (S_IWGRP | S_IWOTH) ? PATHS_WRITABLE : 0;
}

int paths_join(const char *folder, const char *name, char out[PATH_MAX])
{
	return fits(snprintf(out, PATH_MAX, "%s/%s", folder, name));
}

int paths_libexec(const char *name, char out[PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return -errno;
	self[n] = 0;
	for (int up = 0; up < 2; up++) {
		char *slash = strrchr(self, '/');
		if (!slash)
			return PATHS_RELATIVE;
		*slash = 0;
	}
	return fits(snprintf(out, PATH_MAX, "%s/libexec/redshirt/%s", self, name));
}
