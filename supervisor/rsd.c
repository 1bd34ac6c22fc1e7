/*
 * rsd.c: runs programs. One thread turns one loop; what would block is done by one helper
 * thread; what forks and what compiles are processes of their own. In the foreground; ends by
 * SIGTERM, SIGINT, SIGHUP, `rsctl shutdown`, or by itself with --idle-exit.
 */
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include "cache/folder.h"
#include "ipc/log.h"
#include "runtime/abi.h"
#include "supervisor/control/control.h"
#include "supervisor/flags.h"
#include "supervisor/notify.h"
#include "supervisor/workers/host_program.h"

#define WHY_SIZE       (PATH_MAX + 128)
#define PUMPS_IN_A_ROW 32u

struct rsd {
	const struct flags *flags;
	struct places places;
	gid_t group;
	int signals, lock;
	uint64_t signals_watch, bell_watch;
	uint32_t processes_max;
	struct session_parts parts; /* owned here */
	struct journal *journal;
	struct ids *ids;
	struct control *control;
	struct loop_timer idle;
	bool stopping, leaving;
	char aotc[PATH_MAX];
	char why[WHY_SIZE]; /* a step that failed with a positive number left it here */
};

/* ---- what rsd is made of: each step may leave a reason in why ---- */

enum {
	STEP_FAILED = 1
};

PRINTF(2, 3)
static int failed(struct rsd *rsd, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(rsd->why, sizeof(rsd->why), format, args);
	va_end(args);
	return STEP_FAILED;
}

static int nothing(struct rsd *rsd)
{
	(void)rsd;
	return 0;
}

static void shut_down(void *context);

static void signalled(void *context, const uint8_t *bytes, int n)
{
	(void)bytes;
	(void)n;
	shut_down(context);
}

/* Blocked in every thread; only the descriptor tells of them. A broken pipe is an answer, not a
 * signal. */
static int open_signals(struct rsd *rsd)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	rsd->signals = signalfd(-1, &set, SFD_CLOEXEC);
	rsd->processes_max = limits_raise_processes();
	return rsd->signals < 0 ? -errno : 0;
}

static void close_signals(struct rsd *rsd)
{
	fd_closep(&rsd->signals);
}

static int open_loop(struct rsd *rsd)
{
	int r = loop_new(&rsd->parts.loop);

	if (r)
		return failed(rsd, "%s", loop_why(r));
	return loop_read(rsd->parts.loop, rsd->signals, signalled, rsd, &rsd->signals_watch);
}

static void close_loop(struct rsd *rsd)
{
	rsd->parts.loop = loop_free(rsd->parts.loop);
}

/* Before anything is read: what the workers are forked from knows nothing of this machine. */
static int start_launcher(struct rsd *rsd)
{
	char path[PATH_MAX];
	int r = places_installed("libexec/redshirt/launcher", path);

	if (r == 0)
		r = roster_new(&rsd->parts.roster);
	if (r == 0)
		r = processes_new(rsd->parts.roster, &rsd->parts.processes);
	if (r)
		return r;
	const struct launch_events events = processes_launch_events(rsd->parts.processes);
	r = launch_new(rsd->parts.loop, path, &events, &rsd->parts.launch);
	return r ? failed(rsd, "%s: %s", path, strerror(-r)) : 0;
}

static void end_launcher(struct rsd *rsd)
{
	rsd->parts.launch = launch_free(rsd->parts.launch);
	rsd->parts.processes = processes_free(rsd->parts.processes);
	rsd->parts.roster = roster_free(rsd->parts.roster);
}

static int set_folder(struct rsd *rsd, enum place place, const char *given)
{
	char *folder = rsd->places.folder[place];

	if (!given)
		return 0;
	if (given[0] != '/' || strlen(given) >= PATH_MAX)
		return failed(rsd, "%s: a folder is given from / on", given);
	strcpy(folder, given);
	return 0;
}

static int make_folders(struct rsd *rsd)
{
	const char *given[PLACES] = { [PLACE_RUN] = rsd->flags->run_dir,
		[PLACE_STATE] = rsd->flags->state_dir,
		[PLACE_CACHE] = rsd->flags->cache_dir };
	int r = places_find(&rsd->places);

	if (r == -EINVAL)
		return failed(rsd, "a REDSHIRT_ variable does not begin with /");
	if (r && !(given[PLACE_RUN] && given[PLACE_STATE] && given[PLACE_CACHE]))
		return failed(rsd, "no home folder: give --run-dir, --state-dir, --cache-dir");
	for (enum place place = 0; place < PLACES; place++) {
		r = set_folder(rsd, place, given[place]);
		if (r)
			return r;
		r = places_make(&rsd->places, place);
		if (r)
			return failed(rsd, "%s: %s", rsd->places.folder[place],
				r == -EPERM ? "it is not ours, or others may write to it"
					    : strerror(-r));
	}
	return 0;
}

