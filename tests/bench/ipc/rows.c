#include "tests/bench/ipc/rows.h"

#include <assert.h>
#include <string.h>

#include "ipc/base.h"

const char *const rows_places[PLACES] = {
	[PLACE_ONE_CORE] = "one core",
	[PLACE_FREE] = "free",
};

const char *const rows_groups[GROUPS] = {
	[GROUP_BASE] = "the machine",
	[GROUP_OURS] = "redshirt",
	[GROUP_PEER] = "others",
};

#define BASE(words) "exec \"$bench\"/base " words " $ms"
#define ASK         "rsctl run \"$guests\"/bench_ask.wasm ask "
#define ASK_NATIVE  "\"$bench\"/native_ask ask "
#define PEER(words)                                                                  \
	"mkdir \"$here\"/peer && \"$bench\"/" words " \"$here\"/peer $ms; said=$?; " \
	"rm -rf \"$here\"/peer; exit $said"

/* Under an rsd of its own with this option, whose objects are the other's. */
#define OWN_RSD(option, command)                                                         \
	"export REDSHIRT_RUN_DIR=\"$here\"/own REDSHIRT_STATE_DIR=\"$here\"/own-state; " \
	"rsd --tier full --default-grant allow " option " 2>\"$here\"/own.log & own=$!; "            \
	"until [ -S \"$here\"/own/control.sock ]; do sleep 0.01; done; "                 \
	"rsctl start \"$guests\"/bench_echo.wasm bench:echo >\"$here\"/own.started "     \
	"&& " command "; said=$?; kill $own; wait $own; exit $said"

#define FREE_ONLY (1u << PLACE_ONE_CORE)

/* The mean things first: they are what the others are held against. */
const struct row rows_all[] = {
	{ "bare futex", GROUP_BASE, 0, 0, BASE("futex 64 1"), NULL },
	{ "eventfd", GROUP_BASE, 0, 0, BASE("eventfd 64 1"), NULL },
	{ "pipe", GROUP_BASE, 64, 0, BASE("pipe 64 1"), NULL },
	{ "unix stream", GROUP_BASE, 64, 0, BASE("stream 64 1"), NULL },
	{ "unix seqpacket", GROUP_BASE, 64, 0, BASE("seqpacket 64 1"), NULL },
	{ "POSIX mq", GROUP_BASE, 64, 0, BASE("mq 64 1"), NULL },
	{ "64 KiB windows, broker copies", GROUP_BASE, 64, 0, BASE("window 64 1"), NULL },
	{ "the same, 16 KiB", GROUP_BASE, 16384, 0, BASE("window 16384 1"), NULL },
	{ "pipe, 16 under way", GROUP_BASE, 64, 0, BASE("pipe 64 16"), NULL },
	{ "pipe, 256 under way", GROUP_BASE, 64, 0, BASE("pipe 64 256"), NULL },
	{ "two copies, 1 MiB", GROUP_BASE, 1 << 20, 0, BASE("copy 1048576 1"), NULL },
	{ "two copies, 64 MiB", GROUP_BASE, 1 << 26, 0, BASE("copy 67108864 1"), NULL },

	{ "request + answer", GROUP_OURS, 64, 0, ASK "bench:echo 64 1 $ms", NULL },
	{ "host interface: time now", GROUP_OURS, 4, 0, ASK "time 4 1 $ms", NULL },
	{ "mediated", GROUP_OURS, 64, 0, OWN_RSD("--mediate", ASK "bench:echo 64 1 $ms"),
		NULL },
	{ "native asks a program", GROUP_OURS, 64, 0, ASK_NATIVE "bench:echo 64 1 $ms", NULL },
	{ "a program asks native", GROUP_OURS, 64, 0, ASK "bench:native 64 1 $ms", NULL },
	{ "native asks native", GROUP_OURS, 64, 0, ASK_NATIVE "bench:native 64 1 $ms", NULL },
	{ "16 under way", GROUP_OURS, 64, 0, ASK "bench:echo 64 16 $ms", NULL },
	{ "256 under way", GROUP_OURS, 64, 0, ASK "bench:echo 64 256 $ms", NULL },
	{ "1 KiB", GROUP_OURS, 1 << 10, 0, ASK "bench:echo 1024 1 $ms", NULL },
	{ "4 KiB", GROUP_OURS, 1 << 12, 0, ASK "bench:echo 4096 1 $ms", NULL },
	{ "16 KiB", GROUP_OURS, 1 << 14, 0, ASK "bench:echo 16384 1 $ms", NULL },
	{ "1 MiB", GROUP_OURS, 1 << 20, 0, ASK "bench:echo 1048576 1 $ms", NULL },
	{ "64 MiB", GROUP_OURS, 1 << 26, 0, ASK "bench:echo 67108864 1 $ms", NULL },
	{ "handler with many lanes", GROUP_OURS, 64, 0, ASK "bench:lanes 64 1 $ms", NULL },
	{ "4 hogs", GROUP_OURS, 64, FREE_ONLY, "\"$bench\"/hogs 4 0 " ASK "bench:echo 64 1 $ms",
		NULL },
	{ "4 hogs, nice +5", GROUP_OURS, 64, FREE_ONLY,
		"\"$bench\"/hogs 4 5 " ASK "bench:echo 64 1 $ms", NULL },
	{ "killed handler: ids complete", GROUP_OURS, 0, 0, NULL, NULL },

	{ "dbus-daemon", GROUP_PEER, 64, 0, PEER("peer_dbus daemon"),
		"dbus-daemon and libsystemd-dev (make deps-bench)" },
	{ "dbus-broker", GROUP_PEER, 64, 0, PEER("peer_dbus broker"),
		"dbus-broker and libsystemd-dev" },
	{ "nats", GROUP_PEER, 64, 0, PEER("peer_nats as-is"),
		"nats-server and libnats-dev (make deps-bench)" },
	{ "nats, not collecting", GROUP_PEER, 64, 0, PEER("peer_nats at-once"),
		"nats-server and libnats-dev (make deps-bench)" },
};
const size_t rows_count = ARRAY_LEN(rows_all);

