#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/base.h"
#include "tests/bench/native/report.h"
#include "tests/bench/native/trial.h"

#define PATH_SIZE 512

static const enum way shown[] = { WAY_OURS, WAY_OURS_OLD, WAY_V8, WAY_WASMTIME };

/* Sorted by ours, so that one sees how many are how bad. */
static const struct results *sorting;

static int by_ratio(const void *a, const void *b)
{
	const uint32_t *i = a, *j = b;
	double x = results_ratio(&sorting->programs[*i], WAY_OURS, WAY_GCC);
	double y = results_ratio(&sorting->programs[*j], WAY_OURS, WAY_GCC);

	return (x > y) - (x < y);
}

static void write_data(const struct results *results, FILE *out)
{
	uint32_t order[RESULTS_PROGRAMS_MAX];

	for (uint32_t i = 0; i < results->count; i++)
		order[i] = i;
	sorting = results;
	qsort(order, results->count, sizeof(*order), by_ratio);
	for (uint32_t i = 0; i < results->count; i++) {
		const struct program *p = &results->programs[order[i]];
		fprintf(out, "\"%s\"", p->name);
		for (size_t k = 0; k < ARRAY_LEN(shown); k++) {
			double ratio = results_ratio(p, shown[k], WAY_GCC);
			if (isnan(ratio))
				fputs(" ?", out);
			else
				fprintf(out, " %.4f", ratio);
		}
		fputc('\n', out);
	}
}

static void write_commands(const char *base, FILE *out)
{
	fprintf(out,
		"set terminal svg size 1200,600 noenhanced\n"
		"set output '%s.svg'\n"
		"set datafile missing '?'\n"
		"set title 'run time divided by that of gcc -O3 (lower is better)'\n"
		"set logscale y 2\n"
		"set grid y\n"
		"set xtics rotate by -60 left\n"
		"set key left top\n"
		"plot 1 title 'gcc -O3' with lines linecolor 'black'",
		base);
	for (size_t k = 0; k < ARRAY_LEN(shown); k++)
		fprintf(out,
			", \\\n     '%s.dat' using %zu:xtic(1) title \"%s\" with linespoints",
			base, k + 2, ways_all[shown[k]].name);
	fputc('\n', out);
}

static int draw(char *commands, const char *base, FILE *out)
{
	char *argv[] = { (char[]){ "gnuplot" }, commands, NULL };
	struct trial trial;
	int r = trial_run(argv, NULL, &trial);

	if (r)
		return r;
	if (trial.status == WAY_ABSENT)
		fprintf(out, "absent: the plot: needs gnuplot (make deps-bench)\n");
	else if (trial.status)
		fprintf(out, "no plot: gnuplot says: %s\n", trial.err);
	else
		fprintf(out, "plot: %s.svg\n", base);
	return 0;
}

int report_plot(const struct results *results, const char *json_path, FILE *out)
{
	char base[PATH_SIZE], data[PATH_SIZE + 8], commands[PATH_SIZE + 16];

	snprintf(base, sizeof(base), "%.*s", (int)(strrchr(json_path, '.') - json_path),
		json_path);
	snprintf(data, sizeof(data), "%s.dat", base);
	snprintf(commands, sizeof(commands), "%s.gnuplot", base);
	FILE *file = fopen(data, "we");
	if (!file)
		return -errno;
	write_data(results, file);
	fclose(file);
	file = fopen(commands, "we");
	if (!file)
		return -errno;
	write_commands(base, file);
	fclose(file);
	return draw(commands, base, out);
}
