/*
 * wasi_abi.h: numbers and layouts of WASI preview 1 (module wasi_snapshot_preview1), as the
 * witx documents of WebAssembly/WASI fix them. Little-endian, in the program's memory, perhaps
 * unaligned: copied in and out.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* clang-format off */
enum wasi_errno {
	WASI_OK, WASI_2BIG, WASI_ACCES, WASI_ADDRINUSE, WASI_ADDRNOTAVAIL, WASI_AFNOSUPPORT,
	WASI_AGAIN, WASI_ALREADY, WASI_BADF, WASI_BADMSG, WASI_BUSY, WASI_CANCELED, WASI_CHILD,
	WASI_CONNABORTED, WASI_CONNREFUSED, WASI_CONNRESET, WASI_DEADLK, WASI_DESTADDRREQ,
	WASI_DOM, WASI_DQUOT, WASI_EXIST, WASI_FAULT, WASI_FBIG, WASI_HOSTUNREACH, WASI_IDRM,
	WASI_ILSEQ, WASI_INPROGRESS, WASI_INTR, WASI_INVAL, WASI_IO, WASI_ISCONN, WASI_ISDIR,
	WASI_LOOP, WASI_MFILE, WASI_MLINK, WASI_MSGSIZE, WASI_MULTIHOP, WASI_NAMETOOLONG,
	WASI_NETDOWN, WASI_NETRESET, WASI_NETUNREACH, WASI_NFILE, WASI_NOBUFS, WASI_NODEV,
	WASI_NOENT, WASI_NOEXEC, WASI_NOLCK, WASI_NOLINK, WASI_NOMEM, WASI_NOMSG,
	WASI_NOPROTOOPT, WASI_NOSPC, WASI_NOSYS, WASI_NOTCONN, WASI_NOTDIR, WASI_NOTEMPTY,
	WASI_NOTRECOVERABLE, WASI_NOTSOCK, WASI_NOTSUP, WASI_NOTTY, WASI_NXIO, WASI_OVERFLOW,
	WASI_OWNERDEAD, WASI_PERM, WASI_PIPE, WASI_PROTO, WASI_PROTONOSUPPORT, WASI_PROTOTYPE,
	WASI_RANGE, WASI_ROFS, WASI_SPIPE, WASI_SRCH, WASI_STALE, WASI_TIMEDOUT, WASI_TXTBSY,
	WASI_XDEV, WASI_NOTCAPABLE,
};
/* clang-format on */
_Static_assert(WASI_NOTCAPABLE == 76, "no errno was forgotten");

enum wasi_clock {
	WASI_CLOCK_REALTIME,
	WASI_CLOCK_MONOTONIC,
	WASI_CLOCK_PROCESS_CPUTIME,
	WASI_CLOCK_THREAD_CPUTIME,
	WASI_CLOCKS,
};

enum wasi_filetype {
	WASI_FILETYPE_CHARACTER_DEVICE = 2
};

enum wasi_rights {
	WASI_RIGHT_FD_READ = 1 << 1,
	WASI_RIGHT_FD_FDSTAT_SET_FLAGS = 1 << 3,
	WASI_RIGHT_FD_WRITE = 1 << 6,
	WASI_RIGHT_FD_FILESTAT_GET = 1 << 21,
	WASI_RIGHT_POLL_FD_READWRITE = 1 << 27,
};

enum wasi_fdflags {
	WASI_FDFLAG_APPEND = 1 << 0
};

enum wasi_eventtype {
	WASI_EVENT_CLOCK,
	WASI_EVENT_FD_READ,
	WASI_EVENT_FD_WRITE,
	WASI_EVENTS,
};

enum {
	WASI_EVENT_HANGUP = 1,      /* flags of a struct wasi_event */
	WASI_SUBCLOCK_ABSOLUTE = 1, /* flags of a struct wasi_subscription */
};

struct wasi_iovec {
	uint32_t pointer, bytes;
};
_Static_assert(sizeof(struct wasi_iovec) == 8, "witx");

struct wasi_fdstat {
	uint8_t filetype;
	uint8_t zero[1];
	uint16_t flags;
	uint8_t zero2[4];
	uint64_t rights, rights_inheriting;
};
_Static_assert(sizeof(struct wasi_fdstat) == 24, "witx");

struct wasi_filestat {
	uint64_t device, inode;
	uint8_t filetype;
	uint8_t zero[7];
	uint64_t links, size, accessed_ns, modified_ns, changed_ns;
};
_Static_assert(sizeof(struct wasi_filestat) == 64, "witx");

struct wasi_subscription {
	uint64_t userdata;
	uint8_t type; /* enum wasi_eventtype */
	uint8_t zero[7];
	uint32_t id; /* the clock's, or the descriptor */
	uint8_t zero2[4];
	uint64_t timeout_ns, precision_ns;
	uint16_t flags;
	uint8_t zero3[6];
};
_Static_assert(sizeof(struct wasi_subscription) == 48, "witx");
_Static_assert(offsetof(struct wasi_subscription, timeout_ns) == 24, "witx");
_Static_assert(offsetof(struct wasi_subscription, flags) == 40, "witx");

struct wasi_event {
	uint64_t userdata;
	uint16_t error;
	uint8_t type;
	uint8_t zero[5];
	uint64_t bytes; /* that can be read at least */
	uint16_t flags;
	uint8_t zero2[6];
};
_Static_assert(sizeof(struct wasi_event) == 32, "witx");
_Static_assert(offsetof(struct wasi_event, flags) == 24, "witx");
