#include "aotc/text.h"

#include <string.h>

bool text_next(struct text *text, struct text_line *line)
{
	const char *newline = text->at < text->end
				      ? memchr(text->at, '\n', (size_t)(text->end - text->at))
				      : NULL;

	if (!newline)
		return false;
	*line = (struct text_line){ text->at, (size_t)(newline - text->at) };
	text->at = newline + 1;
	return true;
}

bool text_begins(struct text_line line, const char *with)
{
	size_t n = strlen(with);

	return line.size >= n && memcmp(line.text, with, n) == 0;
}
