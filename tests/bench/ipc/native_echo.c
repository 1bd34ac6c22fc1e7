/* native_echo.c: bench_echo.c as a native client: the same lines, compiled for this machine. */
#include "tests/bench/ipc/native/redshirt.h"
#include "tests/guests/bench_echo.c"
