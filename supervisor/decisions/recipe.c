#include "supervisor/decisions/recipe.h"

#include <string.h>

/* Then the name, without its zero, and the strings. */
struct head {
	uint64_t memory_bytes, cpu_s, children_memory_bytes;
	uint32_t children, children_depth;
	uint32_t arguments, variables;
	uint32_t name_bytes, zero;
};

uint32_t recipe_bytes(const struct recipe *recipe)
{
	return (uint32_t)(sizeof(struct head) + strlen(recipe->name)) +
	       recipe->request.strings_bytes;
}

static int check_size(const struct processes_request *request)
{
	bool fits = request->strings_bytes <=
		    RECIPE_BYTES_MAX - sizeof(struct head) - CONTROL_NAME_MAX;

	return fits && strlen(request->name) <= CONTROL_NAME_MAX ? 0 : RECIPE_TOO_LONG;
}

int recipe_copy(const struct processes_request *request, struct recipe **out)
{
	int r = check_size(request);
	CLEANUP(recipe_freep) struct recipe *recipe = r ? NULL : calloc(1, sizeof(*recipe));

	if (r)
		return r;
	if (!recipe)
		return -ENOMEM;
	recipe->request = *request;
	recipe->request.attached = NULL;
	strcpy(recipe->name, request->name);
	recipe->strings = malloc(request->strings_bytes + 1);
	if (!recipe->strings)
		return -ENOMEM;
	memcpy(recipe->strings, request->strings, request->strings_bytes);
	recipe->request.name = recipe->name;
	recipe->request.strings = recipe->strings;
	*out = recipe;
	recipe = NULL;
	return 0;
}

struct recipe *recipe_free(struct recipe *recipe)
{
	if (recipe)
		free(recipe->strings);
	free(recipe);
	return NULL;
}

void recipe_pack(const struct recipe *recipe, uint8_t *out)
{
	const struct processes_request *request = &recipe->request;
	const struct head head = { .memory_bytes = request->limits.memory_bytes,
		.cpu_s = request->limits.cpu_s,
		.children_memory_bytes = request->limits.children_memory_bytes,
		.children = request->limits.children,
		.children_depth = request->limits.children_depth,
		.arguments = request->arguments,
		.variables = request->variables,
		.name_bytes = (uint32_t)strlen(recipe->name) };

	memcpy(out, &head, sizeof(head));
	memcpy(out + sizeof(head), recipe->name, head.name_bytes);
	memcpy(out + sizeof(head) + head.name_bytes, recipe->strings, request->strings_bytes);
}

static uint32_t count_strings(const char *strings, uint32_t n)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++)
		count += strings[i] == 0;
	return count;
}

/* A program has at least its own name as an argument. */
static bool good_strings(const struct head *head, const char *strings, uint32_t n)
{
	return n > 0 && strings[n - 1] == 0 && head->arguments > 0 &&
	       head->arguments <= START_STRINGS_MAX && head->variables <= START_STRINGS_MAX &&
	       head->arguments + head->variables <= START_STRINGS_MAX &&
	       count_strings(strings, n) == head->arguments + head->variables;
}

static bool good_limits(const struct head *head, struct limits *limits)
{
	return limits_memory(limits, head->memory_bytes) == 0 &&
	       limits_cpu(limits, head->cpu_s) == 0 &&
	       limits_children_memory(limits, head->children_memory_bytes) == 0 &&
	       limits_children(limits, head->children) == 0 &&
	       limits_children_depth(limits, head->children_depth) == 0;
}

int recipe_unpack(const struct hash *program, const void *bytes, uint32_t n,
	const struct limits *limits, struct recipe **out)
{
	struct processes_request request = { .program = *program, .limits = *limits };
	char name[CONTROL_NAME_MAX + 1] = "";
	const char *at = bytes;
	struct head head;

	if (n < sizeof(head) || n > RECIPE_BYTES_MAX)
		return RECIPE_DAMAGED;
	memcpy(&head, at, sizeof(head));
	at += sizeof(head);
	n -= (uint32_t)sizeof(head);
	if (head.zero || head.name_bytes > CONTROL_NAME_MAX || head.name_bytes > n)
		return RECIPE_DAMAGED;
	memcpy(name, at, head.name_bytes);
	if (strlen(name) != head.name_bytes)
		return RECIPE_DAMAGED;
	request.name = name;
	request.strings = at + head.name_bytes;
	request.strings_bytes = n - head.name_bytes;
	if (!good_strings(&head, request.strings, request.strings_bytes) ||
		!good_limits(&head, &request.limits))
		return RECIPE_DAMAGED;
	request.arguments = head.arguments;
	request.variables = head.variables;
	return recipe_copy(&request, out) ? -ENOMEM : 0;
}
