/*
 * rs-tcc.h: what wasm2c's text asks of a compiler and a C library, for tcc, which has neither builtins nor headers that
 * we could rely on. The quick tier sees no system header at all (-nostdinc, and empty files of their names), so all that
 * the text is compiled against stands here; symbols.h says what the worker gives.
 */
#ifndef RS_TCC_H
#define RS_TCC_H

typedef signed char int8_t;
typedef short int16_t;
typedef int int32_t;
typedef long int64_t;
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long uint64_t, uintptr_t, size_t;
typedef long ptrdiff_t;

#define INT32_MIN  (-2147483647 - 1)
#define INT32_MAX  2147483647
#define UINT32_MAX 4294967295u
#define INT64_MIN  (-9223372036854775807l - 1)
#define INT64_MAX  9223372036854775807l
#define UINT64_MAX 18446744073709551615ul

#define bool  _Bool
#define true  1
#define false 0
#define NULL  ((void *)0)

#define offsetof(type, field) ((size_t) & ((type *)0)->field)
#define assert(x)             ((void)0)
#define static_assert(...)

/* Only in a function that nobody calls, wasm2c_m_get_func_type(). */
typedef void *va_list;
#define va_start(list, last) ((void)0)
#define va_arg(list, type)   ((type)0)
#define va_end(list)         ((void)0)

void *memcpy(void *to, const void *from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);

double ceil(double x), floor(double x), trunc(double x), nearbyint(double x), sqrt(double x);
float ceilf(float x), floorf(float x), truncf(float x), nearbyintf(float x), sqrtf(float x);

/* No hint changes what tcc makes; it drops no load and no loop, and nothing is unreachable to it. */
#define LIKELY(x)                 (x)
#define UNLIKELY(x)               (x)
#define __has_builtin(name)       0
#define __builtin_unreachable()   ((void)0)
#define __builtin_memcpy          memcpy

/* Floats by their bits: a NaN keeps its own, and arithmetic on constants is never left to tcc, which does it in long double. */
union rs_f32 {
	uint32_t bits;
	float value;
};
union rs_f64 {
	uint64_t bits;
	double value;
};
#define RS_SIGN_32 0x80000000u
#define RS_SIGN_64 0x8000000000000000ul

static const union rs_f64 rs_infinity = { 0x7ff0000000000000ul }, rs_nan = { 0x7ff8000000000000ul };
#define INFINITY   rs_infinity.value
#define NAN        rs_nan.value
#define isnan(x)   ((x) != (x))
#define signbit(x) rs_signbit(x)

static int rs_signbit(double x)
{
	union rs_f64 u;

	u.value = x;
	return u.bits >> 63;
}

static double fabs(double x)
{
	union rs_f64 u;

	u.value = x;
	u.bits &= ~RS_SIGN_64;
	return u.value;
}

static float fabsf(float x)
{
	union rs_f32 u;

	u.value = x;
	u.bits &= ~RS_SIGN_32;
	return u.value;
}

static double copysign(double x, double sign)
{
	union rs_f64 u, s;

	u.value = x;
	s.value = sign;
	u.bits = (u.bits & ~RS_SIGN_64) | (s.bits & RS_SIGN_64);
	return u.value;
}

static float copysignf(float x, float sign)
{
	union rs_f32 u, s;

	u.value = x;
	s.value = sign;
	u.bits = (u.bits & ~RS_SIGN_32) | (s.bits & RS_SIGN_32);
	return u.value;
}

/*
 * tcc calls these by name where a number is, or becomes, 64 bits unsigned; its own come with a library that we do not link.
 * Of a number beyond 2^63 the half is taken, with its last bit kept sticky, so that it is rounded once.
 */
#define RS_FROM_U64(name, type)                                                                  \
	static type name(uint64_t x)                                                             \
	{                                                                                        \
		type half;                                                                       \
                                                                                                 \
		if ((int64_t)x >= 0)                                                             \
			return (type)(int64_t)x;                                                 \
		half = (type)(int64_t)(x >> 1 | (x & 1));                                        \
		return half + half;                                                              \
	}
RS_FROM_U64(__floatundisf, float)
RS_FROM_U64(__floatundidf, double)

/* In range: wasm2c's macros have looked. */
#define RS_TO_U64(name, type, two_63)                                                            \
	static uint64_t name(type x)                                                             \
	{                                                                                        \
		if (x < two_63)                                                                  \
			return (uint64_t)(int64_t)x;                                             \
		return (uint64_t)(int64_t)(x - two_63) | RS_SIGN_64;                             \
	}
RS_TO_U64(__fixunssfdi, float, 9223372036854775808.f)
RS_TO_U64(__fixunsdfdi, double, 9223372036854775808.)

/* Bits: pairs, nibbles and bytes side by side, then all bytes into the highest. */
static int __builtin_popcountll(uint64_t x)
{
	x -= x >> 1 & 0x5555555555555555ul;
	x = (x & 0x3333333333333333ul) + (x >> 2 & 0x3333333333333333ul);
	x = x + (x >> 4) & 0x0f0f0f0f0f0f0f0ful;
	return x * 0x0101010101010101ul >> 56;
}

/* Never of 0. */
static int __builtin_ctzll(uint64_t x)
{
	return __builtin_popcountll((x & -x) - 1);
}

static int __builtin_clzll(uint64_t x)
{
	x |= x >> 1;
	x |= x >> 2;
	x |= x >> 4;
	x |= x >> 8;
	x |= x >> 16;
	x |= x >> 32;
	return __builtin_popcountll(~x);
}

#define __builtin_popcount(x) __builtin_popcountll(x)
#define __builtin_ctz(x)      __builtin_ctzll(x)
#define __builtin_clz(x)      (__builtin_clzll(x) - 32)

/*
 * wasm-rt-1.0.32.h numbers function types by their text; tcc gives equal literals different addresses. The number of a
 * text is where it stands in a table, beginning at its hash: two places per type at most, and untouched pages cost nothing.
 */
#define RS_TYPE_PLACES (2u * RS_TYPES_MAX)
static const char *rs_types[RS_TYPE_PLACES];

static bool rs_is_text(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static uint32_t rs_type_number(const char *text)
{
	const char *at = text;
	uint32_t place = 2166136261u; /* FNV-1a */

	while (*at)
		place = (place ^ (uint8_t)*at++) * 16777619u;
	place %= RS_TYPE_PLACES;
	while (rs_types[place] && !rs_is_text(rs_types[place], text))
		place = (place + 1) % RS_TYPE_PLACES;
	rs_types[place] = text;
	return place + 1; /* 0 is an empty table entry's */
}

#endif
