#include "supervisor/limits.h"

#include <sys/resource.h>

#include "ipc/message.h"
#include "runtime/abi.h"

_Static_assert(LIMITS_MEMORY_MAX == MEMORY_SIZE_MAX, "what the runtime reserves");

struct limits limits_default(void)
{
	return (struct limits){ .memory_bytes = LIMITS_MEMORY_DEFAULT,
		.body_bytes = RS_BODY_BYTES_DEFAULT,
		.outstanding = LIMITS_OUTSTANDING_MAX,
		.children_memory_bytes = LIMITS_MEMORY_DEFAULT,
		.children = LIMITS_CHILDREN_DEFAULT,
		.children_depth = LIMITS_CHILDREN_DEPTH_DEFAULT };
}

int limits_memory(struct limits *limits, uint64_t bytes)
{
	if (bytes == 0 || bytes > LIMITS_MEMORY_MAX)
		return LIMITS_OUT_OF_RANGE;
	limits->memory_bytes = (bytes + MEMORY_PAGE_BYTES - 1) & ~(MEMORY_PAGE_BYTES - 1);
	return 0;
}

int limits_cpu(struct limits *limits, uint64_t seconds)
{
	if (seconds > LIMITS_CPU_S_MAX)
		return LIMITS_OUT_OF_RANGE;
	limits->cpu_s = seconds;
	return 0;
}

int limits_body(struct limits *limits, uint64_t bytes)
{
	if (bytes < LIMITS_BODY_MIN || bytes > RS_BODY_BYTES_MAX)
		return LIMITS_OUT_OF_RANGE;
	limits->body_bytes = (uint32_t)bytes;
	return 0;
}

int limits_outstanding(struct limits *limits, uint64_t messages)
{
	if (messages == 0 || messages > LIMITS_OUTSTANDING_MAX)
		return LIMITS_OUT_OF_RANGE;
	limits->outstanding = (uint32_t)messages;
	return 0;
}

int limits_children(struct limits *limits, uint64_t processes)
{
	if (processes > LIMITS_PROCESSES_MAX)
		return LIMITS_OUT_OF_RANGE;
	limits->children = (uint32_t)processes;
	return 0;
}

int limits_children_memory(struct limits *limits, uint64_t bytes)
{
	if (bytes > LIMITS_CHILDREN_MEMORY_MAX)
		return LIMITS_OUT_OF_RANGE;
	limits->children_memory_bytes = bytes;
	return 0;
}

int limits_children_depth(struct limits *limits, uint64_t generations)
{
	if (generations > LIMITS_CHILDREN_DEPTH_MAX)
		return LIMITS_OUT_OF_RANGE;
	limits->children_depth = (uint32_t)generations;
	return 0;
}

uint32_t limits_raise_processes(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return 1;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files))
		getrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur <= LIMITS_FDS_OWN + LIMITS_FDS_PER_PROCESS)
		return 1;
	uint64_t fit = (files.rlim_cur - LIMITS_FDS_OWN) / LIMITS_FDS_PER_PROCESS;
	return fit < LIMITS_PROCESSES_MAX ? (uint32_t)fit : LIMITS_PROCESSES_MAX;
}
