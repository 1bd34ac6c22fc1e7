/*
 * From a definition to programs that talk: what a person does with protoc, rs-ifgen, compilers
 * and rsctl.
 */
#include <string.h>

#include "supervisor/protocol.h"
#include "tests/check_run.h"
#include "tests/e2e/run.h"

/* protoc with the plugin of the tree, on a definition of the tests or of the tree. */
#define INCLUDE "\"$REDSHIRT_TREE/include/redshirt\""
#define GENERATE                                                              \
	"mkdir -p \"$here/gen\" && PATH=\"$REDSHIRT_TREE/bin:$PATH\" protoc " \
	"--redshirt_out=\"$here/gen\" -Itests/interfaces -I\"$REDSHIRT_TREE/share/redshirt\" "
#define STRICT \
	"-std=gnu17 -Wall -Wextra -Werror -Wconversion -Wsign-conversion -Wshadow -Wundef "

static void expect_has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in \"%.2000s\"", part, text);
}

/* --- what is generated --- */

START_TEST(protoc_finds_the_plugin_and_writes_all_files)
{
	run_expect(0, NULL, GENERATE "greeter.proto");
	run_expect(0, "greeter.h\ngreeter.rs\ngreeter_calls.h\n", "ls \"$here/gen\"");
	struct run_said said =
		run_expect(0, NULL, GENERATE "--redshirt_opt=hash greeter.proto");
	expect_has(said.err, "  tests.greeter.Greeter\n");
	said = run(GENERATE "--redshirt_opt=nonsense greeter.proto");
	expect_has(said.err, "nonsense: no such option of rs-ifgen; there is: hash");
}
END_TEST

/* Every function of every header is called once, so that a linker has to find what it needs. */
static void write_user(void)
{
	run_expect(0, NULL,
		"cd \"$here/gen\" && { for h in every greeter interfaces/*; do case $h in "
		"*.rs | *_calls.h) ;; *) echo \"#include \\\"${h%%.h}.h\\\"\" ;; esac; done; "
		"echo 'struct rs_every_all all; unsigned char out[9999];"
		"__attribute__((export_name(\"_start\"))) void start(void);"
		"void start(void) { struct rs_every_line l; struct rs_walk w;"
		" if (rs_every_all_decode(&all, out, sizeof(out)) == 0 &&"
		" rs_every_all_encode(&all, out, sizeof(out)) > 0)"
		" for (rs_walk_begin(&w, &all.lines); rs_every_all_lines_next(&w, &l);) "
		"out[l.to.x & "
		"7]++;"
		" }'; } >user.c");
}

START_TEST(every_compiler_takes_the_header_without_a_warning)
{
	static const char *const compilers[] = { "gcc -O2 -Wno-attributes -c",
		"clang -O2 -Wno-unknown-attributes -Wno-ignored-attributes -c",
		"clang --target=wasm32-wasi -O2 -c",
		"clang --target=wasm32-unknown-unknown -nostdlib -Wl,--no-entry -O0",
		"clang --target=wasm32-unknown-unknown -nostdlib -Wl,--no-entry -O2",
		"clang --target=wasm32-unknown-unknown -nostdlib -Wl,--no-entry -Os",
		"clang --target=wasm32-unknown-unknown -nostdlib -Wl,--no-entry -Oz" };

	run_expect(0, NULL,
		GENERATE
		"every.proto greeter.proto interfaces/console.proto "
		"interfaces/interface.proto interfaces/log.proto interfaces/program.proto "
		"interfaces/random.proto interfaces/time.proto");
	write_user();
	for (size_t i = 0; i < ARRAY_LEN(compilers); i++)
		run_expect(0, NULL,
			"cd \"$here/gen\" && %s " STRICT "-I. -I" INCLUDE " -o user user.c",
			compilers[i]);
}
END_TEST

START_TEST(every_program_takes_the_calls_without_a_warning)
{
	run_expect(0, NULL, "rm -rf \"$here/gen\" && " GENERATE "every.proto greeter.proto");
	run_expect(0, NULL,
		"cd \"$here/gen\" && { for h in every_calls.h greeter_calls.h "
		"$(cd " INCLUDE " && ls interfaces/*_calls.h); do echo \"#include "
		"\\\"$h\\\"\"; done; } >calls.c");
	run_expect(0, NULL,
		"cd \"$here/gen\" && for target in wasm32-wasi wasm32-unknown-unknown; do "
		"clang --target=$target -O2 " STRICT "-I. -I" INCLUDE
		" -c -o calls.o calls.c || exit; done");
}
END_TEST

