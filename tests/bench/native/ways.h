/*
 * ways.h: the ways in which one program is built and run, the first one being what all others
 * are held against; and what the results have to be. A command is for sh: $0 is the program's
 * file, "$@" its arguments. One that ends with 127 is not there on this machine.
 */
#pragma once

#include <stddef.h>

enum way {
	WAY_GCC,
	WAY_GCC_NATIVE,
	WAY_CLANG,
	WAY_CLANG_NATIVE,
	WAY_OURS,
	WAY_OURS_SCALAR,
	WAY_OURS_OLD,
	WAY_OURS_CLANG,
	WAY_OURS_LIMITED,
	WAY_OURS_PROFILED,
	WAY_OURS_QUICK,
	WAY_V8,
	WAY_V8_SCALAR,
	WAY_WASMTIME,
	WAY_WASM3,
	WAY_WAMR,
	WAYS
};

#define WAY_ABSENT 127 /* status: as sh says that there is no such program */

struct way_row {
	const char *name, *head; /* head: what stands above its column */
	const char *build;       /* the folder that its files are in */
	const char *place;       /* of ours: the environment its rsd and compiler live in */
	const char *compile; /* of ours: makes the object that is measured, and tells of it in
				JSON */
	const char *command;
	const char *needs; /* what is missing when it is not there */
	int slow;          /* an interpreter: measured once */
};
extern const struct way_row ways_all[WAYS];

enum opponent {
	OPPONENT_WAY,    /* `other` */
	OPPONENT_NATIVE, /* the faster one of the two generic native programs */
};

struct target {
	const char *what;
	const char *program; /* NULL: the geometric mean of all; "": the worst of all */
	enum way way;
	enum opponent opponent;
	enum way other;
	double at_most;
	int of_suite; /* of a suite that was given, otherwise of the kernels */
};
extern const struct target ways_targets[];
extern const size_t ways_targets_count;
