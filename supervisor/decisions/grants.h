/*
 * grants.h: what the user decided: which program may use, or handle, which interface. Rows in
 * memory and nothing else: keeper.h changes them together with the disk, policy.h reads them.
 *
 * A row is known by its key. A program or interface that is NULL means every one of them. Of
 * the rows that fit, the most specific counts: program and interface, program, interface, none.
 *
 * Built-in rows (the basic interfaces) are there from the start; a row of the user with the
 * same key replaces one, and when that is taken away the built-in one is back.
 */
#pragma once

#include "ipc/hash.h"
#include "supervisor/broker/broker.h"

#define GRANTS_MAX          16384u /* rows, the built-in ones included */
#define GRANTS_BUILT_IN_MAX 16u

enum grants_word { /* as in state/redshirt.db: a number keeps its meaning */
	GRANTS_DENY,
	GRANTS_ALLOW,
	GRANTS_ASK,
	GRANTS_WORDS
};

struct grants_key {
	bool any_program, any_interface; /* the hash is zero then */
	enum broker_right right;
	struct hash program, interface;
};

struct grants_row {
	struct grants_key key;
	enum grants_word word;
	bool mediated, built_in;
	struct broker_limits limits;
	int64_t since_ms; /* 0: built in */
};

struct grants;

int grants_new(struct grants **out) MUST_USE;
struct grants *grants_free(struct grants *grants); /* returns NULL */

/* NULL: every one. */
struct grants_key grants_key(
	const struct hash *program, const struct hash *interface, enum broker_right right);

/* Every program may use it, if the user does not say otherwise. Before the first row. */
void grants_build_in(struct grants *grants, const struct hash *interface);
bool grants_is_built_in(const struct grants *grants, const struct hash *interface);

/*
 * A change is decided, written to disk, and then made: room for it is set aside before, so that
 * the last step cannot fail. Each grants_reserve() that answered 0 is followed by one
 * grants_set() or grants_release().
 */
enum {
	GRANTS_FULL = 1
};
int grants_reserve(struct grants *grants) MUST_USE;
void grants_release(struct grants *grants);
void grants_set(struct grants *grants, const struct grants_row *row);

/* False: the user had said nothing there. */
bool grants_unset(struct grants *grants, const struct grants_key *key);

const struct grants_row *grants_get(
	const struct grants *grants, const struct grants_key *key); /* NULL: none */
/* The row that counts; NULL: none. */
const struct grants_row *grants_find(const struct grants *grants, const struct hash *program,
	const struct hash *interface, enum broker_right right);
/* In order of program and interface (every one first): the one after `key` (NULL: the first),
 * NULL at the end. It stays valid until the next change. */
const struct grants_row *grants_next(const struct grants *grants, const struct grants_key *key);

/* "deny" "allow" "ask"; "use" "register". */
const char *grants_word_text(enum grants_word word);
const char *grants_right_text(enum broker_right right);
