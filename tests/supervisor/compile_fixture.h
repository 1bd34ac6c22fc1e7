/*
 * compile_fixture.h: compile.h with everything behind it, on a compiler made of shell, which
 * says an id for each tier it is to have, writes down how it is called, and does what the
 * module says: the first word, or what stands after "TIER:". The profile goes to "profile".
 */
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <sys/stat.h>

#include "cache/folder.h"
#include "supervisor/compiling/compile.h"
#include "tests/check_run.h"

static const char script[] =
	"#!/bin/sh\n"
	"here=${0%/*} tier=none way=\n"
	"while [ $# -gt 0 ]; do\n"
	"	case $1 in\n"
	"	--tier) tier=$2; shift;;\n"
	"	--toolchain) tier=toolchain;;\n"
	"	--*-fd) shift;;\n"
	"	*) way=\"$way $1\";;\n"
	"	esac\n"
	"	shift\n"
	"done\n"
	"if [ $tier = toolchain ]; then\n"
	"	[ -f $here/broken ] && { echo 'no cc'; exit 1; }\n"
	"	n=7\n"
	"	for tier in quick full profiled instrumented; do\n"
	"		n=$((n + 1))\n"
	"		[ $tier = full -o -f $here/$tier ] && echo \"id $tier $(printf %064d "
	"$n)\"\n"
	"	done\n"
	"	echo 'compiler none'; exit 0\n"
	"fi\n"
	"echo $tier$way >>$here/built\n"
	"[ $tier != profiled ] || cat <&6 >$here/profile\n"
	"read -r words <&3\n"
	"word=${words%% *}\n"
	"for w in $words; do case $w in $tier:*) word=${w#*:};; esac; done\n"
	"echo 'progress front 1 3' >&5\n"
	"case $word in\n"
	"good) echo \"object of ${words#* }\" >&4; echo 'done 10' >&5;;\n"
	"slow) sleep 0.3; echo slow >&4;;\n"
	"wait) while [ ! -f $here/go ]; do sleep 0.01; done; echo late >&4\n"
	"	set -- $(cat /proc/$$/stat); echo nice ${19} policy ${41} >$here/priority;;\n"
	"bad) echo 'refused imports env.foo, which nothing provides' >&5; exit 3;;\n"
	"unfit) echo 'unfit its frames are too large' >&5; exit 4;;\n"
	"broken) echo 'failed out of luck' >&5; exit 1;;\n"
	"mute) exit 1;;\n"
	"long) head -c 100000 /dev/zero | tr '\\0' a >&5; echo >&5; exit 1;;\n"
	"hang) trap 'touch '$here'/asked; exit 1' TERM; while :; do sleep 0.05; done;;\n"
	"stubborn) trap '' TERM; while :; do sleep 0.05; done;;\n"
	"killed) kill -9 $$;;\n"
	"esac\n";

static char home[64];
static struct loop *loop;
static struct offload *offload;
static struct store *store;
static struct objects *objects;
static struct shelf *shelf;
static struct compile *compile;
static struct events *events;
static struct database *database;
static struct builds *builds;
static int refused = -1;
static struct compile_parts parts; /* what a test sets here stays over open_all() */

static inline const char *path(const char *name)
{
	static char out[256];

	snprintf(out, sizeof(out), "%s/%s", home, name);
	return out;
}

static inline void open_all(void)
{
	char key[256], aotc[256];

	strcpy(key, path("key"));
	strcpy(aotc, path("aotc"));
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(offload_new(loop, &offload), 0);
	ck_assert_int_eq(store_open(path("store"), &store), 0);
	ck_assert_int_eq(objects_open(path("objects"), key, MIB, &objects), 0);
	ck_assert_int_eq(folder_open(path("refused"), &refused), 0);
	ck_assert_int_eq(shelf_new(&shelf), 0);
	static char kept[256];
	strcpy(kept, aotc);
	char why[DATABASE_WHY_SIZE];
	ck_assert_int_eq(events_new(&events), 0);
	ck_assert_int_eq(database_open(path("db"), offload, &database, why), 0);
	ck_assert_int_eq(builds_open(database, &builds, why), 0);
	parts.loop = loop;
	parts.offload = offload;
	parts.store = store;
	parts.objects = objects;
	parts.shelf = shelf;
	parts.events = events;
	parts.builds = builds;
	parts.refused = refused;
	parts.way.aotc = kept;
	ck_assert_int_eq(compile_new(&parts, &compile), 0);
}

