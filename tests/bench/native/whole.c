/*
 * whole.c: linked to each program of a suite: says how long all of it took, from before main()
 * until after exit(), on standard error. Starting the process is not part of it, natively or as
 * Wasm.
 */
#include "bench.h"

__attribute__((constructor)) static void begin(void)
{
	bench_begin();
}

__attribute__((destructor)) static void end(void)
{
	bench_say(2, "\nns=", bench_now() - bench_began, 10);
}
