#include "interfaces/ifgen_names.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

/* Of C, of C23 and of C++: headers are included by all of them. */
static const char *const reserved[] = { "alignas", "alignof", "and", "asm", "auto", "bool",
	"break", "case", "catch", "char", "class", "const", "constexpr", "continue", "default",
	"delete", "do", "double", "else", "enum", "explicit", "export", "extern", "false",
	"float", "for", "friend", "goto", "if", "inline", "int", "long", "mutable", "namespace",
	"new", "not", "nullptr", "operator", "or", "private", "protected", "public", "register",
	"restrict", "return", "short", "signed", "sizeof", "static", "static_assert", "struct",
	"switch", "template", "this", "thread_local", "throw", "true", "try", "typedef",
	"typeof", "union", "unsigned", "using", "virtual", "void", "volatile", "while", "xor" };

/* A word begins where a capital follows something small, or precedes it: WaitNSAgain. */
static bool begins_word(struct rs_text name, size_t i)
{
	if (i == 0 || !isupper((unsigned char)name.at[i]))
		return false;
	unsigned char before = (unsigned char)name.at[i - 1];
	unsigned char after = i + 1 < name.bytes ? (unsigned char)name.at[i + 1] : 0;

	return islower(before) || isdigit(before) || (isupper(before) && islower(after));
}

/* At most twice as long as it was. */
static struct ifgen_name words(struct rs_text name, int (*letter)(int))
{
	struct ifgen_name out;
	size_t n = 0;

	for (size_t i = 0; i < name.bytes; i++) {
		if (begins_word(name, i))
			out.text[n++] = '_';
		out.text[n++] =
			name.at[i] == '.' ? '_' : (char)letter((unsigned char)name.at[i]);
	}
	out.text[n] = 0;
	return out;
}

struct ifgen_name ifgen_names_lower(struct rs_text name)
{
	return words(name, tolower);
}

struct ifgen_name ifgen_names_upper(struct rs_text name)
{
	return words(name, toupper);
}

struct ifgen_name ifgen_names_field(struct rs_text name)
{
	struct ifgen_name out;

	snprintf(out.text, sizeof(out.text), "%.*s", NORMAL_TEXT(name));
	for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
		if (descriptor_text_is(name, reserved[i]))
			strcat(out.text, "_");
	return out;
}

static bool is_taken(const struct ifgen_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->taken[i], name) == 0)
			return true;
	return false;
}

int ifgen_names_take(struct ifgen_names *names, const char *format, ...)
{
	CLEANUP(freep) char *name = NULL;
	va_list args;

	va_start(args, format);
	int n = vasprintf(&name, format, args);
	va_end(args);
	if (n < 0) {
		name = NULL;
		return -ENOMEM;
	}
	if (is_taken(names, name)) {
		if (!names->twice) {
			names->twice = name;
			name = NULL;
		}
		return 0;
	}
	char **more = reallocarray(names->taken, names->count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	names->taken = more;
	names->taken[names->count++] = name;
	name = NULL;
	return 0;
}

void ifgen_names_deinit(struct ifgen_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->taken[i]);
	free(names->taken);
	free(names->twice);
	*names = (struct ifgen_names){ 0 };
}