/* Its members have to get as far as the socket. */
static int open_to_group(struct rsd *rsd)
{
	const char *name = rsd->flags->group, *run = rsd->places.folder[PLACE_RUN];

	rsd->group = CONTROL_NO_GROUP;
	if (!name)
		return 0;
	const struct group *group = getgrnam(name);
	if (!group)
		return failed(rsd, "%s: there is no such group", name);
	rsd->group = group->gr_gid;
	if (chown(run, (uid_t)-1, rsd->group) || chmod(run, 0750))
		return failed(rsd, "%s: %s", run, strerror(errno));
	return 0;
}

static int take_lock(struct rsd *rsd)
{
	char path[PATH_MAX], pid[32] = "";
	int r = places_path(&rsd->places, PLACE_STATE, "lock", path);

	if (r)
		return r;
	rsd->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (rsd->lock < 0)
		return failed(rsd, "%s: %s", path, strerror(errno));
	if (flock(rsd->lock, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK)
			return -errno;
		ssize_t n = pread(rsd->lock, pid, sizeof(pid) - 1, 0);
		return failed(rsd, "%s: another rsd uses it (pid %.*s)",
			rsd->places.folder[PLACE_STATE], (int)(n > 0 ? strcspn(pid, "\n") : 0),
			pid);
	}
	int n = snprintf(pid, sizeof(pid), "%d\n", getpid());
	if (ftruncate(rsd->lock, 0) || pwrite(rsd->lock, pid, (size_t)n, 0) != n)
		return failed(rsd, "%s: %s", path, strerror(errno));
	return 0;
}

static void release_lock(struct rsd *rsd)
{
	fd_closep(&rsd->lock);
}

static int open_memory(struct rsd *rsd)
{
	int r = events_new(&rsd->parts.events);

	if (r == 0)
		r = asking_new(rsd->flags->ask_timeout_ms, &rsd->parts.asking);
	if (r == 0)
		r = journal_new(&rsd->journal);
	if (r == 0)
		r = shelf_new(&rsd->parts.shelf);
	return r;
}

static void close_memory(struct rsd *rsd)
{
	rsd->parts.shelf = shelf_free(rsd->parts.shelf);
	rsd->journal = journal_free(rsd->journal);
	rsd->parts.asking = asking_free(rsd->parts.asking);
	rsd->parts.events = events_free(rsd->parts.events);
}

static int start_helper(struct rsd *rsd)
{
	return offload_new(rsd->parts.loop, &rsd->parts.offload);
}

static int open_ids(struct rsd *rsd)
{
	const char *folder = rsd->places.folder[PLACE_STATE];
	int r = ids_open(folder, rsd->parts.offload, &rsd->ids);

	if (r == IDS_DAMAGED)
		return failed(
			rsd, "%s/processes is damaged: it should hold one number", folder);
	return r < 0 ? failed(rsd, "%s: %s", folder, strerror(-r)) : r;
}

static void close_ids(struct rsd *rsd)
{
	rsd->ids = ids_close(rsd->ids);
}

/* Without it nobody knows what was denied: then nothing runs. */
static int open_ruling(struct rsd *rsd)
{
	char path[PATH_MAX], why[DATABASE_WHY_SIZE] = "";
	int r = places_path(&rsd->places, PLACE_STATE, RULING_FILE, path);

	if (r)
		return r;
	r = ruling_open(path, rsd->parts.offload, rsd->parts.events, rsd->flags->missing,
		&rsd->parts.ruling, why);
	return r ? failed(rsd, "%s: %s", path, why) : 0;
}

static void close_ruling(struct rsd *rsd)
{
	rsd->parts.ruling = ruling_close(rsd->parts.ruling);
}

static int open_store(struct rsd *rsd)
{
	char path[PATH_MAX];
	int r = places_path(&rsd->places, PLACE_STATE, "programs", path);

	if (r == 0)
		r = store_open(path, &rsd->parts.store);
	if (r == 0)
		r = programs_open(rsd->parts.store, &rsd->parts.programs);
	return r ? failed(rsd, "%s: %s", path, strerror(-r)) : 0;
}

