#include "tests/e2e/run.h"

#include <check.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#define NAP_MS     10
#define RSD_LOG    "rsd.log"
#define LINE_BYTES 8192

#define HERE "/tmp/redshirt-e2e-XXXXXX"

int run_limit_s = 120;

static char here[] = HERE;
static pid_t rsd;
static struct run_family rsd_family; /* as it was when last looked at */

/* --- time --- */

int64_t run_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void run_nap(void)
{
	poll(NULL, 0, NAP_MS);
}

/* --- what is kept until the test's end --- */

/* A list, so that leak checkers see that nobody lost it. */
static struct kept {
	struct kept *next;
} * kept_list;

static void *keep(size_t bytes)
{
	struct kept *kept = calloc(1, sizeof(*kept) + bytes);

	ck_assert_ptr_nonnull(kept);
	kept->next = kept_list;
	kept_list = kept;
	return kept + 1;
}

static char *keep_vformat(const char *format, va_list args)
{
	char text[LINE_BYTES];
	int n = vsnprintf(text, sizeof(text), format, args);

	ck_assert_int_lt(n, (int)sizeof(text));
	return memcpy(keep((size_t)n + 1), text, (size_t)n + 1);
}

static char *keep_file(int fd, size_t *bytes)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	char *text = keep((size_t)st.st_size + 1);
	*bytes = 0;
	while (*bytes < (size_t)st.st_size) {
		ssize_t n =
			pread(fd, text + *bytes, (size_t)st.st_size - *bytes, (off_t)*bytes);
		if (n <= 0)
			break;
		*bytes += (size_t)n;
	}
	return text;
}

/* --- commands --- */

static int make_memfd(void)
{
	int fd = memfd_create("said", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

_Noreturn static void become_shell(const char *line, int out, int err)
{
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that is ended leaves nothing behind */
	if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(126);
	execl("/bin/sh", "sh", "-c", line, (char *)NULL);
	_exit(127);
}

static struct run_job begin(char *line)
{
	struct run_job job = { .line = line, .out = make_memfd(), .err = make_memfd() };

	job.pid = fork();
	ck_assert_int_ge(job.pid, 0);
	if (job.pid == 0)
		become_shell(line, job.out, job.err);
	job.pidfd = (int)syscall(SYS_pidfd_open, job.pid, 0);
	ck_assert_int_ge(job.pidfd, 0);
	return job;
}

static struct run_job begin_with(const char *format, va_list args)
{
	return begin(keep_vformat(format, args));
}

const char *run_out_so_far(const struct run_job *job)
{
	size_t bytes;

	return keep_file(job->out, &bytes);
}

static bool ended_within(int pidfd, int ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, ms) > 0;
}

bool run_is_going(const struct run_job *job)
{
	return !ended_within(job->pidfd, 0);
}

static int64_t ms_of(struct timeval t)
{
	return (int64_t)t.tv_sec * 1000 + t.tv_usec / 1000;
}

static void wait_for(pid_t pid, struct run_said *said)
{
	struct rusage used;
	int status;

	ck_assert_int_eq(wait4(pid, &status, 0, &used), pid);
	said->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	said->cpu_ms = ms_of(used.ru_utime) + ms_of(used.ru_stime);
	said->peak_kib = used.ru_maxrss;
}

struct run_said run_join(struct run_job *job)
{
	struct run_said said;
	size_t err_bytes;
	bool ended = ended_within(job->pidfd, run_limit_s * 1000);

	if (!ended)
		kill(job->pid, SIGKILL);
	wait_for(job->pid, &said);
	said.out = keep_file(job->out, &said.out_bytes);
	said.err = keep_file(job->err, &err_bytes);
	fd_closep(&job->out);
	fd_closep(&job->err);
	fd_closep(&job->pidfd);
	if (!ended)
		ck_abort_msg("`%s` hangs; it said: %s%s", job->line, said.out, said.err);
	return said;
}

struct run_job run_behind(const char *line, ...)
{
	va_list args;

	va_start(args, line);
	struct run_job job = begin_with(line, args);
	va_end(args);
	return job;
}

struct run_said run(const char *line, ...)
{
	va_list args;

	va_start(args, line);
	struct run_job job = begin_with(line, args);
	va_end(args);
	return run_join(&job);
}

static struct run_said expect(int status, const char *out, struct run_job *job)
{
	struct run_said said = run_join(job);

	if (said.status != status)
		ck_abort_msg("`%s` ended with %d, not %d; it said: %.1500s%.1500s", job->line,
			said.status, status, said.out, said.err);
	if (out && strcmp(said.out, out) != 0)
		ck_abort_msg("`%s` said \"%.1500s\", not \"%.1500s\"; and on standard error: "
			     "%.1500s",
			job->line, said.out, out, said.err);
	return said;
}

struct run_said run_expect(int status, const char *out, const char *line, ...)
{
	va_list args;

	va_start(args, line);
	struct run_job job = begin_with(line, args);
	va_end(args);
	return expect(status, out, &job);
}

/* --- what rsctl tells --- */

uint64_t run_start(const char *words, ...)
{
	va_list args;

	va_start(args, words);
	struct run_job job = begin(keep_vformat(words, args));
	va_end(args);
	struct run_said said = expect(0, NULL, &job);
	char *end;
	uint64_t process = strtoull(said.out, &end, 10);
	if (end == said.out || strcmp(end, "\n") != 0)
		ck_abort_msg("`%s` said \"%s\", not a process number", job.line, said.out);
	return process;
}

json_t *run_json(const char *text)
{
	json_t **kept = keep(sizeof(*kept));

	*kept = json_loads(text, 0, NULL);
	ck_assert_msg(*kept != NULL, "not JSON: %.2000s", text);
	return *kept;
}

const json_t *run_process(uint64_t process)
{
	json_t *rows = run_json(run_expect(0, NULL, "rsctl ps -a --json").out), *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		if (run_number(row, "process") == (int64_t)process)
			return row;
	}
	return NULL;
}

