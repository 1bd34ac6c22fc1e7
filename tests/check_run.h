/* check_run.h: every check_*.c ends with CHECK_MAIN(suite). */
#pragma once

#include <check.h>
#include <stdlib.h>

/* For loops: each ck_assert is a system call to the parent even when it holds. */
#define MUST(condition)                                                                          \
	do {                                                                                     \
		if (!(condition))                                                                \
			ck_abort_msg("%s", #condition);                                          \
	} while (0)

#define CHECK_MAIN(make_suite)                                                                   \
	int main(void)                                                                           \
	{                                                                                        \
		SRunner *runner = srunner_create(make_suite());                                  \
		srunner_run_all(runner, CK_ENV);                                                 \
		int failed = srunner_ntests_failed(runner);                                      \
		srunner_free(runner);                                                            \
		return failed ? EXIT_FAILURE : EXIT_SUCCESS;                                     \
	}
