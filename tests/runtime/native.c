/*
 * native.c: the object of check_launcher.c and check_lock.c: native code as an attacker would
 * have it, in a worker that is really locked. Not wasm: it is compiled by the tests themselves.
 * What it does is chosen by the first words of linear memory; what it wants to say it says by
 * its exit code.
 */
#include "tests/runtime/native.h"

#include <stdint.h>

/* ---- what an object may ask for ---- */
__attribute__((noreturn)) void rs_trap(uint32_t cause);
uint32_t rs_memory_grow(uint32_t had_pages, uint32_t more_pages);
uint32_t rs_i0(void *, uint32_t, uint32_t, uint32_t, uint64_t, uint32_t);
uint64_t rs_i2(void *, uint32_t, uint32_t, uint32_t, uint32_t, uint64_t);
void rs_i41(void *, uint32_t);
double floor(double);

#define PARAMS ((volatile struct native_params *)0x10000)
#define ENTRY  __attribute__((visibility("default"), used))

static long call64(long nr, const volatile uint64_t *a)
{
	register uint64_t r10 __asm__("r10") = a[3];
	register uint64_t r8 __asm__("r8") = a[4];
	register uint64_t r9 __asm__("r9") = a[5];
	long r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return r;
}

static long call32(long nr, const volatile uint64_t *a)
{
	long r;

	__asm__ volatile("int $0x80"
			 : "=a"(r)
			 : "a"(nr), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4])
			 : "memory");
	return r;
}

static void leave(uint64_t code)
{
	uint64_t a[6] = { code };

	call64(231, a);
}

static void sys(void)
{
	long nr = (long)PARAMS->number;
	long r = PARAMS->abi == NATIVE_I386
			 ? call32(nr, PARAMS->arguments)
			 : call64(nr | (PARAMS->abi == NATIVE_X32 ? 0x40000000 : 0),
				   PARAMS->arguments);

	leave(r < 0 ? NATIVE_FAILED : NATIVE_DONE);
}

/* A lane's memfd that the test has sent: it lands at FD 9. */
static void take_then_sys(void)
{
	static uint64_t tag, control[16];
	struct {
		void *base;
		uint64_t bytes;
	} iov = { &tag, 8 };
	struct {
		void *name;
		uint32_t name_bytes;
		void *iov;
		uint64_t iov_count;
		void *control;
		uint64_t control_bytes;
		uint32_t flags;
	} message = { 0, 0, &iov, 1, control, sizeof(control), 0 };
	uint64_t a[6] = { 4, (uint64_t)&message, 0x40 };

	if (call64(47, a) < 0)
		leave(NATIVE_NO_LANE);
	sys();
}

static volatile int zero, sink;
static volatile uint64_t low = 8;

static int deep(int n)
{
	volatile char room[4096];

	room[n & 4095] = 1;
	return n ? deep(n + 1) + room[0] : 0;
}

static void load(void)
{
	sink = *(volatile uint8_t *)(0x10000 + PARAMS->number);
	leave(NATIVE_DONE);
}

static void load_low(void)
{
	sink = *(volatile uint8_t *)low;
}

static void divide(void)
{
	sink = 12345 / zero;
}

static void illegal(void)
{
	__asm__ volatile("ud2");
}

static void overflow(void)
{
	sink = deep(1);
}

static void trap(void)
{
	rs_trap((uint32_t)PARAMS->number);
}

static void spin(void)
{
	for (;;)
		__asm__ volatile("");
}

static void wait_for_ever(void)
{
	for (;;)
		rs_i2(0, 0, 0, 1024, 1024, (uint64_t)-1);
}

/* The clock and a sleep with an end: what waiting needs. */
static void wait_a_little(void)
{
	leave(rs_i2(0, 0, 0, 1024, 1024, 1000000) == 0 ? NATIVE_DONE : NATIVE_WRONG);
}

/* memory.grow by `number` pages, and every byte of them is there and zero. */
static void grow(void)
{
	uint32_t more = (uint32_t)PARAMS->number;

	if (rs_memory_grow(4, more))
		leave(NATIVE_FAILED);
	for (uint64_t i = 4ull << 16; i < (4ull + more) << 16; i += 4096)
		if (((volatile uint8_t *)0x10000)[i]++)
			leave(NATIVE_WRONG);
	leave(NATIVE_DONE);
}

/* What RLIMIT_DATA is for: take pages without asking. How many MiB came is the exit code. */
static void grab(void)
{
	uint64_t mib = 0;

	for (uint64_t at = 0x10000 + (4ull << 16); mib < 200; at += 1 << 20, mib++) {
		uint64_t a[6] = { at, 1 << 20, 3 };
		if (call64(10, a) < 0)
			break;
	}
	leave(mib);
}

static void proc_exit(void)
{
	rs_i41(0, (uint32_t)PARAMS->number);
}

static void mprotect_code(void)
{
	uint64_t a[6] = { (uint64_t)mprotect_code & ~4095ull, 4096, 3 };

	call64(10, a);
	leave(NATIVE_DONE);
}

static void munmap_code(void)
{
	uint64_t a[6] = { (uint64_t)munmap_code & ~4095ull, 4096 };

	call64(11, a);
	leave(NATIVE_DONE);
}

static void map_over_code(void)
{
	PARAMS->arguments[0] = (uint64_t)map_over_code & ~4095ull;
	take_then_sys();
}

static void libm(void)
{
	volatile double half = 2.5;

	leave(floor(half) == 2.0 ? NATIVE_DONE : NATIVE_WRONG);
}

static void (*const jobs[])(void) = { [NATIVE_RETURN] = 0,
	[NATIVE_SYS] = sys,
	[NATIVE_TAKE_SYS] = take_then_sys,
	[NATIVE_LOAD] = load,
	[NATIVE_LOAD_LOW] = load_low,
	[NATIVE_DIVIDE] = divide,
	[NATIVE_ILLEGAL] = illegal,
	[NATIVE_OVERFLOW] = overflow,
	[NATIVE_TRAP] = trap,
	[NATIVE_SPIN] = spin,
	[NATIVE_WAIT] = wait_for_ever,
	[NATIVE_WAIT_A_LITTLE] = wait_a_little,
	[NATIVE_GROW] = grow,
	[NATIVE_GRAB] = grab,
	[NATIVE_EXIT] = proc_exit,
	[NATIVE_MPROTECT_CODE] = mprotect_code,
	[NATIVE_MUNMAP_CODE] = munmap_code,
	[NATIVE_MAP_OVER_CODE] = map_over_code,
	[NATIVE_LIBM] = libm };

/* Instantiation belongs to the program: it must be locked already. */
ENTRY void rs_object_instantiate(void)
{
	if (PARAMS->at_start && jobs[PARAMS->job])
		jobs[PARAMS->job]();
}

ENTRY void rs_object_run(void)
{
	if (jobs[PARAMS->job])
		jobs[PARAMS->job]();
}
