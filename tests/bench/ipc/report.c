#include "tests/bench/ipc/report.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/utsname.h>

#include "ipc/base.h"

#define REFERENCE "bare futex"

/* --- numbers --- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *values, uint32_t count)
{
	if (count == 0)
		return NAN;
	qsort(values, count, sizeof(*values), compare);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

static double number(const struct measured *m, enum measure measure)
{
	switch (measure) {
	case MEASURE_P99:
		return m->p99;
	case MEASURE_RATE:
		return m->per_second;
	default:
		return m->p50;
	}
}

static double ratio(const struct measured *a, const struct measured *b, enum measure measure)
{
	return measure == MEASURE_SPEED ? b->p50 / a->p50
					: number(a, measure) / number(b, measure);
}

/* against NULL: the row's own number. NAN: it was not measured. */
static double middle(const struct report_place *place, size_t row, const size_t *against,
	enum measure measure)
{
	const struct report_row *a = &place->rows[row];
	const struct report_row *b = against ? &place->rows[*against] : NULL;
	double values[REPORT_ROUNDS_MAX];

	if (*a->reason || (b && *b->reason))
		return NAN;
	for (uint32_t i = 0; i < place->rounds; i++)
		values[i] = b ? ratio(&a->rounds[i], &b->rounds[i], measure)
			      : number(&a->rounds[i], measure);
	return median(values, place->rounds);
}

static double middle_p999(const struct report_place *place, size_t row)
{
	double values[REPORT_ROUNDS_MAX];

	for (uint32_t i = 0; i < place->rounds; i++)
		values[i] = place->rows[row].rounds[i].p999;
	return median(values, place->rounds);
}

/* How far the rounds' p50 lie apart: says how much the machine was disturbed. */
static double spread(const struct report_place *place, size_t row)
{
	double low = INFINITY, high = 0;

	for (uint32_t i = 0; i < place->rounds; i++) {
		low = fmin(low, place->rows[row].rounds[i].p50);
		high = fmax(high, place->rows[row].rounds[i].p50);
	}
	return (high - low) / middle(place, row, NULL, MEASURE_P50);
}

static double gb_per_second(const struct report_place *place, size_t row)
{
	return rows_all[row].bytes / middle(place, row, NULL, MEASURE_P50);
}

/* --- targets --- */

struct judged {
	double value; /* NAN: not measured */
	bool at_least, met;
};

static struct judged judge(const struct report_place *place, const struct target *target)
{
	size_t row = rows_find(target->row);
	size_t against = target->against ? rows_find(target->against) : 0;
	struct judged judged = {
		.value = middle(place, row, target->against ? &against : NULL, target->measure),
		.at_least = target->measure == MEASURE_RATE || target->measure == MEASURE_SPEED,
	};

	if (!target->against && !judged.at_least)
		judged.value /= 1000; /* us */
	judged.met =
		judged.at_least ? judged.value >= target->bound : judged.value <= target->bound;
	return judged;
}

static const char *reason_of(const struct report_place *place, const struct target *target)
{
	const char *own = place->rows[rows_find(target->row)].reason;

	return *own || !target->against ? own : place->rows[rows_find(target->against)].reason;
}

static bool applies(const struct target *target, enum place place)
{
	return !(rows_all[rows_find(target->row)].skipped >> place & 1);
}

/* --- the table --- */

static const struct {
	const char *sign, *word, *unit;
	double scale; /* of absolute bounds */
} wording[] = {
	[MEASURE_P50] = { "<=", "p50", "us", 1 },
	[MEASURE_P99] = { "<=", "p99", "us", 1 },
	[MEASURE_RATE] = { ">=", "rate", "M/s", 1e-6 },
	[MEASURE_SPEED] = { ">=", "speed", "", 1 },
};

static void print_row(const struct report_place *place, size_t i, FILE *out)
{
	const struct row *row = &rows_all[i];
	size_t reference = rows_find(REFERENCE);
	char rate[16] = "", bulk[16] = "", times[16] = "";

	if (*place->rows[i].reason) {
		fprintf(out, "  %-30s %s\n", row->name, place->rows[i].reason);
		return;
	}
	double per_second = middle(place, i, NULL, MEASURE_RATE);
	double against = middle(place, i, &reference, MEASURE_P50);
	if (per_second > 0)
		snprintf(rate, sizeof(rate), "%.1f", per_second / 1000);
	if (row->bytes >= 1024)
		snprintf(bulk, sizeof(bulk), "%.2f", gb_per_second(place, i));
	if (!isnan(against))
		snprintf(times, sizeof(times), "%.2f", against);
	fprintf(out, "  %-30s %9.2f %9.2f %9.1f %9s %6s %9s %5.0f%%\n", row->name,
		middle(place, i, NULL, MEASURE_P50) / 1000,
		middle(place, i, NULL, MEASURE_P99) / 1000, middle_p999(place, i) / 1000, rate,
		bulk, times, spread(place, i) * 100);
}

static void print_rows(const struct report_place *place, enum place where, FILE *out)
{
	for (enum group group = 0; group < GROUPS; group++) {
		fprintf(out, "\n%-32s %9s %9s %9s %9s %6s %9s %6s\n", rows_groups[group],
			"p50 us", "p99 us", "p999 us", "1000/s", "GB/s", "x futex", "spread");
		for (size_t i = 0; i < rows_count; i++)
			if (rows_all[i].group == group && !(rows_all[i].skipped >> where & 1))
				print_row(place, i, out);
	}
}

