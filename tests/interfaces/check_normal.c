/*
 * What makes the hash of an interface, and what does not: golden vectors, changes of each kind,
 * definitions that are refused, and sets of files that no protoc would write. And why two
 * hashes differ: diff says something exactly when they do.
 */
#include <string.h>

#include "interfaces/diff.h"
#include "interfaces/normal.h"
#include "interfaces/outline.h"
#include "tests/interfaces/definition.h"

#define HEAD "syntax = \"proto3\"; package a.b; "

/* --- golden --- */

static const struct {
	const char *file, *hash;
} golden[] = {
	{ "interfaces/console.proto",
		"f4c4b0b6c42720d54a7b7fcafb888351d48e5e433cc2bc3b058baa854a0ad809" },
	{ "interfaces/interface.proto",
		"67d191448db7c06834373b946040801159e804204d7e704b829f1dc9d78b9870" },
	{ "interfaces/log.proto",
		"ac240c2fbe969ce3f36131cb318af8e063482479f59a2370381b7a3663e03cf6" },
	{ "interfaces/program.proto",
		"b17b14223141aad6591c6cc9cbd082a08b36019de51a2f6055adba427cd3abcf" },
	{ "interfaces/random.proto",
		"fe7f7c232569d1b3323b1e0f33fbf00a78b83e935f2e5266e3839800a99ad698" },
	{ "interfaces/time.proto",
		"3a4aab49005bcc4bca0106688eafda3e1d7341d07ea3db4cfb4144b993a2dab6" },
	{ "tests/interfaces/every.proto",
		"12f94d2c5bbb136bcd9020948d48690d96aad3231fbd8e4550a7e31fbbe11b9b" },
};

START_TEST(a_hash_is_what_it_always_was)
{
	struct definition definition = definition_of_file(golden[_i].file);
	char hex[HASH_HEX_SIZE];

	ck_assert_int_eq(definition.r, 0);
	ck_assert_str_eq(hash_to_hex(&definition.normal->hash, hex), golden[_i].hash);
	definition_free(&definition);
}
END_TEST

/* Written by hand, from the description in normal.h. */
START_TEST(the_form_is_the_described_one)
{
	static const char text[] = HEAD "service S { rpc Go (M) returns (M); rpc Tell (E) "
					"returns (NoAnswer); }"
					"message NoAnswer {} message E {}"
					"message M { repeated K k = 2; string s = 1;"
					"  oneof o { E e = 3; } optional K l = 4; }"
					"enum K { Z = 0; Y = -1; }";
	static const char form[] = "redshirt-interface-v1"
				   "\5\0\0\0a.b.S\2\0\0\0"
				   "\2\0\0\0Go"
				   "M\5\0\0\0a.b.M\4\0\0\0"
				   "\1\0\0\0\1\0\0\0s\0\x09"
				   "\2\0\0\0\1\0\0\0k\2\x0e"
				   "E\5\0\0\0a.b.K\2\0\0\0"
				   "\xff\xff\xff\xff\1\0\0\0Y\0\0\0\0\1\0\0\0Z"
				   "\3\0\0\0\1\0\0\0e\3\1\0\0\0o\x0b"
				   "M\5\0\0\0a.b.E\0\0\0\0"
				   "\4\0\0\0\1\0\0\0l\1\x0eR\1\0\0\0"
				   "\1R\0\0\0\0"
				   "\4\0\0\0TellR\2\0\0\0\0";
	struct definition definition = definition_of_text(text);
	uint8_t *bytes;
	size_t size;

	ck_assert_int_eq(definition.r, 0);
	ck_assert_int_eq(normal_form(definition.normal, &bytes, &size), 0);
	ck_assert_uint_eq(size, sizeof(form) - 1);
	ck_assert_mem_eq(bytes, form, size);
	struct hash hash = hash_blake2b(form, sizeof(form) - 1);
	ck_assert(hash_equal(&hash, &definition.normal->hash));
	free(bytes);
	definition_free(&definition);
}
END_TEST

/* --- changes --- */

/* As diff says it; the reader frees it. */
static char *changes(const struct definition *old, const struct definition *new)
{
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	uint32_t lines = diff_print(old->normal, new->normal, to);

	fclose(to);
	for (const char *c = text; *c; c++)
		lines -= *c == '\n';
	ck_assert_uint_eq(lines, 0);
	return text;
}