START_TEST(rust_takes_the_module_and_sends_what_c_sends)
{
	if (run("/usr/bin/rustc --version").status != 0)
		return;
	run_expect(0, NULL, GENERATE "greeter.proto");
	run_expect(0, NULL, "cp tests/interfaces/greeter.rs \"$here/gen/main.rs\"");
	run_expect(0, "ok\n",
		"cd \"$here/gen\" && mkdir -p greeter && cp greeter.rs greeter/mod.rs && rm "
		"greeter.rs "
		"&& /usr/bin/rustc --edition 2021 -D warnings -o main main.rs && ./main");
	run_expect(0, NULL,
		"cd \"$here/gen\" && printf '#![no_std]\\npub mod greeter;\\n' >lib.rs && "
		"/usr/bin/rustc --edition 2021 -D warnings --crate-type lib "
		"--target wasm32-unknown-unknown -o lib.rlib lib.rs");
}
END_TEST

START_TEST(what_c_cannot_tell_apart_is_an_error_of_the_definition)
{
	run_expect(0, NULL,
		"printf 'syntax = \"proto3\"; service S { rpc Go (M) returns (M); } message M "
		"{ K k = "
		"1; } enum K { GO = 0; }' >\"$here/clash.proto\"");
	struct run_said said = run(GENERATE "-I\"$here\" clash.proto");
	ck_assert_int_ne(said.status, 0);
	expect_has(said.err, "clash.proto: two things in it would be called RS_S_GO in C");
}
END_TEST

/* --- rsctl interface --- */

static const char log_hash[] =
	"ac240c2fbe969ce3f36131cb318af8e063482479f59a2370381b7a3663e03cf6";

START_TEST(hash_is_that_of_the_header)
{
	struct run_said said = run_expect(0, NULL, "rsctl interface hash interfaces/log.proto");

	ck_assert_uint_eq(said.out_bytes, 65);
	said.out[64] = 0;
	ck_assert_str_eq(said.out, log_hash);
	run_expect(0, NULL, "grep -q %s " INCLUDE "/interfaces/log.h", said.out);
	const json_t *json = run_json(
		run_expect(0, NULL, "rsctl interface hash --json interfaces/log.proto").out);
	ck_assert_str_eq(run_text(json, "hash"), said.out);
	ck_assert_str_eq(run_text(json, "interface"), "redshirt.log.Log");
}
END_TEST

START_TEST(show_takes_a_file_or_an_installed_hash)
{
	const char *shown =
		run_expect(0, NULL, "rsctl interface show interfaces/log.proto").out;

	expect_has(shown, "    0     Write: redshirt.log.WriteRequest -> no answer\n");
	expect_has(shown, "enum redshirt.log.Level\n    0     STDOUT\n");
	run_expect(0, shown, "rsctl interface show %.8s", log_hash);
	run_expect(CONTROL_NOT_FOUND, "", "rsctl interface show 00000000");
	const json_t *json =
		run_json(run_expect(0, NULL, "rsctl interface show --json %s", log_hash).out);
	const json_t *rpc = json_array_get(json_object_get(json, "rpcs"), 0);
	ck_assert_str_eq(run_text(rpc, "name"), "Write");
	ck_assert(json_is_null(json_object_get(rpc, "answer")));
	ck_assert_uint_eq(json_array_size(json_object_get(json, "types")), 2);
}
END_TEST

START_TEST(diff_says_why_a_hash_is_another)
{
	run_expect(0, NULL,
		"sed 's/bytes text/string text/; s/DEBUG = 5/DEBUG = 6/' "
		"interfaces/log.proto >\"$here/log.proto\"");
	run_expect(0, "", "rsctl interface diff interfaces/log.proto %.8s", log_hash);
	struct run_said said = run_expect(
		1, NULL, "rsctl interface diff interfaces/log.proto \"$here/log.proto\"");
	ck_assert_str_eq(said.out,
		"message redshirt.log.WriteRequest: field text is string, was bytes\n"
		"enum redshirt.log.Level: DEBUG = 5 removed\n"
		"enum redshirt.log.Level: DEBUG = 6 added\n");
	const json_t *json = run_json(run_expect(
		1, NULL, "rsctl interface diff --json interfaces/log.proto \"$here/log.proto\"")
					      .out);
	ck_assert_uint_eq(json_array_size(json_object_get(json, "changes")), 3);
	ck_assert_str_eq(run_text(json, "old"), log_hash);
}
END_TEST