bool run_is_gone(uint64_t process)
{
	const json_t *row = run_process(process);

	return !row || strcmp(run_text(row, "state"), "gone") == 0;
}

const char *run_text(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text ? text : "";
}

int64_t run_number(const json_t *row, const char *key)
{
	const json_t *n = json_object_get(row, key);

	return json_is_integer(n) ? json_integer_value(n) : -1;
}

const char *run_logs(uint64_t process)
{
	return run_expect(0, NULL, "rsctl logs %" PRIu64 " 2>&1", process).out;
}

/* --- processes --- */

struct seen {
	pid_t pid, parent;
	unsigned long long started;
	char state, name[16];
};

static bool look_at(pid_t pid, struct seen *out)
{
	char path[64], text[1024];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = 0;
	/* the name may hold anything, so it ends at the last bracket */
	char *name = strchr(text, '('), *end = strrchr(text, ')');
	if (!name || !end)
		return false;
	*end = 0;
	out->pid = pid;
	snprintf(out->name, sizeof(out->name), "%s", name + 1);
	return sscanf(end + 1,
		       " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
		       "%*d "
		       "%llu",
		       &out->state, &out->parent, &out->started) == 3;
}

static size_t look_at_all(struct seen *out, size_t max)
{
	DIR *proc = opendir("/proc");
	size_t count = 0;

	ck_assert_ptr_nonnull(proc);
	for (struct dirent *entry = readdir(proc); entry && count < max; entry = readdir(proc))
		if (isdigit((unsigned char)entry->d_name[0]) &&
			look_at(atoi(entry->d_name), &out[count]))
			count++;
	closedir(proc);
	return count;
}

static bool is_member(const struct run_family *family, pid_t of, pid_t pid)
{
	bool found = pid == of;

	for (size_t i = 0; i < family->count && !found; i++)
		found = family->member[i].pid == pid;
	return found;
}

static void adopt(struct run_family *family, const struct seen *seen)
{
	size_t i = family->count++;

	family->member[i].pid = seen->pid;
	family->member[i].started = seen->started;
	snprintf(family->member[i].name, sizeof(family->member[i].name), "%s", seen->name);
}

void run_family(pid_t of, struct run_family *out)
{
	static struct seen all[RUN_FAMILY_MAX];
	size_t count = look_at_all(all, ARRAY_LEN(all)), before;

	out->count = 0;
	do {
		before = out->count;
		for (size_t i = 0; i < count; i++)
			if (is_member(out, of, all[i].parent) &&
				!is_member(out, of, all[i].pid))
				adopt(out, &all[i]);
	} while (out->count > before);
}

bool run_family_is_gone(const struct run_family *family)
{
	for (size_t i = 0; i < family->count; i++) {
		struct seen now;

		if (look_at(family->member[i].pid, &now) && now.state != 'Z' &&
			now.started == family->member[i].started)
			return false;
	}
	return true;
}

