/*
 * gone.pml: when a handler dies, each of its client's messages completes exactly once, and an
 * answer that was published before is never thrown away.
 *
 * handler()  answers, and may die anywhere
 * rsd()      supervisor/broker/broker.c: TABLE_PEER_DEAD, written when the pidfd says that the process is
 *            gone
 * client()   runtime: inbox.c reads answers; closing.c: PEER_DEAD makes the lane END_DRAINING, an
 *            empty END_DRAINING lane completes what is left with RS_HANDLER_GONE
 *
 * Variants that must fail:
 *   FAIL_FIRST        complete what is left, then drain: completed twice
 *   ON_SUSPICION      rsd writes PEER_DEAD before the process is gone: completed twice
 *   EMPTY_BEFORE_DEAD the lane was found empty before the state was read: an answer in between is
 *                     lost
 */
#define MESSAGES 3
#define RING     1 /* records in flight each way */

byte asked, taken;       /* requests: tail and head */
byte answered, received; /* answers: tail and head */
bit gone;                /* the process does not exist any more */
bit peer_dead;           /* what the table says */
byte completed[MESSAGES];

inline complete(which) {
	completed[which]++;
	assert(completed[which] == 1)
}

active proctype handler() {
	do
	:: gone = 1; break
	:: taken < asked && answered - received < RING ->
		if
		:: answered++; taken++ /* one store publishes the answer */
		:: gone = 1; break     /* before it did */
		fi
	:: timeout -> break /* it lives on, and there is nothing more to do */
	od
}

active proctype rsd() {
#ifdef ON_SUSPICION
	if
	:: peer_dead = 1
	:: gone -> peer_dead = 1
	fi
#else
	if
	:: gone -> peer_dead = 1
	:: timeout
	fi
#endif
}

inline drain() {
	do
	:: received < answered -> complete(received); received++
	:: else -> break
	od
}

inline fail_the_rest(first) {
	which = first;
	do
	:: which < asked -> complete(which); which++
	:: else -> break
	od
}

active proctype client() {
	byte which;
	bit empty_seen;

	do
	:: asked < MESSAGES && asked - taken < RING && !peer_dead -> asked++
	:: received < answered -> complete(received); received++
	:: received == MESSAGES -> break
#ifdef EMPTY_BEFORE_DEAD
	:: received == answered && asked > received ->
		(received < answered || peer_dead);
		if
		:: peer_dead -> fail_the_rest(received); break
		:: else
		fi
#else
	:: peer_dead ->
#ifdef FAIL_FIRST
		fail_the_rest(received);
		drain();
#else
		drain();
		fail_the_rest(received);
#endif
		break
#endif
	od;
	which = 0;
	do
	:: which < asked -> assert(completed[which] == 1); which++
	:: else -> break
	od;
	assert(received == answered) /* nothing published is left behind */
}
