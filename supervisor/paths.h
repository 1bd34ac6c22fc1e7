/*
 * paths.h: where rsd keeps its things, for rsd and rsctl alike.
 *
 *            root                 others
 *     run    /run/redshirt        $XDG_RUNTIME_DIR/redshirt, or /tmp/redshirt-UID
 *     state  /var/lib/redshirt    $XDG_STATE_HOME/redshirt, or ~/.local/state/redshirt
 *     cache  /var/cache/redshirt  $XDG_CACHE_HOME/redshirt, or ~/.cache/redshirt
 *
 * An option overrides REDSHIRT_RUN_DIR, _STATE_DIR and _CACHE_DIR, which override the table.
 */
#pragma once

#include <limits.h>

#include <sys/types.h>

#include "ipc/base.h"

enum {
	PATHS_TOO_LONG = 1,
	PATHS_RELATIVE, /* an option or a REDSHIRT_ variable that does not begin with / */
	PATHS_NO_HOME,  /* neither HOME nor the XDG variable is of use */
	PATHS_FOREIGN,  /* make: another user's, or not a folder */
	PATHS_WRITABLE, /* make: others may write to it */
};

struct paths {
	char run[PATH_MAX], state[PATH_MAX], cache[PATH_MAX];
};

/* What an outcome means, for people; also of -errno. */
const char *paths_text(int outcome);

/* Options may be NULL. On an outcome, *blame says what it was about ("REDSHIRT_RUN_DIR"). */
struct paths_options {
	const char *run, *state, *cache;
};
int paths_find(
	const struct paths_options *options, struct paths *out, const char **blame) MUST_USE;

/* The folder is there when this answers 0: made with its parents if need be, ours, and nobody
 * else's to write. */
int paths_make(const char *folder, mode_t mode) MUST_USE;

/* folder/name. 0 or PATHS_TOO_LONG. */
int paths_join(const char *folder, const char *name, char out[PATH_MAX]) MUST_USE;

/* A program of ours that people do not call: ../libexec/redshirt/NAME, seen from the running
 * program's folder. */
int paths_libexec(const char *name, char out[PATH_MAX]) MUST_USE;