static void close_store(struct rsd *rsd)
{
	rsd->parts.programs = programs_free(rsd->parts.programs);
	rsd->parts.store = store_free(rsd->parts.store);
}

static int open_cache(struct rsd *rsd)
{
	char objects[PATH_MAX], key[PATH_MAX], refused[PATH_MAX];
	int r = places_path(&rsd->places, PLACE_CACHE, "objects", objects);

	if (r == 0)
		r = places_path(&rsd->places, PLACE_STATE, "object.key", key);
	if (r == 0)
		r = places_path(&rsd->places, PLACE_CACHE, "refused", refused);
	if (r)
		return r;
	r = objects_open(objects, key, OBJECT_SIZE_MAX, &rsd->parts.objects);
	if (r)
		return failed(rsd, "%s, %s: %s", objects, key, strerror(-r));
	r = folder_open(objects, &rsd->parts.objects_folder);
	if (r == 0)
		r = folder_open(refused, &rsd->parts.refused_folder);
	return r ? failed(rsd, "%s: %s", refused, strerror(-r)) : 0;
}

static void close_cache(struct rsd *rsd)
{
	fd_closep(&rsd->parts.refused_folder);
	fd_closep(&rsd->parts.objects_folder);
	rsd->parts.objects = objects_free(rsd->parts.objects);
}

static int open_profiles(struct rsd *rsd)
{
	char path[PATH_MAX];
	int r = places_path(&rsd->places, PLACE_STATE, "profiles", path);

	if (r == 0)
		r = profiles_open(path, rsd->parts.offload, rsd->parts.events,
			rsd->flags->profile_share, &rsd->parts.profiles);
	return r ? failed(rsd, "%s: %s", path, strerror(-r)) : 0;
}

static void close_profiles(struct rsd *rsd)
{
	rsd->parts.profiles = profiles_free(rsd->parts.profiles);
}

static int start_compiler(struct rsd *rsd)
{
	char why[DATABASE_WHY_SIZE] = "";
	int r = places_installed("libexec/redshirt/aotc", rsd->aotc);
	if (r == 0)
		r = builds_open(rsd->parts.ruling->database, &rsd->parts.builds, why);
	if (r && why[0])
		return failed(rsd, "%s", why);
	const struct compile_parts parts = {
		.loop = rsd->parts.loop,
		.offload = rsd->parts.offload,
		.store = rsd->parts.store,
		.objects = rsd->parts.objects,
		.shelf = rsd->parts.shelf,
		.events = rsd->parts.events,
		.builds = rsd->parts.builds,
		.refused = rsd->parts.refused_folder,
		.way = { .aotc = rsd->aotc,
			.target_cpu = rsd->flags->target_cpu,
			.relaxed_reads = rsd->flags->relaxed_reads,
			.unknown_imports = rsd->flags->unknown_imports },
		.no_quick = rsd->flags->no_quick,
		.profiles = { rsd->parts.profiles, profiles_hash, profiles_file },
	};

	if (r == 0)
		r = compile_new(&parts, &rsd->parts.compile);
	if (r == 0)
		profiles_begin(rsd->parts.profiles, rsd->parts.compile);
	return r ? failed(rsd, "%s: %s", rsd->aotc, strerror(-r)) : 0;
}

static void end_compiler(struct rsd *rsd)
{
	rsd->parts.compile = compile_free(rsd->parts.compile);
	rsd->parts.builds = builds_close(rsd->parts.builds);
}

static void rung(void *context, const uint8_t *bytes, int n)
{
	(void)context; /* that the loop turned is all that is wanted */
	(void)bytes;
	(void)n;
}

static int open_workers(struct rsd *rsd)
{
	const struct workers_events events = processes_workers_events(rsd->parts.processes);
	int r = workers_new(&events, &rsd->parts.workers);

	if (r)
		return r;
	workers_limit_bodies(rsd->parts.workers, rsd->parts.limits.body_bytes);
	workers_mediate(rsd->parts.workers, rsd->flags->mediate);
	ruling_begin(
		rsd->parts.ruling, rsd->parts.workers, rsd->parts.roster, rsd->parts.programs);
	return loop_read(
		rsd->parts.loop, workers_bell(rsd->parts.workers), rung, rsd, &rsd->bell_watch);
}