#define BASE                                                                           \
	HEAD "service S { rpc Go (Q) returns (A); rpc Tell (Q) returns (NoAnswer); }"  \
	     "message NoAnswer {} message A { bool good = 1; }"                        \
	     "message Q { uint32 n = 1; repeated string t = 2; K k = 3; optional A a " \
	     "= 4; oneof o { int32 x = 5; int32 y = 6; } message P {} P p = 7; } "     \
	     "enum K { Z = 0; Y = 1; }"

static const char *const equals[] = {
	/* layout and comments */
	"// c\n" HEAD "/* s */ service S {\n rpc Go (Q) returns (A) {}\n\n rpc Tell (.a.b.Q) "
	"returns (NoAnswer); }"
	"message NoAnswer {} message A { bool good = 1; }"
	"message Q { uint32 n = 1; repeated string t = 2; K k = 3; optional A a "
	"= 4; oneof o { int32 x = 5; int32 y = 6; } message P {} P p = 7; } "
	"enum K { Z = 0; Y = 1; }",
	/* the order of definitions, fields and values */
	HEAD "enum K { Z = 0; Y = 1; }"
	     "message Q { message P {} P p = 7; oneof o { int32 y = 6; int32 x = 5; }"
	     " optional A a = 4; K k = 3; repeated string t = 2; uint32 n = 1; }"
	     "message A { bool good = 1; } message NoAnswer {}"
	     "service S { rpc Go (Q) returns (A); rpc Tell (Q) returns (NoAnswer); }",
	/* options, reserved numbers, what nobody uses */
	HEAD
	"option java_package = \"x\"; option deprecated = true; message Unused { A a = 1; } "
	"enum L { L0 = 0; } service S { option deprecated = true; rpc Go (Q) returns (A) "
	"{ option deprecated = true; option idempotency_level = IDEMPOTENT; } rpc Tell (Q) "
	"returns (NoAnswer); }"
	"message NoAnswer {} message A { bool good = 1 [json_name = \"x\"]; reserved 9; }"
	"message Q { reserved \"old\"; uint32 n = 1 [deprecated = true]; repeated string t "
	"= 2; K k = 3; optional A a "
	"= 4; oneof o { int32 x = 5; int32 y = 6; } message P {} P p = 7; } "
	"enum K { Z = 0; Y = 1 [deprecated = true]; }",
};

START_TEST(what_does_not_count_does_not_change_the_hash)
{
	struct definition old = definition_of_text(BASE), new = definition_of_text(equals[_i]);

	ck_assert_int_eq(old.r, 0);
	ck_assert_msg(new.r == 0, "%s", new.normal->why);
	char *text = changes(&old, &new);
	ck_assert_str_eq(text, "");
	ck_assert(hash_equal(&old.normal->hash, &new.normal->hash));
	free(text);
	definition_free(&old);
	definition_free(&new);
}
END_TEST

