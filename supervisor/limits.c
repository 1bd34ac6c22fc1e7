#include "supervisor/limits.h"

#include <sys/resource.h>

#include "ipc/message.h"
#include "runtime/abi.h"

_Static_assert(LIMITS_MEMORY_MAX == MEMORY_SIZE_MAX, "what the runtime reserves");

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
