/*
 * switches.h: handlers that replace each other while messages flow, counted at both ends
 * (tests/guests/tally.c). For test programs that use run.h.
 */
#pragma once

#include <stdio.h>
#include <string.h>

#include "tests/e2e/run.h"

#define SWITCHES_CLIENTS_MAX 8u

static inline void switches_bind(uint32_t which, const char *more)
{
	run_expect(0, "",
		"rsctl bind example:tally \"$here\"/tally%u.wasm serve example:tally%s", which,
		more);
}

/* What all handlers say they were sent. */
static inline long switches_served(void)
{
	json_t *rows = run_json(run_expect(0, NULL, "rsctl ps -a --json").out), *row;
	long served = 0;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		if (strcmp(run_text(row, "for"), "example:tally") != 0)
			continue;
		uint64_t process = (uint64_t)run_number(row, "process");
		RUN_UNTIL(run_is_gone(process));
		ck_assert_int_eq(run_number(run_process(process), "status"), 0);
		const char *said = strstr(run_logs(process), "served ");
		ck_assert_msg(said, "process %" PRIu64 " says: %s", process, run_logs(process));
		served += strtol(said + strlen("served "), NULL, 10);
	}
	return served;
}

/* Every message is answered once, and came to one handler once. */
static inline void switches(uint32_t n, uint32_t clients, uint32_t in_flight, uint32_t bytes)
{
	struct run_job jobs[SWITCHES_CLIENTS_MAX];
	long sent = 0;

	run_expect(0, NULL,
		"cp \"$guests\"/tally.wasm \"$here\"/tally0.wasm && cp \"$guests\"/tally.wasm "
		"\"$here\"/tally1.wasm && printf '\\0\\2\\1x' >>\"$here\"/tally1.wasm && rsctl "
		"compile \"$here\"/tally0.wasm \"$here\"/tally1.wasm \"$guests\"/tally.wasm");
	switches_bind(0, "");
	for (uint32_t i = 0; i < clients; i++)
		jobs[i] =
			run_behind("rsctl run \"$guests\"/tally.wasm send example:tally %u %u",
				in_flight, bytes);
	RUN_UNTIL(strstr(run_expect(0, NULL, "rsctl ps").out, "tally0"));
	for (uint32_t i = 1; i <= n; i++)
		switches_bind(i & 1, i == n ? " last" : "");
	for (uint32_t i = 0; i < clients; i++) {
		struct run_said said = run_join(&jobs[i]);
		char expected[128];
		long count = strtol(said.out, NULL, 10);
		snprintf(expected, sizeof(expected), "%ld sent, %ld answered, 0 not\n", count,
			count);
		ck_assert_str_eq(said.out, expected);
		ck_assert_int_eq(said.status, 0);
		sent += count;
	}
	run_expect(0, NULL, "rsctl stop $(rsctl ps -q)");
	ck_assert_int_eq(switches_served(), sent);
}
