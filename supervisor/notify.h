/* notify.h: tells systemd how we are (sd_notify's protocol: a datagram to $NOTIFY_SOCKET).
 * Without that variable nothing happens. */
#pragma once

/* "READY=1", "STOPPING=1", "STATUS=..." */
void notify_send(const char *state);
