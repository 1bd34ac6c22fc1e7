/*
 * bell.pml: the bell of ipc/bell.[ch] never leaves its owner asleep beside a published message.
 *
 * sleeper()  runtime/ends.c ends_sleep(): bell_sleep_begin(), look once more, block on the pipe,
 *            bell_sleep_end()
 * sender()   ring_commit(), then bell_ring(), once per batch
 * hostile()  a peer that holds the bell's write end as well and rings when it likes
 *
 * A lost wake-up is a process that waits for ever: Spin calls it an invalid end state.
 * Variants that must fail:
 *   NO_FENCE_IN_RING   bell_ring() loads the epoch while the tail still waits in its buffer
 *   NO_FENCE_IN_BEGIN  bell_sleep_begin() lets the look pass the store of the odd epoch
 *   LOOK_BEFORE_BEGIN  ends_sleep() looks, then begins, then blocks
 *   RING_FIRST         the bell before the tail
 *   EPOCHS=8           an epoch that comes round: "rung in this sleep" is said of an old one
 *   SHARED_EPOCH       the own page is not sealed: a hostile peer writes the epoch
 *   DRAINABLE          an eventfd instead of a pipe: a hostile peer may read the bell
 */
#ifndef EPOCHS
#define EPOCHS 128 /* wide enough for this run, as 64 bits are for the real one */
#endif
#define MESSAGES 3
#define MISCHIEF 3 /* what the hostile peer does at most */

#define WORDS 2
#define TAIL  0
#define EPOCH 1
#define SLEEPER 0
#define SENDER  1
#include "memory.pml"

bit bell; /* something lies in the pipe */

active proctype sleeper() {
	byte got, epoch;
	bit come;

	do
	:: got < load(TAIL) -> got++
	:: got == MESSAGES -> break
	:: else ->
#ifdef LOOK_BEFORE_BEGIN
		come = got < load(TAIL);
#endif
		epoch = epoch | 1;
		store(SLEEPER, EPOCH, epoch);
#ifndef NO_FENCE_IN_BEGIN
		fence(SLEEPER);
#endif
#ifndef LOOK_BEFORE_BEGIN
		come = got < load(TAIL);
#endif
		if
		:: come
		:: else -> atomic { bell -> bell = 0 }
		fi;
		epoch = (epoch + 1) % EPOCHS;
		store(SLEEPER, EPOCH, epoch)
	od
}

inline ring() {
#ifndef NO_FENCE_IN_RING
	fence(SENDER);
#endif
	epoch = load(EPOCH);
	if
	:: (epoch & 1) && epoch != last_rung -> last_rung = epoch; bell = 1
	:: else
	fi
}

active proctype sender() {
	byte sent, epoch, last_rung;

	do
	:: sent < MESSAGES ->
		sent++;
#ifdef RING_FIRST
		ring();
		store(SENDER, TAIL, sent)
#else
		store(SENDER, TAIL, sent);
		if
		:: sent < MESSAGES /* the batch goes on */
		:: ring()
		fi
#endif
	:: else -> break
	od
}

active proctype hostile() {
	byte done;

	do
	:: done < MISCHIEF ->
		done++;
		if
		:: bell = 1
#ifdef DRAINABLE
		:: bell = 0
#endif
#ifdef SHARED_EPOCH
		:: word[EPOCH] = 0
#endif
		fi
	:: break
	od
}
