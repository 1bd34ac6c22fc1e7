/*
 * check.h: whether a well-formed module is a program we can run: its imports are functions of
 * host_functions[] with exactly their types, it is a command (exports _start) or a reactor
 * (exports _initialize, which is then all that is run), and the translator can do what it uses.
 * Reads struct module and changes nothing.
 */
#pragma once

#include "aotc/module.h"

#define CHECK_UNKNOWN UINT32_MAX

/* rows: for each import its row of host_functions[], room for imports_count; CHECK_UNKNOWN: it
 * has none, and the limits allow that. 0 or FRONT_REFUSED. */
int check_imports(const struct module *m, uint32_t *rows) MUST_USE;

/* start: function index of _start or _initialize. 0, -ENOMEM or FRONT_REFUSED. */
int check_exports(const struct module *m, uint32_t *start) MUST_USE;

/* features: of enum feature, what the translator can do. */
int check_features(const struct module *m, uint32_t features, const char *translator) MUST_USE;
