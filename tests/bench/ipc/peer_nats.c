/*
 * peer_nats.c: request and answer of 64 bytes through a nats-server of our own on the loopback,
 * on a port that it chooses.
 *
 *     peer_nats as-is|at-once FOLDER MS     FOLDER is empty and somebody else's to remove
 *
 * libnats collects what is sent for a millisecond (as-is) unless it is told not to (at-once).
 */
#include <dirent.h>
#include <nats/nats.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/wait.h>

#include "tests/bench/ipc/laps.h"

#define START_TRIES 200
#define START_NAP   20000 /* us */
#define PATIENCE_MS 2000

static bool at_once;
static pid_t server, answerer;

static void end(void)
{
	pid_t pids[] = { answerer, server };

	for (int i = 0; i < 2; i++)
		if (pids[i] > 0) {
			kill(pids[i], SIGKILL);
			waitpid(pids[i], NULL, 0);
		}
}

static void must(natsStatus status, const char *what)
{
	if (status == NATS_OK)
		return;
	fprintf(stderr, "%s: %s\n", what, natsStatus_GetText(status));
	exit(1);
}

static void start_server(const char *folder)
{
	server = fork();
	if (server != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!freopen("/dev/null", "w", stderr))
		_exit(1);
	execlp("nats-server", "nats-server", "-a", "127.0.0.1", "-p", "-1", "--ports_file_dir",
		folder, (char *)NULL);
	execl("/usr/sbin/nats-server", "nats-server", "-a", "127.0.0.1", "-p", "-1",
		"--ports_file_dir", folder, (char *)NULL);
	_exit(127);
}

/* From {"nats":["nats://127.0.0.1:PORT"]...}, once the server has written all of it. */
static int read_url(const char *path, char *out, size_t size)
{
	char text[512] = "", *at;
	FILE *file = fopen(path, "r");

	if (!file)
		return 0;
	size_t n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = 0;
	at = strstr(text, "nats://");
	if (!at || !strchr(at, '"'))
		return 0;
	snprintf(out, size, "%.*s", (int)strcspn(at, "\""), at);
	return 1;
}

static int find_url(const char *folder, char *out, size_t size)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/nats-server_%d.ports", folder, server);
	for (int i = 0; i < START_TRIES; i++) {
		if (read_url(path, out, size))
			return 1;
		if (waitpid(server, NULL, WNOHANG) == server) {
			server = 0;
			return 0;
		}
		usleep(START_NAP);
	}
	return 0;
}

static void on_request(
	natsConnection *connection, natsSubscription *subscription, natsMsg *msg, void *closure)
{
	(void)subscription, (void)closure;
	must(natsConnection_Publish(connection, natsMsg_GetReply(msg), natsMsg_GetData(msg),
		     natsMsg_GetDataLength(msg)),
		"publish");
	natsMsg_Destroy(msg);
}

static natsConnection *connect_to(const char *url)
{
	natsConnection *connection;
	natsOptions *options;

	must(natsOptions_Create(&options), "options");
	must(natsOptions_SetURL(options, url), "url");
	must(natsOptions_SetSendAsap(options, at_once), "send at once");
	must(natsConnection_Connect(&connection, options), "connect");
	natsOptions_Destroy(options);
	return connection;
}

static void start_answerer(const char *url)
{
	natsSubscription *subscription;

	answerer = fork();
	if (answerer != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	must(natsConnection_Subscribe(
		     &subscription, connect_to(url), "bench", on_request, NULL),
		"subscribe");
	for (;;)
		pause();
}

static natsStatus ask(natsConnection *connection)
{
	static const char body[64];
	natsMsg *answer = NULL;
	natsStatus status = natsConnection_Request(
		&answer, connection, "bench", body, sizeof(body), PATIENCE_MS);

	natsMsg_Destroy(answer);
	return status;
}

/* Until somebody has subscribed there is nobody to answer. */
static void warm_up(natsConnection *connection)
{
	natsStatus status = NATS_NO_RESPONDERS;

	for (int i = 0; i < START_TRIES && status == NATS_NO_RESPONDERS; i++) {
		status = ask(connection);
		if (status == NATS_NO_RESPONDERS)
			usleep(START_NAP);
	}
	must(status, "request");
}

int main(int argc, char **argv)
{
	char url[256];

	if (argc != 4)
		return 2;
	at_once = strcmp(argv[1], "at-once") == 0;
	atexit(end);
	start_server(argv[2]);
	if (!find_url(argv[2], url, sizeof(url))) {
		printf("nats-server does not start\n");
		return LAPS_NOT_THERE;
	}
	start_answerer(url);
	natsConnection *connection = connect_to(url);
	warm_up(connection);
	uint64_t now = laps_begin((uint32_t)strtoul(argv[3], NULL, 10));
	while (now < laps.end) {
		uint64_t before = now;

		must(ask(connection), "request");
		now = laps_now();
		laps_add(before, now);
	}
	return laps_print();
}
