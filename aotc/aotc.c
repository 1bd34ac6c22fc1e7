/*
 * aotc.c: from a wasm module to an object. This process touches no byte of the module itself:
 * it makes a private folder, runs the steps in the jail one after the other, and believes what
 * comes back only after it has checked it.
 *
 *     module.wasm -> front -> canonical.wasm, image.bin, facts.bin -> wasm2c -> m.c -> parts ->
 * cc -> object.so
 *                 -> verify -> object file (runtime/abi.h)
 */
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

#include "aotc/compile.h"
#include "aotc/listing.h"
#include "aotc/pack.h"
#include "aotc/survey.h"
#include "aotc/translate.h"
#include "ipc/log.h"

enum {
	EXIT_OK,
	EXIT_FAILED,
	EXIT_USAGE,
	EXIT_REFUSED,
	EXIT_UNFIT
};

struct options {
	const char *keep, *input, *output, *listing;
	struct plan plan;
	int input_fd, output_fd, status_fd, profile_fd;
	uint32_t jobs;
	bool toolchain;
};

static const char usage[] =
	"usage: aotc [OPTIONS] -o OBJECT [MODULE.wasm]\n"
	"       aotc [OPTIONS] --input-fd N --output-fd N [--status-fd N]\n"
	"       aotc [OPTIONS] --asm FUNCTION [MODULE.wasm]\n"
	"       aotc [OPTIONS] --toolchain\n"
	"\n"
	"Compiles a WebAssembly module (or standard input) to an object for redshirt's "
	"workers.\n"
	"\n"
	"  -o OBJECT        where the object goes; it appears there whole or not at all\n"
	"  --keep DIR       leave everything made on the way in DIR, with the commands used\n"
	"  --jobs N         compilers at once (default: one per processor)\n"
	"  --tier TIER      quick, full (default), profiled or instrumented\n"
	"  --form FORM      special (default): one instance, memory at a known address;\n"
	"                   plain: without\n"
	"  --target-cpu CPU native (default), x86-64, x86-64-v2, x86-64-v3 or x86-64-v4\n"
	"  --relaxed-reads  a read beyond memory need not trap when nobody uses its value\n"
	"  --unknown-imports-trap\n"
	"                   functions that nothing provides may be imported; called, they trap\n"
	"  --asm FUNCTION   instead of an object: print what became of a function (by its\n"
	"                   name or index), as C and as machine code\n"
	"  --toolchain      say which translator and compiler are used, and an id for each "
	"tier\n"
	"  --profile-fd N   of the profiled tier: where the profile of earlier runs is read\n"
	"  --input-fd N, --output-fd N, --status-fd N\n"
	"                   descriptors to read from, to write to, and for lines of status\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage, 3 the module is refused, 4 it is\n"
	"unfit for the tier (another may take it).\n"
	"Environment: REDSHIRT_WASM2C, REDSHIRT_CC, REDSHIRT_TCC, TMPDIR.\n";

enum {
	OPTION_KEEP = 256,
	OPTION_JOBS,
	OPTION_INPUT,
	OPTION_OUTPUT,
	OPTION_STATUS,
	OPTION_PROFILE,
	OPTION_TIER,
	OPTION_ASM,
	OPTION_FORM,
	OPTION_TARGET_CPU,
	OPTION_RELAXED_READS,
	OPTION_UNKNOWN_IMPORTS,
	OPTION_TOOLCHAIN,
	OPTION_HELP
};

static const struct option long_options[] = {
	{ "keep", required_argument, NULL, OPTION_KEEP },
	{ "jobs", required_argument, NULL, OPTION_JOBS },
	{ "input-fd", required_argument, NULL, OPTION_INPUT },
	{ "output-fd", required_argument, NULL, OPTION_OUTPUT },
	{ "status-fd", required_argument, NULL, OPTION_STATUS },
	{ "profile-fd", required_argument, NULL, OPTION_PROFILE },
	{ "tier", required_argument, NULL, OPTION_TIER },
	{ "asm", required_argument, NULL, OPTION_ASM },
	{ "form", required_argument, NULL, OPTION_FORM },
	{ "target-cpu", required_argument, NULL, OPTION_TARGET_CPU },
	{ "relaxed-reads", no_argument, NULL, OPTION_RELAXED_READS },
	{ "unknown-imports-trap", no_argument, NULL, OPTION_UNKNOWN_IMPORTS },
	{ "toolchain", no_argument, NULL, OPTION_TOOLCHAIN },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ NULL, 0, NULL, 0 },
};

