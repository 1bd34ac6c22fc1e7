/* check.h: what fixtures of tests use of Check, where there is no Check: in a fuzzer. */
#pragma once

#include <assert.h>

#define ck_assert(condition)          assert(condition)
#define ck_assert_msg(condition, ...) assert(condition)
#define ck_assert_int_eq(a, b)        assert((a) == (b))
#define ck_assert_ptr_nonnull(p)      assert((p) != NULL)
