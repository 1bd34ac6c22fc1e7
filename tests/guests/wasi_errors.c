/*
 * wasi_errors.c: every WASI function with descriptors that are not open and pointers that lead
 * nowhere. Each must answer its errno, and the program must live to say so. Imports are
 * declared here with plain numbers, because the C library would look at the pointers first.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define WASI(field, ...)                                                              \
	__attribute__((import_module("wasi_snapshot_preview1"), import_name(#field))) \
	uint32_t raw_##field(__VA_ARGS__)
typedef uint32_t w;
typedef uint64_t W;

WASI(args_get, w, w);
WASI(args_sizes_get, w, w);
WASI(environ_get, w, w);
WASI(environ_sizes_get, w, w);
WASI(clock_res_get, w, w);
WASI(clock_time_get, w, W, w);
WASI(fd_advise, w, W, W, w);
WASI(fd_allocate, w, W, W);
WASI(fd_close, w);
WASI(fd_datasync, w);
WASI(fd_fdstat_get, w, w);
WASI(fd_fdstat_set_flags, w, w);
WASI(fd_fdstat_set_rights, w, W, W);
WASI(fd_filestat_get, w, w);
WASI(fd_filestat_set_size, w, W);
WASI(fd_filestat_set_times, w, W, W, w);
WASI(fd_pread, w, w, w, W, w);
WASI(fd_prestat_dir_name, w, w, w);
WASI(fd_prestat_get, w, w);
WASI(fd_pwrite, w, w, w, W, w);
WASI(fd_read, w, w, w, w);
WASI(fd_readdir, w, w, w, W, w);
WASI(fd_renumber, w, w);
WASI(fd_seek, w, W, w, w);
WASI(fd_sync, w);
WASI(fd_tell, w, w);
WASI(fd_write, w, w, w, w);
WASI(path_create_directory, w, w, w);
WASI(path_filestat_get, w, w, w, w, w);
WASI(path_filestat_set_times, w, w, w, w, W, W, w);
WASI(path_link, w, w, w, w, w, w, w);
WASI(path_open, w, w, w, w, w, W, W, w, w);
WASI(path_readlink, w, w, w, w, w, w);
WASI(path_remove_directory, w, w, w);
WASI(path_rename, w, w, w, w, w, w);
WASI(path_symlink, w, w, w, w, w);
WASI(path_unlink_file, w, w, w);
WASI(poll_oneoff, w, w, w, w);
WASI(proc_raise, w);
WASI(random_get, w, w);
WASI(sock_accept, w, w, w);
WASI(sock_recv, w, w, w, w, w, w);
WASI(sock_send, w, w, w, w, w);
WASI(sock_shutdown, w, w);

/* The errnos of wasi_snapshot_preview1 that are asked for here. */
enum {
	OK,
	BADF = 8,
	FAULT = 21,
	INVAL = 28,
	NOSYS = 52,
	SPIPE = 70
};

#define NOWHERE 0xfffffffcu /* the last word of the address space: never memory here */
#define NO_FD   7u

static int failures;

static void expect(const char *call, uint32_t got, uint32_t want)
{
	if (got == want)
		return;
	failures++;
	printf("%s: errno %u, not %u\n", call, got, want);
}
#define EXPECT(want, call) expect(#call, raw_##call, want)

static _Alignas(16) uint8_t room[64];
#define ROOM ((uint32_t)(uintptr_t)room)

static void pointers_that_lead_nowhere(void)
{
	struct {
		uint32_t pointer, bytes;
	} text = { ROOM, 1 }, bad_text = { NOWHERE, 16 },
	  bad_last[2] = { { ROOM, 1 }, { ROOM, ~0u } };
	uint32_t good = (uint32_t)(uintptr_t)&text, bad = (uint32_t)(uintptr_t)&bad_text;

	EXPECT(FAULT, args_get(NOWHERE, ROOM));
	EXPECT(FAULT, args_get(ROOM, NOWHERE));
	EXPECT(FAULT, args_sizes_get(NOWHERE, ROOM));
	EXPECT(FAULT, args_sizes_get(ROOM, NOWHERE + 1));
	EXPECT(FAULT, environ_sizes_get(ROOM, NOWHERE + 1));
	EXPECT(FAULT, clock_res_get(1, NOWHERE));
	EXPECT(FAULT, clock_time_get(1, 0, NOWHERE));
	EXPECT(FAULT, fd_fdstat_get(1, NOWHERE));
	EXPECT(FAULT, fd_write(1, NOWHERE, 1, ROOM));
	EXPECT(FAULT, fd_write(1, bad, 1, ROOM));
	EXPECT(FAULT, fd_write(1, good, 1, NOWHERE + 1));
	EXPECT(FAULT, fd_write(1, (uint32_t)(uintptr_t)bad_last, 2, ROOM));
	EXPECT(INVAL, fd_write(1, good, ~0u, ROOM));
	EXPECT(FAULT, fd_read(0, NOWHERE, 1, ROOM));
	EXPECT(FAULT, fd_read(0, bad, 1, ROOM));
	EXPECT(FAULT, fd_read(0, good, 1, NOWHERE + 1));
	EXPECT(FAULT, random_get(NOWHERE, 16));
	EXPECT(FAULT, random_get(ROOM, ~0u));
	EXPECT(FAULT, poll_oneoff(NOWHERE, ROOM, 1, ROOM));
	EXPECT(FAULT, poll_oneoff(ROOM, NOWHERE, 1, ROOM));
	EXPECT(FAULT, poll_oneoff(ROOM, ROOM, 1, NOWHERE + 1));
	EXPECT(INVAL, poll_oneoff(ROOM, ROOM, 0, ROOM));
	EXPECT(INVAL, poll_oneoff(ROOM, ROOM, ~0u, ROOM));
}

