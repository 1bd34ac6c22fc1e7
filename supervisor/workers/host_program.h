/*
 * host_program.h: the interface `program`: its messages are read here, and children.h does what
 * they say. A host like those of interfaces/, but that it needs rsd's processes, which are
 * there only later: until host_program_begin() nobody has children.
 */
#pragma once

#include "interfaces/host.h"
#include "supervisor/processes/children.h"

extern const struct host host_program;

void host_program_begin(void *self, const struct children_parts *parts);
void host_program_end(void *self); /* before the processes go */
