/*
 * wasi_none.c: the functions of WASI that need what a program does not have yet: files,
 * folders, sockets, signals. A standard stream is none of these; anything else is not open.
 */
#include "runtime/wasi.h"
#include "runtime/wasi_abi.h"
#include "runtime/wasi_stream.h"

static uint32_t none(uint32_t fd, uint32_t errno_of_stream)
{
	return wasi_stream_get(fd, 0) ? errno_of_stream : WASI_BADF;
}

/* --- a place in a stream --- */

uint32_t wasi_fd_advise(void *, uint32_t fd, uint64_t, uint64_t, uint32_t)
{
	return none(fd, WASI_SPIPE);
}

uint32_t wasi_fd_allocate(void *, uint32_t fd, uint64_t, uint64_t)
{
	return none(fd, WASI_SPIPE);
}

uint32_t wasi_fd_pread(void *, uint32_t fd, uint32_t, uint32_t, uint64_t, uint32_t)
{
	return none(fd, WASI_SPIPE);
}

uint32_t wasi_fd_pwrite(void *, uint32_t fd, uint32_t, uint32_t, uint64_t, uint32_t)
{
	return none(fd, WASI_SPIPE);
}

uint32_t wasi_fd_seek(void *, uint32_t fd, uint64_t, uint32_t, uint32_t)
{
	return none(fd, WASI_SPIPE);
}

uint32_t wasi_fd_tell(void *, uint32_t fd, uint32_t)
{
	return none(fd, WASI_SPIPE);
}

/* --- a file's attributes --- */

uint32_t wasi_fd_filestat_set_size(void *, uint32_t fd, uint64_t)
{
	return none(fd, WASI_INVAL);
}

uint32_t wasi_fd_filestat_set_times(void *, uint32_t fd, uint64_t, uint64_t, uint32_t)
{
	return none(fd, WASI_NOTSUP);
}

/* --- folders. No folder is open from the start: libraries ask from descriptor 3 on, and stop
 * at the first that is not --- */

uint32_t wasi_fd_prestat_get(void *, uint32_t, uint32_t)
{
	return WASI_BADF;
}

uint32_t wasi_fd_prestat_dir_name(void *, uint32_t, uint32_t, uint32_t)
{
	return WASI_BADF;
}

uint32_t wasi_fd_readdir(void *, uint32_t fd, uint32_t, uint32_t, uint64_t, uint32_t)
{
	return none(fd, WASI_NOTDIR);
}

uint32_t wasi_path_create_directory(void *, uint32_t fd, uint32_t, uint32_t)
{
	return none(fd, WASI_NOTDIR);
}

uint32_t wasi_path_filestat_get(void *, uint32_t fd, uint32_t, uint32_t, uint32_t, uint32_t)
{
	return none(fd, WASI_NOTDIR);
}

uint32_t wasi_path_filestat_set_times(
	void *, uint32_t fd, uint32_t, uint32_t, uint32_t, uint64_t, uint64_t, uint32_t)
{
	return none(fd, WASI_NOTDIR);
}

uint32_t wasi_path_link(
	void *, uint32_t fd, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t)
{
	return none(fd, WASI_NOTDIR);
}

uint32_t wasi_path_open(void *, uint32_t fd, uint32_t, uint32_t, uint32_t, uint32_t, uint64_t,
	uint64_t, uint32_t, uint32_t)
{
	return none(fd, WASI_NOTDIR);
}

uint32_t wasi_path_readlink(
	void *, uint32_t fd, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t)
{
	return none(fd, WASI_NOTDIR);
}

uint32_t wasi_path_remove_directory(void *, uint32_t fd, uint32_t, uint32_t)
{
	return none(fd, WASI_NOTDIR);
}

uint32_t wasi_path_rename(void *, uint32_t fd, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t)
{
	return none(fd, WASI_NOTDIR);
}

uint32_t wasi_path_symlink(void *, uint32_t, uint32_t, uint32_t fd, uint32_t, uint32_t)
{
	return none(fd, WASI_NOTDIR);
}

uint32_t wasi_path_unlink_file(void *, uint32_t fd, uint32_t, uint32_t)
{
	return none(fd, WASI_NOTDIR);
}

/* --- sockets --- */

uint32_t wasi_sock_accept(void *, uint32_t fd, uint32_t, uint32_t)
{
	return none(fd, WASI_NOTSOCK);
}

uint32_t wasi_sock_recv(void *, uint32_t fd, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t)
{
	return none(fd, WASI_NOTSOCK);
}

uint32_t wasi_sock_send(void *, uint32_t fd, uint32_t, uint32_t, uint32_t, uint32_t)
{
	return none(fd, WASI_NOTSOCK);
}

uint32_t wasi_sock_shutdown(void *, uint32_t fd, uint32_t)
{
	return none(fd, WASI_NOTSOCK);
}

/* --- signals --- */

uint32_t wasi_proc_raise(void *, uint32_t)
{
	return WASI_NOSYS;
}
