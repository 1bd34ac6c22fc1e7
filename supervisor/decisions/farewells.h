/*
 * farewells.h: processes whose last interface another handles now. Each is asked to end
 * (processes_stop) as soon as all that was sent to it must have come; until then it goes on and
 * answers. Its runtime shows it the notice after everything else (DESIGN section 4).
 */
#pragma once

#include "supervisor/processes/processes.h"

#define FAREWELLS_LOOK_MS 10u
#define FAREWELLS_MAX_S \
	30u /* a client that computes and never sleeps is not waited for longer */

struct farewells;
struct farewells_parts { /* all outlive it */
	struct loop *loop;
	struct workers *workers;
	struct processes *processes;
	struct roster *roster;
};

int farewells_new(const struct farewells_parts *parts, struct farewells **out) MUST_USE;
struct farewells *farewells_free(struct farewells *farewells); /* returns NULL */

/* The grace begins when the loop turns, so this may be called from the broker's actions. */
void farewells_say(struct farewells *farewells, uint64_t process);
