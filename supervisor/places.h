/*
 * places.h: where rsd and rsctl find their folders and each other's programs.
 *
 *                root                  everybody else
 *     run        /run/redshirt         $XDG_RUNTIME_DIR/redshirt, else /tmp/redshirt-UID
 *     state      /var/lib/redshirt     $XDG_STATE_HOME/redshirt, else ~/.local/state/redshirt
 *     cache      /var/cache/redshirt   $XDG_CACHE_HOME/redshirt, else ~/.cache/redshirt
 *
 * REDSHIRT_RUN_DIR, REDSHIRT_STATE_DIR and REDSHIRT_CACHE_DIR override and must be absolute. A
 * relative path in an XDG variable counts as not set, as its specification says.
 */
#pragma once

#include <limits.h>

#include "ipc/base.h"

enum place {
	PLACE_RUN,
	PLACE_STATE,
	PLACE_CACHE,
	PLACES
};

struct places {
	char folder[PLACES][PATH_MAX];
};

/* Only finds names, makes nothing. -ENOENT: no home folder; -EINVAL: an override is not
 * absolute; -ENAMETOOLONG. */
int places_find(struct places *out) MUST_USE;

/* folder/name. -ENAMETOOLONG. */
int places_path(const struct places *places, enum place place, const char *name,
	char out[PATH_MAX]) MUST_USE;

/*
 * Makes the folder and its parents where they are missing (mode 0700). Refuses one that is not
 * ours or that others may write to (-EPERM): /tmp/redshirt-UID could have been made by anybody.
 */
int places_make(const struct places *places, enum place place) MUST_USE;

/* A file of the tree this program was installed in: places_installed("bin/rsd", path). */
int places_installed(const char *name, char out[PATH_MAX]) MUST_USE;
