/*
 * wasi.h: WASI preview 1 for the program: arguments, environment, clocks, chance, and the three
 * standard streams, which are messages to the interfaces `log` and `console`. What needs files
 * or sockets answers as it would where none are open. The functions are rows of
 * host_functions[] in its order; the first argument is the instance, of which there is one. All
 * but proc_exit answer an enum wasi_errno.
 *
 * Nothing here ends the program: a pointer that leads nowhere is WASI_FAULT, and then nothing
 * was done. No system call but those of calls.h is made: time comes from the vDSO.
 *
 * Rooms: wasi.c (strings, chance), wasi_clock.c, wasi_stream.c (descriptors), wasi_poll.c,
 * wasi_none.c (what is not here).
 */
#pragma once

#include "runtime/start.h"

enum {
	WASI_BAD_START = 1 /* the block does not hold together */
};

/* Before the lock, once. block: mapped as long as the program runs; bytes: of the mapping. */
int wasi_init(const struct start_block *block, uint64_t bytes) MUST_USE;

#define WASI_IOVECS_MAX        1024u /* of one read or write */
#define WASI_SUBSCRIPTIONS_MAX 1024u /* of one poll_oneoff */

/* The functions by name, in the order of host_functions[]. */
/* clang-format off */
#define WASI_FUNCTIONS(ROW) \
	ROW(args_get) ROW(args_sizes_get) ROW(environ_get) ROW(environ_sizes_get) \
	ROW(clock_res_get) ROW(clock_time_get) ROW(fd_advise) ROW(fd_allocate) ROW(fd_close) \
	ROW(fd_datasync) ROW(fd_fdstat_get) ROW(fd_fdstat_set_flags) ROW(fd_fdstat_set_rights) \
	ROW(fd_filestat_get) ROW(fd_filestat_set_size) ROW(fd_filestat_set_times) ROW(fd_pread) \
	ROW(fd_prestat_dir_name) ROW(fd_prestat_get) ROW(fd_pwrite) ROW(fd_read) ROW(fd_readdir) \
	ROW(fd_renumber) ROW(fd_seek) ROW(fd_sync) ROW(fd_tell) ROW(fd_write) \
	ROW(path_create_directory) ROW(path_filestat_get) ROW(path_filestat_set_times) \
	ROW(path_link) ROW(path_open) ROW(path_readlink) ROW(path_remove_directory) \
	ROW(path_rename) ROW(path_symlink) ROW(path_unlink_file) ROW(poll_oneoff) \
	ROW(proc_exit) ROW(proc_raise) ROW(random_get) ROW(sched_yield) ROW(sock_accept) \
	ROW(sock_recv) ROW(sock_send) ROW(sock_shutdown)
/* clang-format on */

/* Strings: the pointers, then the text, each string closed with a zero. */
uint32_t wasi_args_get(void *, uint32_t pointers, uint32_t text);
uint32_t wasi_args_sizes_get(void *, uint32_t count_out, uint32_t bytes_out);
uint32_t wasi_environ_get(void *, uint32_t pointers, uint32_t text);
uint32_t wasi_environ_sizes_get(void *, uint32_t count_out, uint32_t bytes_out);

/* The processor-time clocks answer what passed since the start: asking the kernel is not
 * allowed. */
uint32_t wasi_clock_res_get(void *, uint32_t clock, uint32_t ns_out);
uint32_t wasi_clock_time_get(void *, uint32_t clock, uint64_t precision_ns, uint32_t ns_out);

uint32_t wasi_fd_advise(void *, uint32_t fd, uint64_t offset, uint64_t bytes, uint32_t advice);
uint32_t wasi_fd_allocate(void *, uint32_t fd, uint64_t offset, uint64_t bytes);
uint32_t wasi_fd_close(void *, uint32_t fd);
uint32_t wasi_fd_datasync(void *, uint32_t fd);
uint32_t wasi_fd_fdstat_get(void *, uint32_t fd, uint32_t stat_out);
uint32_t wasi_fd_fdstat_set_flags(void *, uint32_t fd, uint32_t flags);
uint32_t wasi_fd_fdstat_set_rights(void *, uint32_t fd, uint64_t rights, uint64_t inheriting);
uint32_t wasi_fd_filestat_get(void *, uint32_t fd, uint32_t stat_out);
uint32_t wasi_fd_filestat_set_size(void *, uint32_t fd, uint64_t bytes);
uint32_t wasi_fd_filestat_set_times(
	void *, uint32_t fd, uint64_t accessed_ns, uint64_t modified_ns, uint32_t flags);
