/*
 * peer_dbus.c: request and answer of 64 bytes through a message bus of our own, with sd-bus on
 * both sides.
 *
 *     peer_dbus daemon|broker FOLDER MS     FOLDER is empty and somebody else's to remove
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "tests/bench/ipc/laps.h"

#define NAME        "example.Bench"
#define PATH        "/example/Bench"
#define BODY_BYTES  64
#define START_TRIES 200
#define START_NAP   20000 /* us */

static const char *folder;
static char address[256];
static pid_t server, answerer;
static sd_bus *controller; /* of dbus-broker; it ends when this is closed */

static void end(void)
{
	pid_t pids[] = { answerer, server };

	for (int i = 0; i < 2; i++)
		if (pids[i] > 0) {
			kill(pids[i], SIGKILL);
			waitpid(pids[i], NULL, 0);
		}
}

static int must(int r, const char *what)
{
	if (r >= 0)
		return r;
	fprintf(stderr, "%s: %s\n", what, strerror(-r));
	exit(1);
}

/* --- dbus-daemon --- */

static void write_config(const char *path)
{
	FILE *file = fopen(path, "w");

	if (!file)
		must(-errno, path);
	fprintf(file,
		"<busconfig><type>session</type><auth>EXTERNAL</auth>"
		"<listen>unix:path=%s/bus</listen>"
		"<policy context=\"default\"><allow user=\"*\"/>"
		"<allow send_destination=\"*\"/><allow receive_sender=\"*\"/><allow own=\"*\"/>"
		"</policy></busconfig>\n",
		folder);
	fclose(file);
}

static void start_daemon(void)
{
	char config[256], option[300];

	snprintf(config, sizeof(config), "%s/bus.conf", folder);
	write_config(config);
	snprintf(option, sizeof(option), "--config-file=%s", config);
	server = fork();
	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execlp("dbus-daemon", "dbus-daemon", option, "--nofork", "--nopidfile",
			"--nosyslog", (char *)NULL);
		_exit(127);
	}
}

/* --- dbus-broker: its launcher wants systemd, so this is the launcher --- */

static int listen_in_folder(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	must(fd, "socket");
	if (snprintf(at.sun_path, sizeof(at.sun_path), "%s/bus", folder) >=
		(int)sizeof(at.sun_path))
		must(-ENAMETOOLONG, folder);
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) || listen(fd, 16))
		must(-errno, folder);
	return fd;
}