static void print_target(
	const struct report_place *place, const struct target *target, FILE *out)
{
	struct judged judged = judge(place, target);
	double scale = target->against ? 1 : wording[target->measure].scale;
	char wanted[80];

	snprintf(wanted, sizeof(wanted), "%s %s %g %s%s", wording[target->measure].word,
		wording[target->measure].sign, target->bound * scale,
		target->against ? "x " : wording[target->measure].unit,
		target->against ? target->against : "");
	fprintf(out, "  %-30s %-36s ", target->row, wanted);
	if (isnan(judged.value))
		fprintf(out, "not measured: %s\n", reason_of(place, target));
	else
		fprintf(out, "%9.2f  %s\n", judged.value * scale,
			judged.met ? "met" : "MISSED");
}

static void print_targets(const struct report_place *place, enum place where, FILE *out)
{
	fprintf(out, "\ntargets\n");
	for (size_t i = 0; i < rows_targets_count; i++)
		if (applies(&rows_targets[i], where))
			print_target(place, &rows_targets[i], out);
}

static void print_place(const struct report_place *place, enum place where, FILE *out)
{
	fprintf(out,
		"\n=== %s: median of %u rounds; load average %.1f before; %u idle lanes ===\n",
		rows_places[where], place->rounds, place->load, place->lanes);
	print_rows(place, where, out);
	print_targets(place, where, out);
}

void report_print(const struct report *report, FILE *out)
{
	struct utsname name;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	fprintf(out, "messages: %ld processors, Linux %s, %u ms each\n", cpus,
		uname(&name) ? "?" : name.release, report->ms);
	for (enum place where = 0; where < PLACES; where++) {
		print_place(&report->places[where], where, out);
		if (report->places[where].load > (double)cpus / 2)
			fprintf(out, "\nOther work was running: only the ratios say something, "
				     "if the spread is small.\n");
	}
}

/* --- JSON --- */

static json_t *json_number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *json_row(const struct report_place *place, size_t i)
{
	size_t reference = rows_find(REFERENCE);
	json_t *row = json_pack("{s:s, s:s, s:I}", "row", rows_all[i].name, "group",
		rows_groups[rows_all[i].group], "bytes", (json_int_t)rows_all[i].bytes);

	if (*place->rows[i].reason) {
		json_object_set_new(row, "not_measured", json_string(place->rows[i].reason));
		return row;
	}
	json_t *rounds = json_array();
	for (uint32_t r = 0; r < place->rounds; r++)
		json_array_append_new(rounds, json_number(place->rows[i].rounds[r].p50));
	json_object_set_new(row, "p50_ns", json_number(middle(place, i, NULL, MEASURE_P50)));
	json_object_set_new(row, "p99_ns", json_number(middle(place, i, NULL, MEASURE_P99)));
	json_object_set_new(row, "p999_ns", json_number(middle_p999(place, i)));
	json_object_set_new(
		row, "per_second", json_number(middle(place, i, NULL, MEASURE_RATE)));
	json_object_set_new(
		row, "times_futex", json_number(middle(place, i, &reference, MEASURE_P50)));
	json_object_set_new(row, "p50_ns_of_rounds", rounds);
	return row;
}

static json_t *json_target(const struct report_place *place, const struct target *target)
{
	struct judged judged = judge(place, target);
	json_t *against = target->against ? json_string(target->against) : json_null();
	json_t *met = isnan(judged.value) ? json_null() : json_boolean(judged.met);

	const char *unit = target->against ? "times" : judged.at_least ? "per second" : "us";

	return json_pack("{s:s, s:s, s:s, s:f, s:s, s:o, s:o, s:o}", "row", target->row,
		"measure", wording[target->measure].word, "sign", wording[target->measure].sign,
		"bound", target->bound, "unit", unit, "against", against, "value",
		json_number(judged.value), "met", met);
}

static json_t *json_place(const struct report_place *place, enum place where)
{
	json_t *rows = json_array(), *targets = json_array();

	for (size_t i = 0; i < rows_count; i++)
		if (!(rows_all[i].skipped >> where & 1))
			json_array_append_new(rows, json_row(place, i));
	for (size_t i = 0; i < rows_targets_count; i++)
		if (applies(&rows_targets[i], where))
			json_array_append_new(targets, json_target(place, &rows_targets[i]));
	return json_pack("{s:s, s:I, s:I, s:f, s:o, s:o}", "place", rows_places[where],
		"rounds", (json_int_t)place->rounds, "idle_lanes", (json_int_t)place->lanes,
		"load_average", place->load, "rows", rows, "targets", targets);
}

int report_write(const struct report *report, const char *path)
{
	json_t *places = json_array();
	struct utsname name;

	for (enum place where = 0; where < PLACES; where++)
		json_array_append_new(places, json_place(&report->places[where], where));
	json_t *all =
		json_pack("{s:s, s:I, s:I, s:o}", "kernel", uname(&name) ? "?" : name.release,
			"processors", (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "ms_each",
			(json_int_t)report->ms, "places", places);
	int r = json_dump_file(all, path, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) ? -EIO : 0;
	json_decref(all);
	return r;
}
