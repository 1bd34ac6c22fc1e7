/*
 * fuzz_ring.c: the input is what a peer does to a lane between our own steps: it writes the
 * control words and the bytes of both rings as it likes. Whatever that is, we stay inside the
 * lane, believe nothing unchecked, and our own positions only go forward.
 *
 * An input is a row of steps: a byte that says which, then that step's operands. An input that
 * ends early is continued with zeros.
 */
#include <assert.h>
#include <string.h>

#include <sys/mman.h>

#include "ipc/lane.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LOG2      12u
#define BYTES     (1u << LOG2)
#define GUARD     (1u << 20) /* nothing is mapped that far on both sides of the lane */
#define STEPS_MAX 2000

static struct lane lane; /* ours: it reads requests and writes answers */
static struct own_page own;
static uint64_t answered; /* bytes of answers */

struct input {
	const uint8_t *data;
	size_t bytes;
};

static uint64_t take(struct input *input, size_t bytes)
{
	uint64_t value = 0;
	size_t n = bytes < input->bytes ? bytes : input->bytes;

	memcpy(&value, input->data, n);
	input->data += n;
	input->bytes -= n;
	return value;
}

static struct lane_control *control(void)
{
	return (void *)lane.place.control;
}

/* ---- the peer's steps ---- */

static _Atomic uint64_t *position(uint64_t which)
{
	_Atomic uint64_t *all[] = { &control()->request_tail.position,
		&control()->request_head.position, &control()->answer_tail.position,
		&control()->answer_head.position };

	return all[which % ARRAY_LEN(all)];
}

static void any_position(struct input *input)
{
	uint64_t which = take(input, 1);

	atomic_store(position(which), take(input, 8));
}

/* Near what would be honest: what comes further than the first check. */
static void near_position(struct input *input)
{
	uint64_t which = take(input, 1);
	uint64_t base = which % 2 ? lane.out.position : lane.in.position;

	atomic_store(position(which / 2), base + take(input, 2) * RECORD_ALIGN);
}

static void any_word(struct input *input)
{
	uint64_t at = take(input, 2) % (sizeof(struct lane_control) / 8);
	uint64_t value = take(input, 8);

	memcpy(lane.place.control + at * 8, &value, sizeof(value));
}

static void any_bytes(struct input *input)
{
	uint64_t at = take(input, 2) % (2 * BYTES), n = take(input, 1);
	uint8_t *ring = (at & BYTES) ? lane.out.data : (uint8_t *)lane.place.control + 4096;

	for (uint64_t i = 0; i < n; i++)
		ring[(at + i) & (BYTES - 1)] = (uint8_t)take(input, 1);
}

/* A header where we read next, and a tail behind it. */
static void header(struct input *input)
{
	uint32_t frag_len = (uint32_t)take(input, 2), more = (uint32_t)take(input, 1);
	struct record head = { .frag_len = frag_len,
		.offset = (uint32_t)take(input, 4),
		.total_len = (uint32_t)take(input, 4),
		.kind = (uint16_t)take(input, 1) };
	uint8_t *requests = lane.place.control + 4096;

	memcpy(requests + (lane.in.position & (BYTES - 1)), &head, sizeof(head));
	atomic_store(&control()->request_tail.position,
		lane.in.position + record_room(frag_len) + more * RECORD_ALIGN);
}

static void epoch(struct input *input)
{
	atomic_store(&own.sleep_epoch, take(input, 1));
}

/* ---- our steps ---- */

static void start_again(void)
{
	lane.in.tail_seen = lane.in.position;
}

static void read_one(struct input *input)
{
	struct record head;
	const uint8_t *at;
	uint64_t before = lane.in.position;
	int r = ring_peek(&lane.in, &head, &at);

	(void)input;
	if (r == RING_BROKEN)
		start_again();
	if (r)
		return;
	assert(head.frag_len <= ring_body_max(BYTES));
	assert((uint64_t)head.offset + head.frag_len <= head.total_len);
	assert(at >= lane.in.data && at + head.frag_len <= lane.in.data + 2 * BYTES);
	uint8_t *body = malloc(head.frag_len); /* exactly: one byte more is seen */
	memcpy(body, at, head.frag_len);
	free(body);
	ring_consume(&lane.in, head.frag_len);
	assert(lane.in.position > before && lane.in.position <= lane.in.tail_seen);
	assert(lane.in.told <= lane.in.position);
}

static void write_one(struct input *input)
{
	static uint8_t body[BYTES];
	struct record head = { .frag_len =
				       (uint32_t)take(input, 2) % (ring_body_max(BYTES) + 1) };

	if (ring_put(&lane.out, &head, body) == 0)
		answered += record_room(head.frag_len);
	assert(lane.out.position == answered);
	assert(lane.out.position - lane.out.head_seen <= BYTES);
}

static void tell(struct input *input)
{
	(void)input;
	lane_tell(&lane);
	assert(lane.in.told == lane.in.position);
}

static void ring(struct input *input)
{
	(void)input;
	lane_ring(&lane);
	assert(!lane.out.unrung);
}

static void want_room(struct input *input)
{
	uint32_t bytes = (uint32_t)take(input, 2) % (ring_body_max(BYTES) + 1);

	if (ring_want_space(&lane.out, bytes))
		assert(ring_reserve(&lane.out, bytes));
	ring_got_space(&lane.out);
	(void)!ring_waiting(&lane.in);
}

static void (*const steps[])(struct input *) = { any_position, near_position, any_word,
	any_bytes, header, epoch, read_one, write_one, tell, ring, want_room };

/* ---- one input ---- */

static bool set_up(void)
{
	uint64_t bytes = 4096 + lane_rings_bytes(LOG2);
	int fd;
	uint8_t *at = mmap(NULL, bytes + 2 * GUARD, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert(at != MAP_FAILED && lane_new(LOG2, &fd) == 0);
	struct lane_place place = { .control = at + GUARD, .rings = at + GUARD + 4096 };
	assert(lane_map(&lane, fd, place, LOG2, LANE_HANDLER) == 0);
	lane.peer = (struct bell_peer){ .page = &own, .fd = -1 };
	close(fd);
	return true;
}

static void new_lane(void)
{
	static bool ready;
	struct lane fresh;

	if (!ready)
		ready = set_up();
	memset(lane.place.control, 0, 4096 + BYTES);
	memset(lane.out.data, 0, BYTES);
	atomic_store(&own.sleep_epoch, 0);
	fresh = (struct lane){
		.out = { .data = lane.out.data,
			.bytes = BYTES,
			.tail = lane.out.tail,
			.head = lane.out.head },
		.in = { .data = lane.in.data,
			.bytes = BYTES,
			.tail = lane.in.tail,
			.head = lane.in.head },
		.peer = { .page = &own, .fd = -1 },
		.place = lane.place,
		.role = LANE_HANDLER,
		.open = true,
	};
	lane = fresh;
	answered = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };

	new_lane();
	for (int i = 0; i < STEPS_MAX && input.bytes; i++)
		steps[take(&input, 1) % ARRAY_LEN(steps)](&input);
	return 0;
}
