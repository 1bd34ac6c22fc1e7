#include "tests/bench/native/report.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include <sys/utsname.h>

#define NAME_WIDTH 15

/* --- the table --- */

static bool has_column(const struct results *results, enum way way)
{
	return way != WAY_GCC && results_mean(results, way, WAY_GCC).count > 0;
}

static void print_number(double value, int digits, int width, FILE *out)
{
	if (isnan(value))
		fprintf(out, " %*s", width, "-");
	else
		fprintf(out, " %*.*f", width, digits, value);
}

static void print_head(const struct results *results, FILE *out)
{
	fprintf(out, "\n%-*s %8s", NAME_WIDTH, "times gcc -O3", "gcc ms");
	for (enum way way = 0; way < WAYS; way++)
		if (has_column(results, way))
			fprintf(out, " %8s", ways_all[way].head);
	fprintf(out, " %8s %6s %8s %6s\n", "build s", "KB", "start x", "spread");
}

static void print_program(const struct results *results, const struct program *p, FILE *out)
{
	const struct cell *ours = &p->cells[WAY_OURS];

	fprintf(out, "%-*.*s", NAME_WIDTH, NAME_WIDTH, p->name);
	print_number(results_ms(p, WAY_GCC), 1, 8, out);
	for (enum way way = 0; way < WAYS; way++)
		if (has_column(results, way))
			print_number(results_ratio(p, way, WAY_GCC), 2, 8, out);
	print_number(ours->compile_s ? ours->compile_s : NAN, 2, 8, out);
	print_number(ours->object_bytes ? ours->object_bytes / 1000 : NAN, 0, 6, out);
	print_number(results_start_ratio(p), 1, 8, out);
	print_number(fmax(results_spread(p, WAY_GCC), results_spread(p, WAY_OURS)), 2, 6, out);
	fputc('\n', out);
}

static void print_means(const struct results *results, FILE *out)
{
	fprintf(out, "\n%-38s %8s %8s %8s %8s   %s\n", "geometric means", "x gcc", "x best",
		"build s", "KB", "worst");
	for (enum way way = 0; way < WAYS; way++) {
		struct mean mean = results_mean(results, way, WAY_GCC);
		if (!mean.count)
			continue;
		fprintf(out, "  %-36s %8.3f", ways_all[way].name, mean.value);
		print_number(results_mean_to_native(results, way).value, 3, 8, out);
		print_number(results_mean_build_s(results, way), 2, 8, out);
		print_number(results_mean_object(results, way) / 1000, 0, 8, out);
		fprintf(out, "   %.2f %s", mean.worst, mean.worst_name);
		if (mean.count != results->count)
			fprintf(out, " (of %u programs)", mean.count);
		fputc('\n', out);
	}
	fprintf(out, "x best: against the faster one of gcc -O3 and clang -O3, program by "
		     "program\n");
}

static void print_targets(const struct results *results, FILE *out)
{
	fprintf(out, "\ntargets of %s\n", ways_all[WAY_OURS].name);
	for (size_t i = 0; i < ways_targets_count; i++) {
		const struct target *target = &ways_targets[i];
		if (target->of_suite != results->of_suite)
			continue;
		double value = results_of_target(results, target);
		fprintf(out, "  %-44s <= %.2f ", target->what, target->at_most);
		print_number(value, 3, 8, out);
		fprintf(out, "  %s\n",
			isnan(value)               ? "not measured"
			: value <= target->at_most ? "met"
						   : "MISSED");
	}
}

/* The first way that has this reason speaks for all. */
static bool is_said(const struct program *p, enum way way)
{
	enum way first = 0;

	while (strcmp(p->cells[first].reason, p->cells[way].reason) != 0)
		first++;
	return first < way;
}

static void print_reason(const struct program *p, enum way first, FILE *out)
{
	const char *reason = p->cells[first].reason;
	const char *between = "";

	fprintf(out, "%s: %s (", p->cells[first].differs ? "DIFFERS" : "not measured", p->name);
	for (enum way way = first; way < WAYS; way++)
		if (strcmp(p->cells[way].reason, reason) == 0) {
			fprintf(out, "%s%s", between, ways_all[way].name);
			between = "; ";
		}
	fprintf(out, "): %s\n", reason);
}

