#include "supervisor/workers/worker.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/socket.h>

#include "ipc/memfd.h"

#define RELAYS_FIRST 8u /* room to begin with */

/* ---- what is shared ---- */

static void *map_shared(int fd, size_t bytes, int protection)
{
	void *at = mmap(NULL, bytes, protection, MAP_SHARED, fd, 0);

	return at == MAP_FAILED ? NULL : at;
}

static int duplicate(int fd, int *out)
{
	*out = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return *out < 0 ? -errno : 0;
}

static int make_bell(struct worker *worker, const struct rsd_end *rsd, int fds[START_FDS])
{
	(void)rsd;
	return bell_open(&fds[START_BELL], &worker->bell_fd);
}

static int make_socket(struct worker *worker, const struct rsd_end *rsd, int fds[START_FDS])
{
	int ends[2];

	(void)rsd;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	worker->socket = ends[0];
	fds[START_SOCKET] = ends[1];
	return 0;
}

static int make_page(struct worker *worker, const struct rsd_end *rsd, int fds[START_FDS])
{
	int r = bell_page_new(&worker->page_fd);

	(void)rsd;
	if (r)
		return r;
	worker->page = map_shared(worker->page_fd, OWN_PAGE_BYTES, PROT_READ);
	return worker->page ? duplicate(worker->page_fd, &fds[START_OWN_PAGE]) : -errno;
}

static int make_table(struct worker *worker, const struct rsd_end *rsd, int fds[START_FDS])
{
	int r = memfd_new("lane table", TABLE_BYTES, 0, &fds[START_TABLE]);

	(void)rsd;
	if (r)
		return r;
	worker->table = map_shared(fds[START_TABLE], TABLE_BYTES, PROT_READ | PROT_WRITE);
	if (!worker->table)
		return -errno;
	worker->table->lanes[LANE_HOME] = (struct table_lane){
		.state = TABLE_OPEN,
		.role = LANE_CLIENT,
		.ring_log2 = LANE_RING_SMALL,
	};
	/* rsd's mapping stays writable, no other ever is */
	return memfd_seal(fds[START_TABLE],
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL);
}

static int make_home(struct worker *worker, const struct rsd_end *rsd, int fds[START_FDS])
{
	struct lane_place place;
	int r = lane_new(LANE_RING_SMALL, &fds[START_HOME_LANE]);

	(void)rsd;
	if (r == 0)
		r = lane_reserve(LANE_RING_SMALL, &place);
	if (r)
		return r;
	r = lane_map(&worker->home, fds[START_HOME_LANE], place, LANE_RING_SMALL, LANE_HANDLER);
	if (r) {
		lane_release(LANE_RING_SMALL, place);
		return r;
	}
	worker->home.peer = (struct bell_peer){ .page = worker->page, .fd = worker->bell_fd };
	return 0;
}

static int give_rsd(struct worker *worker, const struct rsd_end *rsd, int fds[START_FDS])
{
	int r = duplicate(rsd->bell_fd, &fds[START_RSD_BELL]);

	(void)worker;
	return r ? r : duplicate(rsd->page_fd, &fds[START_RSD_PAGE]);
}

/* ---- its life ---- */

struct worker *worker_free(struct worker *worker)
{
	if (!worker)
		return NULL;
	outbox_deinit(&worker->outbox);
	if (worker->home.open)
		lane_unmap(&worker->home);
	if (worker->table)
		munmap(worker->table, TABLE_BYTES);
	if (worker->page)
		munmap((void *)(uintptr_t)worker->page, OWN_PAGE_BYTES);
	fd_closep(&worker->page_fd);
	fd_closep(&worker->bell_fd);
	fd_closep(&worker->socket);
	free(worker->relays);
	meters_deinit(&worker->meters);
	free(worker);
	return NULL;
}

void worker_close_fds(int fds[START_FDS])
{
	for (size_t i = START_BELL; i < START_FDS; i++)
		fd_closep(&fds[i]);
}

int worker_new(
	uint64_t process, const struct rsd_end *rsd, int fds[START_FDS], struct worker **out)
{
	static int (*const steps[])(struct worker *, const struct rsd_end *, int[START_FDS]) = {
		make_bell, make_socket, make_page, make_table, make_home, give_rsd
	};
	struct worker *worker = calloc(1, sizeof(*worker));
	int r = worker ? 0 : -ENOMEM;

	for (size_t i = START_BELL; i < START_FDS; i++)
		fds[i] = -1;
	if (r)
		return r;
	worker->process = process;
	worker->page_fd = worker->bell_fd = worker->socket = -1;
	worker->hears = (struct lookout_item){ .kind = WORKER_HEARS, .owner = worker };
	worker->tells = (struct lookout_item){ .kind = WORKER_TELLS, .owner = worker };
	outbox_init(&worker->outbox);
	for (size_t i = 0; !r && i < ARRAY_LEN(steps); i++)
		r = steps[i](worker, rsd, fds);
	if (r) {
		worker_free(worker);
		worker_close_fds(fds);
		return r;
	}
	*out = worker;
	return 0;
}

