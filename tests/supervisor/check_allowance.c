#include <string.h>

#include "supervisor/processes/allowance.h"
#include "tests/check_run.h"

static const struct limits a_root = { .memory_bytes = 64 * MIB,
	.outstanding = 8,
	.children_memory_bytes = 100 * MIB,
	.children = 10,
	.children_depth = 3 };
static const struct limits a_child = { .memory_bytes = 10 * MIB, .outstanding = 8 };

static struct allowance *root_of(const struct limits *limits)
{
	struct allowance *root;

	ck_assert_int_eq(allowance_new(limits, &root), 0);
	return root;
}

static struct allowance *take(struct allowance *parent, const struct limits *limits)
{
	struct allowance *child;

	ck_assert_int_eq(allowance_take(parent, limits, &child), 0);
	return child;
}

static void refuses(struct allowance *parent, const struct limits *limits, int why)
{
	const struct allowance before = *parent;
	struct allowance *child = NULL;

	ck_assert_int_eq(allowance_take(parent, limits, &child), why);
	ck_assert_ptr_null(child);
	ck_assert_mem_eq(&before, parent, sizeof(before));
	ck_assert_ptr_nonnull(allowance_text(why));
}

START_TEST(a_child_is_paid_for_from_its_start_to_its_end)
{
	struct allowance *root = root_of(&a_root);
	struct allowance *child = take(root, &a_child);

	ck_assert_uint_eq(root->used.memory_bytes, 10 * MIB);
	ck_assert_uint_eq(root->used.processes, 1);
	ck_assert_uint_eq(root->used.outstanding, 8);
	allowance_drop(child);
	ck_assert_uint_eq(root->used.memory_bytes, 0);
	ck_assert_uint_eq(root->used.processes, 0);
	ck_assert_uint_eq(root->used.outstanding, 0);
	allowance_drop(root);
}
END_TEST

START_TEST(what_it_may_give_on_is_paid_for_as_well)
{
	struct allowance *root = root_of(&a_root);
	struct limits parent = a_child;

	parent.children = 3;
	parent.children_memory_bytes = 20 * MIB;
	struct allowance *child = take(root, &parent);
	ck_assert_uint_eq(root->used.memory_bytes, 30 * MIB);
	ck_assert_uint_eq(root->used.processes, 4);
	ck_assert_uint_eq(child->total.memory_bytes, 20 * MIB);
	ck_assert_uint_eq(child->total.processes, 3);
	allowance_drop(child);
	allowance_drop(root);
}
END_TEST

START_TEST(the_last_process_fits_and_no_more)
{
	struct allowance *root = root_of(&a_root), *all[10];

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		all[i] = take(root, &a_child);
	refuses(root, &a_child, ALLOWANCE_PROCESSES);
	allowance_drop(all[3]);
	all[3] = take(root, &a_child);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		allowance_drop(all[i]);
	allowance_drop(root);
}
END_TEST

START_TEST(the_last_byte_fits_and_no_more)
{
	struct allowance *root = root_of(&a_root);
	struct limits large = a_child, least = a_child;

	large.memory_bytes = 100 * MIB;
	least.memory_bytes = 1;
	struct allowance *child = take(root, &large);
	refuses(root, &least, ALLOWANCE_MEMORY);
	allowance_drop(child);
	large.memory_bytes++;
	refuses(root, &large, ALLOWANCE_MEMORY);
	allowance_drop(root);
}
END_TEST

START_TEST(messages_at_a_time_are_shared)
{
	struct limits limits = a_root, child = a_child;

	limits.children = 2; /* so 16 messages */
	child.outstanding = 16;
	struct allowance *root = root_of(&limits), *one = take(root, &child);
	child.outstanding = 1;
	refuses(root, &child, ALLOWANCE_OUTSTANDING);
	allowance_drop(one);
	allowance_drop(root);
}
END_TEST

START_TEST(nobody_is_deeper_than_the_root_allows)
{
	struct limits limits = a_root;
	struct allowance *chain[4];

	chain[0] = root_of(&limits); /* 3 generations below it */
	for (uint32_t i = 1; i < ARRAY_LEN(chain); i++) {
		limits = a_child;
		limits.memory_bytes = 1;
		limits.outstanding = 1;
		limits.children = 4 - i;
		limits.children_depth = 64; /* it may ask for what it likes */
		limits.children_memory_bytes = 90 * MIB - i * MIB;
		chain[i] = take(chain[i - 1], &limits);
		ck_assert_uint_eq(chain[i]->depth, 3 - i);
	}
	refuses(chain[3], &a_child, ALLOWANCE_DEPTH);
	for (size_t i = ARRAY_LEN(chain); i-- > 0;)
		allowance_drop(chain[i]);
}
END_TEST

START_TEST(who_may_have_no_children_has_none)
{
	struct limits limits = a_root;

	limits.children = 0;
	struct allowance *root = root_of(&limits);
	refuses(root, &a_child, ALLOWANCE_PROCESSES);
	allowance_drop(root);
}
END_TEST

