/*
 * control_fixture.h: a control socket with everything behind it, in one thread: whoever waits
 * for an answer turns the loop. The compiler is a shell script; the launcher is the test
 * program itself, when it says so (fake_launcher).
 */
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/un.h>

#include "cache/folder.h"
#include "supervisor/control/control.h"
#include "tests/check_run.h"

static char home[64], socket_path[128], aotc_path[128];
static struct session_parts parts;
static struct places places;
static struct journal *journal;
static struct ids *ids;
static struct control *control;
static int shut_downs;
static const char *compiler_script = "#!/bin/sh\necho no compiler here\nexit 1\n";
static bool fake_launcher;
static uint64_t ask_timeout_ms = ASKS_TIMEOUT_DEFAULT;

static inline const char *at_home(const char *name)
{
	static char out[256];

	snprintf(out, sizeof(out), "%s/%s", home, name);
	return out;
}

static inline void shut_down(void *context)
{
	(void)context;
	shut_downs++;
}

static inline void write_compiler(void)
{
	size_t n = strlen(compiler_script);

	snprintf(aotc_path, sizeof(aotc_path), "%s/aotc", home);
	int fd = open(aotc_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	ck_assert_int_eq(write(fd, compiler_script, n), (ssize_t)n);
	close(fd);
}

static inline void open_parts(void)
{
	char key[256], why[DATABASE_WHY_SIZE];

	strcpy(key, at_home("key"));
	parts = (struct session_parts){ .places = &places, .shut_down = shut_down };
	ck_assert_int_eq(loop_new(&parts.loop), 0);
	ck_assert_int_eq(offload_new(parts.loop, &parts.offload), 0);
	ck_assert_int_eq(events_new(&parts.events), 0);
	ck_assert_int_eq(journal_new(&journal), 0);
	ck_assert_int_eq(ids_open(home, parts.offload, &ids), 0);
	ck_assert_int_eq(ruling_open(at_home(RULING_FILE), parts.offload, parts.events,
				 POLICY_ALLOW, &parts.ruling, why),
		0);
	ck_assert_int_eq(store_open(at_home("programs"), &parts.store), 0);
	ck_assert_int_eq(programs_open(parts.store, &parts.programs), 0);
	ck_assert_int_eq(objects_open(at_home("objects"), key, GIB, &parts.objects), 0);
	ck_assert_int_eq(folder_open(at_home("objects"), &parts.objects_folder), 0);
	ck_assert_int_eq(folder_open(at_home("refused"), &parts.refused_folder), 0);
	ck_assert_int_eq(shelf_new(&parts.shelf), 0);
	ck_assert_int_eq(builds_open(parts.ruling->database, &parts.builds, why), 0);
	ck_assert_int_eq(profiles_open(at_home("profiles"), parts.offload, parts.events, 0,
				 &parts.profiles),
		0);
	const struct compile_parts c = { .loop = parts.loop,
		.offload = parts.offload,
		.store = parts.store,
		.objects = parts.objects,
		.shelf = parts.shelf,
		.events = parts.events,
		.builds = parts.builds,
		.refused = parts.refused_folder,
		.way = { .aotc = aotc_path },
		.profiles = { parts.profiles, profiles_hash, profiles_file } };
	ck_assert_int_eq(compile_new(&c, &parts.compile), 0);
	profiles_begin(parts.profiles, parts.compile);
	ck_assert_int_eq(roster_new(&parts.roster), 0);
	ck_assert_int_eq(processes_new(parts.roster, &parts.processes), 0);
	const struct workers_events w = processes_workers_events(parts.processes);
	ck_assert_int_eq(workers_new(&w, &parts.workers), 0);
	ruling_begin(parts.ruling, parts.workers, parts.roster, parts.programs);
	ck_assert_int_eq(asking_new(ask_timeout_ms, &parts.asking), 0);
	const struct asking_parts a = { parts.loop, parts.roster, parts.events, parts.workers,
		parts.ruling };
	asking_begin(parts.asking, &a);
	const struct launch_events l = processes_launch_events(parts.processes);
	if (fake_launcher)
		ck_assert_int_eq(
			launch_new(parts.loop, "/proc/self/exe", &l, &parts.launch), 0);
	const struct processes_parts p = { parts.loop, parts.launch, parts.compile,
		parts.profiles, parts.workers, journal, ids, parts.events, parts.asking, 10,
		parts.ruling->names };
	processes_begin(parts.processes, &p);
	parts.limits.memory_bytes = MIB;
	const struct bindings_parts b = { parts.loop, parts.ruling->database, parts.workers,
		parts.processes, parts.roster, parts.events, parts.ruling->names,
		parts.limits };
	ck_assert_int_eq(bindings_new(&b, &parts.bindings, why), 0);
	ck_assert_int_eq(bindings_begin(parts.bindings), 0);
}

static inline void close_parts(void)
{
	bindings_end(parts.bindings);
	parts.launch = launch_free(parts.launch);
	parts.offload = offload_free(parts.offload);
	parts.bindings = bindings_free(parts.bindings);
	parts.processes = processes_free(parts.processes);
	parts.roster = roster_free(parts.roster);
	parts.workers = workers_free(parts.workers);
	parts.compile = compile_free(parts.compile);
	parts.profiles = profiles_free(parts.profiles);
	parts.builds = builds_close(parts.builds);
	parts.shelf = shelf_free(parts.shelf);
	fd_closep(&parts.refused_folder);
	fd_closep(&parts.objects_folder);
	parts.objects = objects_free(parts.objects);
	parts.programs = programs_free(parts.programs);
	parts.ruling = ruling_close(parts.ruling);
	parts.store = store_free(parts.store);
	ids = ids_close(ids);
	journal = journal_free(journal);
	parts.asking = asking_free(parts.asking);
	parts.events = events_free(parts.events);
	parts.loop = loop_free(parts.loop);
}

static inline void set_up(void)
{
	strcpy(home, "/tmp/check_control.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(home));
	snprintf(socket_path, sizeof(socket_path), "%s/control.sock", home);
	write_compiler();
	open_parts();
	ck_assert_int_eq(control_new(&parts, socket_path, CONTROL_NO_GROUP, &control), 0);
}

static inline void tear_down(void)
{
	char command[128];

	control = control_free(control);
	close_parts();
	snprintf(command, sizeof(command), "rm -rf %s", home);
	ck_assert_int_eq(system(command), 0);
}

/* One turn of rsd's loop, sleeping for at most so long. */
static inline void turn(uint64_t ms)
{
	bool again = workers_pump(parts.workers);

	again |= control_step(control);
	ck_assert_int_eq(loop_wait(parts.loop, again ? 0 : loop_now_ns() + ms * 1000000), 0);
	loop_dispatch(parts.loop);
}

static inline void turn_for(uint64_t ms)
{
	uint64_t end = loop_now_ns() + ms * 1000000;

	while (loop_now_ns() < end)
		turn(1);
}

static inline int enter(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, socket_path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* False: the other side does not want it (any more). */
static inline bool say(int fd, char type, const void *bytes, size_t n)
{
	struct iovec iov[] = { { &type, 1 }, { (void *)(uintptr_t)bytes, n } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };

	for (int i = 0; i < 5000; i++) {
		if (sendmsg(fd, &m, MSG_NOSIGNAL) >= 0)
			return true;
		if (errno != EAGAIN)
			return false;
		turn(1);
	}
	return false;
}

static inline bool say_text(int fd, const char *text)
{
	return say(fd, CONTROL_JSON, text, strlen(text));
}

#define HEARD_END     (-1)
#define HEARD_NOTHING (-2)

/* Bytes of the next packet, or one of these two. */
static inline ssize_t hear(int fd, char *out, size_t size)
{
	for (int i = 0; i < 3000; i++) {
		ssize_t n = recv(fd, out, size - 1, 0);
		if (n > 0) {
			out[n] = 0;
			return n;
		}
		if (n == 0 || errno != EAGAIN)
			return HEARD_END;
		turn(1);
	}
	return HEARD_NOTHING;
}

static char heard[CONTROL_PACKET_MAX + 1];

/* The next JSON packet; NULL at the end. */
static inline json_t *hear_json(int fd)
{
	ssize_t n = hear(fd, heard, sizeof(heard));

	if (n < 0)
		return NULL;
	ck_assert_int_eq(heard[0], CONTROL_JSON);
	json_t *message = json_loadb(heard + 1, (size_t)n - 1, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_msg(message != NULL, "not JSON: %s", heard);
	return message;
}

/* Reads to the final answer; rows are counted. */
static inline json_t *hear_final(int fd, int *rows)
{
	json_t *message;

	if (rows)
		*rows = 0;
	while ((message = hear_json(fd))) {
		if (json_object_get(message, "ok") || json_object_get(message, "error"))
			return message;
		if (rows && json_object_get(message, "row"))
			++*rows;
		json_decref(message);
	}
	return NULL;
}

/* One question; the code of its answer, 0 for ok, -1 when there was none. */
static inline int answer(const char *request)
{
	int fd = enter();

	ck_assert(say_text(fd, request));
	json_t *final = hear_final(fd, NULL);
	json_t *error = json_object_get(final, "error");
	int code = !final  ? -1
		   : error ? (int)json_integer_value(json_object_get(error, "code"))
			   : 0;
	json_decref(final);
	ck_assert_int_eq(hear(fd, heard, sizeof(heard)), HEARD_END);
	close(fd);
	return code;
}
