#include "aotc/jail.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "aotc/jail_walls.h"

const char *const jail_wall_names[JAIL_WALLS] = {
	[JAIL_NAMESPACES] = "namespaces",
	[JAIL_PRIVILEGES] = "privileges",
	[JAIL_USER] = "user",
	[JAIL_FILES] = "files",
	[JAIL_PROCESSES] = "processes",
	[JAIL_CALLS] = "calls",
};

/* What warden and job tell us, one record each, over a pipe. */
struct report {
	enum {
		REPORT_WALLS,
		REPORT_BROKEN,
		REPORT_END
	} kind;
	int32_t code;    /* WALLS: bits; BROKEN: errno; END: wait status */
	uint32_t step;   /* BROKEN: row of job_steps[] */
	uint32_t late;   /* END: the deadline passed */
	uint64_t cpu_ms; /* END */
};

/* A pidfd of this process, for wardens to see us die: they may live where our number means
 * nothing. */
static int self_fd(void)
{
	static int fd = -1;
	static pid_t of;

	if (fd < 0 || of != getpid()) {
		fd_closep(&fd);
		fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
		of = getpid();
	}
	return fd;
}

static void tell(int fd, struct report report)
{
	if (write(fd, &report, sizeof report) != sizeof report)
		_exit(126); /* nobody listens: we are orphans */
}

/* In order, and the order is the point. `must`: no job runs without it. */
/* clang-format off */
static const struct job_step {
	const char *name;
	int (*run)(struct jail_setup *setup);
	bool must;
	int wall; /* -1: not worth a word */
} job_steps[] = {
	{ "signals", jail_signals, true, -1 },
	{ "streams", jail_streams, true, -1 },
	{ "folder", jail_folder, true, -1 },
	{ "program", jail_program, true, -1 },
	{ "limits", jail_limits, true, -1 },
	{ "no new privileges", jail_no_new_privileges, true, JAIL_PRIVILEGES },
	{ "files", jail_files, false, JAIL_FILES },             /* while we may still open every path in its list */
	{ "user", jail_user, false, JAIL_USER },                /* after: nobody could not */
	{ "processes", jail_processes, false, JAIL_PROCESSES }, /* counted per user, so after that */
	{ "capabilities", jail_capabilities, true, -1 },        /* a new user namespace gave us all of its own */
	{ "parent", jail_parent, true, -1 },                    /* a change of user forgets it */
	{ "descriptors", jail_descriptors, true, -1 },
	{ "system calls", jail_calls, true, JAIL_CALLS },       /* last: takes away what the others use */
};
/* clang-format on */

/* All that a tool sees of one; the same everywhere, so that the same input gives the same
 * bytes. */
static const char *const environment[] = {
	"LC_ALL=C",
	"PATH=/usr/bin:/bin",
	"TMPDIR=.",
	"SOURCE_DATE_EPOCH=0",
	NULL,
};

static _Noreturn void be_job(const struct jail_job *job, struct jail_setup *setup)
{
	struct report walls = { .kind = REPORT_WALLS,
		.code = setup->namespaces ? 1 << JAIL_NAMESPACES : 0 };

	for (uint32_t i = 0; i < ARRAY_LEN(job_steps); i++) {
		int r = job_steps[i].run(setup);

		if (r < 0 && job_steps[i].must) {
			tell(setup->report_fd,
				(struct report){
					.kind = REPORT_BROKEN, .code = -r, .step = i });
			_exit(127);
		}
		if (r == 0 && job_steps[i].wall >= 0)
			walls.code |= 1 << job_steps[i].wall;
	}
	tell(setup->report_fd, walls);
	if (job->function) {
		close(setup->report_fd);
		_exit(job->function(job->argument));
	}
	/* By descriptor: the path may lead through folders that only root may enter. */
	syscall(SYS_execveat, setup->program_fd, "", job->argv, environment, AT_EMPTY_PATH);
	tell(setup->report_fd,
		(struct report){ .kind = REPORT_BROKEN, .code = errno, .step = UINT32_MAX });
	_exit(127);
}

static uint64_t cpu_ms_of_children(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_CHILDREN, &u) < 0)
		return 0;
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000;
}

/* Waits for the job, for the deadline, or for aotc's end; then kills what is left and tells how
 * it was. */
