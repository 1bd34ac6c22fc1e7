/* lock.c: read the tables at the end of each half top down; the order is the point. */
#include "runtime/lock.h"

#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "runtime/filter.h"
#include "runtime/start.h"

#ifndef PR_SET_MDWE /* Linux 6.3 */
#define PR_SET_MDWE              65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

#define NOBODY 65534

/* What is at stake with a step. */
enum {
	MUST = -1, /* nothing runs without it */
	MAY = -2,  /* another step stands behind it */
		   /* from 0: the bit of the wall that is missing then */
};

struct step {
	const char *name;
	int (*run)(const struct lock_worker *worker);
	int stake;
};

static int run_steps(const struct step *steps, size_t n, const struct lock_worker *worker,
	uint32_t *walls, const char **failed)
{
	for (size_t i = 0; i < n; i++) {
		int r = steps[i].run(worker);

		if (r && steps[i].stake == MUST) {
			*failed = steps[i].name;
			return r;
		}
		if (!r && steps[i].stake >= 0)
			*walls |= 1u << steps[i].stake;
	}
	return 0;
}

static int outcome(long r)
{
	return r < 0 ? -errno : 0;
}

static int limit(__rlimit_resource_t what, rlim_t n)
{
	struct rlimit both = { n, n };

	return outcome(setrlimit(what, &both));
}

/* ---- both ---- */

static int no_capabilities(const struct lock_worker *none)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	(void)none;
	return outcome(syscall(SYS_capset, &head, data));
}

static int no_new_privileges(const struct lock_worker *none)
{
	(void)none;
	return outcome(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static int not_dumpable(const struct lock_worker *none)
{
	(void)none;
	return outcome(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}

/* ---- launcher ---- */

/* Unprivileged, only this gives the right to the other namespaces. Root has it, and becomes
 * nobody further down. */
static int user_namespace(const struct lock_worker *none)
{
	(void)none;
	return geteuid() == 0 ? -EPERM : outcome(unshare(CLONE_NEWUSER));
}

static bool own_mounts;

static int mount_namespace(const struct lock_worker *none)
{
	(void)none;
	int r = outcome(unshare(CLONE_NEWNS));
	own_mounts = r == 0;
	return r;
}

static int network_namespace(const struct lock_worker *none)
{
	(void)none;
	return outcome(unshare(CLONE_NEWNET));
}

static int ipc_namespace(const struct lock_worker *none)
{
	(void)none;
	return outcome(unshare(CLONE_NEWIPC | CLONE_NEWUTS));
}

/* Never without a mount namespace of our own: it would be everybody's root. */
static int empty_root(const struct lock_worker *none)
{
	unsigned long harmless = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	(void)none;
	if (!own_mounts)
		return -EPERM;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount("tmpfs", "/tmp", "tmpfs", harmless, "size=4k,mode=555") ||
		chdir("/tmp") || syscall(SYS_pivot_root, ".", ".") ||
		umount2(".", MNT_DETACH) || chdir("/"))
		return -errno;
	return outcome(
		mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | harmless, NULL));
}

static int no_bounding_set(const struct lock_worker *none)
{
	(void)none;
	for (int c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
		if (prctl(PR_CAPBSET_DROP, c, 0, 0, 0))
			return -errno;
	return 0;
}

static int nobody(const struct lock_worker *none)
{
	(void)none;
	if (geteuid() != 0)
		return 0;
	return outcome(setgroups(0, NULL)) | outcome(setresgid(NOBODY, NOBODY, NOBODY)) |
	       outcome(setresuid(NOBODY, NOBODY, NOBODY));
}

static int no_core(const struct lock_worker *none)
{
	(void)none;
	return limit(RLIMIT_CORE, 0);
}

/* All rights that the kernel knows, by version of its interface (Documentation/userspace-api/
 * landlock.rst); none is given back. */
static const struct {
	uint64_t files, net, scopes;
	size_t size;
} landlock_versions[] = {
	{ 0x1fff, 0, 0, 8 },
	{ 0x3fff, 0, 0, 8 },
	{ 0x7fff, 0, 0, 8 },
	{ 0x7fff, 3, 0, 16 },
	{ 0xffff, 3, 0, 16 },
	{ 0xffff, 3, 3, 24 },
};

static int landlock(const struct lock_worker *none)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	(void)none;
	if (version < 1)
		return -ENOSYS;
	if (version > (long)ARRAY_LEN(landlock_versions))
		version = ARRAY_LEN(landlock_versions);
	uint64_t handled[3] = { landlock_versions[version - 1].files,
		landlock_versions[version - 1].net, landlock_versions[version - 1].scopes };
	CLEANUP(fd_closep)
	int rules = (int)syscall(
		SYS_landlock_create_ruleset, handled, landlock_versions[version - 1].size, 0);
	return rules < 0 ? -errno : outcome(syscall(SYS_landlock_restrict_self, rules, 0));
}

static int no_write_exec(const struct lock_worker *none)
{
	(void)none;
	return outcome(prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0));
}

