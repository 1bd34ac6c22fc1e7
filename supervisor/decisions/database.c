#include "supervisor/decisions/database.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sys/stat.h>

#include "ipc/hash.h"
#include "ipc/log.h"

#define VERSION     2
#define APPLICATION 0x72736462 /* "rsdb": of whom the file is */
#define FILE_MAX    ((off_t)(256 * MIB))
#define CELLS_MAX   (1 * MIB) /* bytes of one row, as SQLite counts them */
#define BUSY_MS     2000      /* a person may look into it with sqlite3 */

/*
 * What the file consists of, by name. SQLite keeps these sentences, and the file is ours only
 * if it has exactly them: no trigger or view of somebody else is ever run. A file of an older
 * VERSION has those of its time, and gets the later ones when it is opened; a table that is to
 * look otherwise needs a way of its own from the older one.
 */
static const struct {
	int since; /* VERSION */
	const char *sql;
} schema[] = {
	{ 1, "CREATE TABLE bindings (\n"
	     "  interface BLOB NOT NULL PRIMARY KEY CHECK (length(interface) = 32),\n"
	     "  program BLOB NOT NULL CHECK (length(program) = 32),\n"
	     "  arguments BLOB NOT NULL CHECK (length(arguments) <= 65536),\n"
	     "  since_ms INTEGER NOT NULL\n"
	     ") STRICT, WITHOUT ROWID" },
	{ 2, "CREATE TABLE builds (\n"
	     "  object BLOB NOT NULL PRIMARY KEY CHECK (length(object) = 32),\n"
	     "  program BLOB NOT NULL CHECK (length(program) = 32),\n"
	     "  tier INTEGER NOT NULL CHECK (tier BETWEEN 0 AND 3),\n"
	     "  build_ms INTEGER NOT NULL CHECK (build_ms >= 0),\n"
	     "  bytes INTEGER NOT NULL CHECK (bytes >= 0),\n"
	     "  built_ms INTEGER NOT NULL CHECK (built_ms > 0)\n"
	     ") STRICT, WITHOUT ROWID" },
	/* a program or interface without bytes is every one */
	{ 1, "CREATE TABLE grants (\n"
	     "  program BLOB NOT NULL CHECK (length(program) IN (0, 32)),\n"
	     "  interface BLOB NOT NULL CHECK (length(interface) IN (0, 32)),\n"
	     "  handles INTEGER NOT NULL CHECK (handles IN (0, 1)),\n"
	     "  word INTEGER NOT NULL CHECK (word BETWEEN 0 AND 2),\n"
	     "  mediated INTEGER NOT NULL CHECK (mediated IN (0, 1)),\n"
	     "  body_bytes_max INTEGER NOT NULL CHECK (body_bytes_max BETWEEN 0 AND "
	     "4294967295),\n"
	     "  messages_a_second INTEGER NOT NULL CHECK (messages_a_second BETWEEN 0 AND "
	     "4294967295),\n"
	     "  outstanding_max INTEGER NOT NULL CHECK (outstanding_max BETWEEN 0 AND "
	     "4294967295),\n"
	     "  since_ms INTEGER NOT NULL,\n"
	     "  PRIMARY KEY (program, interface, handles)\n"
	     ") STRICT, WITHOUT ROWID" },
	{ 1, "CREATE TABLE names (\n"
	     "  interface BLOB NOT NULL PRIMARY KEY CHECK (length(interface) = 32),\n"
	     "  name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),\n"
	     "  since_ms INTEGER NOT NULL\n"
	     ") STRICT, WITHOUT ROWID" },
};

/* Kinds of values: n number, h hash, e hash or every one, t text, b bytes. */
struct sentence {
	const char *sql, *values;
};

static const struct sentence statements[DATABASE_STATEMENTS] = {
	[DATABASE_SET_GRANT] = { "REPLACE INTO grants VALUES (?,?,?,?,?,?,?,?,?)",
		"eennnnnnn" },
	[DATABASE_UNSET_GRANT] = { "DELETE FROM grants WHERE program=? AND interface=? AND "
				   "handles=?",
		"een" },
	[DATABASE_SET_NAME] = { "REPLACE INTO names VALUES (?,?,?)", "htn" },
	[DATABASE_UNSET_NAME] = { "DELETE FROM names WHERE interface=?", "h" },
	[DATABASE_SET_BINDING] = { "REPLACE INTO bindings VALUES (?,?,?,?)", "hhbn" },
	[DATABASE_UNSET_BINDING] = { "DELETE FROM bindings WHERE interface=?", "h" },
	[DATABASE_SET_BUILD] = { "REPLACE INTO builds VALUES (?,?,?,?,?,?)", "hhnnnn" },
	[DATABASE_UNSET_BUILD] = { "DELETE FROM builds WHERE object=?", "h" },
	[DATABASE_UNSET_BUILDS] = { "DELETE FROM builds WHERE program=?", "h" },
};

