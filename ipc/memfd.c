#include "ipc/memfd.h"

#include <fcntl.h>

#include <sys/mman.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

int memfd_new(const char *name, uint64_t bytes, int seals, int *fd)
{
	CLEANUP(fd_closep)
	int made = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (made < 0 && errno == EINVAL)
		made = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (made < 0 || ftruncate(made, (off_t)bytes))
		return -errno;
	int r = seals ? memfd_seal(made, seals) : 0;
	if (r == 0)
		*fd = fd_take(&made);
	return r;
}

int memfd_seal(int fd, int seals)
{
	return fcntl(fd, F_ADD_SEALS, seals) ? -errno : 0;
}
