/* cells.h: what stands in the cells of rsctl's listings (listing.h), where several have the
 * same. What a row lacks, or has of another type, is "-". */
#pragma once

#include <jansson.h>

#include "ipc/hash.h"

#define CELLS_INTERFACE_SIZE (HASH_BYTES + 1)

int64_t cells_now_ms(void); /* since 1970 */

const char *cells_number(const json_t *row, const char *key, char *room, size_t size);
const char *cells_text(const json_t *row, const char *key);
/* How long ago `key` was, of a field with milliseconds since 1970: "3m 2s ago". */
const char *cells_ago(const json_t *row, const char *key, char *room, size_t size);

/* Whole cells, as struct listing_column has them. */
const char *cells_process(const json_t *row, char *room, size_t size);
const char *cells_program(const json_t *row, char *room, size_t size); /* its first digits */
const char *cells_name(const json_t *row, char *room, size_t size);

/* An interface as rsd writes it (a name, or 64 digits): the name, the readable name that the 32
 * bytes of an example's interface are, or the first digits. May answer text itself. */
const char *cells_interface(const char *text, char room[CELLS_INTERFACE_SIZE]);
