/*
 * check.h: whether a well-formed module is a program we can run: its imports are functions of
 * host_functions[] with exactly their types, it is a command (exports _start), and the
 * translator can do what it uses. Reads struct module and changes nothing.
 */
#pragma once

#include "aotc/module.h"

/* rows: for each import its row of host_functions[], room for imports_count. 0 or
 * FRONT_REFUSED. */
int check_imports(const struct module *m, uint32_t *rows) MUST_USE;

/* start: function index of _start. 0, -ENOMEM or FRONT_REFUSED. */
int check_exports(const struct module *m, uint32_t *start) MUST_USE;

/* features: of enum feature, what the translator can do. */
int check_features(const struct module *m, uint32_t features, const char *translator) MUST_USE;
