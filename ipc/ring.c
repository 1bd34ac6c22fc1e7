#include "ipc/ring.h"

bool ring_want_space(struct ring_out *ring, uint32_t frag_len)
{
	atomic_store_explicit(&ring->tail->want_space, 1, memory_order_relaxed);
	/* pairs with the fence in ring_space_awaited(): the consumer sees our wish, or we see
	 * its head */
	atomic_thread_fence(memory_order_seq_cst);
	return ring_has_room(ring, record_room(frag_len));
}

void ring_got_space(struct ring_out *ring)
{
	atomic_store_explicit(&ring->tail->want_space, 0, memory_order_relaxed);
}

bool ring_space_awaited(const struct ring_in *ring)
{
	/* pairs with the fence in ring_want_space(); the head was published before */
	atomic_thread_fence(memory_order_seq_cst);
	if (!atomic_load_explicit(&ring->tail->want_space, memory_order_relaxed))
		return false;
	uint64_t tail = atomic_load_explicit(&ring->tail->position, memory_order_relaxed);
	return tail - ring->told <= ring->bytes / 2;
}