static void descriptors_that_are_not_open(void)
{
	EXPECT(BADF, fd_advise(NO_FD, 0, 0, 0));
	EXPECT(BADF, fd_allocate(NO_FD, 0, 0));
	EXPECT(BADF, fd_close(NO_FD));
	EXPECT(BADF, fd_datasync(NO_FD));
	EXPECT(BADF, fd_fdstat_get(NO_FD, ROOM));
	EXPECT(BADF, fd_fdstat_set_flags(NO_FD, 0));
	EXPECT(BADF, fd_fdstat_set_rights(NO_FD, 0, 0));
	EXPECT(BADF, fd_filestat_get(NO_FD, ROOM));
	EXPECT(BADF, fd_filestat_set_size(NO_FD, 0));
	EXPECT(BADF, fd_filestat_set_times(NO_FD, 0, 0, 0));
	EXPECT(BADF, fd_pread(NO_FD, ROOM, 0, 0, ROOM));
	EXPECT(BADF, fd_prestat_dir_name(NO_FD, ROOM, 1));
	EXPECT(BADF, fd_prestat_get(NO_FD, ROOM));
	EXPECT(BADF, fd_pwrite(NO_FD, ROOM, 0, 0, ROOM));
	EXPECT(BADF, fd_read(NO_FD, ROOM, 0, ROOM));
	EXPECT(BADF, fd_readdir(NO_FD, ROOM, 1, 0, ROOM));
	EXPECT(BADF, fd_renumber(NO_FD, 1));
	EXPECT(BADF, fd_renumber(1, NO_FD));
	EXPECT(BADF, fd_seek(NO_FD, 0, 0, ROOM));
	EXPECT(BADF, fd_sync(NO_FD));
	EXPECT(BADF, fd_tell(NO_FD, ROOM));
	EXPECT(BADF, fd_write(NO_FD, ROOM, 0, ROOM));
	EXPECT(BADF, path_create_directory(NO_FD, ROOM, 1));
	EXPECT(BADF, path_filestat_get(NO_FD, 0, ROOM, 1, ROOM));
	EXPECT(BADF, path_filestat_set_times(NO_FD, 0, ROOM, 1, 0, 0, 0));
	EXPECT(BADF, path_link(NO_FD, 0, ROOM, 1, NO_FD, ROOM, 1));
	EXPECT(BADF, path_open(NO_FD, 0, ROOM, 1, 0, 0, 0, 0, ROOM));
	EXPECT(BADF, path_readlink(NO_FD, ROOM, 1, ROOM, 1, ROOM));
	EXPECT(BADF, path_remove_directory(NO_FD, ROOM, 1));
	EXPECT(BADF, path_rename(NO_FD, ROOM, 1, NO_FD, ROOM, 1));
	EXPECT(BADF, path_symlink(ROOM, 1, NO_FD, ROOM, 1));
	EXPECT(BADF, path_unlink_file(NO_FD, ROOM, 1));
	EXPECT(BADF, sock_accept(NO_FD, 0, ROOM));
	EXPECT(BADF, sock_recv(NO_FD, ROOM, 0, 0, ROOM, ROOM));
	EXPECT(BADF, sock_send(NO_FD, ROOM, 0, 0, ROOM));
	EXPECT(BADF, sock_shutdown(NO_FD, 1));
}

static void what_standard_streams_cannot(void)
{
	EXPECT(SPIPE, fd_seek(0, 0, 0, ROOM));
	EXPECT(SPIPE, fd_seek(1, 0, 1, ROOM));
	EXPECT(SPIPE, fd_tell(2, ROOM));
	EXPECT(INVAL, clock_time_get(99, 0, ROOM));
	EXPECT(INVAL, clock_res_get(99, ROOM));
	EXPECT(BADF, fd_write(0, ROOM, 0, ROOM));
	EXPECT(BADF, fd_read(1, ROOM, 0, ROOM));
	EXPECT(NOSYS, proc_raise(9));
	EXPECT(OK, environ_get(ROOM, ROOM)); /* started without an environment */
	EXPECT(OK, fd_close(0));
	EXPECT(BADF, fd_close(0));
}

int main(void)
{
	pointers_that_lead_nowhere();
	descriptors_that_are_not_open();
	what_standard_streams_cannot();
	puts(failures ? "failed" : "ok");
	return failures != 0;
}