static void print_missing(const struct results *results, FILE *out)
{
	fputc('\n', out);
	for (enum way way = 0; way < WAYS; way++)
		if (results->absent[way])
			fprintf(out, "absent: %s: needs %s\n", ways_all[way].name,
				results->absent[way]);
	for (uint32_t i = 0; i < results->count; i++) {
		const struct program *p = &results->programs[i];
		for (enum way way = 0; way < WAYS; way++)
			if (*p->cells[way].reason && !results->absent[way] && !is_said(p, way))
				print_reason(p, way, out);
	}
}

void report_print(const struct results *results, FILE *out)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct utsname name;

	fprintf(out,
		"native speed: median of %u rounds; %ld processors, Linux %s; load average "
		"%.1f before, %.1f after\n",
		results->rounds, cpus, uname(&name) ? "?" : name.release, results->load_before,
		results->load_after);
	print_head(results, out);
	for (uint32_t i = 0; i < results->count; i++)
		print_program(results, &results->programs[i], out);
	print_means(results, out);
	print_targets(results, out);
	print_missing(results, out);
}

/* --- JSON --- */

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *json_cell(const struct program *p, enum way way)
{
	const struct cell *cell = &p->cells[way];
	json_t *rounds = json_array();

	for (uint32_t r = 0; r < cell->rounds; r++)
		json_array_append_new(rounds, number(cell->ns[r]));
	json_t *object = json_pack("{s:s, s:o, s:o, s:o, s:o}", "way", ways_all[way].name, "ms",
		number(results_ms(p, way)), "times_gcc", number(results_ratio(p, way, WAY_GCC)),
		"times_best_native", number(results_ratio_to_native(p, way)), "ns_of_rounds",
		rounds);
	if (*cell->reason)
		json_object_set_new(object, cell->differs ? "differs" : "not_measured",
			json_string(cell->reason));
	if (cell->compile_s > 0)
		json_object_set_new(object, "compile_s", number(cell->compile_s));
	if (cell->object_bytes > 0)
		json_object_set_new(
			object, "object_bytes", json_integer((json_int_t)cell->object_bytes));
	return object;
}

static json_t *json_program(const struct program *p)
{
	json_t *ways = json_array();

	for (enum way way = 0; way < WAYS; way++)
		json_array_append_new(ways, json_cell(p, way));
	return json_pack("{s:s, s:o, s:o}", "program", p->name, "start_times_native",
		number(results_start_ratio(p)), "ways", ways);
}

static json_t *json_mean(const struct results *results, enum way way)
{
	struct mean mean = results_mean(results, way, WAY_GCC);

	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:i, s:o, s:s*, s:s*}", "way",
		ways_all[way].name, "times_gcc", number(mean.value), "times_best_native",
		number(results_mean_to_native(results, way).value), "compile_s",
		number(results_mean_build_s(results, way)), "object_bytes",
		number(results_mean_object(results, way)), "programs", (int)mean.count, "worst",
		number(mean.worst), "worst_program", mean.worst_name, "absent_needs",
		results->absent[way]);
}

static json_t *json_target(const struct results *results, const struct target *target)
{
	double value = results_of_target(results, target);

	return json_pack("{s:s, s:f, s:o, s:o}", "target", target->what, "at_most",
		target->at_most, "value", number(value), "met",
		isnan(value) ? json_null() : json_boolean(value <= target->at_most));
}

int report_write(const struct results *results, const char *path)
{
	json_t *programs = json_array(), *means = json_array(), *targets = json_array();
	struct utsname name;

	for (uint32_t i = 0; i < results->count; i++)
		json_array_append_new(programs, json_program(&results->programs[i]));
	for (enum way way = 0; way < WAYS; way++)
		json_array_append_new(means, json_mean(results, way));
	for (size_t i = 0; i < ways_targets_count; i++)
		if (ways_targets[i].of_suite == results->of_suite)
			json_array_append_new(targets, json_target(results, &ways_targets[i]));
	json_t *all = json_pack("{s:s, s:I, s:I, s:f, s:f, s:o, s:o, s:o}", "kernel",
		uname(&name) ? "?" : name.release, "processors",
		(json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "rounds",
		(json_int_t)results->rounds, "load_before", results->load_before, "load_after",
		results->load_after, "geometric_means", means, "targets", targets, "programs",
		programs);
	int r = json_dump_file(all, path, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) ? -EIO : 0;
	json_decref(all);
	return r;
}
