/*
 * base.c: what the machine itself can do, to compare with: request and answer between two
 * processes over what the kernel offers, over memory shared with it, and plain copying.
 *
 *     base WAY BYTES DEPTH MS       requests of so many bytes, answers of 64, so many under way
 *
 * One process is the client and measures, one is the server and goes on until it is killed.
 */
#include "ipc/base.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include <linux/futex.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/bench/ipc/laps.h"

#define ANSWER_BYTES   64u
#define BYTES_MAX      (64u * 1024 * 1024)
#define DEPTH_MAX      1024u
#define WINDOW_BYTES   (64u * 1024)
#define COPY_BYTES_MIN (128 * 1024)

static uint8_t *body; /* of either side; private */
static size_t bytes;

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

static void *must_map(size_t size, int flags)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
		flags | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (at == MAP_FAILED)
		die("mmap");
	return at;
}

static pid_t must_fork(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* --- descriptors that carry bytes --- */

static int request_in, request_out, answer_in, answer_out;

static void must_write(int fd, const void *from, size_t n)
{
	for (const uint8_t *at = from; n;) {
		ssize_t done = write(fd, at, n);

		if (done <= 0)
			die("write");
		at += done;
		n -= (size_t)done;
	}
}

static void must_read(int fd, void *to, size_t n)
{
	for (uint8_t *at = to; n;) {
		ssize_t done = read(fd, at, n);

		if (done <= 0)
			die("read");
		at += done;
		n -= (size_t)done;
	}
}

static void open_pipe(void)
{
	int request[2], answer[2];

	if (pipe2(request, O_CLOEXEC) || pipe2(answer, O_CLOEXEC))
		die("pipe");
	request_in = request[0], request_out = request[1];
	answer_in = answer[0], answer_out = answer[1];
}

static void open_sockets(int type)
{
	int pair[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair))
		die("socketpair");
	request_out = answer_in = pair[0];
	request_in = answer_out = pair[1];
}

static void open_stream(void)
{
	open_sockets(SOCK_STREAM);
}

static void open_seqpacket(void)
{
	open_sockets(SOCK_SEQPACKET);
}

static void fd_ask(void)
{
	must_write(request_out, body, bytes);
}

static void fd_hear(void)
{
	must_read(answer_in, body, ANSWER_BYTES);
}

static void fd_serve(void)
{
	must_read(request_in, body, bytes);
	must_write(answer_out, body, ANSWER_BYTES);
}

/* --- eventfd: a wake-up without bytes --- */

static void open_eventfd(void)
{
	request_in = request_out = eventfd(0, EFD_CLOEXEC);
	answer_in = answer_out = eventfd(0, EFD_CLOEXEC);
	if (request_in < 0 || answer_in < 0)
		die("eventfd");
}

static void post(int fd)
{
	uint64_t one = 1;

	must_write(fd, &one, sizeof(one));
}

static void take(int fd)
{
	uint64_t count;

	must_read(fd, &count, sizeof(count));
}

static void eventfd_ask(void)
{
	post(request_out);
}

static void eventfd_hear(void)
{
	take(answer_in);
}

static void eventfd_serve(void)
{
	take(request_in);
	post(answer_out);
}

/* --- POSIX message queues --- */

static mqd_t open_queue(const char *which)
{
	struct mq_attr attr = { .mq_maxmsg = 8, .mq_msgsize = ANSWER_BYTES };
	char name[64];

	snprintf(name, sizeof(name), "/redshirt-bench-%s-%d", which, getpid());
	mqd_t queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600, &attr);
	if (queue < 0) {
		printf("mq_open: %s\n", strerror(errno));
		exit(LAPS_NOT_THERE);
	}
	mq_unlink(name);
	return queue;
}

static void open_queues(void)
{
	request_in = request_out = open_queue("request");
	answer_in = answer_out = open_queue("answer");
}

static void queue_send(int queue)
{
	if (mq_send(queue, (const char *)body, ANSWER_BYTES, 0))
		die("mq_send");
}

static void queue_receive(int queue)
{
	if (mq_receive(queue, (char *)body, ANSWER_BYTES, NULL) < 0)
		die("mq_receive");
}

static void queue_ask(void)
{
	queue_send(request_out);
}

static void queue_hear(void)
{
	queue_receive(answer_in);
}

static void queue_serve(void)
{
	queue_receive(request_in);
	queue_send(answer_out);
}

/* --- the bare futex: two words, nothing else; the least that two sleeping processes can do ---
 */

static struct {
	_Alignas(128) _Atomic uint32_t request;
	_Alignas(128) _Atomic uint32_t answer;
} * words;
static uint32_t turn;

static void open_futex(void)
{
	words = must_map(sizeof(*words), MAP_SHARED);
}

