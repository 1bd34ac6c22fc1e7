/*
 * database.h: what rsd must not forget, in one SQLite file (state/redshirt.db, mode 0600):
 * grants, interface names, bindings, how long compiles took. Others say which statement with
 * which values; SQL stands in database.c only.
 *
 * It is read once, before the loop turns; memory holds all of it from then on. A change is one
 * transaction on the helper thread, and is on disk when its done() is called with 0. What was
 * not committed is not there after a crash.
 *
 * The file may have been written by anybody: it is opened only if its tables are exactly ours,
 * and every value that comes from it has the type, size and range that its column says.
 */
#pragma once

#include "supervisor/offload.h"

#define DATABASE_WHY_SIZE    256
#define DATABASE_VALUES_MAX  12u
#define DATABASE_CHANGES_MAX 128u         /* statements of one transaction */
#define DATABASE_VALUE_MAX   (64u * 1024) /* bytes of one value */

enum {
	DATABASE_DAMAGED = 1, /* not a database, or not ours; rsd is not to run without it */
	DATABASE_NEWER,       /* written by a later redshirt */
	DATABASE_BAD_ROW,     /* load: row() did not want a row */
};

/* Everything that can be said to it. In brackets the values, in this order: n a number (a flag
 * is 0 or 1), h the 32 bytes of a hash (none: every one), t text, b bytes. */
enum database_statement {
	DATABASE_SET_GRANT,     /* h program, h interface, n right, n word, n mediated,
				   n body_bytes_max, n messages_a_second, n outstanding_max,
				   n since_ms */
	DATABASE_UNSET_GRANT,   /* h program, h interface, n right */
	DATABASE_SET_NAME,      /* h interface, t name, n since_ms */
	DATABASE_UNSET_NAME,    /* h interface */
	DATABASE_SET_BINDING,   /* h interface, h program, b arguments, n since_ms */
	DATABASE_UNSET_BINDING, /* h interface */
	DATABASE_SET_BUILD,     /* h key, h program, n tier, n build_ms, n bytes, n built_ms */
	DATABASE_UNSET_BUILD,   /* h key */
	DATABASE_UNSET_BUILDS,  /* h program */
	DATABASE_STATEMENTS,
};

/* What can be read: rows with the values of the SET statement of the same name. */
enum database_table {
	DATABASE_GRANTS,
	DATABASE_NAMES,
	DATABASE_BINDINGS,
	DATABASE_BUILDS,
	DATABASE_TABLES,
};

struct database_value {
	int64_t number;
	const void *bytes; /* of h, t and b */
	uint32_t n;        /* of bytes; t is valid UTF-8 without zeros */
};

struct database;

/* Blocks; made if it is not there. A positive answer or -errno leaves a sentence in why. */
int database_open(const char *path, struct offload *offload, struct database **out,
	char why[DATABASE_WHY_SIZE]) MUST_USE;
/* Blocks; after offload_free(). Returns NULL. */
struct database *database_close(struct database *database);

/* Blocks, so before the loop turns. row() may say no to what makes no sense: then
 * DATABASE_BAD_ROW. The values are valid until it returns. */
int database_load(struct database *database, enum database_table table,
	bool (*row)(void *context, const struct database_value *values), void *context,
	char why[DATABASE_WHY_SIZE]) MUST_USE;

/*
 * A transaction. It and what its values point to are the owner's memory until done() was
 * called (on the loop) with result: 0, or -errno (-ENOSPC, -EROFS, -EIO ...) and nothing was
 * changed.
 */
struct database_change {
	enum database_statement statement;
	struct database_value values[DATABASE_VALUES_MAX];
};
struct database_job {
	struct offload_job job; /* this and database are database.c's own */
	struct database *database;
	const struct database_change *changes;
	uint32_t n_changes; /* 1 to DATABASE_CHANGES_MAX */
	int result;
	void (*done)(struct database_job *job);
};
/* 0 or OFFLOAD_FULL. In the order they were given. */
int database_write(struct database *database, struct database_job *job) MUST_USE;