/* In BASE, this becomes that; and a part of what diff says. */
static const struct {
	const char *this, *that, *says;
} differs[] = {
	{ "service S", "service T", "the service is called a.b.T, was a.b.S\n" },
	{ "package a.b", "package a.c", "the service is called a.c.S, was a.b.S\n" },
	{ "rpc Go", "rpc Run", "rpc Go: removed\n" },
	{ "rpc Go", "rpc Run", "rpc Run: added, with index 0\n" },
	{ "rpc Go (Q) returns (A); rpc Tell (Q) returns (NoAnswer);",
		"rpc Tell (Q) returns (NoAnswer); rpc Go (Q) returns (A);",
		"rpc Go: its index is 1, was 0\n" },
	{ "rpc Tell (Q) returns (NoAnswer);", "", "rpc Tell: removed\n" },
	{ "rpc Go (Q)", "rpc Go (A)", "rpc Go: its request is a.b.A, was a.b.Q\n" },
	{ "Go (Q) returns (A)", "Go (Q) returns (Q)", "rpc Go: its answer is a.b.Q" },
	{ "returns (NoAnswer)", "returns (A)", "Tell: its answer is a.b.A, was no answer\n" },
	{ "returns (A)", "returns (NoAnswer)", "Go: its answer is no answer, was a.b.A\n" },
	{ "bool good = 1", "bool fine = 1", "field 1 is called fine, was good\n" },
	{ "bool good = 1", "bool good = 2", "message a.b.A: field 1, good, removed\n" },
	{ "bool good = 1", "bool good = 2", "message a.b.A: field 2, good, added\n" },
	{ "bool good = 1;", "", "message a.b.A: field 1, good, removed\n" },
	{ "uint32 n", "uint64 n", "field n is uint64, was uint32\n" },
	{ "uint32 n", "fixed32 n", "field n is fixed32, was uint32\n" },
	{ "uint32 n", "sint32 n", "field n is sint32, was uint32\n" },
	{ "uint32 n", "optional uint32 n", "field n is optional uint32, was uint32\n" },
	{ "repeated string t", "string t", "field t is string, was repeated string\n" },
	{ "repeated string t", "repeated bytes t", "is repeated bytes, was repeated string\n" },
	{ "K k = 3", "int32 k = 3", "field k is int32, was a.b.K\n" },
	{ "K k = 3", "int32 k = 3", "enum a.b.K: used no more\n" },
	{ "K k = 3", "A k = 3", "field k is a.b.A, was a.b.K\n" },
	{ "optional A a", "A a", "field a is a.b.A, was optional a.b.A\n" },
	{ "oneof o", "oneof q", "field x is in the oneof q\n" },
	{ "int32 y = 6; }", "} int32 y = 6;", "field y was in the oneof o\n" },
	{ "uint32 n = 1; ", "", "message a.b.Q: field 1, n, removed\n" },
	{ "oneof o {", "oneof o { uint32 m = 8;", "message a.b.Q: field 8, m, added\n" },
	{ "Y = 1", "Y = 2", "enum a.b.K: Y = 1 removed\n" },
	{ "Y = 1", "Y = 1; X = 2", "enum a.b.K: X = 2 added\n" },
	{ "Z = 0; Y = 1", "Y = 0; Z = 1", "enum a.b.K: Y = 0 added\n" },
	{ "Y = 1", "Y = -1", "enum a.b.K: Y = -1 added\n" },
	{ "message P {} P p = 7; }", "P p = 7; } message P {}", "message a.b.P: used now\n" },
};

/* The first place of this becomes that; the reader frees it. */
static char *replaced(const char *in, const char *this, const char *that)
{
	const char *at = strstr(in, this);
	char *out;

	ck_assert_msg(at != NULL, "%s", this);
	ck_assert_int_ge(
		asprintf(&out, "%.*s%s%s", (int)(at - in), in, that, at + strlen(this)), 0);
	return out;
}

START_TEST(what_counts_changes_the_hash)
{
	char *text = replaced(BASE, differs[_i].this, differs[_i].that);
	struct definition old = definition_of_text(BASE), new = definition_of_text(text);

	ck_assert_int_eq(old.r, 0);
	ck_assert_msg(new.r == 0, "%s", new.normal->why);
	ck_assert(!hash_equal(&old.normal->hash, &new.normal->hash));
	char *said = changes(&old, &new);
	ck_assert_msg(strstr(said, differs[_i].says) != NULL, "no \"%s\" in \"%s\"",
		differs[_i].says, said);
	free(said);
	free(text);
	definition_free(&old);
	definition_free(&new);
}
END_TEST

/* The name of a message is one of many places that a type's name stands in. */
START_TEST(a_message_that_is_called_otherwise_is_another)
{
	char *text = replaced(BASE, "returns (A)", "returns (B)"), *more;

	more = replaced(text, "message A {", "message B { bool good = 1; } message A {");
	struct definition old = definition_of_text(BASE), new = definition_of_text(more);
	ck_assert_int_eq(new.r, 0);
	ck_assert(!hash_equal(&old.normal->hash, &new.normal->hash));
	free(text);
	free(more);
	definition_free(&old);
	definition_free(&new);
}
END_TEST

/* A field that is in another message counts there. */
START_TEST(what_an_import_defines_counts_as_if_it_stood_here)
{
	FILE *file = fopen(scratch_path("part.proto"), "w");

	fputs(HEAD "message A { bool good = 1; }", file);
	fclose(file);
	struct definition one = definition_of_text(
		HEAD "service S { rpc Go (A) returns (A); } message A { bool good = 1; }");
	struct definition two = definition_of_text("syntax = \"proto3\"; package a.b; import "
						   "\"part.proto\"; service S { rpc Go (A) "
						   "returns (A); }");
	ck_assert_int_eq(one.r, 0);
	ck_assert_msg(two.r == 0, "%s", two.normal->why);
	ck_assert(hash_equal(&one.normal->hash, &two.normal->hash));
	definition_free(&one);
	definition_free(&two);
}
END_TEST

/* --- refused --- */

#define GO "service S { rpc Go (M) returns (M); } "

