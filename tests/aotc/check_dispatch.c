/* check_dispatch.c: which jumps are rewritten, and that nothing else is. */
#include <stdio.h>
#include <string.h>

#include "aotc/dispatch.h"
#include "tests/check_run.h"

#define SETS_OPCODE "    var_i0 = i32_load(mem, (u64)(var_l1));\n    var_l2 = var_i0;\n"
#define HEAD        "void w2c_m_f0(w2c_m* instance) {\n"
#define TAIL        "}\n"
#define LOOP        "  var_L0: \n    var_i0 = var_l2;\n    var_i1 = 2u;\n    var_i0 += var_i1;\n"
#define JUMP                              \
	"    switch (var_i0) {\n"         \
	"      case 0: goto var_B7;\n"    \
	"      case 1: goto var_B6;\n"    \
	"      case 2: goto var_L0;\n"    \
	"      case 3: goto var_B4;\n"    \
	"      case 4: goto var_B13;\n"   \
	"      case 5: goto var_Bfunc;\n" \
	"      case 6: goto var_B1;\n"    \
	"      default: goto var_B8;\n"   \
	"    }\n"
#define JUMP_OF_ITS_OWN         \
	"    RS_JUMP(var_i0,\n" \
	"      &&var_B7,\n"     \
	"      &&var_B6,\n"     \
	"      &&var_L0,\n"     \
	"      &&var_B4,\n"     \
	"      &&var_B13,\n"    \
	"      &&var_Bfunc,\n"  \
	"      &&var_B1,\n"     \
	"      &&var_B8\n"      \
	"    )\n"

/* At the ends of lines, but for the one behind a loop's label. */
static void drop_spaces(char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++) {
		while (*at == '\n' && to > text && to[-1] == ' ' && to[-2] != ':')
			to--;
		*to++ = *at;
	}
	*to = '\0';
}

static char *became(const char *text)
{
	static char all[8192];

	ck_assert_uint_lt(strlen(text), sizeof all);
	strcpy(all, text);
	dispatch_text(all, strlen(all));
	ck_assert_uint_eq(strlen(all), strlen(text));
	drop_spaces(all);
	return all;
}

START_TEST(a_loop_that_begins_with_a_jump_is_an_interpreter)
{
	ck_assert_str_eq(became(HEAD LOOP JUMP SETS_OPCODE TAIL),
		HEAD LOOP JUMP_OF_ITS_OWN SETS_OPCODE TAIL);
}
END_TEST

START_TEST(the_older_translators_names_are_known)
{
	char text[2048] = HEAD LOOP JUMP SETS_OPCODE TAIL,
	     expected[2048] = HEAD LOOP JUMP_OF_ITS_OWN SETS_OPCODE TAIL;

	for (char *at = text; (at = strstr(at, "var_"));)
		memcpy(at, "w2c_", 4);
	for (char *at = expected; (at = strstr(at, "var_"));)
		memcpy(at, "w2c_", 4);
	ck_assert_str_eq(became(text), expected);
}
END_TEST

START_TEST(an_operand_read_at_the_loops_head_is_enough)
{
	static const char loop[] = "  var_L0: \n    var_i0 = var_l2;\n"
				   "    var_i0 = i32_load8_u(mem, (u64)(var_i0));\n",
			  head[] = HEAD;
	char text[2048], expected[2048];

	snprintf(text, sizeof text, "%s%s" JUMP TAIL, head, loop);
	snprintf(expected, sizeof expected, "%s%s" JUMP_OF_ITS_OWN TAIL, head, loop);
	ck_assert_str_eq(became(text), expected);
}
END_TEST

