#include "runtime/wasi_stream.h"

#include <string.h>

#include "runtime/calls.h"
#include "runtime/memory.h"
#include "runtime/wasi.h"

#define OUTPUT_RIGHTS                                                                        \
	(WASI_RIGHT_FD_WRITE | WASI_RIGHT_FD_FDSTAT_SET_FLAGS | WASI_RIGHT_FD_FILESTAT_GET | \
		WASI_RIGHT_POLL_FD_READWRITE)
#define INPUT_RIGHTS                                                                        \
	(WASI_RIGHT_FD_READ | WASI_RIGHT_FD_FDSTAT_SET_FLAGS | WASI_RIGHT_FD_FILESTAT_GET | \
		WASI_RIGHT_POLL_FD_READWRITE)

static struct wasi_stream streams[WASI_STREAMS];
static bool console;

/* What is on its way between the program's memory and a message: one at a time. */
LARGE_TABLE static union {
	struct {
		struct rs_log_write head;
		uint8_t text[CALLS_BODY_MAX - sizeof(struct rs_log_write)];
	} write;
	uint8_t read[RS_CONSOLE_BYTES_MAX];
} passing;

void wasi_stream_init(bool attached)
{
	console = attached;
	streams[0] = (struct wasi_stream){ .open = true, .rights = INPUT_RIGHTS };
	streams[1] = (struct wasi_stream){
		.open = true, .rights = OUTPUT_RIGHTS, .level = RS_LOG_STDOUT
	};
	streams[2] = (struct wasi_stream){
		.open = true, .rights = OUTPUT_RIGHTS, .level = RS_LOG_STDERR
	};
}

struct wasi_stream *wasi_stream_get(uint32_t fd, uint64_t right)
{
	struct wasi_stream *stream = fd < WASI_STREAMS ? &streams[fd] : NULL;

	return stream && stream->open && (stream->rights & right) == right ? stream : NULL;
}

uint32_t wasi_stream_errno(uint32_t status)
{
	switch (status) {
	case RS_OK:
		return WASI_OK;
	case RS_DENIED:
		return WASI_ACCES;
	case RS_BUSY:
		return WASI_AGAIN;
	default:
		return WASI_IO;
	}
}

/* --- pieces of the program's memory --- */

struct iovecs {
	const uint8_t *at; /* struct wasi_iovec, perhaps unaligned */
	uint32_t count;
	uint64_t bytes; /* of all */
};

static struct wasi_iovec iovec(const struct iovecs *iovecs, uint32_t i)
{
	struct wasi_iovec one;

	memcpy(&one, iovecs->at + i * sizeof(one), sizeof(one));
	return one;
}

/* Every piece lies in memory, and so does the place for the count; else an errno. */
static uint32_t iovecs_get(
	uint32_t at, uint32_t count, uint32_t bytes_out, struct iovecs *out, void **count_out)
{
	if (count > WASI_IOVECS_MAX)
		return WASI_INVAL;
	*out = (struct iovecs){ memory_guest(at, count * sizeof(struct wasi_iovec)), count, 0 };
	*count_out = memory_guest(bytes_out, sizeof(uint32_t));
	if (!out->at || !*count_out)
		return WASI_FAULT;
	for (uint32_t i = 0; i < count; i++) {
		struct wasi_iovec one = iovec(out, i);

		if (!memory_guest(one.pointer, one.bytes))
			return WASI_FAULT;
		out->bytes += one.bytes;
	}
	return out->bytes <= UINT32_MAX ? WASI_OK : WASI_INVAL;
}

/* --- reading and writing --- */

static uint32_t send_passing(const struct wasi_stream *stream, uint32_t bytes)
{
	passing.write.head = (struct rs_log_write){ RS_LOG_WRITE, stream->level };
	return wasi_stream_errno(calls_send(rs_interface_log, &passing.write,
		(uint32_t)sizeof(passing.write.head) + bytes));
}

/* Sends all of it, gathered into messages as large as they may be. *sent: what went, also when
 * the rest could not. */
static uint32_t send_all(
	const struct wasi_stream *stream, const struct iovecs *iovecs, uint32_t *sent)
{
	uint32_t error = WASI_OK, gathered = 0;

	*sent = 0;
	for (uint32_t i = 0; i < iovecs->count; i++) {
		struct wasi_iovec one = iovec(iovecs, i);

		while (one.bytes) {
			uint32_t room = (uint32_t)sizeof(passing.write.text) - gathered;
			uint32_t part = one.bytes < room ? one.bytes : room;

			memcpy(passing.write.text + gathered, memory_guest(one.pointer, part),
				part);
			gathered += part;
			one.pointer += part;
			one.bytes -= part;
			if (gathered < sizeof(passing.write.text))
				continue;
			error = send_passing(stream, gathered);
			if (error)
				return error;
			*sent += gathered;
			gathered = 0;
		}
	}
	if (gathered)
		error = send_passing(stream, gathered);
	*sent += error ? 0 : gathered;
	return error;
}

uint32_t wasi_fd_write(void *, uint32_t fd, uint32_t at, uint32_t count, uint32_t bytes_out)
{
	const struct wasi_stream *stream = wasi_stream_get(fd, WASI_RIGHT_FD_WRITE);
	struct iovecs iovecs;
	void *out;
	uint32_t sent;

	if (!stream)
		return WASI_BADF;
	uint32_t error = iovecs_get(at, count, bytes_out, &iovecs, &out);
	if (error)
		return error;
	error = send_all(stream, &iovecs, &sent);
	if (error && sent == 0)
		return error;
	memcpy(out, &sent, sizeof(sent));
	return WASI_OK;
}