static inline void close_all(void)
{
	offload = offload_free(offload);
	compile = compile_free(compile);
	builds = builds_close(builds);
	database = database_close(database);
	events = events_free(events);
	shelf = shelf_free(shelf);
	fd_closep(&refused);
	objects = objects_free(objects);
	store = store_free(store);
	loop = loop_free(loop);
}

static inline void set_up(void)
{
	strcpy(home, "/tmp/check_compile.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(home));
	int fd = open(path("aotc"), O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	ck_assert_int_eq(write(fd, script, sizeof(script) - 1), sizeof(script) - 1);
	close(fd);
	open_all();
}

static inline void tear_down(void)
{
	char command[128];

	close_all();
	snprintf(command, sizeof(command), "rm -rf %s", home);
	ck_assert_int_eq(system(command), 0);
}

static inline struct hash add(const char *text)
{
	struct store_put *put;
	struct hash name;

	ck_assert_int_eq(store_put_new(store, MIB, &put), 0);
	ck_assert_int_eq(store_put_write(put, text, strlen(text)), 0);
	ck_assert_int_eq(store_put_commit(put, NULL, &name), 0);
	store_put_free(put);
	return name;
}

struct wish {
	struct compile_want want;
	int calls;
	enum compile_outcome outcome;
	struct shelf_object *object;
	char why[600];
};

static int settled; /* wishes that were answered */

static inline void ready(struct compile_want *want, enum compile_outcome outcome,
	struct shelf_object *object, const char *why)
{
	struct wish *wish = (struct wish *)(void *)want;

	settled++;
	wish->calls++;
	wish->outcome = outcome;
	wish->object = object;
	snprintf(wish->why, sizeof(wish->why), "%s", why);
}

static inline void ask(struct wish *wish, const struct hash *program)
{
	*wish = (struct wish){ .want = { .program = *program, .ready = ready } };
	compile_get(compile, &wish->want);
}

static inline void turn_for(const int *value, int until, uint64_t ms)
{
	uint64_t end = loop_now_ns() + ms * 1000000;

	while (*value < until && loop_now_ns() < end) {
		ck_assert_int_eq(loop_wait(loop, end), 0);
		loop_dispatch(loop);
	}
}

static inline void get(struct wish *wish, const char *text)
{
	struct hash program = add(text);

	settled = 0;
	ask(wish, &program);
	turn_for(&settled, 1, 20000);
	ck_assert_int_eq(wish->calls, 1);
}

static inline void touch(const char *name)
{
	int fd = open(path(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	close(fd);
}

/* How often it was called to build, with these words at the line's beginning. */
static inline int builds_of(const char *words)
{
	char line[256];
	int n = 0;
	FILE *file = fopen(path("built"), "re");

	while (file && fgets(line, sizeof(line), file))
		n += strncmp(line, words, strlen(words)) == 0;
	if (file)
		fclose(file);
	return n;
}

static inline int compiles(void)
{
	return builds_of("");
}

/* Turns the loop until this many builds have begun. */
static inline void turn_until_built(const char *words, int count)
{
	const int never = 0;

	for (int i = 0; i < 500 && builds_of(words) < count; i++)
		turn_for(&never, 1, 20);
	ck_assert_int_eq(builds_of(words), count);
}

static inline void turn_until_nothing_is_behind(void)
{
	const int never = 0;

	for (int i = 0; i < 500 && compile_behind(compile); i++)
		turn_for(&never, 1, 20);
	ck_assert_uint_eq(compile_behind(compile), 0);
}
