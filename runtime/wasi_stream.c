#include "runtime/wasi_stream.h"

#include <string.h>

#include "interfaces/console.h"
#include "interfaces/limits.h"
#include "interfaces/log.h"
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
		uint8_t text[WASI_STREAM_TEXT_BYTES_MAX], body[CALLS_BODY_MAX];
	} write;
	uint8_t read[RS_CONSOLE_ANSWER_BYTES_MAX];
} passing;
_Static_assert(RS_CODEC_INDEX_BYTES + 2 * RS_WIRE_HEAD_BYTES_MAX <=
		       CALLS_BODY_MAX - WASI_STREAM_TEXT_BYTES_MAX,
	"a text finds room with its index and level");
_Static_assert(CALLS_BODY_MAX <= RS_LOG_BODY_BYTES_MAX, "log takes what is written at once");

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
	struct rs_log_write_request request = { .level = stream->level,
		.text = { passing.write.text, bytes } };
	int64_t body =
		rs_log_write_body(&request, passing.write.body, sizeof(passing.write.body));

	return wasi_stream_errno(
		calls_send(rs_interface_log, passing.write.body, (uint32_t)body));
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

static void scatter(const struct iovecs *iovecs, const struct rs_bytes *bytes)
{
	uint32_t done = 0;

	for (uint32_t i = 0; done < bytes->bytes; i++) {
		struct wasi_iovec one = iovec(iovecs, i);
		uint32_t left = (uint32_t)bytes->bytes - done;
		uint32_t part = one.bytes < left ? one.bytes : left;

		if (part)
			memcpy(memory_guest(one.pointer, part), bytes->at + done, part);
		done += part;
	}
}

/* Waits for at most so many bytes of input; none are the end. They stay in `passing`. */
static uint32_t ask_console(uint32_t bytes, struct rs_bytes *out)
{
	struct rs_console_read_request request = { .bytes = bytes };
	struct rs_console_read_answer answer;
	uint8_t body[RS_CODEC_INDEX_BYTES + RS_CONSOLE_READ_REQUEST_BYTES_MAX];
	uint32_t got = sizeof(passing.read);
	uint32_t status = calls_request(rs_interface_console, body,
		(uint32_t)rs_console_read_body(&request, body, sizeof(body)), passing.read,
		&got);

	if (status != RS_OK)
		return wasi_stream_errno(status);
	if (rs_console_read_answer_decode(&answer, passing.read, got) ||
		answer.bytes.bytes > bytes)
		return WASI_IO;
	*out = answer.bytes;
	return WASI_OK;
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
	struct rs_bytes bytes = { 0 };
	if (console && iovecs.bytes)
		error = ask_console(iovecs.bytes < RS_CONSOLE_BYTES_MAX ? (uint32_t)iovecs.bytes
									: RS_CONSOLE_BYTES_MAX,
			&bytes);
	if (error)
		return error;
	scatter(&iovecs, &bytes);
	uint32_t had = (uint32_t)bytes.bytes;
	memcpy(out, &had, sizeof(had));
	return WASI_OK;
}

/* The status of waiting; RS_OK: *out says for what. */
static uint32_t wait_console(uint64_t until_ns, struct rs_console_wait_answer *out)
{
	struct rs_console_wait_request request = { .has_until_ns = until_ns != UINT64_MAX,
		.until_ns = until_ns };
	uint8_t body[RS_CODEC_INDEX_BYTES + RS_CONSOLE_WAIT_REQUEST_BYTES_MAX];
	uint8_t answer[RS_CONSOLE_WAIT_ANSWER_BYTES_MAX];
	uint32_t got = sizeof(answer);
	uint32_t status = calls_request(rs_interface_console, body,
		(uint32_t)rs_console_wait_body(&request, body, sizeof(body)), answer, &got);

	if (status == RS_OK && rs_console_wait_answer_decode(out, answer, got))
		return RS_MALFORMED;
	return status;
}

void wasi_stream_wait_input(uint64_t until_ns, struct wasi_input *out)
{
	struct rs_console_wait_answer waiting = { 0 };

	*out = (struct wasi_input){ .ready = true, .ended = true };
	if (!console)
		return;
	uint32_t status = wait_console(until_ns, &waiting);
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
