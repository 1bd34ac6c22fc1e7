#include "supervisor/rsctl/term.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "ipc/log.h"

#define CHUNK_BYTES   4096
#define ESCAPED_BYTES 4  /* \xNN */
#define PROGRESS_MAX  72 /* columns: a longer line would wrap and could not be written over */

void term_init(struct term *term, int fd)
{
	*term = (struct term){ .fd = fd, .escape = isatty(fd) == 1 };
}

/* The descriptor may have been made non-blocking by whoever shares it. */
static int wait_writable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t n = write(fd, bytes, size);
		int r = n >= 0 || errno == EINTR ? 0
			: errno == EAGAIN        ? wait_writable(fd)
						 : -errno;
		if (r)
			return r;
		if (n > 0) {
			bytes += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

/* Bytes of the character that begins with this one, as far as its first byte can say. */
static size_t sequence_bytes(uint8_t first)
{
	return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1;
}

/* Could these bytes become a character, if more came? */
static bool is_beginning(const uint8_t *s, size_t left)
{
	if (left >= sequence_bytes(s[0]) || s[0] > 0xf4)
		return false;
	for (size_t i = 1; i < left; i++)
		if ((s[i] & 0xc0) != 0x80)
			return false;
	return true;
}

enum form {
	STREAM,    /* newlines and tabs pass */
	BEGINNING, /* as STREAM, and the beginning of a character at the end is left untaken */
	LINE,      /* nothing that moves the cursor passes */
};

/* Quotes and backslashes, which log lines escape, do no harm here. */
static size_t plain_bytes(const uint8_t *s, size_t left, enum form form)
{
	if (s[0] >= 0x80)
		return log_plain_sequence(s, left);
	return (s[0] >= 0x20 && s[0] != 0x7f) ||
	       (form != LINE && (s[0] == '\n' || s[0] == '\t'));
}

/* Escapes from `from` to `to` until either is full; returns bytes taken and sets *made. */
static size_t escape(
	const uint8_t *from, size_t size, enum form form, char *to, size_t room, size_t *made)
{
	size_t i = 0, at = 0;

	while (i < size && at + ESCAPED_BYTES < room) {
		size_t n = plain_bytes(from + i, size - i, form);
		if (n) {
			memcpy(to + at, from + i, n);
			at += n;
			i += n;
		} else if (form == BEGINNING && is_beginning(from + i, size - i)) {
			break;
		} else {
			at += (size_t)snprintf(to + at, room - at, "\\x%02x", from[i++]);
		}
	}
	*made = at;
	return i;
}

/* Writes what of bytes can be written now; what is left is the beginning of a character. */
static int write_escaped(
	struct term *term, const uint8_t *bytes, size_t size, enum form form, size_t *left)
{
	char out[CHUNK_BYTES];
	size_t made;

	for (;;) {
		size_t n = escape(bytes, size, form, out, sizeof(out), &made);
		bytes += n;
		size -= n;
		*left = size;
		if (made == 0)
			return 0;
		int r = write_all(term->fd, out, made);
		if (r)
			return r;
	}
}

int term_write(struct term *term, const void *bytes, size_t size)
{
	uint8_t joined[2 * sizeof(term->held)];
	const uint8_t *from = bytes;
	size_t left = 0;
	int r;

	if (!term->escape)
		return write_all(term->fd, bytes, size);
	if (term->n_held) { /* complete what was held, or show that it will not be completed */
		size_t borrowed = size < sizeof(term->held) ? size : sizeof(term->held);
		size_t n = term->n_held + borrowed;

		memcpy(joined, term->held, term->n_held);
		memcpy(joined + term->n_held, from, borrowed);
		r = write_escaped(term, joined, n, BEGINNING, &left);
		if (r)
			return r;
		if (left > borrowed) { /* still only a beginning */
			memcpy(term->held, joined + n - left, left);
			term->n_held = left;
			return 0;
		}
		from += borrowed - left;
		size -= borrowed - left;
		term->n_held = 0;
	}
	r = write_escaped(term, from, size, BEGINNING, &left);
	if (r)
		return r;
	memcpy(term->held, from + size - left, left);
	term->n_held = left;
	return 0;
}

int term_flush(struct term *term)
{
	size_t n = term->n_held, left;

	term->n_held = 0;
	return write_escaped(term, term->held, n, STREAM, &left);
}

char *term_escaped_line(const void *bytes, size_t size)
{
	size_t room = size * ESCAPED_BYTES + ESCAPED_BYTES + 1, made;
	char *out = malloc(room);

	if (!out)
		return NULL;
	(void)escape(bytes, size, LINE, out, room, &made);
	out[made] = 0;
	return out;
}

void term_progress(const char *text)
{
	static bool shown;
	char line[PROGRESS_MAX + 1];

	if (isatty(STDERR_FILENO) != 1 || (!shown && !*text))
		return;
	log_text(line, sizeof(line), text, strlen(text));
	dprintf(STDERR_FILENO, "\r\033[K%s", line);
	shown = *text;
}
