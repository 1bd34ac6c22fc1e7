#include "supervisor/jsontext.h"

#include <string.h>

#include "ipc/base.h"

static const char replacement[] = { (char)0xef, (char)0xbf, (char)0xbd }; /* U+FFFD */

/* Length of the well-formed sequence at s (RFC 3629, section 4); 0: none. */
static size_t sequence(const unsigned char *s, size_t left)
{
	static const struct {
		unsigned char first, last; /* of the first byte */
		unsigned char low, high;   /* of the second */
		size_t bytes;
	} rows[] = {
		{ 0x01, 0x7f, 0, 0, 1 }, /* a zero ends what reads it */
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (s[0] < rows[i].first || s[0] > rows[i].last)
			continue;
		if (rows[i].bytes > left)
			return 0;
		if (rows[i].bytes > 1 && (s[1] < rows[i].low || s[1] > rows[i].high))
			return 0;
		for (size_t k = 2; k < rows[i].bytes; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].bytes;
	}
	return 0;
}

static json_t *repaired(const unsigned char *s, size_t n)
{
	CLEANUP(freep) char *out = malloc(n * sizeof(replacement) + 1);
	size_t at = 0;

	if (!out)
		return NULL;
	for (size_t i = 0; i < n;) {
		size_t good = sequence(s + i, n - i);
		memcpy(out + at, good ? (const char *)s + i : replacement,
			good ? good : sizeof(replacement));
		at += good ? good : sizeof(replacement);
		i += good ? good : 1;
	}
	return json_stringn_nocheck(out, at);
}

json_t *jsontext(const char *bytes, size_t n)
{
	json_t *text = memchr(bytes, 0, n) ? NULL : json_stringn(bytes, n);

	return text ? text : repaired((const unsigned char *)bytes, n);
}
