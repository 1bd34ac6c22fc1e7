/*
 * join.h: how a program becomes a member and stops being one: the request on rsd's control
 * socket, the addresses where lanes lie, the runtime put together as in a worker.
 */
#pragma once

#include "ipc/base.h"

#define JOIN_WHY_SIZE 256

/* As rs_client_join(), when we are out. why: for people. */
int join_begin(const char *socket, const char *name, uint64_t *process,
	char why[JOIN_WHY_SIZE]) MUST_USE;

/* Tells rsd and waits until it has let go of us; not when it did so by itself. */
void join_say_goodbye(void);

/* Lets go of everything, whatever there is. */
void join_undo(void);