static void close_workers(struct rsd *rsd)
{
	loop_cancel(rsd->parts.loop, &rsd->bell_watch);
	rsd->parts.workers = workers_free(rsd->parts.workers);
}

static int open_bindings(struct rsd *rsd)
{
	const struct bindings_parts parts = { .loop = rsd->parts.loop,
		.database = rsd->parts.ruling->database,
		.workers = rsd->parts.workers,
		.processes = rsd->parts.processes,
		.roster = rsd->parts.roster,
		.events = rsd->parts.events,
		.names = rsd->parts.ruling->names,
		.limits = rsd->parts.limits };
	char why[DATABASE_WHY_SIZE] = "";
	int r = bindings_new(&parts, &rsd->parts.bindings, why);

	return r ? failed(rsd, "%s", why) : 0;
}

static void close_bindings(struct rsd *rsd)
{
	rsd->parts.bindings = bindings_free(rsd->parts.bindings);
}

static int begin_bindings(struct rsd *rsd)
{
	return bindings_begin(rsd->parts.bindings);
}

static void end_bindings(struct rsd *rsd)
{
	bindings_end(rsd->parts.bindings);
}

static int begin_processes(struct rsd *rsd)
{
	const struct processes_parts parts = {
		.loop = rsd->parts.loop,
		.launch = rsd->parts.launch,
		.compile = rsd->parts.compile,
		.profiles = rsd->parts.profiles,
		.workers = rsd->parts.workers,
		.journal = rsd->journal,
		.ids = rsd->ids,
		.events = rsd->parts.events,
		.asking = rsd->parts.asking,
		.processes_max = rsd->processes_max,
		.names = rsd->parts.ruling->names,
	};

	const struct asking_parts asking = {
		.loop = rsd->parts.loop,
		.roster = rsd->parts.roster,
		.events = rsd->parts.events,
		.workers = rsd->parts.workers,
		.ruling = rsd->parts.ruling,
	};

	asking_begin(rsd->parts.asking, &asking);
	processes_begin(rsd->parts.processes, &parts);
	return 0;
}

static int begin_children(struct rsd *rsd)
{
	const struct children_parts parts = {
		.processes = rsd->parts.processes,
		.programs = rsd->parts.programs,
		.workers = rsd->parts.workers,
		.events = rsd->parts.events,
		.policy = policy_verdict,
		.policy_context = &rsd->parts.ruling->policy,
	};

	host_program_begin(workers_program(rsd->parts.workers), &parts);
	return 0;
}

static void end_children(struct rsd *rsd)
{
	host_program_end(workers_program(rsd->parts.workers));
}

/* Its last jobs come back to those who wait for them, so they must still be there. */
static void end_helper(struct rsd *rsd)
{
	rsd->parts.offload = offload_free(rsd->parts.offload);
}

static int open_control(struct rsd *rsd)
{
	char path[PATH_MAX];
	int r = places_path(&rsd->places, PLACE_RUN, CONTROL_SOCKET_NAME, path);

	rsd->parts.places = &rsd->places;
	rsd->parts.natives = &rsd->flags->natives;
	rsd->parts.started_ms = events_now_ms();
	rsd->parts.context = rsd;
	rsd->parts.shut_down = shut_down;
	if (r == 0)
		r = control_new(&rsd->parts, path, rsd->group, &rsd->control);
	if (r == CONTROL_TAKEN)
		return failed(rsd, "%s: another rsd answers there", path);
	if (r == CONTROL_TOO_LONG)
		return failed(rsd, "%s: too long for a socket: give --run-dir", path);
	return r ? failed(rsd, "%s: %s", path, strerror(-r)) : 0;
}

static void close_control(struct rsd *rsd)
{
	rsd->control = control_free(rsd->control);
}

/* Up in this order, down in the reverse; a down is called if its up was, even if that failed.
 */
static const struct step {
	const char *name;
	int (*up)(struct rsd *rsd);
	void (*down)(struct rsd *rsd);
} steps[] = {
	{ "signals", open_signals, close_signals },
	{ "io_uring", open_loop, close_loop },
	{ "launcher", start_launcher, end_launcher },
	{ "folders", make_folders, NULL },
	{ "group", open_to_group, NULL },
	{ "lock", take_lock, release_lock },
	{ "memory", open_memory, close_memory },
	{ "helper thread", start_helper, end_helper },
	{ "process numbers", open_ids, close_ids },
	{ "decisions", open_ruling, close_ruling },
	{ "programs", open_store, close_store },
	{ "cache", open_cache, close_cache },
	{ "profiles", open_profiles, close_profiles },
	{ "compiler", start_compiler, end_compiler },
	{ "workers", open_workers, close_workers },
	{ "bindings", open_bindings, close_bindings },
	{ "last jobs", nothing, end_helper },
	{ "processes", begin_processes, end_launcher },
	{ "bound programs", begin_bindings, end_bindings },
	{ "children", begin_children, end_children },
	{ "control socket", open_control, close_control },
};

