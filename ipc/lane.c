#include "ipc/lane.h"

#include <fcntl.h>

#include <sys/mman.h>

#include "ipc/memfd.h"

int lane_new(uint32_t ring_log2, int *fd)
{
	return memfd_new("lane", lane_file_bytes(ring_log2),
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL, fd);
}

int lane_reserve(uint32_t ring_log2, struct lane_place *place)
{
	void *at = mmap(NULL, 4096 + lane_rings_bytes(ring_log2), PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		return -errno;
	place->control = at;
	place->rings = place->control + 4096;
	return 0;
}

void lane_release(uint32_t ring_log2, struct lane_place place)
{
	munmap(place.control, 4096 + lane_rings_bytes(ring_log2));
}

static bool map(int fd, uint8_t *at, uint64_t bytes, uint64_t offset)
{
	return mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		       (off_t)offset) != MAP_FAILED;
}

int lane_map(struct lane *lane, int fd, struct lane_place place, uint32_t ring_log2,
	enum lane_role role)
{
	uint64_t bytes = 1ull << ring_log2;
	uint8_t *requests = place.rings, *answers = requests + 2 * bytes;
	struct lane_control *control = (void *)place.control;
	bool client = role == LANE_CLIENT;

	/* one after the other in the file, so the requests' second time and the answers' first
	 * are one mapping */
	if (!map(fd, place.control, 4096, 0) || !map(fd, requests, bytes, 4096) ||
		!map(fd, requests + bytes, 2 * bytes, 4096) ||
		!map(fd, answers + bytes, bytes, 4096 + bytes))
		return -errno;
	*lane = (struct lane){
		.out = { .data = client ? requests : answers,
			.bytes = bytes,
			.tail = client ? &control->request_tail : &control->answer_tail,
			.head = client ? &control->request_head : &control->answer_head },
		.in = { .data = client ? answers : requests,
			.bytes = bytes,
			.tail = client ? &control->answer_tail : &control->request_tail,
			.head = client ? &control->answer_head : &control->request_head },
		.peer = { .fd = -1 },
		.place = place,
		.role = role,
		.open = true,
	};
	return 0;
}

void lane_unmap(struct lane *lane)
{
	munmap(lane->place.control, 4096);
	munmap(lane->place.rings, 4 * lane->out.bytes);
	*lane = (struct lane){ .peer = { .fd = -1 } };
}
