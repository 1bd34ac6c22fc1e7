/*
 * wasi_clock.h: the clocks of WASI. The kernel is never asked: what the vDSO does not know, the
 * processor time, is given as the time since the start. For the rooms of WASI only.
 */
#pragma once

#include "ipc/base.h"
#include "runtime/wasi_abi.h"

/* Before the lock: resolutions have to be asked for. */
void wasi_clock_init(void);

/* False: no such clock. */
bool wasi_clock_now(uint32_t clock, uint64_t *ns) MUST_USE;
