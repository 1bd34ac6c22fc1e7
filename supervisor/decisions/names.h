/*
 * names.h: interfaces by the names people use: those of the host interfaces, and those that the
 * user taught. An interface has at most one name and a name means at most one interface; what
 * was taught again means the newer. In memory only: keeper.h keeps the taught ones on disk.
 */
#pragma once

#include "ipc/hash.h"

#define NAMES_MAX            1024u
#define NAMES_TEXT_MAX       64u /* bytes of a name */
#define NAMES_CANDIDATES_MAX 16u
#define NAMES_DIGITS_MIN     4u

enum {
	NAMES_NONE = 1,  /* nothing is called so, or begins so */
	NAMES_AMBIGUOUS, /* several do: candidates */
	NAMES_BAD_WORD,  /* neither a name nor hex digits */
	NAMES_OF_HOST,   /* reserve: a host interface's, which stays with it */
	NAMES_FULL,
};

struct names_row {
	struct hash interface;
	char text[NAMES_TEXT_MAX + 1];
	bool host;
	int64_t since_ms; /* 0: host */
};

struct names;

/* With the names of the host interfaces. */
int names_new(struct names **out) MUST_USE;
struct names *names_free(struct names *names); /* returns NULL */

/* A letter, then letters, digits and . _ -; not 64 hex digits, not "all". */
bool names_is_name(const char *text);

/*
 * As in grants.h: what is kept on disk is checked and has its room before, so that the last
 * step cannot fail. Each names_reserve() that answered 0 (else NAMES_BAD_WORD, NAMES_OF_HOST or
 * NAMES_FULL) is followed by one names_add() or names_release().
 */
int names_reserve(struct names *names, const struct hash *interface, const char *text) MUST_USE;
void names_release(struct names *names);
void names_add(
	struct names *names, const struct hash *interface, const char *text, int64_t since_ms);
/* False: nothing taught. */
bool names_remove(struct names *names, const struct hash *interface);

const char *names_get(const struct names *names, const struct hash *interface); /* or NULL */
bool names_is_host(const struct names *names, const struct hash *interface);
/* Its name; the bytes themselves ("example:echo"); else its digits: a word that means it. */
const char *names_text(
	const struct names *names, const struct hash *interface, char hex[HASH_HEX_SIZE]);
/* Sorted by name: the one after `text` (NULL: the first), NULL at the end; valid until the next
 * change. */
const struct names_row *names_next(const struct names *names, const char *text);

/*
 * What does a word mean? A name; 64 digits; with a colon in it the (at most 32) bytes
 * themselves, as examples and tests have them; or the beginning of the digits of an interface
 * that is known here or is offered with names_offer() (handled, waited for, granted):
 *
 *     names_begin(&search, word);
 *     names_offer_all(&search, names);
 *     names_offer(&search, hash)...
 *     r = names_found(&search, &hash);
 */
struct names_search {
	const char *word;
	size_t digits; /* 0: it is no beginning of digits */
	bool named;    /* found by its name; candidates[0] */
	struct hash candidates[NAMES_CANDIDATES_MAX];
	size_t count;
};
void names_begin(struct names_search *search, const char *word);
void names_offer(struct names_search *search, const struct hash *interface);
void names_offer_all(struct names_search *search, const struct names *names);
/* 0, NAMES_NONE, NAMES_AMBIGUOUS, NAMES_BAD_WORD. */
int names_found(const struct names_search *search, struct hash *out) MUST_USE;
/* names_offer_all() alone. */
int names_find(const struct names *names, const char *word, struct hash *out) MUST_USE;
