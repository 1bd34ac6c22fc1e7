#include "supervisor/places.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include <sys/stat.h>

#define FOLDER_NAME "redshirt"

static const struct {
	const char *override; /* environment: the folder itself */
	const char *of_root;
	const char *above; /* environment: the folder it stands in */
	const char *home;  /* below the home folder; NULL: in /tmp, with the user's number */
} rules[PLACES] = {
	[PLACE_RUN] = { "REDSHIRT_RUN_DIR", "/run/redshirt", "XDG_RUNTIME_DIR", NULL },
	[PLACE_STATE] = { "REDSHIRT_STATE_DIR", "/var/lib/redshirt", "XDG_STATE_HOME",
		".local/state" },
	[PLACE_CACHE] = { "REDSHIRT_CACHE_DIR", "/var/cache/redshirt", "XDG_CACHE_HOME",
		".cache" },
};

static int fits(int length)
{
	return length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static const char *home_folder(void)
{
	const char *home = getenv("HOME");

	if (home && home[0] == '/')
		return home;
	struct passwd *user = getpwuid(getuid());
	return user && user->pw_dir && user->pw_dir[0] == '/' ? user->pw_dir : NULL;
}

static int of_user(enum place place, char out[PATH_MAX])
{
	const char *above = getenv(rules[place].above), *home;

	if (above && above[0] == '/')
		return fits(snprintf(out, PATH_MAX, "%s/" FOLDER_NAME, above));
	if (!rules[place].home)
		return fits(snprintf(
			out, PATH_MAX, "/tmp/" FOLDER_NAME "-%lu", (unsigned long)getuid()));
	home = home_folder();
	if (!home)
		return -ENOENT;
	return fits(snprintf(out, PATH_MAX, "%s/%s/" FOLDER_NAME, home, rules[place].home));
}

static int find(enum place place, char out[PATH_MAX])
{
	const char *override = getenv(rules[place].override);

	if (override && override[0])
		return override[0] == '/' ? fits(snprintf(out, PATH_MAX, "%s", override))
					  : -EINVAL;
	if (getuid() == 0)
		return fits(snprintf(out, PATH_MAX, "%s", rules[place].of_root));
	return of_user(place, out);
}

int places_find(struct places *out)
{
	int r = 0;

	for (enum place place = 0; place < PLACES && r == 0; place++)
		r = find(place, out->folder[place]);
	return r;
}

int places_path(
	const struct places *places, enum place place, const char *name, char out[PATH_MAX])
{
	return fits(snprintf(out, PATH_MAX, "%s/%s", places->folder[place], name));
}

static int make_parents(const char *path)
{
	char part[PATH_MAX];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

int places_make(const struct places *places, enum place place)
{
	const char *path = places->folder[place];
	struct stat st;
	int r = make_parents(path);

	if (r)
		return r;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	/* lstat: a link in /tmp may point wherever its maker wants us to write */
	if (lstat(path, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return st.st_uid == getuid() && !(st.st_mode & 022) ? 0 : -EPERM;
}

int places_installed(const char *name, char out[PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return -errno;
	self[n] = 0;
	/* the tree is two levels up: TREE/bin/rsctl; TREE/libexec/redshirt/aotc is not asked */
	for (int i = 0; i < 2; i++) {
		char *slash = strrchr(self, '/');
		if (!slash)
			return -ENOENT;
		*slash = 0;
	}
	return fits(snprintf(out, PATH_MAX, "%s/%s", self, name));
}