/* ---- telling it something ---- */

int worker_flush(struct worker *worker)
{
	int r = outbox_flush(&worker->outbox, &worker->home, worker->socket);

	/* a locked worker cannot close its end, so it is dead, and its pidfd says so in a
	 * moment */
	if (r == -EPIPE || r == -ECONNRESET)
		r = 0;
	worker->retry = r == -ETOOMANYREFS || r == -EAGAIN || r == -ENOBUFS;
	return r == 0 ? 0 : worker->retry ? WORKER_LATER : WORKER_DEAF;
}

int worker_tell(
	struct worker *worker, const struct record *head, const void *body, const int *fds)
{
	if (!fds && !worker->outbox.first && ring_put(&worker->home.out, head, body) == 0)
		return 0;
	return outbox_add(&worker->outbox, head, body, fds) ? WORKER_DEAF : 0;
}

bool worker_lane_fds(int lane_fd, int bell_fd, int page_fd, int fds[HOME_FDS])
{
	bool all = !duplicate(lane_fd, &fds[HOME_FD_LANE]) &
		   !duplicate(bell_fd, &fds[HOME_FD_BELL]) &
		   !duplicate(page_fd, &fds[HOME_FD_PAGE]);

	for (size_t i = 0; !all && i < HOME_FDS; i++)
		fd_closep(&fds[i]);
	return all;
}

/* ---- its mediated lanes ---- */

struct relay *worker_relay(const struct worker *worker, uint32_t lane)
{
	return lane < worker->relays_room ? worker->relays[lane] : NULL;
}

int worker_relays_room(struct worker *worker, uint32_t lane)
{
	uint32_t room = worker->relays_room ? worker->relays_room : RELAYS_FIRST;

	if (lane < worker->relays_room)
		return 0;
	while (room <= lane)
		room *= 2;
	struct relay **relays = realloc(worker->relays, room * sizeof(struct relay *));
	if (!relays)
		return -ENOMEM;
	for (uint32_t i = worker->relays_room; i < room; i++)
		relays[i] = NULL;
	worker->relays = relays;
	worker->relays_room = room;
	return 0;
}

/* ---- its lane table ---- */

static void changed(struct worker *worker)
{
	/* pairs with the worker's look at the version before it sleeps: the change first, then
	 * the version, then the bell */
	atomic_fetch_add_explicit(&worker->table->version, 1, memory_order_release);
	bell_ring(&worker->home.peer);
}

void worker_table_open(struct worker *worker, uint32_t lane, enum lane_role role,
	uint32_t ring_log2, uint64_t peer_process)
{
	struct table_lane *entry = &worker->table->lanes[lane];

	entry->role = role;
	entry->ring_log2 = ring_log2;
	entry->generation++;
	entry->peer_process = peer_process;
	atomic_store_explicit(&entry->slots, 0, memory_order_relaxed);
	atomic_store_explicit(&entry->revoked, 0, memory_order_relaxed);
	/* the record that announces the lane comes later, so nobody needs to be woken for this
	 */
	atomic_store_explicit(&entry->state, TABLE_OPEN, memory_order_release);
}

void worker_table_slots(struct worker *worker, uint32_t lane, uint64_t slots, uint64_t revoked)
{
	struct table_lane *entry = &worker->table->lanes[lane];

	if (lane == LANE_HOME) {
		worker->host_slots = slots;
		worker->host_given |= slots;
	}
	/* pairs with the worker's look at the slots: when one is taken away, it is known why */
	atomic_store_explicit(&entry->revoked, revoked, memory_order_relaxed);
	atomic_store_explicit(&entry->slots, slots, memory_order_release);
	changed(worker);
}

void worker_table_state(struct worker *worker, uint32_t lane, enum table_state state)
{
	atomic_store_explicit(&worker->table->lanes[lane].state, state, memory_order_release);
	changed(worker);
}

void worker_table_interface(struct worker *worker, uint32_t slot, const struct hash *interface,
	uint32_t body_bytes_max)
{
	memcpy(worker->table->interfaces[slot], interface->bytes, HASH_BYTES);
	atomic_store_explicit(
		&worker->table->body_bytes_max[slot], body_bytes_max, memory_order_relaxed);
	changed(worker);
}
