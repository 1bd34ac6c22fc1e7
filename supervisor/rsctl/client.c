#include "supervisor/rsctl/client.h"

#include <poll.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/un.h>

/* --- connection --- */

int client_open(const char *socket_path, struct client *out)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*out = (struct client)CLIENT_NONE;
	if (strlen(socket_path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, socket_path);

	CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return errno == ENOENT || errno == ECONNREFUSED ? CLIENT_NOBODY : -errno;
	out->buffer = malloc(CONTROL_PACKET_MAX);
	if (!out->buffer)
		return -ENOMEM;
	out->fd = fd_take(&fd);
	return 0;
}

void client_close(struct client *client)
{
	fd_closep(&client->fd);
	fd_closep(&client->given);
	json_decref(client->packet);
	free(client->buffer);
	client->packet = NULL;
	client->buffer = NULL;
}

/* --- requests --- */

static int send_packet(struct client *client, size_t payload)
{
	for (;;) {
		ssize_t n = send(client->fd, client->buffer, 1 + payload, MSG_NOSIGNAL);
		if (n >= 0 || errno == EPIPE || errno == ECONNRESET)
			return 0; /* gone: its last words are still to be read */
		if (errno != EINTR)
			return -errno;
	}
}

int client_send(struct client *client, json_t *request)
{
	size_t size = json_dumpb(
		request, (char *)client->buffer + 1, CONTROL_PAYLOAD_MAX, JSON_COMPACT);

	json_decref(request);
	if (size == 0)
		return -EINVAL;
	if (size > CONTROL_PAYLOAD_MAX)
		return CLIENT_TOO_BIG;
	client->buffer[0] = CONTROL_JSON;
	return send_packet(client, size);
}

int client_send_data(struct client *client, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;

	while (size) {
		size_t n = size < CONTROL_PAYLOAD_MAX ? size : CONTROL_PAYLOAD_MAX;

		client->buffer[0] = CONTROL_DATA;
		memcpy(client->buffer + 1, from, n);
		int r = send_packet(client, n);
		if (r)
			return r;
		from += n;
		size -= n;
	}
	return 0;
}

/* --- replies --- */

static bool read_count(json_t *json, struct reply *out)
{
	out->number = json_integer_value(json);
	return json_is_integer(json) && out->number >= 0;
}

static bool read_object(json_t *json, struct reply *out)
{
	out->json = json;
	return json_is_object(json);
}

static bool read_input(json_t *json, struct reply *out)
{
	return read_count(json_object_get(json, "bytes"), out);
}

static bool read_progress(json_t *json, struct reply *out)
{
	return read_object(json, out) && json_is_string(json_object_get(json, "stage")) &&
	       json_is_integer(json_object_get(json, "done")) &&
	       json_is_integer(json_object_get(json, "total"));
}

static bool read_started(json_t *json, struct reply *out)
{
	return read_object(json, out) && json_is_integer(json_object_get(json, "process")) &&
	       json_is_string(json_object_get(json, "program"));
}

static bool read_error(json_t *json, struct reply *out)
{
	json_int_t code = json_integer_value(json_object_get(json, "code"));

	return read_object(json, out) && code > 0 && code <= UINT8_MAX &&
	       json_is_string(json_object_get(json, "what")) &&
	       json_is_string(json_object_get(json, "why"));
}

/* A reply is an object with one of these keys. */
static const struct {
	const char *key;
	bool (*read)(json_t *json, struct reply *out);
} kinds[REPLY_KINDS] = {
	[REPLY_ROW] = { "row", read_object },
	[REPLY_PROGRESS] = { "progress", read_progress },
	[REPLY_MISSED] = { "missed", read_count },
	[REPLY_STARTED] = { "started", read_started },
	[REPLY_INPUT] = { "input", read_input },
	[REPLY_QUESTION] = { "question", read_object },
	[REPLY_ERROR] = { "error", read_error },
};

static int read_json(struct client *client, size_t size, struct reply *out)
{
	const char *text = (const char *)client->buffer + 1;

	client->packet = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_true(json_object_get(client->packet, "ok"))) {
		out->kind = REPLY_DONE;
		out->json = client->packet;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		json_t *json =
			kinds[i].key ? json_object_get(client->packet, kinds[i].key) : NULL;
		if (!json)
			continue;
		out->kind = (enum reply_kind)i;
		return kinds[i].read(json, out) ? 0 : CLIENT_BROKEN;
	}
	return CLIENT_BROKEN;
}

static int read_output(struct client *client, size_t size, struct reply *out)
{
	if (size < 1)
		return CLIENT_BROKEN;
	out->kind = REPLY_OUTPUT;
	out->stream = client->buffer[1];
	out->bytes = client->buffer + 2;
	out->size = size - 1;
	return out->stream == CONTROL_STREAM_OUT || out->stream == CONTROL_STREAM_ERR
		       ? 0
		       : CLIENT_BROKEN;
}

/* As recv(), and keeps one descriptor; there is no room for more. */
static ssize_t receive_bytes(struct client *client)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec room = { client->buffer, CONTROL_PACKET_MAX };
	struct msghdr message = { .msg_iov = &room,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_LEN(sizeof(int)) };
	ssize_t n = recvmsg(client->fd, &message, MSG_TRUNC | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return n;
	const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	fd_closep(&client->given);
	if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
		head->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&client->given, CMSG_DATA(head), sizeof(int));
	return n;
}

int client_take_given(struct client *client)
{
	return fd_take(&client->given);
}

/* *size is 0 when the server closed. */
static int receive_packet(struct client *client, size_t *size)
{
	bool reset = false;

	for (;;) {
		/* MSG_TRUNC: the true length, also of a packet that did not fit */
		ssize_t n = receive_bytes(client);
		if (n < 0 && errno == EINTR)
			continue;
		/*
		 * rsd closed without reading all of ours. The kernel says so first, once; what
		 * rsd sent before that is still there.
		 */
		if (n < 0 && errno == ECONNRESET && !reset) {
			reset = true;
			continue;
		}
		if (n < 0 && errno != ECONNRESET)
			return -errno;
		if (n > (ssize_t)CONTROL_PACKET_MAX)
			return CLIENT_BROKEN;
		*size = n < 0 ? 0 : (size_t)n;
		return 0;
	}
}

static int wait_readable(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do
		n = poll(&p, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n == 0 ? CLIENT_TIMEOUT : 0;
}

int client_receive(struct client *client, int timeout_ms, struct reply *out)
{
	size_t size = 0;
	int r = timeout_ms < 0 ? 0 : wait_readable(client->fd, timeout_ms);

	if (r == 0)
		r = receive_packet(client, &size);
	if (r)
		return r;
	json_decref(client->packet);
	client->packet = NULL;
	*out = (struct reply){ 0 };
	if (size == 0)
		return CLIENT_GONE;
	switch (client->buffer[0]) {
	case CONTROL_JSON:
		return read_json(client, size - 1, out);
	case CONTROL_DATA:
		return read_output(client, size - 1, out);
	default:
		return CLIENT_BROKEN;
	}
}