/* What is not at the head of a loop, has another shape, or is known anyway. */
static const char *const others[] = {
	/* only constants, or what the caller said */
	HEAD LOOP JUMP "    var_i0 = 5u;\n    var_l2 = var_i0;\n    goto var_L0;\n" TAIL,
	HEAD "  var_i0 = var_p0;\n  var_l2 = var_i0;\n" LOOP JUMP TAIL,
	/* another local */
	HEAD LOOP JUMP
	"    var_i0 = i32_load(mem, (u64)(var_l1));\n    var_l22 = var_i0;\n" TAIL,
	/* of another function */
	HEAD LOOP JUMP TAIL HEAD SETS_OPCODE TAIL,
	/* no loop; not its first act; in a block of C */
	HEAD "    var_i0 = var_l2;\n" JUMP SETS_OPCODE TAIL,
	HEAD LOOP "    if (var_i0) {goto var_B1;}\n" JUMP SETS_OPCODE TAIL,
	HEAD LOOP "    if (var_i0) {\n" JUMP "    }\n" SETS_OPCODE TAIL,
	/* values go along; an order that is not wasm2c's; few targets; cut off */
	HEAD LOOP
	"    switch (var_i0) {\n      case 0: var_i1 = var_i2; goto var_B1;\n" SETS_OPCODE TAIL,
	HEAD LOOP
	"    switch (var_i0) {\n      case 1: goto var_B1;\n      default: goto var_B2;\n"
	"    }\n" SETS_OPCODE TAIL,
	HEAD LOOP
	"    switch (var_i0) {\n      case 0: goto var_B1;\n      default: goto var_B2;\n"
	"    }\n" SETS_OPCODE TAIL,
	HEAD LOOP "    switch (var_i0 + 1) {\n      case 0: goto var_B1;\n" SETS_OPCODE TAIL,
	HEAD LOOP "    switch (var_i0) {\n      case 0: goto var_B1;\n",
	HEAD LOOP "    switch (var_i0) {",
	"switch (var_i0) {\n",
	"}\n",
	"",
};

START_TEST(all_else_stays_as_it_is)
{
	ck_assert_str_eq(became(others[_i]), others[_i]);
}
END_TEST

#define SMALL_JUMP                                                                        \
	"    switch (var_i0) {\n      case 0: goto var_B1;\n      case 1: goto var_B1;\n" \
	"      case 2: goto var_B1;\n      case 3: goto var_B1;\n"                        \
	"      case 4: goto var_B1;\n      case 5: goto var_B1;\n"                        \
	"      case 6: goto var_B1;\n      default: goto var_B1;\n    }\n"

#define LARGER_JUMP                                                                       \
	"    switch (var_i0) {\n      case 0: goto var_B1;\n      case 1: goto var_B1;\n" \
	"      case 2: goto var_B1;\n      case 3: goto var_B1;\n"                        \
	"      case 4: goto var_B1;\n      case 5: goto var_B1;\n"                        \
	"      case 6: goto var_B1;\n      case 7: goto var_B1;\n"                        \
	"      default: goto var_B1;\n    }\n"

START_TEST(of_two_interpreters_in_a_function_the_larger_one_is_chosen)
{
	const char *now = became(HEAD LOOP SMALL_JUMP LOOP LARGER_JUMP LOOP SMALL_JUMP
				   SETS_OPCODE TAIL),
		   *at = strstr(now, "RS_JUMP");

	ck_assert_ptr_nonnull(at);
	ck_assert_ptr_null(strstr(at + 1, "RS_JUMP"));
	ck_assert_ptr_null(strstr(now, "case 7"));
}
END_TEST

/* Of the last loop, which is one too many, nobody looks at the larger jump. */
START_TEST(of_many_loops_only_the_first_ones_are_looked_at)
{
	for (size_t loops = DISPATCH_LOOPS_MAX - 1; loops <= DISPATCH_LOOPS_MAX; loops++) {
		char *text = malloc(loops * sizeof(LOOP SMALL_JUMP) + 4096);
		size_t size = 0;

		ck_assert_ptr_nonnull(text);
		size += (size_t)sprintf(text, HEAD SETS_OPCODE);
		for (size_t i = 0; i < loops; i++)
			size += (size_t)sprintf(text + size, LOOP SMALL_JUMP);
		char *last = text + size;
		size += (size_t)sprintf(last, LOOP LARGER_JUMP TAIL);
		ck_assert_uint_eq(dispatch_text(text, size), 1);
		ck_assert(!strstr(last, "RS_JUMP") == (loops == DISPATCH_LOOPS_MAX));
		free(text);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("dispatch");
	TCase *tc = tcase_create("texts");

	tcase_add_test(tc, a_loop_that_begins_with_a_jump_is_an_interpreter);
	tcase_add_test(tc, the_older_translators_names_are_known);
	tcase_add_test(tc, an_operand_read_at_the_loops_head_is_enough);
	tcase_add_loop_test(tc, all_else_stays_as_it_is, 0, (int)ARRAY_LEN(others));
	tcase_add_test(tc, of_two_interpreters_in_a_function_the_larger_one_is_chosen);
	tcase_add_test(tc, of_many_loops_only_the_first_ones_are_looked_at);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(suite)