const struct target rows_targets[] = {
	{ "request + answer", MEASURE_P50, 1.0, "bare futex" },
	{ "request + answer", MEASURE_P50, 0.6, "unix seqpacket" },
	{ "request + answer", MEASURE_SPEED, 10, "dbus-daemon" },
	{ "request + answer", MEASURE_SPEED, 10, "dbus-broker" },
	{ "request + answer", MEASURE_SPEED, 40, "nats" },
	{ "request + answer", MEASURE_SPEED, 40, "nats, not collecting" },
	{ "mediated", MEASURE_P50, 3, "bare futex" },
	{ "host interface: time now", MEASURE_P50, 1.3, "bare futex" },
	{ "16 under way", MEASURE_RATE, 2e6, NULL },
	{ "16 under way", MEASURE_RATE, 7, "pipe, 16 under way" },
	{ "256 under way", MEASURE_RATE, 3.5e6, NULL },
	{ "256 under way", MEASURE_RATE, 7, "pipe, 256 under way" },
	{ "1 MiB", MEASURE_SPEED, 0.75, "two copies, 1 MiB" },
	{ "64 MiB", MEASURE_SPEED, 0.75, "two copies, 64 MiB" },
	{ "handler with many lanes", MEASURE_P50, 2, "request + answer" },
	{ "4 hogs", MEASURE_P50, 2, "request + answer" },
	{ "4 hogs, nice +5", MEASURE_P50, 2, "request + answer" },
	{ "4 hogs, nice +5", MEASURE_P99, 100, NULL },
	{ "killed handler: ids complete", MEASURE_P50, 10000, NULL },
};
const size_t rows_targets_count = ARRAY_LEN(rows_targets);

size_t rows_find(const char *name)
{
	size_t i = 0;

	while (i < rows_count && strcmp(rows_all[i].name, name) != 0)
		i++;
	assert(i < rows_count);
	return i;
}
