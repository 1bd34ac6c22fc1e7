#include "supervisor/notify.h"

#include <string.h>

#include <sys/socket.h>
#include <sys/un.h>

#include "ipc/base.h"
#include "ipc/log.h"

void notify_send(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (!path || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof(to.sun_path))
		return;
	size_t length = strlen(path);
	memcpy(to.sun_path, path, length);
	if (path[0] == '@') /* an abstract name begins with a zero */
		to.sun_path[0] = 0;
	CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, state, strlen(state), MSG_DONTWAIT | MSG_NOSIGNAL,
			      (struct sockaddr *)&to,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
		log_warning("notify", "state=\"%s\" why=\"%s\"", state, strerror(errno));
}