START_TEST(imports_are_looked_for_where_one_says)
{
	run_expect(0, NULL,
		"mkdir -p \"$here/a\" \"$here/b\" && printf 'syntax = \"proto3\"; message M "
		"{}' "
		">\"$here/a/m.proto\" && printf 'syntax = \"proto3\"; import \"m.proto\"; "
		"service S "
		"{ rpc Go (M) returns (M); }' >\"$here/b/s.proto\"");
	struct run_said said = run("rsctl interface hash \"$here/b/s.proto\"");
	ck_assert_int_eq(said.status, CONTROL_FAILED);
	expect_has(said.err, "m.proto");
	run_expect(0, NULL, "rsctl interface hash -I \"$here/a\" \"$here/b/s.proto\"");
	run_expect(0, NULL, "cd \"$here/b\" && rsctl interface hash --include=../a s.proto");
}
END_TEST

START_TEST(what_is_wrong_is_said)
{
	expect_has(run("rsctl interface hash no.proto").err,
		"rsctl: no.proto: No such file or directory");
	ck_assert_int_eq(run("rsctl interface hash no.proto").status, CONTROL_NOT_FOUND);
	expect_has(run("PATH=\"$REDSHIRT_TREE/bin\" rsctl interface hash interfaces/log.proto")
			   .err,
		"protobuf-compiler");
	expect_has(run("rsctl interface hash tests/interfaces/later.proto").err,
		"no service in it");
	ck_assert_int_eq(
		run("rsctl interface frob interfaces/log.proto").status, CONTROL_USAGE);
	ck_assert_int_eq(
		run("rsctl interface diff interfaces/log.proto").status, CONTROL_USAGE);
	ck_assert_int_eq(run("rsctl interface hash").status, CONTROL_USAGE);
}
END_TEST

/* --- two programs --- */

START_TEST(programs_talk_by_a_definition)
{
	uint64_t greeter = run_start("rsctl start \"$guests\"/greeter.wasm");

	RUN_UNTIL(strstr(run_logs(greeter), "register: ok") != NULL);
	run_expect(0, "Dear Ada, Dear Bob (40), (2)\n",
		"rsctl run \"$guests\"/greet.wasm Ada -a 40 Bob");
	run_expect(0, "Eve! (3)\n", "rsctl run \"$guests\"/greet.wasm -s Eve");
	run_expect(0, "", "rsctl run \"$guests\"/greet.wasm -f");
	run_expect(0, "(0)\n", "rsctl run \"$guests\"/greet.wasm");
	run_expect(1, "malformed\n", "rsctl run \"$guests\"/greet.wasm -m");
	run_expect(1, "unknown request\n", "rsctl run \"$guests\"/greet.wasm -u");
	run_expect(0, NULL, "rsctl stop %" PRIu64, greeter);
}
END_TEST

static Suite *suite(void)
{
	Suite *suite = suite_create("interfaces");
	TCase *generated = run_case("generated"), *commands = run_case("commands"),
	      *programs = run_case("programs");

	tcase_add_test(generated, protoc_finds_the_plugin_and_writes_all_files);
	tcase_add_test(generated, every_compiler_takes_the_header_without_a_warning);
	tcase_add_test(generated, every_program_takes_the_calls_without_a_warning);
	tcase_add_test(generated, rust_takes_the_module_and_sends_what_c_sends);
	tcase_add_test(generated, what_c_cannot_tell_apart_is_an_error_of_the_definition);
	suite_add_tcase(suite, generated);
	tcase_add_test(commands, hash_is_that_of_the_header);
	tcase_add_test(commands, show_takes_a_file_or_an_installed_hash);
	tcase_add_test(commands, diff_says_why_a_hash_is_another);
	tcase_add_test(commands, imports_are_looked_for_where_one_says);
	tcase_add_test(commands, what_is_wrong_is_said);
	suite_add_tcase(suite, commands);
	tcase_add_test(programs, programs_talk_by_a_definition);
	suite_add_tcase(suite, programs);
	return suite;
}

CHECK_MAIN(suite)