static void futex_post(_Atomic uint32_t *word)
{
	atomic_store(word, turn + 1);
	syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void futex_take(_Atomic uint32_t *word)
{
	while (atomic_load_explicit(word, memory_order_acquire) != turn + 1)
		syscall(SYS_futex, word, FUTEX_WAIT, turn, NULL, NULL, 0);
}

static void futex_ask(void)
{
	futex_post(&words->request);
}

static void futex_hear(void)
{
	futex_take(&words->answer);
	turn++;
}

static void futex_serve(void)
{
	futex_take(&words->request);
	futex_post(&words->answer);
	turn++;
}

/*
 * --- a window per process: 64 KiB that it shares with a broker. Who sends builds the body in
 * its window and posts a semaphore; the broker copies it from window to window and posts the
 * other's: one copy and two semaphores per message. ---
 */

enum {
	CLIENT,
	SERVER
};
static struct window {
	sem_t sent, arrived; /* sent: one for both, in the first window */
	_Atomic uint32_t has;
	uint8_t bytes[WINDOW_BYTES];
} * windows;

static void must_wait(sem_t *semaphore)
{
	while (sem_wait(semaphore))
		if (errno != EINTR)
			die("sem_wait");
}

static _Noreturn void window_broker(void)
{
	for (;;) {
		must_wait(&windows[0].sent);
		for (int from = CLIENT; from <= SERVER; from++) {
			uint32_t n = atomic_exchange(&windows[from].has, 0);

			if (!n)
				continue;
			memcpy(windows[!from].bytes, windows[from].bytes, n);
			sem_post(&windows[!from].arrived);
		}
	}
}

static void open_windows(void)
{
	windows = must_map(2 * sizeof(*windows), MAP_SHARED);
	if (sem_init(&windows[0].sent, 1, 0) || sem_init(&windows[CLIENT].arrived, 1, 0) ||
		sem_init(&windows[SERVER].arrived, 1, 0))
		die("sem_init");
	if (must_fork() == 0)
		window_broker();
}

static void window_send(int who, size_t n)
{
	windows[who].bytes[0]++; /* built in place */
	atomic_store(&windows[who].has, (uint32_t)n);
	sem_post(&windows[0].sent);
}

static void window_ask(void)
{
	window_send(CLIENT, bytes);
}

static void window_hear(void)
{
	must_wait(&windows[CLIENT].arrived);
}

static void window_serve(void)
{
	must_wait(&windows[SERVER].arrived);
	window_send(SERVER, ANSWER_BYTES);
}

/* --- copying: twice, through a buffer that stays in the second-level cache, in one process ---
 */

static uint8_t *through, *target;
static size_t through_bytes;

/* An eighth of the cache was fastest: what is copied wants to be there as well. */
static void open_copy(void)
{
	long cache = sysconf(_SC_LEVEL2_CACHE_SIZE);

	through_bytes = cache / 8 > COPY_BYTES_MIN ? (size_t)cache / 8 : COPY_BYTES_MIN;
	through = must_map(through_bytes, MAP_PRIVATE);
	target = must_map(bytes, MAP_PRIVATE);
}

static void copy_ask(void)
{
	for (size_t at = 0; at < bytes; at += through_bytes) {
		size_t n = bytes - at < through_bytes ? bytes - at : through_bytes;

		memcpy(through, body + at, n);
		__asm__ volatile("" ::: "memory"); /* another process would read it */
		memcpy(target + at, through, n);
		__asm__ volatile("" ::: "memory");
	}
}

static void nothing(void)
{
}

/* --- all of them --- */

static const struct way {
	const char *name;
	void (*open)(void);
	void (*ask)(void);
	void (*hear)(void);
	void (*serve)(void); /* NULL: nobody answers */
	size_t bytes_max;
	uint32_t depth_max;
} ways[] = {
	{ "futex", open_futex, futex_ask, futex_hear, futex_serve, 64, 1 },
	{ "eventfd", open_eventfd, eventfd_ask, eventfd_hear, eventfd_serve, 64, 1 },
	{ "pipe", open_pipe, fd_ask, fd_hear, fd_serve, BYTES_MAX, DEPTH_MAX },
	{ "stream", open_stream, fd_ask, fd_hear, fd_serve, BYTES_MAX, 1 },
	{ "seqpacket", open_seqpacket, fd_ask, fd_hear, fd_serve, WINDOW_BYTES, 1 },
	{ "mq", open_queues, queue_ask, queue_hear, queue_serve, ANSWER_BYTES, 1 },
	{ "window", open_windows, window_ask, window_hear, window_serve, WINDOW_BYTES, 1 },
	{ "copy", open_copy, copy_ask, nothing, NULL, BYTES_MAX, 1 },
};

static _Noreturn void serve(const struct way *way)
{
	for (;;)
		way->serve();
}

/* As bench_ask does it: as many as may be under way, then all that comes. */
static int client(const struct way *way, uint32_t depth, uint32_t ms)
{
	static uint64_t began[DEPTH_MAX];
	uint64_t sent = 0, heard = 0;
	uint64_t now = laps_begin(ms);

	while (now < laps.end) {
		for (; sent - heard < depth; sent++) {
			began[sent % DEPTH_MAX] = now;
			way->ask();
		}
		do {
			way->hear();
			now = laps_now();
			laps_add(began[heard++ % DEPTH_MAX], now);
		} while (heard < sent);
	}
	return laps_print();
}

static int measure(const struct way *way, uint32_t depth, uint32_t ms)
{
	pid_t server = 0;

	way->open();
	if (way->serve) {
		server = must_fork();
		if (server == 0)
			serve(way);
	}
	int status = client(way, depth, ms);
	if (server) {
		kill(server, SIGKILL);
		waitpid(server, NULL, 0);
	}
	return status;
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	bytes = strtoul(argv[2], NULL, 10);
	uint32_t depth = (uint32_t)strtoul(argv[3], NULL, 10);
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		if (strcmp(ways[i].name, argv[1]) != 0)
			continue;
		if (bytes < ANSWER_BYTES || bytes > ways[i].bytes_max || depth < 1 ||
			depth > ways[i].depth_max)
			return 2;
		body = must_map(bytes, MAP_PRIVATE);
		return measure(&ways[i], depth, (uint32_t)strtoul(argv[4], NULL, 10));
	}
	return 2;
}
