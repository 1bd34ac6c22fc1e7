/*
 * profile.h: a profile of earlier runs (struct profile in abi.h), given to the compiler in the
 * form that it reads: m_<part>.gcda beside the parts, as libgcov would have written them.
 *
 * The counters are whatever a program wrote there. They decide what the compiler thinks is
 * often done, and so how fast the object is, never what it does; and they are made smaller, all
 * alike, until no sum of them overflows in the compiler.
 */
#pragma once

#include "aotc/build.h"

#define PROFILE_GCC     12           /* whose formats we know */
#define PROFILE_SUM_MAX (1ull << 48) /* of all counters as the compiler gets them */

/* From build->profile_fd, after translate(). 0, -errno, or BUILD_FAILED: it does not hold
 * together. */
int profile_write(struct build *build) MUST_USE;
