/*
 * dawdle.h: random pauses before every access to words that another process sees. Included
 * before anything else in what is tested (by the test itself, or with -include), it gives the
 * atomic operations these pauses and changes nothing else.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

extern uint32_t dawdle_one_in; /* how many accesses until a pause; 0: never */
void dawdle(void);

uint64_t dawdle_roll(void); /* dice of each thread; a process that is forked off stirs them */
void dawdle_stir(uint64_t by);

#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_thread_fence
#undef atomic_fetch_add_explicit
#define atomic_load_explicit(at, order)         (dawdle(), __atomic_load_n(at, order))
#define atomic_store_explicit(at, value, order) (dawdle(), __atomic_store_n(at, value, order))
#define atomic_thread_fence(order)              (dawdle(), __atomic_thread_fence(order), dawdle())
#define atomic_fetch_add_explicit(at, value, order) \
	(dawdle(), __atomic_fetch_add(at, value, order))
