# `make bench-ipc`: messages of real programs beside what the kernel and others offer. Half of it runs on one core, half
# free; about BENCH_SECONDS altogether (120). The table goes to standard output, the numbers to $(BUILD)/bench/ipc.json.
# Peers that are not installed are left out, and it says so: make deps-bench.

BENCH_IPC := $(BUILD)/tests/bench/ipc
BENCH_IPC_PROGRAMS := $(addprefix $(BENCH_IPC)/,ipc base hogs native_ask native_echo)
ifneq ($(filter bench-ipc,$(MAKECMDGOALS)),)
  bench_peer = $(if $(shell pkg-config --exists $(2) && echo yes),$(BENCH_IPC)/$(1))
  BENCH_IPC_PROGRAMS += $(call bench_peer,peer_dbus,libsystemd) $(call bench_peer,peer_nats,libnats)
endif

$(BENCH_IPC)/ipc: $(addprefix $(BENCH_IPC)/,rows.o world.o report.o) $(BUILD)/tests/e2e/run.o
$(BENCH_IPC)/base:      BENCH_LIBS := -lrt
$(BENCH_IPC)/peer_dbus: BENCH_LIBS := -lsystemd
$(BENCH_IPC)/peer_nats: BENCH_LIBS := -lnats
$(addprefix $(BENCH_IPC)/,ipc base hogs peer_dbus peer_nats): $(BENCH_IPC)/%: $(BENCH_IPC)/%.o
	$(call Q,LD)$(CC) $(ALL_LDFLAGS) $(SANITIZE) -o $@ $(filter %.o,$^) $(or $(BENCH_LIBS),$(LIBS) $(TEST_LIBS))

# Written for Wasm, where a u64 is a long long.
$(addprefix $(BENCH_IPC)/native_,ask.o echo.o): ALL_CFLAGS += -Itests/bench/ipc/native -Wno-format
$(addprefix $(BENCH_IPC)/native_,ask echo): $(BENCH_IPC)/%: $(BENCH_IPC)/%.o $(CLIENT)/rs_client_all.o
	$(call Q,LD)$(CC) $(ALL_LDFLAGS) $(SANITIZE) -o $@ $^

bench-ipc: $(BENCH_IPC_PROGRAMS) $(PROGRAMS) guests
	@mkdir -p $(BUILD)/bench
	@REDSHIRT_TREE=$(abspath $(OUT)) REDSHIRT_GUESTS=$(abspath $(BUILD)/guests) REDSHIRT_BENCH=$(abspath $(BENCH_IPC)) \
		$(BENCH_IPC)/ipc $(BUILD)/bench/ipc.json
.PHONY: bench-ipc
