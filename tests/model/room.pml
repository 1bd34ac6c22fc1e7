/*
 * room.pml: who waits for room in a ring is woken when there is some (ipc/ring.[ch], ipc/lane.h).
 *
 * producer()  ring_put(); where it says RING_FULL, ends_sleep() of runtime/ends.c:
 *             bell_sleep_begin(), ring_want_space(), block, bell_sleep_end(), ring_got_space()
 * consumer()  ring_peek() and ring_consume(), lane_tell() at the end of a batch and always before
 *             it sleeps
 *
 * Positions count RECORD_ALIGN bytes. Variants that must fail:
 *   NO_FENCE_IN_WANT     ring_want_space(): the look at the head passes the wish
 *   NO_FENCE_IN_AWAITED  ring_space_awaited(): the look for a wish passes the head
 *   TOLD_IS_ENOUGH       lane_tell() has nothing to do when ring_consume() told the head already;
 *                        the reason why struct ring_in has `looked`
 *   SLEEP_UNTOLD         the consumer sleeps without lane_tell()
 *   WANT_BEFORE_BEGIN    the wish before the odd epoch: the consumer sees somebody who wants room
 *                        and is awake, and does not ring
 */
#define RING    8
#define HALF    (RING / 2)
#define QUARTER (RING / 4)
#define RECORDS 3
#define LARGEST HALF /* ring_body_max(): so half a ring is room for any record */

#define WORDS    5
#define TAIL     0
#define WANT     1 /* tail->want_space */
#define P_EPOCH  2 /* the producer's own page */
#define HEAD     3
#define C_EPOCH  4
#define PRODUCER 0
#define CONSUMER 1
#include "memory.pml"

bit p_bell, c_bell;
byte size[RECORDS]; /* the ring's bytes: behind the tail, so never raced for */

inline bell_ring(cpu, epoch_word, bell) {
	fence(cpu);
	epoch = load(epoch_word);
	if
	:: (epoch & 1) && epoch != last_rung -> last_rung = epoch; bell = 1
	:: else
	fi
}

inline sleep_begin(cpu, epoch_word) {
	atomic { own = own | 1; store(cpu, epoch_word, own) };
	fence(cpu)
}

inline sleep_end(cpu, epoch_word) {
	atomic { own++; store(cpu, epoch_word, own) }
}

inline lane_ring() {
	if
	:: unrung -> unrung = 0; bell_ring(PRODUCER, C_EPOCH, c_bell)
	:: else
	fi
}

#define room (RING - (tail - head) >= bytes)

inline has_room() {
	if
	:: room
	:: else -> head = load(HEAD); assert(head <= tail && tail - head <= RING)
	fi
}

inline want_space() {
	store(PRODUCER, WANT, 1);
#ifndef NO_FENCE_IN_WANT
	fence(PRODUCER);
#endif
	has_room()
}

active proctype producer() {
	byte sent, tail, head, bytes, own, epoch, last_rung;
	bit unrung;

	do
	:: sent == RECORDS -> break
	:: else ->
		if
		:: bytes == 0 -> if :: bytes = 1 :: bytes = LARGEST fi
		:: else
		fi;
		has_room();
		if
		:: room ->
			atomic {
				size[sent] = bytes;
				tail = tail + bytes;
				bytes = 0;
				sent++;
				unrung = 1;
				store(PRODUCER, TAIL, tail)
			};
			if
			:: lane_ring()
			:: skip /* RS_MORE: the bell waits for the batch */
			fi
		:: else ->
			lane_ring();
#ifdef WANT_BEFORE_BEGIN
			want_space();
			sleep_begin(PRODUCER, P_EPOCH);
#else
			sleep_begin(PRODUCER, P_EPOCH);
			want_space();
#endif
			if
			:: room
			:: else -> atomic { p_bell -> p_bell = 0 }
			fi;
			sleep_end(PRODUCER, P_EPOCH);
			store(PRODUCER, WANT, 0)
		fi
	od;
	lane_ring()
}

inline tell() {
	if
	:: atomic { told != head -> told = head; store(CONSUMER, HEAD, head) }
	:: else
	fi
}

inline space_awaited() {
#ifndef NO_FENCE_IN_AWAITED
	fence(CONSUMER);
#endif
	awaited = load(WANT);
	awaited = awaited && load(TAIL) - told <= HALF
}

inline lane_tell() {
	if
#ifdef TOLD_IS_ENOUGH
	:: told == head
#else
	:: looked == head
#endif
	:: else ->
		looked = head;
		tell();
		space_awaited();
		if
		:: awaited -> bell_ring(CONSUMER, P_EPOCH, p_bell)
		:: else
		fi
	fi
}

active proctype consumer() {
	byte got, head, told, looked, own, epoch, last_rung;
	bit awaited;

	do
	:: got == RECORDS -> break
	:: else ->
		if
		:: head != load(TAIL) ->
			atomic { head = head + size[got]; got++ };
			if
			:: head - told >= QUARTER -> tell()
			:: else
			fi;
			if
			:: lane_tell() /* the batch ends here */
			:: skip
			fi
		:: else ->
#ifndef SLEEP_UNTOLD
			lane_tell();
#endif
			sleep_begin(CONSUMER, C_EPOCH);
			if
			:: head != load(TAIL)
			:: else -> atomic { c_bell -> c_bell = 0 }
			fi;
			sleep_end(CONSUMER, C_EPOCH)
		fi
	od
}