static bool read_number(const char *text, long min, long max, long *out)
{
	char *end;

	errno = 0;
	*out = strtol(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *out >= min && *out <= max;
}

/* The number of an open descriptor. */
static bool read_descriptor(const char *text, int *fd)
{
	long n;

	if (!read_number(text, 0, 1 << 20, &n) || fcntl((int)n, F_SETFD, FD_CLOEXEC) < 0)
		return false;
	*fd = (int)n;
	return true;
}

static bool read_option(struct options *o, int option)
{
	long n = 0;

	switch (option) {
	case 'o':
		o->output = optarg;
		return true;
	case OPTION_KEEP:
		o->keep = optarg;
		return true;
	case OPTION_JOBS:
		if (!read_number(optarg, 1, BUILD_JOBS_MAX, &n))
			return false;
		o->jobs = (uint32_t)n;
		return true;
	case OPTION_INPUT:
		return read_descriptor(optarg, &o->input_fd);
	case OPTION_OUTPUT:
		return read_descriptor(optarg, &o->output_fd);
	case OPTION_STATUS:
		return read_descriptor(optarg, &o->status_fd);
	case OPTION_PROFILE:
		return read_descriptor(optarg, &o->profile_fd);
	case OPTION_TIER:
		return plan_read_tier(optarg, &o->plan.tier);
	case OPTION_ASM:
		o->listing = optarg;
		return true;
	case OPTION_FORM:
		return plan_read_form(optarg, &o->plan.form);
	case OPTION_TARGET_CPU:
		return plan_read_cpu(optarg, &o->plan.cpu);
	case OPTION_RELAXED_READS:
		o->plan.relaxed_reads = true;
		return true;
	case OPTION_UNKNOWN_IMPORTS:
		o->plan.unknown_imports = true;
		return true;
	case OPTION_TOOLCHAIN:
		o->toolchain = true;
		return true;
	default:
		return false;
	}
}

static uint32_t processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof set, &set) < 0)
		return 1;
	int n = CPU_COUNT(&set);
	return n < 1 ? 1 : n > (int)BUILD_JOBS_MAX ? BUILD_JOBS_MAX : (uint32_t)n;
}

static bool read_options(int argc, char **argv, struct options *o)
{
	*o = (struct options){ .plan = plan_default,
		.input_fd = -1,
		.output_fd = -1,
		.status_fd = -1,
		.profile_fd = -1,
		.jobs = processors() };
	for (int option; (option = getopt_long(argc, argv, "o:", long_options, NULL)) >= 0;) {
		if (option == OPTION_HELP) {
			fputs(usage, stdout);
			exit(EXIT_OK);
		}
		if (!read_option(o, option))
			return false;
	}
	if (optind < argc)
		o->input = argv[optind++];
	if (optind < argc || (o->input && o->input_fd >= 0) || (o->output && o->output_fd >= 0))
		return false;
	if (!o->toolchain && (o->plan.tier == OBJECT_PROFILED) != (o->profile_fd >= 0))
		return false;
	return o->toolchain || o->output || o->output_fd >= 0 || o->keep || o->listing;
}

/* SIGTERM and its kin become a readable descriptor, so that the folder is removed and the jail
 * emptied. */
static int catch_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	int fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int take_module(struct build *build, const struct options *o)
{
	CLEANUP(fd_closep) int opened = -1;
	int fd = o->input_fd >= 0 ? o->input_fd : STDIN_FILENO;
	int r;

	if (o->input) {
		opened = open(o->input, O_RDONLY | O_CLOEXEC);
		if (opened < 0)
			return build_fail(build, "cannot be opened: %s", strerror(errno));
		fd = opened;
	}
	r = work_take(&build->work, "module.wasm", fd, front_limits_default.module_bytes,
		&build->module_bytes);
	if (r == WORK_BAD)
		return build_refuse(build, "is larger than %llu MiB",
			(unsigned long long)(front_limits_default.module_bytes / MIB));
	return r;
}

static int find_tools(struct build *build)
{
	char reason[TOOLCHAIN_REASON_SIZE];
	int r = toolchain_find(&build->work, &build->tools, reason);

	if (r == 0 && build->plan.tier != OBJECT_QUICK) /* tcc builds for all */
		r = toolchain_aim(&build->work, &build->tools, build->plan.cpu, reason);
	return r == TOOLCHAIN_MISSING ? build_fail(build, "%s", reason) : r;
}

/* Beside the output, then renamed: a reader finds the old file or the whole new one. */
static int pack_to_path(struct build *build, const char *path, uint64_t *bytes)
{
	char temporary[4096 + 32];
	int n = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);

	if (n < 0 || (size_t)n >= sizeof temporary)
		return -ENAMETOOLONG;
	CLEANUP(fd_closep) int fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return build_fail(build, "%.200s cannot be written: %s", path, strerror(errno));
	int r = pack_object(build, fd, bytes);
	if (r == 0 && (fchmod(fd, 0644) < 0 || fsync(fd) < 0 || rename(temporary, path) < 0))
		r = -errno;
	if (r)
		unlink(temporary);
	return r;
}

/* With --keep alone it goes to that folder. */
static int write_object(struct build *build, const struct options *o, uint64_t *bytes)
{
	char kept[4096 + 16];

	if (o->output_fd >= 0)
		return pack_object(build, o->output_fd, bytes);
	snprintf(kept, sizeof kept, "%s/object", build->work.path);
	return pack_to_path(build, o->output ? o->output : kept, bytes);
}