pid_t run_find(const char *name)
{
	run_family(rsd, &rsd_family);
	for (size_t i = 0; i < rsd_family.count; i++)
		if (strcmp(rsd_family.member[i].name, name) == 0)
			return rsd_family.member[i].pid;
	return 0;
}

/* --- the world --- */

void run_set_folder(const char *variable, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", here, name);
	setenv(variable, path, 1);
}

static void set_path(void)
{
	const char *tree = getenv("REDSHIRT_TREE"), *guests = getenv("REDSHIRT_GUESTS");
	const char *path = getenv("PATH");
	char line[2 * PATH_MAX + 4096];

	if (!tree || !guests) {
		fprintf(stderr,
			"REDSHIRT_TREE and REDSHIRT_GUESTS say what is tested: make does\n");
		exit(2);
	}
	snprintf(line, sizeof(line), "%s/bin:%s/libexec/redshirt:%s", tree, tree,
		path ? path : "/usr/bin:/bin");
	setenv("PATH", line, 1);
	setenv("guests", guests, 1);
}

void run_folders(void)
{
	set_path();
	memcpy(here, HERE, sizeof(here)); /* a suite may have several cases */
	if (!mkdtemp(here)) {
		perror(here);
		exit(2);
	}
	setenv("here", here, 1);
	run_set_folder("REDSHIRT_RUN_DIR", "run");
	run_set_folder("REDSHIRT_STATE_DIR", "state");
	run_set_folder("REDSHIRT_CACHE_DIR", "cache");
	unsetenv("NOTIFY_SOCKET");
	/* a compiler that is killed cannot clean up, so that is done here */
	run_set_folder("TMPDIR", "tmp");
	if (mkdir(getenv("TMPDIR"), 0700) < 0)
		perror(getenv("TMPDIR"));
}

static int forget(const char *path, const struct stat *now, int what, struct FTW *ftw)
{
	(void)now, (void)what, (void)ftw;
	return remove(path);
}

void run_folders_end(void)
{
	nftw(here, forget, 16, FTW_DEPTH | FTW_PHYS);
}

const char *run_here(void)
{
	return here;
}

pid_t run_rsd_pid(void)
{
	return rsd;
}

/* What rsd wrote, for the reader of a failed test. */
static const char *rsd_log(void)
{
	char path[PATH_MAX];
	size_t bytes;

	snprintf(path, sizeof(path), "%s/" RSD_LOG, here);
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? "" : keep_file(fd, &bytes);
}

static bool listens(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/run/control.sock", here);
	return connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

/* The rsd of a failed test may still be ending; its socket goes after its lock. */
static void wait_for_last_rsd(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/state/lock", here);
	CLEANUP(fd_closep) int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		RUN_UNTIL(flock(fd, LOCK_EX | LOCK_NB) == 0 && !listens());
}

void run_rsd_with(const char *more)
{
	char line[PATH_MAX];

	wait_for_last_rsd();
	snprintf(line, sizeof(line),
		"exec rsd --default-grant allow %s >>\"$here\"/" RSD_LOG " 2>&1", more);
	rsd = fork();
	ck_assert_int_ge(rsd, 0);
	if (rsd == 0)
		become_shell(line, 1, 2);
	int64_t end = run_now_ms() + run_limit_s * 1000;
	while (!listens()) {
		if (waitpid(rsd, NULL, WNOHANG) == rsd || run_now_ms() > end)
			ck_abort_msg("rsd does not start: %s", rsd_log());
		run_nap();
	}
}

void run_rsd(void)
{
	run_rsd_with("");
}

void run_rsd_full(void)
{
	run_rsd_with("--tier full");
}

static bool rsd_is_there(void)
{
	struct seen now;

	return rsd && look_at(rsd, &now) && now.state != 'Z';
}

void run_rsd_ended(void)
{
	RUN_UNTIL(!rsd_is_there());
	waitpid(rsd, NULL, 0);
	RUN_UNTIL(run_family_is_gone(&rsd_family));
	rsd = 0;
}

void run_rsd_end(void)
{
	if (rsd) {
		bool by_itself = rsd_is_there();

		run_family(rsd, &rsd_family);
		if (by_itself)
			kill(rsd, SIGTERM);
		run_rsd_ended();
		ck_assert_msg(by_itself, "rsd had ended: %s", rsd_log());
	}
}

TCase *run_case(const char *name)
{
	return run_case_with(name, run_rsd);
}

TCase *run_case_with(const char *name, void (*set_up)(void))
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, run_folders, run_folders_end);
	tcase_add_checked_fixture(tc, set_up, run_rsd_end);
	return tc;
}