static const struct sentence tables[DATABASE_TABLES] = {
	[DATABASE_GRANTS] = { "SELECT * FROM grants", "eennnnnnn" },
	[DATABASE_NAMES] = { "SELECT * FROM names", "htn" },
	[DATABASE_BINDINGS] = { "SELECT * FROM bindings", "hhbn" },
	[DATABASE_BUILDS] = { "SELECT * FROM builds", "hhnnnn" },
};

struct database {
	sqlite3 *db;
	struct offload *offload;
	sqlite3_stmt *statements[DATABASE_STATEMENTS];
};

PRINTF(3, 4)
static int because(char *why, int r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, DATABASE_WHY_SIZE, format, args);
	va_end(args);
	return r;
}

/* What SQLite answered, as one of ours. */
static int error_of(sqlite3 *db, int r)
{
	switch (r & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_SCHEMA:
		return DATABASE_DAMAGED;
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		return sqlite3_system_errno(db) ? -sqlite3_system_errno(db) : -EIO;
	default: /* CONSTRAINT, MISUSE: what we wrote is wrong */
		return -EINVAL;
	}
}

static int failed(struct database *database, int r, char *why)
{
	return because(why, error_of(database->db, r), "%s", sqlite3_errmsg(database->db));
}

static int execute(struct database *database, const char *sql, char *why)
{
	int r = sqlite3_exec(database->db, sql, NULL, NULL, NULL);

	return r == SQLITE_OK ? 0 : failed(database, r, why);
}

static void statement_free(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}

/* ---- opening ---- */

/* Ours alone before SQLite sees it; it gives its journal the same mode. */
static int make_file(const char *path, char *why)
{
	CLEANUP(fd_closep)
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return because(why, -errno, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return because(why, -EPERM, "it is not a file of ours");
	if (st.st_size > FILE_MAX)
		return because(why, DATABASE_DAMAGED, "it is too large to be ours");
	if ((st.st_mode & 077) && fchmod(fd, 0600))
		return because(why, -errno, "%s", strerror(errno));
	return 0;
}

/* Believes as little of the file as SQLite can. A commit is on the disk when it returns: the
 * journal is cut off and synced before that. */
static int settle(struct database *database, char *why)
{
	sqlite3 *db = database->db;

	sqlite3_busy_timeout(db, BUSY_MS);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, CELLS_MAX);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	return execute(database,
		"PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;"
		"PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=FULL",
		why);
}

