#include "aotc/capacity.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define GROUPS "/sys/fs/cgroup"

/* The start of a file, closed with a zero; empty when it cannot be read. */
static const char *head_of(const char *path, char *text, size_t size)
{
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

uint64_t capacity_available(const char *meminfo)
{
	static const char key[] = "\nMemAvailable:";
	const char *line = strstr(meminfo, key);
	unsigned long long kib = 0;

	if (!line || sscanf(line + strlen(key), "%llu", &kib) != 1)
		return CAPACITY_UNBOUNDED;
	return kib * KIB;
}

uint64_t capacity_left(const char *max, const char *current)
{
	unsigned long long most = 0, taken = 0;

	if (sscanf(max, "%llu", &most) != 1) /* "max" */
		return CAPACITY_UNBOUNDED;
	if (sscanf(current, "%llu", &taken) != 1)
		taken = 0;
	return most > taken ? most - taken : 0;
}

static uint64_t left_in(const char *group)
{
	char path[4096 + 64], max[64], current[64];

	snprintf(path, sizeof path, GROUPS "%s/memory.max", group);
	head_of(path, max, sizeof max);
	snprintf(path, sizeof path, GROUPS "%s/memory.current", group);
	return capacity_left(max, head_of(path, current, sizeof current));
}

/* Our group and all around it: each may be the narrowest. */
static uint64_t left_in_groups(void)
{
	char text[4096], *group = text;
	uint64_t least = CAPACITY_UNBOUNDED;

	if (strncmp(head_of("/proc/self/cgroup", text, sizeof text), "0::/", 4) != 0)
		return least;
	group += 3;
	group[strcspn(group, "\n")] = '\0';
	for (char *slash = group + strlen(group); slash; slash = strrchr(group, '/')) {
		*slash = '\0';
		uint64_t left = left_in(group);
		if (left < least)
			least = left;
	}
	return least;
}

uint64_t capacity_memory(void)
{
	char text[4096];
	uint64_t available = capacity_available(head_of("/proc/meminfo", text, sizeof text)),
		 groups = left_in_groups();

	return available < groups ? available : groups;
}