static void spawn_broker(int fd)
{
	char number[16];

	server = fork();
	if (server != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fcntl(fd, F_SETFD, 0);
	snprintf(number, sizeof(number), "%d", fd);
	execlp("dbus-broker", "dbus-broker", "--controller", number, "--machine-id",
		"0123456789abcdef0123456789abcdef", (char *)NULL);
	_exit(127);
}

/* Everybody may connect, own, send and receive: one batch of rules for all users, none for
 * groups. */
#define RULES    "a(btbs)a(btssssuutt)a(btssssuutt)"
#define POLICY   "(a(u(bt" RULES "))a(buu(bt" RULES "))a(ss)bs)"
#define ANYBODY  UINT32_MAX
#define ALL_FDS  (uint64_t)0, UINT64_MAX
#define ANY_RULE 1, true, (uint64_t)1, "", "", "", "", 0u, 0u, ALL_FDS

static void add_listener(int listener)
{
	sd_bus_message *m = NULL;

	must(sd_bus_message_new_method_call(controller, &m, NULL, "/org/bus1/DBus/Broker",
		     "org.bus1.DBus.Broker", "AddListener"),
		"new message");
	must(sd_bus_message_append(m, "ohv", "/org/bus1/DBus/Listener/0", listener, POLICY, 1,
		     ANYBODY, true, (uint64_t)1, 1, true, (uint64_t)1, true, "", ANY_RULE,
		     ANY_RULE, 0, 0, false, ""),
		"policy");
	must(sd_bus_call(controller, m, 0, NULL, NULL), "AddListener");
	sd_bus_message_unref(m);
}

static void start_broker(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
		must(-errno, "socketpair");
	spawn_broker(pair[1]);
	close(pair[1]);
	must(sd_bus_new(&controller), "new bus");
	must(sd_bus_set_fd(controller, pair[0], pair[0]), "set fd");
	must(sd_bus_start(controller), "start");
	add_listener(listen_in_folder());
}

static const struct {
	const char *name;
	void (*start)(void);
} servers[] = {
	{ "daemon", start_daemon },
	{ "broker", start_broker },
};

/* --- both sides --- */

static sd_bus *try_connect(void)
{
	sd_bus *bus = NULL;

	must(sd_bus_new(&bus), "new bus");
	must(sd_bus_set_address(bus, address), "address");
	must(sd_bus_set_bus_client(bus, 1), "client");
	if (sd_bus_start(bus) < 0) {
		sd_bus_unref(bus);
		return NULL;
	}
	return bus;
}

static sd_bus *connect_to_bus(void)
{
	for (int i = 0; i < START_TRIES; i++) {
		sd_bus *bus = try_connect();

		if (bus)
			return bus;
		if (server && waitpid(server, NULL, WNOHANG) == server)
			server = 0;
		usleep(START_NAP);
	}
	printf("the bus does not start\n");
	exit(LAPS_NOT_THERE);
}

static int on_request(sd_bus_message *m, void *closure, sd_bus_error *error)
{
	const void *body;
	size_t bytes;
	sd_bus_message *answer = NULL;

	(void)closure, (void)error;
	must(sd_bus_message_read_array(m, 'y', &body, &bytes), "read");
	must(sd_bus_message_new_method_return(m, &answer), "answer");
	must(sd_bus_message_append_array(answer, 'y', body, bytes), "append");
	must(sd_bus_send(NULL, answer, NULL), "send");
	sd_bus_message_unref(answer);
	return 1;
}

static const sd_bus_vtable methods[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Ask", "ay", "ay", on_request, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static void start_answerer(void)
{
	answerer = fork();
	if (answerer != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	server = 0; /* not ours to wait for */
	sd_bus *bus = connect_to_bus();
	must(sd_bus_add_object_vtable(bus, NULL, PATH, NAME, methods, NULL), "vtable");
	must(sd_bus_request_name(bus, NAME, 0), "name");
	for (;;)
		if (must(sd_bus_process(bus, NULL), "process") == 0)
			must(sd_bus_wait(bus, UINT64_MAX), "wait");
}

static int ask(sd_bus *bus)
{
	static const uint8_t body[BODY_BYTES];
	sd_bus_message *m = NULL, *answer = NULL;

	must(sd_bus_message_new_method_call(bus, &m, NAME, PATH, NAME, "Ask"), "new message");
	must(sd_bus_message_append_array(m, 'y', body, sizeof(body)), "append");
	int r = sd_bus_call(bus, m, 0, NULL, &answer);
	sd_bus_message_unref(answer);
	sd_bus_message_unref(m);
	return r;
}

/* Until somebody has the name there is nobody to answer. */
static void warm_up(sd_bus *bus)
{
	for (int i = 0; i < START_TRIES && ask(bus) < 0; i++)
		usleep(START_NAP);
	must(ask(bus), "request");
}

static int measure(uint32_t ms)
{
	sd_bus *bus = connect_to_bus();

	warm_up(bus);
	uint64_t now = laps_begin(ms);
	while (now < laps.end) {
		uint64_t before = now;

		must(ask(bus), "request");
		now = laps_now();
		laps_add(before, now);
	}
	return laps_print();
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	folder = argv[2];
	snprintf(address, sizeof(address), "unix:path=%s/bus", folder);
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
		if (strcmp(servers[i].name, argv[1]) == 0) {
			atexit(end);
			servers[i].start();
			start_answerer();
			return measure((uint32_t)strtoul(argv[3], NULL, 10));
		}
	return 2;
}
