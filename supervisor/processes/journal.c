#include "supervisor/processes/journal.h"

#include <string.h>

#include "interfaces/log.h"

#define FIRST_BYTES (4 * KIB)
#define HELD        2u /* streams whose lines are held back until they are whole */

_Static_assert(RS_LOG_STDOUT < HELD && RS_LOG_STDERR < HELD, "the two streams of bytes");
_Static_assert((JOURNAL_BOOK_BYTES & (JOURNAL_BOOK_BYTES - 1)) == 0, "positions are masked");

struct line_head { /* stands before every line's text in the ring */
	int64_t time_ms;
	uint32_t bytes;
	uint32_t stream;
};
_Static_assert(sizeof(struct line_head) + JOURNAL_LINE_MAX <= JOURNAL_BOOK_BYTES, "one fits");

struct held {
	char *text; /* JOURNAL_LINE_MAX bytes, or NULL */
	uint32_t bytes;
	int64_t time_ms;
};

struct journal_book {
	struct journal *journal;
	struct journal_book *next, *previous; /* among the closed; NULL while open */
	uint8_t *ring;
	uint64_t room;        /* power of two, or 0 */
	uint64_t start, end;  /* positions, ever growing */
	uint64_t first, last; /* numbers of the first line kept and of the next to come */
	struct held held[HELD];
};

struct journal {
	struct journal_book closed; /* head of a ring, longest closed first */
	uint64_t bytes;             /* of all rings */
};

int journal_new(struct journal **out)
{
	struct journal *journal = calloc(1, sizeof(*journal));

	if (!journal)
		return -ENOMEM;
	journal->closed.next = journal->closed.previous = &journal->closed;
	*out = journal;
	return 0;
}

struct journal *journal_free(struct journal *journal)
{
	free(journal);
	return NULL;
}

int journal_open(struct journal *journal, struct journal_book **out)
{
	struct journal_book *book = calloc(1, sizeof(*book));

	if (!book)
		return -ENOMEM;
	book->journal = journal;
	*out = book;
	return 0;
}

/* ---- the ring of one book ---- */

static void ring_copy_in(struct journal_book *book, uint64_t at, const void *from, size_t n)
{
	size_t offset = at & (book->room - 1);
	size_t first = n < book->room - offset ? n : book->room - offset;

	memcpy(book->ring + offset, from, first);
	memcpy(book->ring, (const uint8_t *)from + first, n - first);
}

static void ring_copy_out(const struct journal_book *book, uint64_t at, void *to, size_t n)
{
	size_t offset = at & (book->room - 1);
	size_t first = n < book->room - offset ? n : book->room - offset;

	memcpy(to, book->ring + offset, first);
	memcpy((uint8_t *)to + first, book->ring, n - first);
}

static void drop_first(struct journal_book *book)
{
	struct line_head head;

	ring_copy_out(book, book->start, &head, sizeof(head));
	book->start += sizeof(head) + head.bytes;
	book->first++;
}

static void empty(struct journal_book *book)
{
	book->journal->bytes -= book->room;
	book->start = book->end;
	book->first = book->last;
	book->room = 0;
	free(book->ring);
	book->ring = NULL;
}

/* Empties closed books, longest closed first, until so much more may be claimed. */
static bool budget(struct journal *journal, uint64_t more)
{
	for (struct journal_book *book = journal->closed.next;
		journal->bytes + more > JOURNAL_TOTAL_BYTES && book != &journal->closed;
		book = book->next)
		empty(book);
	return journal->bytes + more <= JOURNAL_TOTAL_BYTES;
}

static bool grow(struct journal_book *book)
{
	uint64_t room = book->room ? 2 * book->room : FIRST_BYTES;

	if (room > JOURNAL_BOOK_BYTES || !budget(book->journal, room - book->room))
		return false;
	uint8_t *ring = malloc(room);
	if (!ring)
		return false;
	struct journal_book old = *book;
	book->ring = ring;
	book->room = room;
	book->journal->bytes += room - old.room;
	for (uint64_t at = old.start; at != old.end;) { /* to where the wider mask puts it */
		size_t offset = at & (old.room - 1);
		size_t n = old.room - offset < old.end - at ? old.room - offset : old.end - at;
		ring_copy_in(book, at, old.ring + offset, n);
		at += n;
	}
	free(old.ring);
	return true;
}

