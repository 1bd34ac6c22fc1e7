/* native_ask.c: bench_ask.c as a native client: the same lines, compiled for this machine. */
#include "tests/bench/ipc/native/redshirt.h"
#include "tests/guests/bench_ask.c"
