/* check_run.h: every check_*.c ends with CHECK_MAIN(suite). */
#pragma once

#include <check.h>
#include <stdlib.h>

#define CHECK_MAIN(make_suite)                                                                   \
	int main(void)                                                                           \
	{                                                                                        \
		SRunner *runner = srunner_create(make_suite());                                  \
		srunner_run_all(runner, CK_ENV);                                                 \
		int failed = srunner_ntests_failed(runner);                                      \
		srunner_free(runner);                                                            \
		return failed ? EXIT_FAILURE : EXIT_SUCCESS;                                     \
	}
