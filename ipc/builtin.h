/*
 * builtin.h: the host interfaces and their bodies. Every body begins with a u32, the index of
 * the request. Little-endian. The names are readable constants until interfaces are generated
 * from definitions; they are used by host and guests.
 */
#pragma once

#include <stdint.h>

static const uint8_t rs_interface_interface[32] __attribute__((unused)) = "redshirt:interface";
static const uint8_t rs_interface_log[32] __attribute__((unused)) = "redshirt:log";
static const uint8_t rs_interface_time[32] __attribute__((unused)) = "redshirt:time";
static const uint8_t rs_interface_random[32] __attribute__((unused)) = "redshirt:random";
static const uint8_t rs_interface_console[32] __attribute__((unused)) = "redshirt:console";

/* interface: answers are empty, their status tells. */
enum {
	RS_INTERFACE_REGISTER,
	RS_INTERFACE_UNREGISTER,
	RS_INTERFACE_CANCEL
};
struct rs_interface_register { /* status OK, TAKEN, DENIED or LIMIT */
	uint32_t request;
	uint32_t flags; /* none so far: 0 */
	uint8_t interface[32];
	uint64_t body_bytes_max; /* of a message; 0: as rsd allows, which is also the most. It
				    may be left out */
};
#define RS_INTERFACE_REGISTER_BYTES_MIN 40u /* without body_bytes_max */
struct rs_interface_unregister {            /* status OK or BAD_ARGUMENT */
	uint32_t request;
	uint32_t zero;
	uint8_t interface[32];
};
struct rs_interface_cancel { /* no answer; the id completes with CANCELLED unless it was
				completed before */
	uint32_t request;
	uint32_t zero;
	uint64_t id;
};

/* log: no answer. Text follows the head; standard output and error of a WASI program come here
 * as well. */
enum {
	RS_LOG_WRITE
};
enum rs_log_level {
	RS_LOG_STDOUT,
	RS_LOG_STDERR,
	RS_LOG_ERROR,
	RS_LOG_WARNING,
	RS_LOG_INFO,
	RS_LOG_DEBUG,
	RS_LOG_LEVELS
};
struct rs_log_write {
	uint32_t request;
	uint32_t level;
};

/* time: NOW answers struct rs_time_now; the waits answer empty when it is time. */
enum {
	RS_TIME_NOW,
	RS_TIME_WAIT_UNTIL,
	RS_TIME_WAIT_FOR
};
struct rs_time_wait {
	uint32_t request;
	uint32_t zero;
	uint64_t ns; /* WAIT_UNTIL: of the monotonic clock; WAIT_FOR: from now on */
};
struct rs_time_now {
	uint64_t monotonic_ns;
	uint64_t realtime_ns; /* since 1970 */
};

/* random: answers that many bytes. */
enum {
	RS_RANDOM_GENERATE
};
#define RS_RANDOM_BYTES_MAX 4096u
struct rs_random_generate {
	uint32_t request;
	uint32_t bytes;
};

/* console: what somebody types or pipes to an attached program. READ answers 1..bytes bytes
 * when there are some, none at the end. WAIT takes nothing: it answers struct
 * rs_console_waiting when a READ would not wait, or the status TIMED_OUT. One request of a
 * process at a time, else BUSY.
 */
enum {
	RS_CONSOLE_READ,
	RS_CONSOLE_WAIT
};
#define RS_CONSOLE_BYTES_MAX 8192u
struct rs_console_read {
	uint32_t request;
	uint32_t bytes;
};
struct rs_console_wait {
	uint32_t request;
	uint32_t zero;
	uint64_t until_ns; /* of the monotonic clock; UINT64_MAX: for ever */
};
struct rs_console_waiting {
	uint32_t bytes; /* that can be read now */
	uint32_t ended; /* 1: no more will come */
};