static _Noreturn void be_warden(
	const struct jail_job *job, struct jail_setup *setup, int aotc_fd)
{
	struct report end = { .kind = REPORT_END };

	setup->warden = getpid();
	pid_t pid = fork();

	if (pid == 0)
		be_job(job, setup);
	int job_fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
	struct pollfd wait[] = { { .fd = job_fd, .events = POLLIN },
		{ .fd = aotc_fd, .events = POLLIN } };
	int ready =
		job_fd < 0 ? -1 : poll(wait, ARRAY_LEN(wait), (int)(job->limits.wall_s * 1000));

	end.late = ready == 0;
	if (pid > 0 && !(ready > 0 && wait[0].revents)) {
		kill(pid, SIGKILL);
		if (ready > 0) /* aotc is gone */
			kill(0, SIGKILL);
	}
	if (pid < 0 || waitpid(pid, &end.code, 0) != pid)
		_exit(126);
	end.cpu_ms = cpu_ms_of_children();
	tell(setup->report_fd, end);
	kill(0, SIGKILL); /* our process group: whatever the job left behind. As first of a
			     namespace our end does it. */
	_exit(0);
}

/* Namespaces come with the process: first all of them, then with a user namespace of its own,
 * then none. */
static pid_t fork_warden(struct jail_setup *setup)
{
	static const struct {
		unsigned long flags;
		bool namespaces, user;
	} tries[] = {
		{ CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWPID, true, false },
		{ CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWPID, true, true },
		{ 0, false, false },
	};
	pid_t pid = -1;

	for (size_t i = 0; pid < 0 && i < ARRAY_LEN(tries); i++) {
		setup->namespaces = tries[i].namespaces;
		setup->user_namespace = tries[i].user;
		pid = (pid_t)syscall(SYS_clone, tries[i].flags | SIGCHLD, NULL, NULL, NULL, 0);
	}
	return pid;
}

int jail_start(const struct jail_job *job, struct jail_child *out)
{
	CLEANUP(fd_closep) int reading = -1;
	CLEANUP(fd_closep) int writing = -1;
	struct jail_setup setup = {
		.job = job, .uid = getuid(), .gid = getgid(), .program_fd = -1
	};
	int fds[2], aotc_fd = self_fd();

	if (aotc_fd < 0 || pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	reading = fds[0];
	writing = fds[1];
	setup.report_fd = writing;
	pid_t pid = fork_warden(&setup);
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		setpgid(0, 0);
		signal(SIGPIPE, SIG_IGN);
		close(reading);
		if (setup.user_namespace)
			setup.user_namespace = jail_map_user(&setup) == 0;
		be_warden(job, &setup, aotc_fd);
	}
	setpgid(pid, pid); /* whoever of the two comes first */
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0) {
		int r = -errno;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return r;
	}
	*out = (struct jail_child){
		.pid = pid, .pidfd = pidfd, .report_fd = fd_take(&reading)
	};
	return 0;
}

static void release(struct jail_child *child)
{
	fd_closep(&child->pidfd);
	fd_closep(&child->report_fd);
	child->pid = -1;
}

static void read_end(const struct report *report, struct jail_end *end)
{
	end->cpu_ms = report->cpu_ms;
	if (report->late)
		end->how = JAIL_NO_TIME;
	else if (WIFSIGNALED(report->code) && WTERMSIG(report->code) == SIGXCPU)
		end->how = JAIL_NO_CPU;
	else if (WIFSIGNALED(report->code) && WTERMSIG(report->code) == SIGXFSZ)
		end->how = JAIL_BIG_FILE;
	else
		end->how = WIFSIGNALED(report->code) ? JAIL_KILLED : JAIL_EXITED;
	end->code =
		WIFSIGNALED(report->code) ? WTERMSIG(report->code) : WEXITSTATUS(report->code);
}

int jail_finish(struct jail_child *child, struct jail_end *end)
{
	struct report report;
	bool ended = false, broken = false;

	*end = (struct jail_end){ .how = JAIL_BROKEN, .code = ECHILD, .where = "warden" };
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
	while (read(child->report_fd, &report, sizeof report) == sizeof report) {
		if (report.kind == REPORT_WALLS)
			end->walls = (uint32_t)report.code;
		if (report.kind == REPORT_BROKEN) {
			broken = true;
			end->code = report.code;
			end->where = report.step < ARRAY_LEN(job_steps)
					     ? job_steps[report.step].name
					     : "run";
		}
		if (report.kind == REPORT_END && !broken) {
			read_end(&report, end);
			ended = true;
		}
	}
	release(child);
	return ended || broken ? 0 : -ECHILD;
}

void jail_kill(struct jail_child *child)
{
	if (child->pid < 0)
		return;
	kill(-child->pid, SIGKILL);
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
	release(child);
}

int jail_run(const struct jail_job *job, struct jail_end *end)
{
	struct jail_child child = JAIL_NO_CHILD;
	int r = jail_start(job, &child);

	return r ? r : jail_finish(&child, end);
}
