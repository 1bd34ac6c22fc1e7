#include "ipc/bell.h"

#include <fcntl.h>

#include <sys/syscall.h>

#include "ipc/memfd.h"

#define BELL_PIPE_BYTES 4096 /* the smallest; a full pipe wakes as well as one byte */

int bell_open(int *read_end, int *write_end)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	CLEANUP(fd_closep) int reading = ends[0];
	CLEANUP(fd_closep) int writing = ends[1];
	if (fcntl(writing, F_SETFL, O_NONBLOCK) ||
		fcntl(writing, F_SETPIPE_SZ, BELL_PIPE_BYTES) < 0)
		return -errno;
	*read_end = fd_take(&reading);
	*write_end = fd_take(&writing);
	return 0;
}

int bell_page_new(int *fd)
{
	return memfd_new("own page", OWN_PAGE_BYTES, 0, fd);
}

int bell_page_seal(int fd)
{
	return memfd_seal(fd, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL);
}

bool bell_page_sealed(int fd)
{
	int wanted = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & wanted) == wanted;
}

/* EAGAIN: the pipe is full, so the sleeper will wake. EPIPE: it is gone. The signal that comes
 * with that is ignored in workers and in rsd; a native client's program may want to hear of its
 * own broken pipes. */
#ifdef NATIVE_CLIENT
void quiet_write(int fd, const void *bytes, size_t n); /* client/quiet.c */
static void strike(int fd, const uint64_t *word)
{
	quiet_write(fd, word, sizeof(*word));
}
#else
static void strike(int fd, const uint64_t *word)
{
	(void)!write(fd, word, sizeof(*word));
}
#endif

void bell_ring(struct bell_peer *peer)
{
	/* pairs with the fence in bell_sleep_begin(): we see the odd epoch, or the sleeper sees
	 * what we published */
	atomic_thread_fence(memory_order_seq_cst);
	uint64_t epoch = atomic_load_explicit(&peer->page->sleep_epoch, memory_order_relaxed);
	if (!(epoch & 1) || epoch == peer->last_rung)
		return;
	peer->last_rung = epoch;
	uint64_t one = 1; /* the worker's filter allows 8 bytes and nothing else */
	strike(peer->fd, &one);
}

uint64_t bell_sleep_begin(struct own_page *own)
{
	uint64_t epoch = atomic_load_explicit(&own->sleep_epoch, memory_order_relaxed) | 1;

	atomic_store_explicit(&own->sleep_epoch, epoch, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst); /* pairs with bell_ring() */
	return epoch;
}

void bell_sleep_end(struct own_page *own, uint64_t epoch)
{
	atomic_store_explicit(&own->sleep_epoch, epoch + 1, memory_order_relaxed);
}