static int list(struct build *build, const char *word)
{
	uint32_t function = listing_function(&build->facts, word);

	if (function == FACTS_NO_FUNCTION)
		return build_fail(build, "no function has this name or index");
	int r = listing_write(build, function, stdout);
	return r == 0 && fflush(stdout) ? -errno : r;
}

static int run(struct build *build, const struct options *o, uint64_t *bytes)
{
	int r = work_open(o->keep, &build->work);

	if (r)
		return build_fail(
			build, "%.200s: %s", o->keep ? o->keep : "work folder", strerror(-r));
	r = find_tools(build);
	toolchain_take_tier(&build->tools, build->plan.tier);
	if (r == 0)
		r = take_module(build, o);
	if (r == 0)
		r = translate(build);
	if (r == 0)
		r = compile(build);
	if (r)
		return r;
	return o->listing ? list(build, o->listing) : write_object(build, o, bytes);
}

/* How a build ended: the exit status, and the word of the last status line. */
static const struct ending {
	const char *word;
	int code;
} endings[] = {
	[BUILD_REFUSED] = { "refused", EXIT_REFUSED },
	[BUILD_FAILED] = { "failed", EXIT_FAILED },
	[BUILD_UNFIT] = { "unfit", EXIT_UNFIT },
};

/* The one line that says how it ended, to a person or to whoever reads the status lines. */
static int conclude(struct build *build, const struct options *o, int r, uint64_t bytes)
{
	if (r == 0) {
		build_say(build, "done %llu", (unsigned long long)bytes);
		return EXIT_OK;
	}
	if (r < 0)
		r = build_fail(build, "%s", strerror(-r));
	const struct ending *ending = &endings[r];
	build_say(build, "%s %s", ending->word, build->reason);
	if (o->status_fd < 0)
		fprintf(stderr, "aotc: %s: %s%s%s\n", o->input ? o->input : "module",
			r == BUILD_FAILED ? "" : ending->word, r == BUILD_FAILED ? "" : ": ",
			build->reason);
	return ending->code;
}

static int compile_module(const struct options *o)
{
	struct build build = { .plan = o->plan,
		.work.fd = -1,
		.jobs = o->jobs,
		.status_fd = o->status_fd,
		.profile_fd = o->profile_fd,
		.interrupt_fd = catch_signals() };
	uint64_t bytes = 0;

	/* who reads the status lines wants the object: when it is gone, so is the reason to
	 * work */
	if (o->status_fd >= 0)
		prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	int r = run(&build, o, &bytes), code = conclude(&build, o, r, bytes);

	facts_deinit(&build.facts);
	work_close(&build.work);
	return code;
}

/* One line for each tier that can be made here. */
static int print_ids(struct build *build, struct plan plan)
{
	struct toolchain tools;
	char hex[HASH_HEX_SIZE];
	struct hash id;

	for (uint32_t tier = 0; tier < OBJECT_TIERS; tier++) {
		plan.tier = (enum object_tier)tier;
		if (!compile_has(&build->tools, plan.tier))
			continue;
		tools = build->tools;
		toolchain_take_tier(&tools, plan.tier);
		int r = toolchain_id(&build->work, &tools, &plan, &id);
		if (r)
			return r;
		printf("id %s %s\n", object_tier_name(tier), hash_to_hex(&id, hex));
	}
	return 0;
}

static void describe_toolchain(const struct toolchain *tools, const struct plan *plan)
{
	char features[256];

	toolchain_features(tools, features, sizeof features);
	printf("translator wasm2c %s %s\n", tools->wasm2c_version, tools->wasm2c);
	printf("compiler %s %s %s\n", toolchain_cc_name(tools), tools->cc_version, tools->cc);
	printf("features %s\n", features);
	printf("cpu %s%s\n", tools->cpu.name,
		object_cpu_is_here(plan_cpu_name(plan->cpu)) ? "" : " elsewhere");
}

static int print_toolchain(const struct plan *plan)
{
	struct build build = {
		.plan = *plan, .work.fd = -1, .status_fd = -1, .interrupt_fd = -1
	};
	int r = work_open(NULL, &build.work);

	if (r == 0)
		r = find_tools(&build);
	if (r == 0)
		r = print_ids(&build, *plan);
	if (r == 0) {
		describe_toolchain(&build.tools, plan);
		r = survey_print(&build.work, &build.tools, stdout);
	}
	work_close(&build.work);
	if (r)
		fprintf(stderr, "aotc: toolchain: %s\n", r < 0 ? strerror(-r) : build.reason);
	return r ? EXIT_FAILED : EXIT_OK;
}

int main(int argc, char **argv)
{
	struct options options;

	if (!read_options(argc, argv, &options)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	log_open("aotc");
	return options.toolchain ? print_toolchain(&options.plan) : compile_module(&options);
}
