/*
 * private.h: an rsd of this user's own, for as long as it is needed: started by whoever needs
 * one first, it ends by itself when nothing has run for a while.
 */
#pragma once

#include "supervisor/places.h"

#define PRIVATE_IDLE_S    "30"
#define PRIVATE_START_MS  10000
#define PRIVATE_LOG_NAME  "rsd.log" /* in the state folder */
#define PRIVATE_LOG_BYTES MIB       /* a longer one is begun anew */
#define PRIVATE_WHY_SIZE  512

enum {
	PRIVATE_FAILED = 1, /* why says what was in the way */
};

/* 0: an rsd listens on socket_path, ours or that of another rsctl that was faster. */
int private_start(const struct places *places, const char *socket_path,
	char why[PRIVATE_WHY_SIZE]) MUST_USE;
