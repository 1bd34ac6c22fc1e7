/*
 * object.c: the translation unit of an object. It includes what wasm2c wrote, cut in two where the preamble ends
 * (m-head.h, RS_MODULE), and adds the one instance and the two entry points. Cut into parts it is compiled once per
 * part with RS_PART=0, 1, ...; part 0 holds the instance. Of a text that is not known the head is empty.
 */
#include "wasm-rt.h"

#include "m.h"

#if RS_FAMILY == 32
typedef Z_m_instance_t rs_instance_t;
#else
typedef w2c_m rs_instance_t;
#endif

RS_SHARED(rs_instance_t rs_instance);

#include "m-head.h"
#if !RS_PLAIN
#include "rs-after.h"
#endif
#include RS_MODULE

#undef __asm__ /* 1.0.32's wasm-rt.h made it a macro */

#if RS_PART == 0
#if RS_PARTS > 1
rs_instance_t rs_instance;
#if RS_FIXED_TABLE
wasm_rt_funcref_t rs_table[RS_FIXED_TABLE];
#endif
#endif

#if RS_HAS_IMPORTS
#define RS_IMPORTS , NULL /* host functions know their only caller */
#else
#define RS_IMPORTS
#endif
#define RS_ENTRY __attribute__((visibility("default"), externally_visible))

RS_ENTRY void rs_object_instantiate(void)
{
#if RS_FAMILY == 32
	Z_m_init_module();
	Z_m_instantiate(&rs_instance RS_IMPORTS);
#else
	wasm2c_m_instantiate(&rs_instance RS_IMPORTS);
#endif
}

RS_ENTRY void rs_object_run(void)
{
#if RS_FAMILY == 32
	Z_mZ_e0(&rs_instance);
#else
	w2c_m_e0(&rs_instance);
#endif
}

/* An import that nothing provides: calling it ends the program, whatever its type, so it is no function of C. */
__attribute__((noreturn, used, externally_visible, visibility("hidden"))) void rs_unknown_import(void)
{
	rs_trap(RS_CAUSE_IMPORT);
}
#if RS_FAMILY == 32
#define RS_UNKNOWN_NAME "Z_hZ_u"
#else
#define RS_UNKNOWN_NAME "w2c_h_u"
#endif
#define RS_UNKNOWN(k)                                                                            \
	__asm__(".pushsection .text." RS_UNKNOWN_NAME #k ", \"ax\", @progbits\n"                  \
		".globl " RS_UNKNOWN_NAME #k "\n"                                                \
		".hidden " RS_UNKNOWN_NAME #k "\n"                                               \
		".type " RS_UNKNOWN_NAME #k ", @function\n" RS_UNKNOWN_NAME #k ":\n" RS_LANDING   \
		"	push %rbp\n"                                                            \
		"	mov %rsp, %rbp\n"                                                       \
		"	call rs_unknown_import\n"                                               \
		".size " RS_UNKNOWN_NAME #k ", . - " RS_UNKNOWN_NAME #k "\n"                     \
		".popsection\n");
RS_UNKNOWN_IMPORTS(RS_UNKNOWN)

/* -fstack-protector's: the C library's own would drag in its world. */
__attribute__((noreturn, externally_visible, visibility("hidden"))) void __stack_chk_fail(void)
{
	rs_trap(RS_CAUSE_RUNTIME);
}

#if RS_INSTRUMENTED
/* What says whose the counters are names this for libgcov, which is not here. */
__attribute__((externally_visible, visibility("hidden"), no_profile_instrument_function)) void
__gcov_merge_add(void)
{
}
#endif
#endif
