/*
 * door.h: the way into the runtime and, when the membership ends, out of it. In a worker the
 * runtime ends the process when rsd is gone; in a program of others it leaves the call that was
 * under way, from however deep, and the door stays closed. All that the runtime knew is
 * worthless then, so nothing is lost by that.
 *
 *     if (setjmp(door_way_out))
 *             return -EPIPE;
 *     int r = door_enter();
 *     if (r)
 *             return r;
 */
#pragma once

#include <setjmp.h>

#include "ipc/base.h"

enum door_state {
	DOOR_OUT,
	DOOR_IN,
	DOOR_LOST,   /* rsd ended, or expelled us; nothing was let go of yet */
	DOOR_COPIED, /* we are a child of one who is in; the same */
};
enum door_state door_state(void);

/* We are a member, ends.h has its descriptors. */
int door_open(void) MUST_USE;
/* We are none any more; closes what is its own. */
void door_shut(void);

/* 0: the runtime may be used; an announced sleep is over. -ENOTCONN, -EPIPE. */
int door_enter(void) MUST_USE;
extern jmp_buf door_way_out;

/* Readable when a peer rang, or the membership ended. -1: there is none. */
int door_fd(void);
/* A sleep was begun (ends.h), and the program sleeps where it likes. */
void door_sleeps(void);

/* door_wait() is ends.h's, trap_runtime() trap.h's. */
