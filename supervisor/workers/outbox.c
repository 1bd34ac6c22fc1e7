#include "supervisor/workers/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "ipc/fdpass.h"

struct outbox_entry {
	struct outbox_entry *next;
	struct record head;
	int fds[HOME_FDS];
	bool has_fds;
	uint8_t body[];
};

void outbox_init(struct outbox *outbox)
{
	*outbox = (struct outbox){ 0 };
	outbox->last = &outbox->first;
}

static void close_all(const int *fds)
{
	for (size_t i = 0; i < HOME_FDS; i++)
		close(fds[i]);
}

/* Takes the first entry off; its descriptors are closed: sent ones are the receiver's copies.
 */
static void drop_first(struct outbox *outbox)
{
	struct outbox_entry *entry = outbox->first;

	outbox->first = entry->next;
	if (!outbox->first)
		outbox->last = &outbox->first;
	outbox->records--;
	outbox->bytes -= entry->head.frag_len;
	if (entry->has_fds)
		close_all(entry->fds);
	free(entry);
}

void outbox_deinit(struct outbox *outbox)
{
	while (outbox->first)
		drop_first(outbox);
}

int outbox_add(
	struct outbox *outbox, const struct record *head, const void *body, const int *fds)
{
	bool room = outbox->records < OUTBOX_RECORDS_MAX &&
		    outbox->bytes + head->frag_len <= OUTBOX_BYTES_MAX;
	struct outbox_entry *entry = room ? malloc(sizeof(*entry) + head->frag_len) : NULL;

	if (!entry) {
		if (fds)
			close_all(fds);
		return room ? -ENOMEM : OUTBOX_FULL;
	}
	*entry = (struct outbox_entry){ .head = *head, .has_fds = fds != NULL };
	if (fds)
		memcpy(entry->fds, fds, sizeof(entry->fds));
	if (head->frag_len)
		memcpy(entry->body, body, head->frag_len);
	*outbox->last = entry;
	outbox->last = &entry->next;
	outbox->records++;
	outbox->bytes += head->frag_len;
	return 0;
}

/* Room for the record: now, or the worker rings when there is some. */
static bool room_or_wait(struct lane *home, uint32_t frag_len)
{
	if (ring_reserve(&home->out, frag_len) || ring_want_space(&home->out, frag_len)) {
		ring_got_space(&home->out);
		return true;
	}
	return false;
}

int outbox_flush(struct outbox *outbox, struct lane *home, int socket)
{
	for (struct outbox_entry *entry; (entry = outbox->first); drop_first(outbox)) {
		if (entry->has_fds && outbox->fds_in_flight)
			break;
		if (!room_or_wait(home, entry->head.frag_len))
			break;
		if (entry->has_fds) {
			/* descriptors first, then the record that announces them */
			struct home_lane_tag tag = { .lane = entry->head.slot };
			int r = fdpass_send(socket, &tag, sizeof(tag), entry->fds, HOME_FDS);
			if (r)
				return r;
			outbox->fds_in_flight = true;
		}
		if (ring_put(&home->out, &entry->head, entry->body))
			break; /* not reached: there was room */
	}
	lane_ring(home);
	return 0;
}
