/*
 * run.h: the whole tree, driven as a person drives it: an rsd with folders of its own, command
 * lines with a time limit, waiting until things become so.
 *
 * run_folders and run_folders_end are an unchecked fixture: what was compiled once serves all
 * tests of the program. run_rsd and run_rsd_end are a checked one: every test has its own rsd,
 * and every test ends with the proof that nothing of it is left.
 *
 * Command lines are for sh. There rsctl, rsd and aotc are those of the tree under test, $guests
 * is the folder of guests, $here the folder of this test program. Everything that goes wrong
 * here fails the test.
 */
#pragma once

#include <check.h>
#include <inttypes.h>
#include <jansson.h>

#include <sys/types.h>

#include "ipc/base.h"

#define RUN_FAMILY_MAX 8192u

extern int run_limit_s; /* what takes longer hangs */

void run_folders(void); /* also sets the environment */
void run_folders_end(void);
const char *run_here(void);
void run_set_folder(const char *variable, const char *name); /* to $here/name */

void run_rsd(void);                  /* `run_rsd_with("")` */
/* Starts rsd, which allows what nobody spoke of unless `more`, the rest of its command line,
 * says otherwise; then it listens. */
void run_rsd_with(const char *more);
/* Every start waits for the full tier, and nothing is made behind: for what is about speed, or
 * about the compiler. */
void run_rsd_full(void);
void run_rsd_end(void);              /* ends it if it is still there; nothing may be left */
pid_t run_rsd_pid(void);
/* Waits for its end, however that comes, and for the end of everything it had started. */
void run_rsd_ended(void);

/* What a command said; text ends with a zero, kept until the test ends. */
struct run_said {
	int status; /* as for sh: 128 + signal */
	size_t out_bytes;
	char *out, *err;
	int64_t cpu_ms, peak_kib; /* of it and what it waited for; of the largest of these */
};
struct run_said run(const char *line, ...) PRINTF(1, 2);

/* The same, while the test goes on. */
struct run_job {
	char *line;
	pid_t pid; /* of sh, which becomes the command when the line is only one */
	int pidfd, out, err;
};
struct run_job run_behind(const char *line, ...) PRINTF(1, 2);
const char *run_out_so_far(const struct run_job *job);
bool run_is_going(const struct run_job *job);
struct run_said run_join(struct run_job *job);

/* Runs it and fails the test unless it ends with this status and says this on standard output
 * (NULL: whatever). What it said. */
struct run_said run_expect(int status, const char *out, const char *line, ...) PRINTF(3, 4);

/* `rsctl start`: the number of the process. */
uint64_t run_start(const char *words, ...) PRINTF(1, 2);
/* Kept until the test ends; what is no JSON fails the test. */
json_t *run_json(const char *text);
/* Its row of `rsctl ps -a --json`, NULL: it has none. Kept until the test ends. */
const json_t *run_process(uint64_t process);
bool run_is_gone(uint64_t process);
const char *run_text(const json_t *row, const char *key); /* "" when it is missing */
int64_t run_number(const json_t *row, const char *key);   /* -1 when it is missing */
/* All that a process has printed on standard output. */
const char *run_logs(uint64_t process);

/* All processes below this one, nearest first. */
struct run_family {
	size_t count;
	struct {
		pid_t pid;
		unsigned long long started;
		char name[16];
	} member[RUN_FAMILY_MAX];
};
void run_family(pid_t of, struct run_family *out);
/* The first process below rsd with this name; 0: none. */
pid_t run_find(const char *name);
bool run_family_is_gone(const struct run_family *family);

/* A case in folders of its own, with an rsd for each test. */
TCase *run_case(const char *name);
TCase *run_case_with(const char *name, void (*set_up)(void)); /* calls run_rsd_with() */

int64_t run_now_ms(void);
void run_nap(void);

#define RUN_UNTIL(condition)                                                     \
	do {                                                                     \
		int64_t run_end_ = run_now_ms() + run_limit_s * 1000;            \
		while (!(condition)) {                                           \
			if (run_now_ms() > run_end_)                             \
				ck_abort_msg("never became so: %s", #condition); \
			run_nap();                                               \
		}                                                                \
	} while (0)
