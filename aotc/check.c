#include "aotc/check.h"

#include <string.h>

enum {
	LETTERS_SIZE = 32,
	TYPE_TEXT_SIZE = 80
}; /* host functions have at most 9 parameters */

/* The letters of host_functions[], and a few that no host function has. */
static const struct {
	uint8_t type;
	char letter;
	const char *word;
} type_words[] = {
	{ WASM_I32, 'i', "i32" },
	{ WASM_I64, 'I', "i64" },
	{ WASM_F32, 'f', "f32" },
	{ WASM_F64, 'F', "f64" },
	{ WASM_V128, 'v', "v128" },
	{ WASM_FUNCREF, 'r', "funcref" },
	{ WASM_EXTERNREF, 'e', "externref" },
};

static char letter_of(uint8_t type)
{
	for (size_t i = 0; i < ARRAY_LEN(type_words); i++)
		if (type_words[i].type == type)
			return type_words[i].letter;
	return '?';
}

static const char *word_of(char letter)
{
	for (size_t i = 0; i < ARRAY_LEN(type_words); i++)
		if (type_words[i].letter == letter)
			return type_words[i].word;
	return "...";
}

static char *add_letters(char *at, const char *end, const uint8_t *types, uint32_t count)
{
	for (uint32_t i = 0; i < count && at < end; i++)
		*at++ = letter_of(types[i]);
	return at;
}

/* As in host_functions[]. A type too long for that is cut, and its cut form equals none of
 * them: it ends in '.'. */
static void letters_of(const struct module_type *type, char letters[LETTERS_SIZE])
{
	const char *end = letters + LETTERS_SIZE - 2; /* the last letter and the zero */
	char *at = add_letters(letters, end, type->params, type->params_count);

	if (at < end)
		*at++ = '>';
	at = add_letters(at, end, type->results, type->results_count);
	if (at == end)
		*at++ = '.';
	*at = '\0';
}

/* Types in one group, up to the closing letter; returns where the group ends. */
static const char *describe_group(char *text, size_t size, const char *letters, char closing)
{
	size_t used = strlen(text);

	for (const char *between = ""; *letters && *letters != closing;
		letters++, between = ", ") {
		const char *word = word_of(*letters);
		if (used + strlen(between) + strlen(word) >= size)
			continue; /* cut: long lists are wrong anyway */
		used = (size_t)(stpcpy(stpcpy(text + used, between), word) - text);
	}
	return letters;
}

/* "iI>i" becomes "(i32, i64) -> i32". */
static const char *describe(char text[TYPE_TEXT_SIZE], const char *letters)
{
	strcpy(text, "(");
	letters = describe_group(text, TYPE_TEXT_SIZE - 32, letters, '>');
	strcat(text, ") -> ");
	const char *results = *letters == '>' ? letters + 1 : letters;
	bool one = strlen(results) == 1;
	if (!one)
		strcat(text, "(");
	describe_group(text, TYPE_TEXT_SIZE - 2, results, '\0');
	if (!one)
		strcat(text, ")");
	return text;
}

static int check_import(
	const struct module *m, const struct module_import *import, uint32_t *row)
{
	char module[REASON_NAME_SIZE], field[REASON_NAME_SIZE], letters[LETTERS_SIZE];
	char has[TYPE_TEXT_SIZE], wants[TYPE_TEXT_SIZE];
	int found = host_function_find(import->module.text, import->module.size,
		import->field.text, import->field.size);

	reason_name(module, import->module.text, import->module.size);
	reason_name(field, import->field.text, import->field.size);
	*row = CHECK_UNKNOWN;
	if (found < 0 && m->limits->unknown_imports)
		return 0;
	if (found < 0)
		return reason_refuse(
			m->reason, "imports %s.%s, which nothing provides", module, field);
	letters_of(&m->types[import->type], letters);
	if (strcmp(letters, host_functions[found].type) != 0)
		return reason_refuse(m->reason, "imports %s.%s with type %s, but it is %s",
			module, field, describe(has, letters),
			describe(wants, host_functions[found].type));
	*row = (uint32_t)found;
	return 0;
}

int check_imports(const struct module *m, uint32_t *rows)
{
	int refused = 0;

	for (uint32_t i = 0; i < m->imports_count && !refused; i++)
		refused = check_import(m, &m->imports[i], &rows[i]);
	return refused;
}

static int by_name(const void *left, const void *right)
{
	const struct wasm_name *a = left, *b = right;
	uint32_t shorter = a->size < b->size ? a->size : b->size;
	int order = memcmp(a->text, b->text, shorter);

	return order ? order : (a->size > b->size) - (a->size < b->size);
}

/* Exports are dropped on the way to the translator, so its validator would not find two of a
 * name. */
static int check_unique(const struct module *m)
{
	char shown[REASON_NAME_SIZE];
	CLEANUP(freep) struct wasm_name *names = calloc(m->exports_count + 1u, sizeof(*names));

	if (!names)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->exports_count; i++)
		names[i] = m->exports[i].name;
	qsort(names, m->exports_count, sizeof(*names), by_name);
	for (uint32_t i = 1; i < m->exports_count; i++)
		if (by_name(&names[i - 1], &names[i]) == 0)
			return reason_refuse(m->reason, "exports %s twice",
				reason_name(shown, names[i].text, names[i].size));
	return 0;
}

static const struct module_export *find_export(const struct module *m, const char *name)
{
	for (uint32_t i = 0; i < m->exports_count; i++)
		if (module_same_name(m->exports[i].name, name))
			return &m->exports[i];
	return NULL;
}

int check_exports(const struct module *m, uint32_t *start)
{
	char letters[LETTERS_SIZE], has[TYPE_TEXT_SIZE];
	const char *name = find_export(m, "_start") ? "_start" : "_initialize";
	const struct module_export *export = find_export(m, name);

	if (!export)
		return reason_refuse(m->reason, "has no _start: not a command");
	if (export->kind != WASM_FUNCTION)
		return reason_refuse(m->reason, "exports %s, but not as a function", name);
	letters_of(&m->types[m->function_types[export->index]], letters);
	if (strcmp(letters, ">") != 0)
		return reason_refuse(m->reason,
			"exports %s with type %s, but a program's is () -> ()", name,
			describe(has, letters));
	*start = export->index;
	return check_unique(m);
}

static const struct {
	enum feature feature;
	const char *name;
} feature_names[] = {
	{ FEATURE_SIMD, "SIMD" },
	{ FEATURE_BULK_MEMORY, "bulk memory" },
	{ FEATURE_REFERENCE_TYPES, "reference types" },
	{ FEATURE_MULTI_VALUE, "several results" },
	{ FEATURE_SIGN_EXTENSION, "sign extension" },
	{ FEATURE_SATURATING_FLOAT, "saturating conversions" },
	{ FEATURE_TAIL_CALLS, "tail calls" },
	{ FEATURE_EXCEPTIONS, "exceptions" },
};

int check_features(const struct module *m, uint32_t features, const char *translator)
{
	const uint32_t both = FEATURE_EXCEPTIONS | FEATURE_TAIL_CALLS;

	for (size_t i = 0; i < ARRAY_LEN(feature_names); i++)
		if (m->features & ~features & feature_names[i].feature)
			return reason_refuse(m->reason,
				"uses %s, which %s cannot translate: install a newer WABT",
				feature_names[i].name, translator);
	/* of a function that does both wasm2c writes a second text, in which parameters do not
	 * survive a throw */
	if ((m->features & both) == both)
		return reason_refuse(m->reason,
			"uses exceptions and tail calls, which cannot be translated together");
	return 0;
}
