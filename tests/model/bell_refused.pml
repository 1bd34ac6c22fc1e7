/*
 * bell_refused.pml: ways to wake a sleeper that ipc/bell.h does not use, and why. One consumer,
 * one honest sender, one hostile sender that shares the bell. Memory is kept in order here: what
 * is wrong with these is not an order.
 *
 *   WORD          a shared futex word and a shared "asleep" flag. Honest peers lose nothing;
 *                 with HOSTILE one peer's scribbling loses another one's message
 *   OWN_WORD      a word only its owner writes; senders FUTEX_WAKE and try again until somebody
 *                 woke. Right, but the retries are system calls; NO_RETRY loses a wake-up, and so
 *                 does THIEF, a peer that waits on the word as well (the kernel lets it, even
 *                 where the page is mapped read-only)
 *   WORD_PER_LANE one word per lane and futex_waitv. Right, but at most 128 lanes and 1.1 us a
 *                 message
 */
#define MESSAGES 3
#define MISCHIEF 3

byte head, tail, sent; /* the honest lane */
byte sequence;         /* the word that is slept on */
bit asleep;            /* a flag for the senders */
bit blocked;           /* the consumer waits in the kernel */
bit thief_blocked;     /* so does the hostile sender */
byte lane_word, hostile_word;
bit lane_asleep, hostile_asleep;

#if defined(WORD)
#define asleep_now     seen = sequence; asleep = 1
#define awake_again    asleep = 0
#define unchanged      (sequence == seen)
#elif defined(OWN_WORD)
#define asleep_now     seen = sequence; asleep = 1
#define awake_again    asleep = 0; sequence = (sequence + 1) % 8
#define unchanged      (sequence == seen)
#else /* WORD_PER_LANE */
#define asleep_now     seen = lane_word; seen2 = hostile_word; lane_asleep = 1; hostile_asleep = 1
#define awake_again    lane_asleep = 0; hostile_asleep = 0
#define unchanged      (lane_word == seen && hostile_word == seen2)
#endif

active proctype consumer() {
	byte seen, seen2;

	do
	:: head < tail -> head++
	:: head == MESSAGES -> break
	:: else ->
		asleep_now;
		if
		:: head < tail
		:: else ->
			atomic { /* FUTEX_WAIT compares and goes to sleep in one */
				if
				:: unchanged -> blocked = 1
				:: else
				fi
			};
			!blocked
		fi;
		awake_again
	od
}

inline wake() {
#if defined(WORD)
	if
	:: asleep ->
		atomic { was = asleep; asleep = 0 };
		if
		:: was -> sequence = (sequence + 1) % 8; blocked = 0
		:: else
		fi
	:: else
	fi
#elif defined(OWN_WORD) && defined(NO_RETRY)
	if
	:: asleep -> blocked = 0
	:: else
	fi
#elif defined(OWN_WORD)
	seen = sequence;
	do
	:: atomic { !asleep || sequence != seen -> break }
	:: atomic { blocked -> blocked = 0; break } /* FUTEX_WAKE said 1; else once more */
#ifdef THIEF
	:: atomic { thief_blocked -> thief_blocked = 0; break } /* it said 1 as well */
#endif
	od
#else /* WORD_PER_LANE */
	if
	:: lane_asleep ->
		atomic { was = lane_asleep; lane_asleep = 0 };
		if
		:: was -> lane_word = (lane_word + 1) % 8; blocked = 0
		:: else
		fi
	:: else
	fi
#endif
}

active proctype sender() {
	byte seen;
	bit was;

	do
	:: sent < MESSAGES ->
		tail++;
		sent++;
		wake()
	:: else -> break
	od
}

active proctype hostile() {
	byte done, seen;

	do
	:: done < MISCHIEF ->
		done++;
		if
#if defined(WORD) && defined(HOSTILE)
		:: asleep = 0
		:: seen = sequence; sequence = seen
		:: sequence = (sequence + 7) % 8
#elif defined(WORD_PER_LANE)
		:: hostile_asleep = 0
		:: hostile_word = (hostile_word + 1) % 8
		:: hostile_word = (hostile_word + 7) % 8
#elif defined(THIEF)
		:: thief_blocked = 1
#endif
#if !defined(WORD) || defined(HOSTILE)
		:: blocked = 0
#else
		:: skip
#endif
		fi
	:: break
	od
}
