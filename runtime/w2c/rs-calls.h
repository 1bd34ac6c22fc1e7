/*
 * rs-calls.h: calls through a table that is known (rs-common.h, RS_FIXED_TABLE): its place and its size are constants,
 * and an empty entry has a type that is nobody's, so that one comparison tells both. What is called gets no instance:
 * it knows the only one (rs-common.h, 2; not in the quick tier), and a host function knows its only caller.
 */
#pragma once

#if RS_QUICK
#define RS_CALLED ((void *)&rs_instance)
#else
#define RS_CALLED NULL
#endif

#undef CALL_INDIRECT
#if RS_FAMILY == 32
#define CALL_INDIRECT(table, t, ft, x, instance, ...)                                            \
	(LIKELY((x) < RS_FIXED_TABLE && rs_table[x].func_type == func_types[ft]) ||              \
			TRAP(CALL_INDIRECT),                                                     \
		((t)rs_table[x].func)(RS_CALLED, ##__VA_ARGS__))
#else
#define CALL_INDIRECT(table, t, ft, x, instance, ...)                                            \
	(LIKELY((x) < RS_FIXED_TABLE && rs_table[x].func_type == (ft)) ||                        \
			func_types_eq_slowpath(&(table), ft, x),                                 \
		((t)rs_table[x].func)(RS_CALLED, ##__VA_ARGS__))
#endif
