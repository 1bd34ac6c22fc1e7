#include "supervisor/decisions/permit.h"

#include <assert.h>

static void set_deinit(struct permit_set *set)
{
	free(set->rows);
	*set = (struct permit_set){ 0 };
}

static struct permit_row *find(
	const struct permit_set *set, const struct hash *interface, enum broker_right right)
{
	for (uint32_t i = 0; i < set->count; i++) {
		struct permit_row *row = &set->rows[i];
		bool meant = interface ? !row->any && hash_equal(&row->interface, interface)
				       : row->any;
		if (meant && row->right == right)
			return row;
	}
	return NULL;
}

static int put(struct permit_set *set, const struct hash *interface, enum broker_right right,
	enum permit_answer answer)
{
	struct permit_row *row = find(set, interface, right);

	if (row) {
		row->answer = answer;
		return 0;
	}
	if (set->count == PERMIT_ROWS_MAX)
		return PERMIT_FULL;
	struct permit_row *rows = reallocarray(set->rows, set->count + 1, sizeof(*rows));
	if (!rows)
		return PERMIT_FULL;
	set->rows = rows;
	row = &rows[set->count++];
	*row = (struct permit_row){ .any = !interface, .right = right, .answer = answer };
	if (interface)
		row->interface = *interface;
	return 0;
}

/* What names the interface comes before what says all. */
static enum permit_answer look(
	const struct permit_set *set, const struct hash *interface, enum broker_right right)
{
	const struct permit_row *row = find(set, interface, right);

	if (!row)
		row = find(set, NULL, right);
	return row ? row->answer : PERMIT_SILENT;
}

void permit_deinit(struct permit *permit)
{
	set_deinit(&permit->once);
	set_deinit(&permit->given);
}

int permit_answer(struct permit *permit, const struct hash *interface, enum broker_right right,
	bool allow)
{
	return put(&permit->once, interface, right, allow ? PERMIT_ALLOWED : PERMIT_DENIED);
}

enum permit_answer permit_once(
	const struct permit *permit, const struct hash *interface, enum broker_right right)
{
	return look(&permit->once, interface, right);
}

void permit_adopt(struct permit *permit, uint64_t parent)
{
	assert(parent && !permit->parent);
	permit->parent = parent;
}

int permit_give(struct permit *permit, const struct hash *interface, enum broker_right right)
{
	return put(&permit->given, interface, right, PERMIT_ALLOWED);
}

bool permit_has(
	const struct permit *permit, const struct hash *interface, enum broker_right right)
{
	return look(&permit->given, interface, right) == PERMIT_ALLOWED;
}
