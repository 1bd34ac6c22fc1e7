/* imports.h: everything a compiled program may call, by name: the rows of host_functions[], and
 * the few helpers in w2c/symbols.h. */
#pragma once

#include "ipc/base.h"

/* For object_load(). NULL: there is no such name. */
void *imports_find(const char *name);

/* True: our rows stand in the order of host_functions[]. */
bool imports_agree(void);