static const struct step launcher_steps[] = {
	{ "user namespace", user_namespace, WALL_USER_NAMESPACE },
	{ "mount namespace", mount_namespace, WALL_MOUNT_NAMESPACE },
	{ "network namespace", network_namespace, WALL_NETWORK_NAMESPACE },
	{ "ipc namespace", ipc_namespace, WALL_IPC_NAMESPACE },
	{ "empty root", empty_root, WALL_EMPTY_ROOT },
	{ "bounding set", no_bounding_set, MAY },
	{ "nobody", nobody, WALL_UNPRIVILEGED }, /* after what only root may do */
	{ "capabilities", no_capabilities, MUST },
	{ "no new privileges", no_new_privileges, MUST }, /* landlock and seccomp ask for it */
	{ "landlock", landlock, WALL_LANDLOCK },
	{ "no writable code", no_write_exec, WALL_NO_WRITE_EXEC },
	{ "not dumpable", not_dumpable, MUST }, /* a new user id sets it back */
	{ "no core dump", no_core, MUST },
};

int lock_launcher(uint32_t *walls, const char **failed)
{
	*walls = 1u << WALL_SECCOMP; /* lock_worker() sees to it */
	return run_steps(launcher_steps, ARRAY_LEN(launcher_steps), NULL, walls, failed);
}

/* ---- worker ---- */

int lock_die_with_parent(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return -errno;
	return getppid() == parent ? 0 : -ESRCH; /* it may have ended before */
}

static int limits(const struct lock_worker *none)
{
	static const struct {
		__rlimit_resource_t what;
		rlim_t n;
	} rows[] = {
		{ RLIMIT_CORE, 0 }, { RLIMIT_FSIZE, 0 }, { RLIMIT_MEMLOCK, 0 },
		{ RLIMIT_NPROC, 0 }, { RLIMIT_MSGQUEUE, 0 }, { RLIMIT_SIGPENDING, 0 },
		{ RLIMIT_NOFILE, FD_MAX }, /* not 0: received descriptors need numbers */
	};
	int r = 0;

	(void)none;
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(rows); i++)
		r = limit(rows[i].what, rows[i].n);
	return r;
}

/* The soft limit's signal ends the program and says why. */
static int cpu_limit(const struct lock_worker *worker)
{
	struct rlimit seconds = { worker->cpu_s_max, worker->cpu_s_max + 1 };

	return worker->cpu_s_max ? outcome(setrlimit(RLIMIT_CPU, &seconds)) : 0;
}

static int filter(const struct lock_worker *worker)
{
	return outcome(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, worker->filter));
}

static const struct step worker_steps[] = {
	{ "limits", limits, MUST }, { "cpu limit", cpu_limit, MUST },
	{ "capabilities", no_capabilities, MUST }, /* the launcher's steps, made sure of */
	{ "no new privileges", no_new_privileges, MUST },
	{ "not dumpable", not_dumpable, MUST },
	{ "seccomp", filter, MUST }, /* last: it takes away the calls the others make */
};

int lock_worker(const struct lock_worker *worker, const char **failed)
{
	uint32_t walls = 0;

	return run_steps(worker_steps, ARRAY_LEN(worker_steps), worker, &walls, failed);
}
