#include "supervisor/processes/native.h"

#include <stdio.h>
#include <string.h>

#define DOMAIN "redshirt-native-v1"

struct hash native_hash(const char *name)
{
	char text[sizeof(DOMAIN) + CONTROL_NAME_MAX];
	int n = snprintf(text, sizeof(text), DOMAIN "%s", name);

	return hash_blake2b(text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

bool native_is_name(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= CONTROL_NAME_MAX && strspn(name, CONTROL_NATIVE_LETTERS) == n;
}

int native_grant(struct native_grants *grants, const char *name)
{
	if (!native_is_name(name) && strcmp(name, NATIVE_ANY) != 0)
		return NATIVE_NO_NAME;
	if (grants->count == ARRAY_LEN(grants->names))
		return NATIVE_TOO_MANY;
	grants->names[grants->count++] = name;
	return 0;
}

int native_grant_words(struct native_grants *grants, char *words)
{
	int r = 0;
	char *rest;

	for (char *word = strtok_r(words, " ", &rest); word && r == 0;
		word = strtok_r(NULL, " ", &rest))
		r = native_grant(grants, word);
	return r;
}

bool native_may_join(const struct native_grants *grants, const char *name)
{
	for (size_t i = 0; grants && i < grants->count; i++)
		if (strcmp(grants->names[i], name) == 0 ||
			strcmp(grants->names[i], NATIVE_ANY) == 0)
			return true;
	return false;
}