static const struct {
	const char *text, *why;
} refused[] = {
	{ "syntax = \"proto2\"; package a; " GO "message M {}", "not proto3" },
	{ HEAD "message M {}", "no service in it" },
	{ HEAD GO "service T { rpc Go (M) returns (M); } message M {}",
		"more than one service in it" },
	{ HEAD "service S {}", "the service has no rpc" },
	{ HEAD "service S { rpc Go (stream M) returns (M); } message M {}",
		"rpc Go: streams are refused; a message has one answer" },
	{ HEAD "service S { rpc Go (M) returns (stream M); } message M {}",
		"rpc Go: streams are refused; a message has one answer" },
	{ HEAD GO "message M { M m = 1; }", "message a.b.M contains itself" },
	{ HEAD GO "message M { repeated M m = 1; }", "message a.b.M contains itself" },
	{ HEAD GO "message M { N n = 1; } message N { oneof o { M m = 1; } }",
		"message a.b.M contains itself" },
	{ HEAD GO "message M { map<string, string> m = 1; }",
		"a.b.M.MEntry: maps are refused; a repeated message with key and value does "
		"it" },
	{ HEAD "service S { rpc Go (NoAnswer) returns (NoAnswer); } message NoAnswer {}",
		"a.b.NoAnswer: only an answer may be that" },
	{ HEAD "service S { rpc Go (M) returns (NoAnswer); } message M { NoAnswer n = 1; } "
	       "message NoAnswer {}",
		"a.b.NoAnswer: only an answer may be that" },
	{ HEAD "service S { rpc Go (M) returns (NoAnswer); } message M {} message NoAnswer { "
	       "bool b = 1; }",
		"NoAnswer has fields: nobody would get them" },
	{ HEAD "service S { rpc Go (M1) returns (M1); } message M1 { M2 m = 1; } "
	       "message M2 { M3 m = 1; } message M3 { M4 m = 1; } message M4 { M5 m = 1; } "
	       "message M5 { M6 m = 1; } message M6 { M7 m = 1; } message M7 { M8 m = 1; } "
	       "message M8 { M9 m = 1; } message M9 {}",
		"message a.b.M9: more than 8 messages in one another" },
	{ HEAD "service S { rpc Go (M3) returns (M1); } message M1 { M2 m = 1; } "
	       "message M2 { M3 m = 1; } message M3 { M4 m = 1; } message M4 { M5 m = 1; } "
	       "message M5 { M6 m = 1; } message M6 { M7 m = 1; } message M7 { M8 m = 1; } "
	       "message M8 { M9 m = 1; } message M9 {}",
		"message a.b.M3: more than 8 messages in one another" },
};

START_TEST(what_cannot_be_an_interface_is_refused_with_a_reason)
{
	struct definition definition = definition_of_text(refused[_i].text);

	ck_assert_int_eq(definition.r, NORMAL_REFUSED);
	ck_assert_str_eq(definition.normal->why, refused[_i].why);
	definition_free(&definition);
}
END_TEST

START_TEST(a_proto2_message_is_refused_wherever_it_stands)
{
	FILE *file = fopen(scratch_path("old.proto"), "w");

	fputs("syntax = \"proto2\"; package o; message M { extensions 5 to 9; }", file);
	fclose(file);
	struct definition definition = definition_of_text(
		HEAD "import \"old.proto\"; service S { rpc Go (o.M) returns (o.M); }");
	ck_assert_int_eq(definition.r, NORMAL_REFUSED);
	ck_assert_str_eq(definition.normal->why, "o.M: its file is not proto3");
	definition_free(&definition);
}
END_TEST

START_TEST(what_protoc_refuses_and_what_is_not_there_are_told_apart)
{
	struct protoc protoc;
	char *path = strdup(getenv("PATH"));

	ck_assert_int_eq(protoc_parse("no/such.proto", NULL, 0, &protoc), PROTOC_FAILED);
	setenv("PATH", "/nowhere", 1);
	ck_assert_int_eq(
		protoc_parse("interfaces/time.proto", NULL, 0, &protoc), PROTOC_MISSING);
	setenv("PATH", path, 1);
	free(path);
}
END_TEST

/* --- hostile sets --- */

