#include "supervisor/rsctl/cells.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "supervisor/rsctl.h"
#include "supervisor/rsctl/ask.h"
#include "supervisor/units.h"

int64_t cells_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

const char *cells_number(const json_t *row, const char *key, char *room, size_t size)
{
	json_t *n = json_object_get(row, key);

	if (!json_is_integer(n))
		return "-";
	snprintf(room, size, "%lld", (long long)json_integer_value(n));
	return room;
}

const char *cells_text(const json_t *row, const char *key)
{
	const char *text = ask_text(row, key);

	return *text ? text : "-";
}

const char *cells_ago(const json_t *row, const char *key, char *room, size_t size)
{
	json_int_t then = ask_number(row, key, -1);
	char span[UNITS_TEXT_SIZE];

	if (then < 0)
		return "-";
	snprintf(room, size, "%s ago", units_span_text(span, cells_now_ms() - then));
	return room;
}

const char *cells_process(const json_t *row, char *room, size_t size)
{
	return cells_number(row, "process", room, size);
}

const char *cells_program(const json_t *row, char *room, size_t size)
{
	snprintf(room, size, "%.*s", RSCTL_SHORT_HASH, cells_text(row, "program"));
	return room;
}

const char *cells_name(const json_t *row, char *room, size_t size)
{
	(void)room, (void)size;
	return cells_text(row, "name");
}

static bool is_readable(const char *hex, char name[CELLS_INTERFACE_SIZE])
{
	struct hash hash;
	size_t i = 0;

	if (!hash_from_hex(hex, &hash))
		return false;
	for (; i < HASH_BYTES && hash.bytes[i] > ' ' && hash.bytes[i] < 0x7f; i++)
		name[i] = (char)hash.bytes[i];
	name[i] = 0;
	size_t letters = i;
	while (i < HASH_BYTES && hash.bytes[i] == 0)
		i++;
	return letters > 0 && i == HASH_BYTES;
}

const char *cells_interface(const char *text, char room[CELLS_INTERFACE_SIZE])
{
	if (is_readable(text, room))
		return room;
	if (strlen(text) != HASH_HEX_SIZE - 1)
		return text;
	snprintf(room, CELLS_INTERFACE_SIZE, "%.*s", RSCTL_SHORT_HASH, text);
	return room;
}