static void scatter(const struct iovecs *iovecs, uint32_t bytes)
{
	uint32_t done = 0;

	for (uint32_t i = 0; done < bytes; i++) {
		struct wasi_iovec one = iovec(iovecs, i);
		uint32_t part = one.bytes < bytes - done ? one.bytes : bytes - done;

		if (part)
			memcpy(memory_guest(one.pointer, part), passing.read + done, part);
		done += part;
	}
}

/* Waits for input. *bytes: what was asked for, then what came; 0 is the end. */
static uint32_t ask_console(uint32_t *bytes)
{
	struct rs_console_read request = { RS_CONSOLE_READ, *bytes };

	return wasi_stream_errno(calls_request(
		rs_interface_console, &request, sizeof(request), passing.read, bytes));
}

uint32_t wasi_fd_read(void *, uint32_t fd, uint32_t at, uint32_t count, uint32_t bytes_out)
{
	struct iovecs iovecs;
	void *out;

	if (!wasi_stream_get(fd, WASI_RIGHT_FD_READ))
		return WASI_BADF;
	uint32_t error = iovecs_get(at, count, bytes_out, &iovecs, &out);
	if (error)
		return error;
	uint32_t bytes = iovecs.bytes < sizeof(passing.read) ? (uint32_t)iovecs.bytes
							     : (uint32_t)sizeof(passing.read);
	if (!console)
		bytes = 0;
	else if (bytes)
		error = ask_console(&bytes);
	if (error)
		return error;
	scatter(&iovecs, bytes);
	memcpy(out, &bytes, sizeof(bytes));
	return WASI_OK;
}

void wasi_stream_wait_input(uint64_t until_ns, struct wasi_input *out)
{
	struct rs_console_wait request = { .request = RS_CONSOLE_WAIT, .until_ns = until_ns };
	struct rs_console_waiting waiting = { 0 };
	uint32_t bytes = sizeof(waiting);

	*out = (struct wasi_input){ .ready = true, .ended = true };
	if (!console)
		return;
	uint32_t status = calls_request(
		rs_interface_console, &request, sizeof(request), &waiting, &bytes);
	*out = (struct wasi_input){
		.ready = status != RS_TIMED_OUT,
		.ended = status == RS_OK && waiting.ended && waiting.bytes == 0,
		.bytes = status == RS_OK ? waiting.bytes : 0,
		.error = status == RS_TIMED_OUT ? WASI_OK : wasi_stream_errno(status),
	};
}

/* --- the descriptors themselves --- */

uint32_t wasi_fd_close(void *, uint32_t fd)
{
	struct wasi_stream *stream = wasi_stream_get(fd, 0);

	if (!stream)
		return WASI_BADF;
	stream->open = false;
	return WASI_OK;
}

uint32_t wasi_fd_renumber(void *, uint32_t fd, uint32_t to)
{
	struct wasi_stream *from = wasi_stream_get(fd, 0), *target = wasi_stream_get(to, 0);

	if (!from || !target)
		return WASI_BADF;
	if (from == target)
		return WASI_OK;
	*target = *from;
	from->open = false;
	return WASI_OK;
}

/* A stream that cannot be sought and is a character device is what C libraries take for a
 * terminal: they then write line by line, as a log wants it. */
uint32_t wasi_fd_fdstat_get(void *, uint32_t fd, uint32_t stat_out)
{
	const struct wasi_stream *stream = wasi_stream_get(fd, 0);
	void *out = memory_guest(stat_out, sizeof(struct wasi_fdstat));

	if (!stream)
		return WASI_BADF;
	if (!out)
		return WASI_FAULT;
	struct wasi_fdstat stat = { .filetype = WASI_FILETYPE_CHARACTER_DEVICE,
		.flags = stream->flags,
		.rights = stream->rights };
	memcpy(out, &stat, sizeof(stat));
	return WASI_OK;
}

/* Appending is what a stream does anyway; to read or write without waiting is not to be had. */
uint32_t wasi_fd_fdstat_set_flags(void *, uint32_t fd, uint32_t flags)
{
	struct wasi_stream *stream = wasi_stream_get(fd, WASI_RIGHT_FD_FDSTAT_SET_FLAGS);

	if (!stream)
		return WASI_BADF;
	if (flags & ~(uint32_t)WASI_FDFLAG_APPEND)
		return WASI_NOTSUP;
	stream->flags = (uint16_t)flags;
	return WASI_OK;
}

uint32_t wasi_fd_fdstat_set_rights(void *, uint32_t fd, uint64_t rights, uint64_t inheriting)
{
	struct wasi_stream *stream = wasi_stream_get(fd, 0);

	if (!stream)
		return WASI_BADF;
	if ((rights & ~stream->rights) || inheriting)
		return WASI_NOTCAPABLE;
	stream->rights = rights;
	return WASI_OK;
}

uint32_t wasi_fd_filestat_get(void *, uint32_t fd, uint32_t stat_out)
{
	void *out = memory_guest(stat_out, sizeof(struct wasi_filestat));

	if (!wasi_stream_get(fd, WASI_RIGHT_FD_FILESTAT_GET))
		return WASI_BADF;
	if (!out)
		return WASI_FAULT;
	struct wasi_filestat stat = { .filetype = WASI_FILETYPE_CHARACTER_DEVICE, .links = 1 };
	memcpy(out, &stat, sizeof(stat));
	return WASI_OK;
}

/* What was written is on its way already. */
uint32_t wasi_fd_sync(void *, uint32_t fd)
{
	return wasi_stream_get(fd, 0) ? WASI_OK : WASI_BADF;
}

uint32_t wasi_fd_datasync(void *instance, uint32_t fd)
{
	return wasi_fd_sync(instance, fd);
}