static int number_of(struct database *database, const char *sql, int64_t *out, char *why)
{
	CLEANUP(statement_free) sqlite3_stmt *statement = NULL;
	int r = sqlite3_prepare_v2(database->db, sql, -1, &statement, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_step(statement);
	if (r != SQLITE_ROW)
		return failed(database, r, why);
	*out = sqlite3_column_int64(statement, 0);
	return 0;
}

/* The tables that came after `from`. All of them or none: half a file would be damaged. */
static int create(struct database *database, int from, char *why)
{
	char sql[4096];
	size_t n = (size_t)snprintf(sql, sizeof(sql),
		"BEGIN EXCLUSIVE; PRAGMA application_id=%d; PRAGMA user_version=%d;",
		APPLICATION, VERSION);

	for (size_t i = 0; i < ARRAY_LEN(schema); i++)
		if (schema[i].since > from)
			n += (size_t)snprintf(sql + n, n < sizeof(sql) ? sizeof(sql) - n : 0,
				"%s;", schema[i].sql);
	n += (size_t)snprintf(sql + n, n < sizeof(sql) ? sizeof(sql) - n : 0, "COMMIT");
	return n < sizeof(sql) ? execute(database, sql, why) : -ENAMETOOLONG;
}

/* The next table that a file of this version has, from `at` on; ARRAY_LEN: no more. */
static size_t next_table(int version, size_t at)
{
	while (at < ARRAY_LEN(schema) && schema[at].since > version)
		at++;
	return at;
}

/* Indexes that SQLite makes for PRIMARY KEY and UNIQUE have no sentence. */
static int check_schema(struct database *database, int version, char *why)
{
	CLEANUP(statement_free) sqlite3_stmt *statement = NULL;
	size_t at = next_table(version, 0);
	int r = sqlite3_prepare_v2(database->db,
		"SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name", -1,
		&statement, NULL);

	while (r == SQLITE_OK && (r = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(statement, 0);
		if (!text || at == ARRAY_LEN(schema) || strcmp(text, schema[at].sql) != 0)
			return because(why, DATABASE_DAMAGED, "its tables are not ours");
		at = next_table(version, at + 1);
		r = SQLITE_OK;
	}
	if (r != SQLITE_DONE)
		return failed(database, r, why);
	return at == ARRAY_LEN(schema)
		       ? 0
		       : because(why, DATABASE_DAMAGED, "tables of it are missing");
}

static int check_pages(struct database *database, char *why)
{
	CLEANUP(statement_free) sqlite3_stmt *statement = NULL;
	int r = sqlite3_prepare_v2(database->db, "PRAGMA quick_check(1)", -1, &statement, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_step(statement);
	if (r != SQLITE_ROW)
		return failed(database, r, why);
	const char *text = (const char *)sqlite3_column_text(statement, 0);
	return text && strcmp(text, "ok") == 0
		       ? 0
		       : because(why, DATABASE_DAMAGED, "%s", text ? text : "no memory");
}

static int check_file(struct database *database, char *why)
{
	int64_t version = 0, application = 0, objects = 0;
	int r = number_of(database, "PRAGMA user_version", &version, why);

	if (r == 0)
		r = number_of(database, "PRAGMA application_id", &application, why);
	if (r == 0)
		r = number_of(database, "SELECT count(*) FROM sqlite_schema", &objects, why);
	if (r)
		return r;
	if (version == 0 && application == 0 && objects == 0)
		return create(database, 0, why);
	if (application != APPLICATION || version < 1)
		return because(why, DATABASE_DAMAGED, "it is not of redshirt");
	if (version > VERSION)
		return because(why, DATABASE_NEWER,
			"it is of a later redshirt (version %" PRId64 ", this one knows %d)",
			version, VERSION);
	r = check_schema(database, (int)version, why);
	if (r == 0)
		r = check_pages(database, why);
	return r || version == VERSION ? r : create(database, (int)version, why);
}

static int prepare(struct database *database, char *why)
{
	for (size_t i = 0; i < DATABASE_STATEMENTS; i++) {
		int r = sqlite3_prepare_v3(database->db, statements[i].sql, -1,
			SQLITE_PREPARE_PERSISTENT, &database->statements[i], NULL);
		if (r)
			return failed(database, r, why);
	}
	return 0;
}

int database_open(const char *path, struct offload *offload, struct database **out,
	char why[DATABASE_WHY_SIZE])
{
	int r = make_file(path, why);

	if (r)
		return r;
	struct database *database = calloc(1, sizeof(*database));
	if (!database)
		return because(why, -ENOMEM, "%s", strerror(ENOMEM));
	database->offload = offload;
	r = sqlite3_open_v2(
		path, &database->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	r = r ? failed(database, r, why) : 0;
	if (r == 0)
		r = settle(database, why);
	if (r == 0)
		r = check_file(database, why);
	if (r == 0)
		r = prepare(database, why);
	if (r) {
		database_close(database);
		return r;
	}
	*out = database;
	return 0;
}

struct database *database_close(struct database *database)
{
	if (!database)
		return NULL;
	for (size_t i = 0; i < DATABASE_STATEMENTS; i++)
		sqlite3_finalize(database->statements[i]);
	sqlite3_close(database->db);
	free(database);
	return NULL;
}

/* ---- reading ---- */

static bool read_bytes(sqlite3_stmt *statement, int column, struct database_value *out)
{
	out->bytes = sqlite3_column_blob(statement, column);
	int n = sqlite3_column_bytes(statement, column);
	out->n = (uint32_t)n;
	return n >= 0 && out->n <= DATABASE_VALUE_MAX && (out->bytes || n == 0);
}

static bool read_value(
	sqlite3_stmt *statement, int column, char kind, struct database_value *out)
{
	int type = sqlite3_column_type(statement, column);

	*out = (struct database_value){ 0 };
	switch (kind) {
	case 'n':
		out->number = sqlite3_column_int64(statement, column);
		return type == SQLITE_INTEGER;
	case 't':
		return type == SQLITE_TEXT && read_bytes(statement, column, out) &&
		       !memchr(out->bytes, 0, out->n);
	case 'h':
		return type == SQLITE_BLOB && read_bytes(statement, column, out) &&
		       out->n == HASH_BYTES;
	case 'e':
		return type == SQLITE_BLOB && read_bytes(statement, column, out) &&
		       (out->n == HASH_BYTES || out->n == 0);
	default:
		return type == SQLITE_BLOB && read_bytes(statement, column, out);
	}
}

static bool read_row(sqlite3_stmt *statement, const char *kinds, struct database_value values[])
{
	bool fine = sqlite3_column_count(statement) == (int)strlen(kinds);

	for (int i = 0; fine && kinds[i]; i++)
		fine = read_value(statement, i, kinds[i], &values[i]);
	return fine;
}

int database_load(struct database *database, enum database_table table,
	bool (*row)(void *context, const struct database_value *values), void *context,
	char why[DATABASE_WHY_SIZE])
{
	CLEANUP(statement_free) sqlite3_stmt *statement = NULL;
	struct database_value values[DATABASE_VALUES_MAX];
	int r = sqlite3_prepare_v2(database->db, tables[table].sql, -1, &statement, NULL);

	while (r == SQLITE_OK && (r = sqlite3_step(statement)) == SQLITE_ROW) {
		if (!read_row(statement, tables[table].values, values) || !row(context, values))
			return because(why, DATABASE_BAD_ROW, "a row in it makes no sense");
		r = SQLITE_OK;
	}
	return r == SQLITE_DONE ? 0 : failed(database, r, why);
}

/* ---- writing, on the helper ---- */

/* SQLITE_STATIC: the values stay until done(). */
static int bind_value(
	sqlite3_stmt *statement, int place, char kind, const struct database_value *value)
{
	const void *bytes = value->n ? value->bytes : "";

	switch (kind) {
	case 'n':
		return sqlite3_bind_int64(statement, place, value->number);
	case 't':
		return sqlite3_bind_text(statement, place, bytes, (int)value->n, SQLITE_STATIC);
	default:
		return sqlite3_bind_blob(statement, place, bytes, (int)value->n, SQLITE_STATIC);
	}
}

static int run_change(struct database *database, const struct database_change *change)
{
	sqlite3_stmt *statement = database->statements[change->statement];
	const char *kinds = statements[change->statement].values;
	int r = SQLITE_OK;

	for (int i = 0; r == SQLITE_OK && kinds[i]; i++)
		r = bind_value(statement, i + 1, kinds[i], &change->values[i]);
	if (r == SQLITE_OK)
		r = sqlite3_step(statement);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return r == SQLITE_DONE ? SQLITE_OK : r;
}

static int run_changes(struct database *database, const struct database_job *job)
{
	int r = sqlite3_exec(database->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	for (uint32_t i = 0; r == SQLITE_OK && i < job->n_changes; i++)
		r = run_change(database, &job->changes[i]);
	if (r == SQLITE_OK)
		r = sqlite3_exec(database->db, "COMMIT", NULL, NULL, NULL);
	return r;
}

static void write_job(struct offload_job *offloaded)
{
	struct database_job *job = (struct database_job *)(void *)offloaded;
	sqlite3 *db = job->database->db;
	int r = run_changes(job->database, job);

	job->result = error_of(db, r);
	if (r)
		log_error("database", "why=\"%s\"", sqlite3_errmsg(db));
	if (job->result > 0) /* damaged, while it was in use */
		job->result = -EIO;
	if (!sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
}

static void wrote_job(struct offload_job *offloaded)
{
	struct database_job *job = (struct database_job *)(void *)offloaded;

	job->done(job);
}

int database_write(struct database *database, struct database_job *job)
{
	_Static_assert(offsetof(struct database_job, job) == 0, "one begins with the other");
	job->database = database;
	job->job = (struct offload_job){ .run = write_job, .done = wrote_job };
	return offload_push(database->offload, &job->job);
}
