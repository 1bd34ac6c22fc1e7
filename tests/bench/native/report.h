/*
 * report.h: the results as a table for people, as JSON for programs, and as a plot. Nothing is
 * left out in silence: what could not be measured has a line that says why.
 */
#pragma once

#include <stdio.h>

#include "tests/bench/native/results.h"

void report_print(const struct results *results, FILE *out);
/* 0, -errno. */
int report_write(const struct results *results, const char *path);
/* Of PATH.json: PATH.dat and PATH.gnuplot, and with gnuplot PATH.svg. 0, -errno. */
int report_plot(const struct results *results, const char *json_path, FILE *out);
