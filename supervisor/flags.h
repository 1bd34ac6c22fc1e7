/*
 * flags.h: rsd's command line, and what the environment says beside it.
 */
#pragma once

#include "supervisor/decisions/policy.h"
#include "supervisor/limits.h"
#include "supervisor/processes/native.h"

#define FLAGS_GO_ON (-1)

struct flags {
	const char *run_dir, *state_dir, *cache_dir, *group;
	uint64_t memory_bytes, body_bytes, idle_ms, ask_timeout_ms;
	struct native_grants natives;
	enum policy_missing missing;
	const char *target_cpu; /* NULL: as aotc does by itself */
	bool no_quick, relaxed_reads, unknown_imports;
	uint32_t profile_share; /* percent of starts that are counted */
	bool mediate, version, help;
	struct limits limits; /* of a process, if nobody says otherwise */
};

/* FLAGS_GO_ON; or it is all said, and this is the exit status. */
int flags_read(int argc, char **argv, struct flags *flags) MUST_USE;
