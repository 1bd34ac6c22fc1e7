/* memfd.h: anonymous memory as a descriptor, never executable where the kernel can promise
 * that. */
#pragma once

#include "ipc/base.h"

/* Zeroed memory of that many bytes, sealed with the given F_SEAL_* (0: none yet, may be sealed
 * later). */
int memfd_new(const char *name, uint64_t bytes, int seals, int *fd) MUST_USE;
int memfd_seal(int fd, int seals) MUST_USE;
