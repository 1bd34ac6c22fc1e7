/*
 * table.pml: a worker acts upon the last thing rsd wrote into its lane table (ipc/table.h),
 * however the change falls between its looks and its sleep.
 *
 * rsd()     supervisor/workers/worker.c: worker_table_open() and the record that announces the lane, then
 *           worker_table_state(), whose changed() raises the version and rings
 * worker()  runtime: ends_take() when the record was read, closing_watch(), ends_sleep()
 *
 * Variants that must fail:
 *   VERSION_FIRST     rsd raises the version, then changes the entry
 *   ENTRY_FIRST       closing_watch() reads the entries, then the version it acts upon
 *   NO_RING           rsd does not ring
 *   NO_FENCE_IN_RING  bell_ring() looks at the epoch before the version is out
 *   NO_COMPARE        ends_sleep() does not compare the version
 *   KEEP_VERSION      ends_take() does not ask for another look: a change that came before the
 *                     lane was taken is never acted upon
 */
#define OPEN    1
#define DEAD    2 /* TABLE_PEER_DEAD */
#define DONE    3 /* a later change, so that one may hide the other */

#define WORDS     4
#define STATE     0
#define VERSION   1
#define ANNOUNCED 2 /* the home lane's tail */
#define EPOCH     3
#define RSD       0
#define WORKER    1
#include "memory.pml"

bit bell;

inline ring() {
#ifndef NO_FENCE_IN_RING
	fence(RSD);
#endif
	epoch = load(EPOCH);
	if
	:: (epoch & 1) && epoch != last_rung -> last_rung = epoch; bell = 1
	:: else
	fi
}

inline change(state) {
	version++;
#ifdef VERSION_FIRST
	store(RSD, VERSION, version);
	store(RSD, STATE, state);
#else
	store(RSD, STATE, state);
	store(RSD, VERSION, version);
#endif
#ifndef NO_RING
	ring()
#endif
}

active proctype rsd() {
	byte version, epoch, last_rung;

	store(RSD, STATE, OPEN); /* no version: the record will be looked for */
	store(RSD, ANNOUNCED, 1);
	ring();
	change(DEAD);
	change(DONE)
}

#define news (load(ANNOUNCED) && !taken)

active proctype worker() {
	byte seen, acted, own;
	bit taken, come;

	do
	:: seen == DONE -> break
	:: else ->
		if
		:: news ->
			taken = 1;
#ifndef KEEP_VERSION
			acted = 0
#endif
		:: else
		fi;
		if
		:: load(VERSION) != acted ->
#ifdef ENTRY_FIRST
			seen = (taken -> load(STATE) : seen);
			acted = load(VERSION)
#else
			acted = load(VERSION);
			seen = (taken -> load(STATE) : seen)
#endif
		:: else
		fi;
		if
		:: seen == DONE -> break
		:: else
		fi;
		own = own | 1;
		store(WORKER, EPOCH, own);
		fence(WORKER);
		come = news;
#ifndef NO_COMPARE
		come = come || load(VERSION) != acted;
#endif
		if
		:: come
		:: else -> atomic { bell -> bell = 0 }
		fi;
		own++;
		store(WORKER, EPOCH, own)
	od
}
