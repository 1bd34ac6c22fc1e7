#include "supervisor/priority.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <sys/resource.h>
#include <sys/syscall.h>

/* linux/ioprio.h */
#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_NONE        0
#define IOPRIO_IDLE        (3 << 13)

#define NICE_LOWEST  19
#define FAMILY_MAX   256u /* of one compile: far fewer */
#define CHILDREN_MAX 4096u

void priority_lower(pid_t pid)
{
	const struct sched_param none = { 0 };

	(void)setpriority(PRIO_PROCESS, (id_t)pid, NICE_LOWEST);
	(void)sched_setscheduler(pid, SCHED_IDLE, &none);
	(void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid, IOPRIO_IDLE);
}

static bool raise_one(pid_t pid)
{
	const struct sched_param none = { 0 };
	int ours = getpriority(PRIO_PROCESS, 0);

	/* out of SCHED_IDLE only after the nice value allows it */
	if (setpriority(PRIO_PROCESS, (id_t)pid, ours) && errno != ESRCH)
		return false;
	if (sched_setscheduler(pid, SCHED_OTHER, &none) && errno != ESRCH)
		return false;
	(void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid, IOPRIO_NONE);
	return true;
}

/* Children of its main thread; compilers have no other that starts any. */
static size_t children_of(pid_t pid, pid_t *out, size_t max)
{
	char path[64], text[CHILDREN_MAX];
	size_t n = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	size_t bytes = fread(text, 1, sizeof(text) - 1, file);
	text[bytes] = 0;
	fclose(file);
	for (char *at = text, *end; n < max; at = end) {
		long child = strtol(at, &end, 10);
		if (end == at)
			break;
		out[n++] = (pid_t)child;
	}
	return n;
}

/* From the top down: what one of them starts meanwhile inherits what it has already. */
int priority_raise(pid_t pid)
{
	pid_t family[FAMILY_MAX] = { pid };
	size_t count = 1;

	for (size_t i = 0; i < count; i++) {
		if (!raise_one(family[i]))
			return PRIORITY_STAYS;
		count += children_of(family[i], family + count, FAMILY_MAX - count);
	}
	return 0;
}