START_TEST(cpu_time_never_comes_back)
{
	struct limits limits = a_root, child = a_child;

	limits.cpu_s = 10;
	child.cpu_s = 4;
	struct allowance *root = root_of(&limits);
	allowance_drop(take(root, &child));
	allowance_drop(take(root, &child));
	refuses(root, &child, ALLOWANCE_CPU);
	child.cpu_s = 2;
	allowance_drop(take(root, &child));
	child.cpu_s = 1;
	refuses(root, &child, ALLOWANCE_CPU);
	ck_assert_uint_eq(root->used.cpu_s, 10);
	allowance_drop(root);
}
END_TEST

START_TEST(no_child_has_all_the_time_if_its_parent_has_not)
{
	struct limits limits = a_root;

	limits.cpu_s = 10;
	struct allowance *root = root_of(&limits);
	refuses(root, &a_child, ALLOWANCE_CPU);
	allowance_drop(root);
	root = root_of(&a_root);
	allowance_drop(take(root, &a_child)); /* no limit stays no limit */
	allowance_drop(root);
}
END_TEST

START_TEST(what_is_below_a_gone_child_is_still_paid_for)
{
	struct allowance *root = root_of(&a_root);
	struct limits parent = a_child;

	parent.children = 1;
	parent.children_depth = 1;
	parent.children_memory_bytes = 20 * MIB;
	struct allowance *child = take(root, &parent), *grandchild = take(child, &a_child);
	allowance_drop(child);
	ck_assert_uint_eq(root->used.memory_bytes, 30 * MIB);
	allowance_drop(grandchild);
	ck_assert_uint_eq(root->used.memory_bytes, 0);
	allowance_drop(root);
}
END_TEST

/* ---- trees that grow and die at random ---- */

#define NODES 200
#define TURNS 20000u
#define TREES 16u

struct node {
	struct allowance *allowance; /* NULL: free */
	struct limits limits;
};

static uint64_t dice_state;
static uint32_t dice(uint32_t sides)
{
	dice_state = dice_state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(dice_state >> 33) % sides;
}

static struct limits any_limits(void)
{
	return (struct limits){ .memory_bytes = dice(30) * MIB,
		.cpu_s = dice(50),
		.outstanding = 1 + dice(8),
		.children_memory_bytes = dice(60) * MIB,
		.children = dice(5),
		.children_depth = dice(5) };
}

/* All that lives may use no more than the user gave; cpu: all that ever lived. */
static void must_fit(const struct node *nodes, const struct limits *given, uint64_t cpu_s)
{
	struct allowance_amount all = { 0 };

	for (size_t i = 1; i < NODES; i++) {
		if (!nodes[i].allowance)
			continue;
		all.memory_bytes += nodes[i].limits.memory_bytes;
		all.outstanding += nodes[i].limits.outstanding;
		all.processes++;
	}
	MUST(all.memory_bytes <= given->children_memory_bytes);
	MUST(all.processes <= given->children);
	MUST(all.outstanding <= (uint64_t)given->children * given->outstanding);
	MUST(given->cpu_s == 0 || cpu_s <= given->cpu_s);
}

START_TEST(no_tree_ever_has_more_than_its_root)
{
	struct node nodes[NODES] = { 0 };
	struct limits given = a_root;
	uint64_t cpu_s = 0, born = 0;

	dice_state = (uint64_t)_i;
	given.children = 40;
	given.children_depth = 4;
	given.children_memory_bytes = 700 * MIB;
	given.cpu_s = _i % 2 ? 20000 : 0;
	nodes[0].allowance = root_of(&given);
	for (uint32_t turn = 0; turn < TURNS; turn++) {
		struct node *parent = &nodes[dice(8) ? dice(NODES) : 0],
			    *child = &nodes[1 + dice(NODES - 1)];
		const struct limits limits = any_limits();
		if (child->allowance) {
			child->allowance = allowance_drop(child->allowance);
		} else if (parent->allowance &&
			   allowance_take(parent->allowance, &limits, &child->allowance) == 0) {
			child->limits = limits;
			cpu_s += limits.cpu_s;
			born++;
		}
		must_fit(nodes, &given, cpu_s);
	}
	MUST(born > 100);
	for (size_t i = 1; i < NODES; i++)
		nodes[i].allowance = allowance_drop(nodes[i].allowance);
	MUST(nodes[0].allowance->used.memory_bytes == 0);
	MUST(nodes[0].allowance->used.processes == 0);
	MUST(nodes[0].allowance->holders == 1);
	allowance_drop(nodes[0].allowance);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("allowance");
	TCase *t = tcase_create("reservations");

	tcase_add_test(t, a_child_is_paid_for_from_its_start_to_its_end);
	tcase_add_test(t, what_it_may_give_on_is_paid_for_as_well);
	tcase_add_test(t, what_is_below_a_gone_child_is_still_paid_for);
	tcase_add_test(t, cpu_time_never_comes_back);
	suite_add_tcase(s, t);
	t = tcase_create("limits");
	tcase_add_test(t, the_last_process_fits_and_no_more);
	tcase_add_test(t, the_last_byte_fits_and_no_more);
	tcase_add_test(t, messages_at_a_time_are_shared);
	tcase_add_test(t, nobody_is_deeper_than_the_root_allows);
	tcase_add_test(t, who_may_have_no_children_has_none);
	tcase_add_test(t, no_child_has_all_the_time_if_its_parent_has_not);
	suite_add_tcase(s, t);
	t = tcase_create("trees");
	tcase_add_loop_test(t, no_tree_ever_has_more_than_its_root, 0, TREES);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite)