static void add_line(struct journal_book *book, uint32_t stream, int64_t time_ms,
	const char *text, uint32_t bytes)
{
	struct line_head head = { .time_ms = time_ms, .bytes = bytes, .stream = stream };
	uint64_t size = sizeof(head) + bytes;

	while (book->room - (book->end - book->start) < size) {
		if (grow(book))
			continue;
		if (book->start == book->end) { /* not even an empty ring is wide enough */
			book->first = ++book->last;
			return;
		}
		drop_first(book);
	}
	ring_copy_in(book, book->end, &head, sizeof(head));
	ring_copy_in(book, book->end + sizeof(head), text, bytes);
	book->end += size;
	book->last++;
}

/* ---- lines ---- */

static void release(struct journal_book *book, uint32_t stream)
{
	struct held *held = &book->held[stream];

	if (held->bytes)
		add_line(book, stream, held->time_ms, held->text, held->bytes);
	held->bytes = 0;
}

/* The beginning of a line whose end is still to come. */
static void hold(struct journal_book *book, uint32_t stream, int64_t time_ms, const char *text,
	uint32_t bytes)
{
	struct held *held = &book->held[stream];

	if (!held->text)
		held->text = malloc(JOURNAL_LINE_MAX);
	if (!held->text || bytes > JOURNAL_LINE_MAX - held->bytes) {
		release(book, stream);
		add_line(book, stream, time_ms, text, bytes);
		return;
	}
	if (!held->bytes)
		held->time_ms = time_ms;
	memcpy(held->text + held->bytes, text, bytes);
	held->bytes += bytes;
}

static void end_line(struct journal_book *book, uint32_t stream, int64_t time_ms,
	const char *text, uint32_t bytes)
{
	if (stream < HELD && book->held[stream].bytes) {
		hold(book, stream, time_ms, text, bytes);
		release(book, stream);
		return;
	}
	add_line(book, stream, time_ms, text, bytes);
}

void journal_write(struct journal_book *book, uint32_t stream, int64_t time_ms,
	const void *text, size_t bytes)
{
	const char *at = text;

	while (bytes) {
		const char *newline = memchr(at, '\n', bytes);
		size_t n = newline ? (size_t)(newline - at) : bytes;
		bool cut = n > JOURNAL_LINE_MAX;
		if (cut)
			n = JOURNAL_LINE_MAX;
		if ((newline && !cut) || stream >= HELD)
			end_line(book, stream, time_ms, at, (uint32_t)n);
		else
			hold(book, stream, time_ms, at, (uint32_t)n);
		size_t used = n + (newline && !cut);
		at += used;
		bytes -= used;
	}
}

void journal_close(struct journal_book *book)
{
	for (uint32_t stream = 0; stream < HELD; stream++) {
		release(book, stream);
		free(book->held[stream].text);
		book->held[stream].text = NULL;
	}
	if (book->next)
		return;
	struct journal_book *head = &book->journal->closed;
	book->next = head;
	book->previous = head->previous;
	head->previous->next = book;
	head->previous = book;
}

struct journal_book *journal_book_free(struct journal_book *book)
{
	if (!book)
		return NULL;
	if (book->next) {
		book->previous->next = book->next;
		book->next->previous = book->previous;
	}
	empty(book);
	for (uint32_t stream = 0; stream < HELD; stream++)
		free(book->held[stream].text);
	free(book);
	return NULL;
}

/* ---- reading ---- */

struct journal_cursor journal_last(const struct journal_book *book, uint64_t lines)
{
	struct journal_cursor cursor = { book->start, book->first };

	while (book->last - cursor.line > lines) {
		struct line_head head;
		ring_copy_out(book, cursor.position, &head, sizeof(head));
		cursor.position += sizeof(head) + head.bytes;
		cursor.line++;
	}
	return cursor;
}

int journal_next(const struct journal_book *book, struct journal_cursor *cursor,
	struct journal_line *line)
{
	struct line_head head;

	if (cursor->line < book->first) {
		line->missed = book->first - cursor->line;
		*cursor = (struct journal_cursor){ book->start, book->first };
		return JOURNAL_MISSED;
	}
	if (cursor->line == book->last)
		return JOURNAL_END;
	ring_copy_out(book, cursor->position, &head, sizeof(head));
	line->time_ms = head.time_ms;
	line->stream = head.stream;
	line->bytes = head.bytes;
	ring_copy_out(book, cursor->position + sizeof(head), line->text, head.bytes);
	cursor->position += sizeof(head) + head.bytes;
	cursor->line++;
	return 0;
}
