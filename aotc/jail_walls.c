#include "aotc/jail_walls.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <linux/capability.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "aotc/work.h"

#define FILES_MAX     256 /* open at once; gcc needs about 20 */
#define PROCESSES_MAX 1024

#ifdef __SANITIZE_ADDRESS__ /* whose shadow takes terabytes */
#define MEMORY_LIMIT(limits) RLIM_INFINITY
#else
#define MEMORY_LIMIT(limits) ((limits)->memory_bytes)
#endif

static int write_proc(const char *path, const char *text)
{
	CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

int jail_map_user(const struct jail_setup *setup)
{
	char line[64];
	int r = write_proc("/proc/self/setgroups", "deny");

	snprintf(line, sizeof line, "%u %u 1", setup->uid, setup->uid);
	if (r == 0)
		r = write_proc("/proc/self/uid_map", line);
	snprintf(line, sizeof line, "%u %u 1", setup->gid, setup->gid);
	if (r == 0)
		r = write_proc("/proc/self/gid_map", line);
	return r;
}

/* aotc blocks and ignores some; a tool expects them as they are at birth. */
int jail_signals(struct jail_setup *setup)
{
	sigset_t none;

	(void)setup;
	sigemptyset(&none);
	if (signal(SIGPIPE, SIG_DFL) == SIG_ERR || sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return -errno;
	return 0;
}

static int use_stream(int given, int as, int flags)
{
	CLEANUP(fd_closep) int null = -1;

	if (given < 0) {
		null = open("/dev/null", flags | O_CLOEXEC);
		given = null;
	}
	return given < 0 || dup2(given, as) < 0 ? -errno : 0;
}

int jail_streams(struct jail_setup *setup)
{
	int r = use_stream(-1, STDIN_FILENO, O_RDONLY);

	if (r == 0)
		r = use_stream(setup->job->output_fd, STDOUT_FILENO, O_WRONLY);
	return r ? r : use_stream(setup->job->error_fd, STDERR_FILENO, O_WRONLY);
}

int jail_folder(struct jail_setup *setup)
{
	umask(077);
	return fchdir(setup->job->work_fd) < 0 ? -errno : 0;
}

int jail_program(struct jail_setup *setup)
{
	if (setup->job->function)
		return 0;
	setup->program_fd = open(setup->job->program, O_PATH | O_CLOEXEC);
	return setup->program_fd < 0 ? -errno : 0;
}

int jail_limits(struct jail_setup *setup)
{
	const struct jail_limits *limits = &setup->job->limits;
	const struct {
		__rlimit_resource_t what;
		uint64_t soft, hard;
	} rows[] = {
		/* The soft limit's signal says why; the hard one ends those that ignore it. */
		{ RLIMIT_CPU, limits->cpu_s, limits->cpu_s + 5 },
		{ RLIMIT_FSIZE, limits->file_bytes, limits->file_bytes },
		{ RLIMIT_NOFILE, FILES_MAX, FILES_MAX },
		{ RLIMIT_CORE, 0, 0 },
		{ RLIMIT_MSGQUEUE, 0, 0 },
		{ RLIMIT_MEMLOCK, 0, 0 },
		{ RLIMIT_AS, MEMORY_LIMIT(limits), MEMORY_LIMIT(limits) },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rlimit now, new = { rows[i].soft, rows[i].hard };

		if (getrlimit(rows[i].what, &now) < 0)
			return -errno;
		if (new.rlim_max > now.rlim_max) /* somebody above was stricter */
			new.rlim_max = now.rlim_max;
		if (new.rlim_cur > new.rlim_max)
			new.rlim_cur = new.rlim_max;
		if (setrlimit(rows[i].what, &new) < 0)
			return -errno;
	}
	return 0;
}

int jail_no_new_privileges(struct jail_setup *setup)
{
	(void)setup;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

/* Landlock, in its own words where the C library's kernel headers are older than the kernel. */
#define FS_EXECUTE     (1ull << 0)
#define FS_WRITE       (1ull << 1)
#define FS_READ        (1ull << 2)
#define FS_LIST        (1ull << 3)
#define FS_REMOVE_FILE (1ull << 5)
#define FS_MAKE_FILE   (1ull << 8)
#define FS_TRUNCATE    (1ull << 14)
#define NET_ALL        3ull /* bind and connect, since ABI 4 */
#define SCOPE_ALL      3ull /* abstract sockets and signals, since ABI 6 */

struct landlock_rules {
	uint64_t files, net, scoped;
};

static const uint64_t landlock_files[] = { 0, 0x1fff, 0x3fff, 0x7fff, 0x7fff,
	0xffff }; /* by ABI */

static int landlock_allow(int rules, int fd, const char *path, uint64_t access)
{
	struct stat st;
	CLEANUP(fd_closep) int opened = -1;

	if (path) {
		opened = open(path, O_PATH | O_CLOEXEC);
		if (opened < 0)
			return errno == ENOENT ? 0 : -errno;
		fd = opened;
	}
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		access &= FS_EXECUTE | FS_WRITE | FS_READ | FS_TRUNCATE;
	struct landlock_path_beneath_attr rule = { .allowed_access = access, .parent_fd = fd };
	return syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0
		       ? -errno
		       : 0;
}

static int landlock_allow_all(int rules, const struct jail_job *job, uint64_t handled)
{
	static const struct {
		const char *path;
		uint64_t access;
	} system_paths[] = {
		{ "/usr", FS_READ | FS_LIST | FS_EXECUTE },
		{ "/lib", FS_READ | FS_LIST | FS_EXECUTE },
		{ "/lib64", FS_READ | FS_LIST | FS_EXECUTE },
		{ "/bin", FS_READ | FS_LIST | FS_EXECUTE },
		{ "/etc/alternatives", FS_READ | FS_LIST },
		{ "/etc/ld.so.cache", FS_READ },
		{ "/dev/null", FS_READ | FS_WRITE },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(system_paths); i++)
		r = landlock_allow(
			rules, -1, system_paths[i].path, system_paths[i].access & handled);
	for (size_t i = 0; r == 0 && i < JAIL_READ_MAX && job->read[i]; i++)
		r = landlock_allow(
			rules, -1, job->read[i], (FS_READ | FS_LIST | FS_EXECUTE) & handled);
	if (r == 0) /* files only, and none that can be run */
		r = landlock_allow(rules, job->work_fd, NULL,
			(FS_READ | FS_LIST | FS_WRITE | FS_MAKE_FILE | FS_REMOVE_FILE |
				FS_TRUNCATE) &
				handled);
	return r;
}

int jail_files(struct jail_setup *setup)
{
	long abi =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_rules rules = { 0 };

	if (abi < 1)
		return abi < 0 ? -errno : -ENOSYS;
	size_t known = ARRAY_LEN(landlock_files) - 1;
	rules.files = landlock_files[(size_t)abi < known ? (size_t)abi : known];
	rules.net = abi >= 4 ? NET_ALL : 0;
	rules.scoped = abi >= 6 ? SCOPE_ALL : 0;
	size_t size = abi >= 6   ? sizeof rules
		      : abi >= 4 ? 2 * sizeof(uint64_t)
				 : sizeof(uint64_t);
	CLEANUP(fd_closep) int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
	if (fd < 0)
		return -errno;
	int r = landlock_allow_all(fd, setup->job, rules.files);
	if (r)
		return r;
	return syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? -errno : 0;
}

int jail_user(struct jail_setup *setup)
{
	if (setup->uid != 0)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(WORK_ID, WORK_ID, WORK_ID) < 0 ||
		setresuid(WORK_ID, WORK_ID, WORK_ID) < 0)
		return -errno;
	return 0;
}

/* Counted over all processes of the user: only where that user is the jail's, or the count
 * begins anew. */
int jail_processes(struct jail_setup *setup)
{
	struct rlimit limit = { PROCESSES_MAX, PROCESSES_MAX };

	if (getuid() != WORK_ID && !setup->user_namespace)
		return -EPERM;
	return setrlimit(RLIMIT_NPROC, &limit) < 0 ? -errno : 0;
}

int jail_capabilities(struct jail_setup *setup)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	(void)setup;
	for (unsigned long cap = 0; cap < 64; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			break; /* beyond the last, or not ours to drop: then exec cannot gain
				  any either */
	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

int jail_parent(struct jail_setup *setup)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	return getppid() == setup->warden ? 0 : -ESRCH;
}

/* Moves fd to a number of our choosing; a copy far up first, as the numbers may overlap. */
static int lift(int *fd)
{
	if (*fd < 0)
		return 0;
	*fd = fcntl(*fd, F_DUPFD_CLOEXEC, 64);
	return *fd < 0 ? -errno : 0;
}

int jail_descriptors(struct jail_setup *setup)
{
	int kept[JAIL_KEPT_FDS_MAX], r = lift(&setup->report_fd);

	if (r == 0)
		r = lift(&setup->program_fd);
	memcpy(kept, setup->job->keep_fds, sizeof kept);
	for (int i = 0; r == 0 && i < JAIL_KEPT_FDS_MAX; i++)
		r = lift(&kept[i]);
	if (r)
		return r;
	setup->report_fd = dup3(setup->report_fd, 3, O_CLOEXEC);
	if (setup->program_fd >= 0)
		setup->program_fd = dup3(setup->program_fd, 4, O_CLOEXEC);
	for (int i = 0; i < JAIL_KEPT_FDS_MAX; i++) {
		close(JAIL_KEPT_FD_FIRST + i);
		if (kept[i] >= 0 && dup2(kept[i], JAIL_KEPT_FD_FIRST + i) < 0)
			return -errno;
	}
	if (close_range(5, JAIL_KEPT_FD_FIRST - 1, 0) < 0 ||
		close_range(JAIL_KEPT_FD_FIRST + JAIL_KEPT_FDS_MAX, ~0u, 0) < 0)
		return -errno;
	return 0;
}

/*
 * What no compiler needs and an attacker would like. The rest is allowed: what gcc calls
 * changes with every release, and the walls before this one stand on their own.
 */
static const int refused_calls[] = {
	/* other machines, and other processes */
	SCMP_SYS(socket),
	SCMP_SYS(socketpair),
	SCMP_SYS(connect),
	SCMP_SYS(bind),
	SCMP_SYS(listen),
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(process_madvise),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(kcmp),
	SCMP_SYS(shmget),
	SCMP_SYS(semget),
	SCMP_SYS(msgget),
	SCMP_SYS(mq_open),
	/* wide doors into the kernel */
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(modify_ldt),
	SCMP_SYS(fanotify_init),
	SCMP_SYS(lookup_dcookie),
	SCMP_SYS(vmsplice),
	/* other views of the file system */
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(open_tree),
	SCMP_SYS(move_mount),
	SCMP_SYS(fsopen),
	SCMP_SYS(fsconfig),
	SCMP_SYS(fsmount),
	SCMP_SYS(fspick),
	SCMP_SYS(mount_setattr),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(name_to_handle_at),
	SCMP_SYS(quotactl),
	SCMP_SYS(quotactl_fd),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(acct),
	/* the machine itself */
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(reboot),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	SCMP_SYS(clock_adjtime),
	SCMP_SYS(adjtimex),
	SCMP_SYS(iopl),
	SCMP_SYS(ioperm),
	SCMP_SYS(syslog),
	SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname),
	SCMP_SYS(vhangup),
};

static const uint32_t refused_clones[] = {
	CLONE_NEWUSER,
	CLONE_NEWNS,
	CLONE_NEWNET,
	CLONE_NEWPID,
	CLONE_NEWIPC,
	CLONE_NEWUTS,
	CLONE_NEWCGROUP,
};

int jail_calls(struct jail_setup *setup)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int r = filter ? 0 : -ENOMEM;

	(void)setup;
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(refused_calls); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused_calls[i], 0);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(refused_clones); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
			SCMP_A0(SCMP_CMP_MASKED_EQ, refused_clones[i], refused_clones[i]));
	if (r == 0) /* its flags lie in memory, out of the filter's sight; the C library then
		       uses clone */
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r;
}