/* ---- turning ---- */

/* Politely; a second time, at once. */
static void shut_down(void *context)
{
	struct rsd *rsd = context;

	if (!rsd->stopping) {
		notify_send("STOPPING=1");
		events_add(rsd->parts.events, "stopping", 0, NULL, "%" PRIu32 " processes",
			processes_alive(rsd->parts.processes));
	}
	rsd->stopping = true;
	processes_stop_all(rsd->parts.processes);
}

static void idle_over(void *context)
{
	struct rsd *rsd = context;

	rsd->leaving = true; /* after one more look at the socket */
}

static void care_for_idleness(struct rsd *rsd)
{
	bool busy = processes_alive(rsd->parts.processes) || control_clients(rsd->control) ||
		    compile_behind(rsd->parts.compile);

	if (rsd->flags->idle_ms == 0)
		return;
	if (busy) {
		loop_timer_stop(&rsd->idle);
		rsd->leaving = false;
	} else if (!rsd->idle.loop && !rsd->leaving) {
		loop_timer_set(rsd->parts.loop, &rsd->idle,
			loop_now_ns() + rsd->flags->idle_ms * 1000000, idle_over, rsd);
	}
}

static bool is_over(const struct rsd *rsd)
{
	return rsd->leaving || (rsd->stopping && processes_alive(rsd->parts.processes) == 0);
}

/* Again and again while those who are answered go on asking; then whatever else there is has
 * its turn. */
static bool pump(struct workers *workers)
{
	bool again = workers_pump(workers);

	for (unsigned n = 0; !again && n < PUMPS_IN_A_ROW && workers_yield(workers); n++)
		again = workers_pump(workers);
	return again;
}

/* workers.h says how to sleep: between begin and end, a peer that has something rings. */
static int sleep_until_needed(struct rsd *rsd, bool again)
{
	struct workers *workers = rsd->parts.workers;
	uint64_t epoch = workers_sleep_begin(workers);
	bool awake = again || workers_waiting(workers);
	int r = loop_wait(rsd->parts.loop, awake ? 0 : workers_deadline_ns(workers));

	workers_sleep_end(workers, epoch);
	return r;
}

static int turn(struct rsd *rsd)
{
	struct workers *workers = rsd->parts.workers;
	bool more = loop_dispatch(rsd->parts.loop);
	uint64_t now = loop_now_ns();

	if (workers_deadline_ns(workers) <= now)
		workers_tick(workers, now);
	bool again = pump(workers);
	again |= control_step(rsd->control);
	care_for_idleness(rsd);
	return is_over(rsd) ? 0 : sleep_until_needed(rsd, again || more);
}

static int run(struct rsd *rsd)
{
	int r = 0;

	while (r == 0 && !is_over(rsd))
		r = turn(rsd);
	if (r)
		log_error("loop", "why=\"%s\"", strerror(-r));
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- main ---- */

static int live(struct rsd *rsd)
{
	size_t up = 0;
	int r = 0, code = EXIT_FAILURE;

	while (up < ARRAY_LEN(steps) && r == 0)
		r = steps[up++].up(rsd);
	if (r)
		fprintf(stderr, "rsd: %s: %s\n", steps[up - 1].name,
			r < 0 ? strerror(-r) : rsd->why);
	if (r == 0) {
		events_add(rsd->parts.events, "ready", 0, NULL, "%s", REDSHIRT_VERSION);
		notify_send("READY=1");
		code = run(rsd);
	}
	while (up--)
		if (steps[up].down)
			steps[up].down(rsd);
	return code;
}

int main(int argc, char **argv)
{
	struct flags flags;
	int r = flags_read(argc, argv, &flags);

	if (r != FLAGS_GO_ON)
		return r;
	struct rsd rsd = { .flags = &flags,
		.signals = -1,
		.lock = -1,
		.parts = {
			.limits = flags.limits, .objects_folder = -1, .refused_folder = -1 } };
	log_open("rsd");
	return live(&rsd);
}
