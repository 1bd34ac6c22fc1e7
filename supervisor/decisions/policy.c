#include "supervisor/decisions/policy.h"

#include <string.h>

/* What is asked, the same at every step. */
struct question {
	const struct policy *policy;
	uint64_t process;
	const struct hash *program, *interface;
	enum broker_right right;
	uint32_t depth; /* how many of its children asked before it */
};

static struct broker_verdict judge(const struct question *q);

static struct broker_verdict plain(uint32_t status)
{
	return (struct broker_verdict){ .status = status };
}

static bool is_basic(const struct question *q)
{
	return q->right == BROKER_USE && grants_is_built_in(q->policy->grants, q->interface);
}

static bool is_declared(const struct question *q)
{
	const struct policy *policy = q->policy;

	return !policy->declares || is_basic(q) ||
	       policy->declares(policy->context, q->program, q->interface, q->right);
}

/* ---- nobody said otherwise ---- */

static uint32_t status_of_missing(const struct question *q)
{
	const struct policy *policy = q->policy;

	switch (policy->missing) {
	case POLICY_ALLOW:
		return RS_OK;
	case POLICY_ASK:
		return BROKER_ASK;
	case POLICY_ASK_IF_WATCHED:
		return policy->watched && policy->watched(policy->context, q->process)
			       ? BROKER_ASK
			       : RS_DENIED;
	default:
		return RS_DENIED;
	}
}

static uint32_t status_of_row(enum grants_word word)
{
	return word == GRANTS_ALLOW ? RS_OK : word == GRANTS_ASK ? BROKER_ASK : RS_DENIED;
}

/* ---- of a child: what its parent may and gave it ---- */

static struct broker_verdict parents(const struct question *q, uint64_t parent)
{
	struct question of_parent = *q;
	struct hash program;

	if (q->depth == POLICY_DEPTH_MAX ||
		!q->policy->permit(q->policy->context, parent, &program))
		return plain(RS_DENIED);
	of_parent.process = parent;
	of_parent.program = &program;
	of_parent.depth++;
	return judge(&of_parent);
}

static bool is_given(const struct question *q, const struct permit *permit)
{
	return permit_has(permit, q->interface, q->right) || is_basic(q);
}

static uint32_t stricter(uint32_t a, uint32_t b)
{
	return a == 0 || (b && b < a) ? b : a; /* 0: no limit */
}

/*
 * A parent could pass on every message of its child, so what it gives is the child's without
 * another question. What it would have to be asked about itself is not its to give.
 */
static struct broker_verdict of_child(
	const struct question *q, const struct permit *permit, struct broker_verdict own)
{
	const struct broker_verdict parent =
		is_given(q, permit) ? parents(q, permit->parent) : plain(RS_DENIED);
	const struct broker_limits *limits = &parent.limits;

	if (parent.status != RS_OK)
		return plain(RS_DENIED);
	own.mediated |= parent.mediated;
	own.limits = (struct broker_limits){
		stricter(own.limits.body_bytes_max, limits->body_bytes_max),
		stricter(own.limits.messages_a_second, limits->messages_a_second),
		stricter(own.limits.outstanding_max, limits->outstanding_max),
	};
	return own;
}

/* ---- */

/* How messages go, and within which limits, is the row's to say however the answer was given.
 */
static struct broker_verdict judge(const struct question *q)
{
	const struct policy *policy = q->policy;
	const struct permit *permit = policy->permit(policy->context, q->process, NULL);

	if (q->right == BROKER_USE && hash_equal(q->interface, &policy->always))
		return plain(RS_OK);
	if (!permit || !is_declared(q))
		return plain(RS_DENIED);
	const struct grants_row *row =
		grants_find(policy->grants, q->program, q->interface, q->right);
	enum permit_answer once = permit_once(permit, q->interface, q->right);
	if ((row && row->word == GRANTS_DENY) || once == PERMIT_DENIED)
		return plain(RS_DENIED);
	struct broker_verdict own = plain(RS_OK);
	if (row) {
		own.mediated = row->mediated;
		own.limits = row->limits;
	}
	if (permit->parent)
		return of_child(q, permit, own);
	if (once != PERMIT_ALLOWED)
		own.status = row ? status_of_row(row->word) : status_of_missing(q);
	return own;
}

struct broker_verdict policy_verdict(void *policy, uint64_t process, const struct hash *program,
	const struct hash *interface, enum broker_right right)
{
	const struct question q = { .policy = policy,
		.process = process,
		.program = program,
		.interface = interface,
		.right = right };

	return judge(&q);
}

bool policy_read_missing(const char *word, enum policy_missing *out)
{
	static const char *const words[POLICY_MISSING_WORDS] = {
		[POLICY_DENY] = "deny", [POLICY_ALLOW] = "allow", [POLICY_ASK] = "ask"
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i] && strcmp(words[i], word) == 0) {
			*out = (enum policy_missing)i;
			return true;
		}
	return false;
}
