/* jsontext.h: text of programs as a JSON string: valid UTF-8, whatever it was. */
#pragma once

#include <jansson.h>

/* What is not UTF-8, and zeros, become U+FFFD. NULL: out of memory. */
json_t *jsontext(const char *bytes, size_t n);