uint32_t wasi_fd_pread(void *, uint32_t fd, uint32_t iovecs, uint32_t count, uint64_t offset,
	uint32_t bytes_out);
uint32_t wasi_fd_prestat_dir_name(void *, uint32_t fd, uint32_t path, uint32_t bytes);
uint32_t wasi_fd_prestat_get(void *, uint32_t fd, uint32_t prestat_out);
uint32_t wasi_fd_pwrite(void *, uint32_t fd, uint32_t iovecs, uint32_t count, uint64_t offset,
	uint32_t bytes_out);
uint32_t wasi_fd_read(void *, uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t bytes_out);
uint32_t wasi_fd_readdir(void *, uint32_t fd, uint32_t entries, uint32_t bytes, uint64_t cookie,
	uint32_t bytes_out);
uint32_t wasi_fd_renumber(void *, uint32_t fd, uint32_t to);
uint32_t wasi_fd_seek(
	void *, uint32_t fd, uint64_t offset, uint32_t whence, uint32_t offset_out);
uint32_t wasi_fd_sync(void *, uint32_t fd);
uint32_t wasi_fd_tell(void *, uint32_t fd, uint32_t offset_out);
uint32_t wasi_fd_write(
	void *, uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t bytes_out);

uint32_t wasi_path_create_directory(void *, uint32_t fd, uint32_t path, uint32_t path_bytes);
uint32_t wasi_path_filestat_get(void *, uint32_t fd, uint32_t flags, uint32_t path,
	uint32_t path_bytes, uint32_t stat_out);
uint32_t wasi_path_filestat_set_times(void *, uint32_t fd, uint32_t flags, uint32_t path,
	uint32_t path_bytes, uint64_t accessed_ns, uint64_t modified_ns, uint32_t which);
uint32_t wasi_path_link(void *, uint32_t fd, uint32_t flags, uint32_t path, uint32_t path_bytes,
	uint32_t to_fd, uint32_t to_path, uint32_t to_path_bytes);
uint32_t wasi_path_open(void *, uint32_t fd, uint32_t lookup_flags, uint32_t path,
	uint32_t path_bytes, uint32_t open_flags, uint64_t rights, uint64_t inheriting,
	uint32_t fd_flags, uint32_t fd_out);
uint32_t wasi_path_readlink(void *, uint32_t fd, uint32_t path, uint32_t path_bytes,
	uint32_t text, uint32_t text_bytes, uint32_t bytes_out);
uint32_t wasi_path_remove_directory(void *, uint32_t fd, uint32_t path, uint32_t path_bytes);
uint32_t wasi_path_rename(void *, uint32_t fd, uint32_t path, uint32_t path_bytes,
	uint32_t to_fd, uint32_t to_path, uint32_t to_path_bytes);
uint32_t wasi_path_symlink(void *, uint32_t text, uint32_t text_bytes, uint32_t fd,
	uint32_t path, uint32_t path_bytes);
uint32_t wasi_path_unlink_file(void *, uint32_t fd, uint32_t path, uint32_t path_bytes);

uint32_t wasi_poll_oneoff(
	void *, uint32_t subscriptions, uint32_t events, uint32_t count, uint32_t count_out);

void wasi_proc_exit(void *, uint32_t code);
uint32_t wasi_proc_raise(void *, uint32_t signal);
uint32_t wasi_random_get(void *, uint32_t out, uint32_t bytes);
uint32_t wasi_sched_yield(void *);

uint32_t wasi_sock_accept(void *, uint32_t fd, uint32_t flags, uint32_t fd_out);
uint32_t wasi_sock_recv(void *, uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t flags,
	uint32_t bytes_out, uint32_t flags_out);
uint32_t wasi_sock_send(void *, uint32_t fd, uint32_t iovecs, uint32_t count, uint32_t flags,
	uint32_t bytes_out);
uint32_t wasi_sock_shutdown(void *, uint32_t fd, uint32_t how);