/* Of exactly its size. Whatever is accepted has a form, an outline and a diff. */
static void read_set(const uint8_t *bytes, size_t size, struct rs_text name)
{
	uint8_t *copy = malloc(size + (size == 0));
	struct normal *normal;
	char *text = NULL;

	memcpy(copy, bytes, size);
	struct descriptor_set set = { rs_cursor(copy, size), SET_FILE };
	if (normal_read(&set, name, &normal) == 0) {
		FILE *to = open_memstream(&text, &size);

		outline_print(normal, to);
		MUST(diff_print(normal, normal, to) == 0);
		fclose(to);
	} else {
		MUST(*normal->why);
	}
	free(text);
	free(normal);
	free(copy);
}

static struct definition whole(void)
{
	return definition_of_file("tests/interfaces/every.proto");
}

START_TEST(a_set_that_ends_early_is_refused_or_smaller)
{
	struct definition definition = whole();
	struct rs_cursor set = definition.protoc.set.files;
	struct rs_text name = { "every.proto", strlen("every.proto") };

	for (size_t n = 0; n < rs_cursor_left(&set); n++)
		read_set(set.at, n, name);
	definition_free(&definition);
}
END_TEST

START_TEST(a_flipped_bit_in_a_set_is_harmless)
{
	struct definition definition = whole();
	size_t size = rs_cursor_left(&definition.protoc.set.files);
	struct rs_text name = { "every.proto", strlen("every.proto") };
	uint8_t *bytes = definition.protoc.bytes;

	for (size_t bit = _i; bit < 8 * size; bit += 8) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		read_set(bytes, size, name);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	definition_free(&definition);
}
END_TEST

/* Written backwards: a length stands before what it counts. */
static uint8_t *wrap(uint8_t *at, const uint8_t *end, uint8_t tag)
{
	uint64_t length = (uint64_t)(end - at);
	uint8_t bytes[10];
	int n = 0;

	for (; length >= 0x80; length >>= 7)
		bytes[n++] = (uint8_t)(length | 0x80);
	bytes[n++] = (uint8_t)length;
	while (n)
		*--at = bytes[--n];
	*--at = tag;
	return at;
}

/* Readers that descend into what they do not need run out of stack here. */
START_TEST(messages_a_hundred_thousand_deep_are_refused)
{
	static uint8_t bytes[DESCRIPTOR_SET_BYTES_MAX];
	const uint8_t *end = bytes + sizeof(bytes);
	uint8_t *at = bytes + sizeof(bytes);

	while (at - bytes > 32)
		at = wrap(at, end, MESSAGE_NESTED << 3 | RS_WIRE_BYTES);
	at = wrap(at, end, FILE_MESSAGE << 3 | RS_WIRE_BYTES);
	at = wrap(at, end, SET_FILE << 3 | RS_WIRE_BYTES);
	read_set(at, (size_t)(end - at), (struct rs_text){ "", 0 });
}
END_TEST

static Suite *suite(void)
{
	Suite *suite = suite_create("normal");
	TCase *hash = tcase_create("hash"), *refusal = tcase_create("refused"),
	      *hostile = tcase_create("hostile");

	tcase_add_checked_fixture(hash, scratch_setup, scratch_teardown);
	tcase_add_loop_test(hash, a_hash_is_what_it_always_was, 0, ARRAY_LEN(golden));
	tcase_add_test(hash, the_form_is_the_described_one);
	tcase_add_loop_test(
		hash, what_does_not_count_does_not_change_the_hash, 0, ARRAY_LEN(equals));
	tcase_add_loop_test(hash, what_counts_changes_the_hash, 0, ARRAY_LEN(differs));
	tcase_add_test(hash, a_message_that_is_called_otherwise_is_another);
	tcase_add_test(hash, what_an_import_defines_counts_as_if_it_stood_here);
	suite_add_tcase(suite, hash);
	tcase_add_checked_fixture(refusal, scratch_setup, scratch_teardown);
	tcase_add_loop_test(refusal, what_cannot_be_an_interface_is_refused_with_a_reason, 0,
		ARRAY_LEN(refused));
	tcase_add_test(refusal, a_proto2_message_is_refused_wherever_it_stands);
	tcase_add_test(refusal, what_protoc_refuses_and_what_is_not_there_are_told_apart);
	suite_add_tcase(suite, refusal);
	tcase_set_timeout(hostile, 60);
	tcase_add_test(hostile, a_set_that_ends_early_is_refused_or_smaller);
	tcase_add_loop_test(hostile, a_flipped_bit_in_a_set_is_harmless, 0, 8);
	tcase_add_test(hostile, messages_a_hundred_thousand_deep_are_refused);
	suite_add_tcase(suite, hostile);
	return suite;
}

CHECK_MAIN(suite)
