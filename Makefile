# redshirt: everything is built under $(BUILD); the source tree stays clean.
#
#   make demo       install what is missing, build, run a program and two that talk
#   make test       install what is missing, build, run all tests
#   make            build                       make bench       measurements
#   make test-ring  one Check program           make test-slow   the long tests
#   make SAN=1 test address + UB sanitizers     make install     DESTDIR=, PREFIX=
#   make layers     who includes whom           make format      clang-format in place
#   make deps       packages to run, build      make deps-test   packages to test
#   make bench-ipc  messages beside others      make test-model  the models, with Spin
#   make fuzz       FUZZ_SECONDS=, FUZZ_RUNS=   make test-mutants  is each break noticed?
#   make test-soak  SOAK_SECONDS=               make test-tsan, make test-valgrind
#   make test-spec  SPEC=folder, SPEC_ONLY=     make test-differential  DIFF_FUNCTIONS=, DIFF_SEED=
#   make bench-native  Wasm beside native code, ours and others': SUITE=folder, ONLY=, BENCH_SECONDS=
#   make bench-tiers   what each tier costs to compile: MODULES=
#
# WERROR=1 makes warnings errors, V=1 shows whole command lines, JOBS=1 does one thing at a time.

PREFIX ?= /usr/local
JOBS   ?= $(shell nproc)
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(JOBS) -Otarget --no-print-directory
endif
CFLAGS ?= -O2 -g
ifdef SAN
  BUILD   ?= build/san
  SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
  # linear memory and lanes where AddressSanitizer leaves room; only the unit tests of runtime/ use them
  SAN_WHERE := -DMEMORY_BASE=0x200000000000ull -DLANE_RANGE_BASE=0x210000000000ull \
	-DPARCELS_BASE=0x220000000000ull
endif
BUILD ?= build/out

ALL_CPPFLAGS := -D_GNU_SOURCE -I. -I$(BUILD)/gen $(CPPFLAGS)
WARNINGS := -Wall -Wextra -Wshadow -Wundef -Wvla -Wpointer-arith -Wcast-qual -Wwrite-strings \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wformat=2 \
	-Wimplicit-fallthrough=5 -Werror=return-type -Werror=implicit-function-declaration $(if $(WERROR),-Werror)
ALL_CFLAGS := -std=gnu17 -fvisibility=hidden -fPIE -fstack-protector-strong $(WARNINGS) $(CFLAGS)
ALL_LDFLAGS := -pie -Wl,-z,relro,-z,now,--as-needed $(LDFLAGS)
LIBS := -lseccomp -luring -lsodium -ljansson -lsqlite3 -lpthread -lm
TEST_LIBS := -lcheck -lsubunit -lrt -lm

# A .c file with a main() is named here; every other .c goes into one archive, from which the linker takes what each
# program needs. The launcher is static (it has no file system) and never sanitized: linear memory lies where the
# sanitizers keep their shadow. So runtime/ is built twice; with SAN=1 the launcher's half traps on undefined behaviour.
DIRS  := ipc cache runtime aotc interfaces supervisor $(patsubst %/,%,$(wildcard supervisor/*/))
BIN   := supervisor/rsd supervisor/rsctl
EXEC  := aotc/aotc
MAINS := $(BIN:%=%.c) $(EXEC:%=%.c) interfaces/ifgen.c runtime/launcher.c
SRCS  := $(sort $(filter-out $(MAINS),$(wildcard $(DIRS:%=%/*.c))))
LIB   := $(BUILD)/libredshirt.a
# Headers of interfaces/*.proto (ifgen.mk), there before anything that may include them is compiled.
INTERFACES := $(patsubst %.proto,%,$(wildcard interfaces/*.proto))
GENERATED  := $(INTERFACES:%=$(BUILD)/gen/%.h)
TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/*/check_*.c))
BENCH := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/bench_*.c))

# The tree that is installed, as it is installed: programs find each other by their place in it.
OUT      := $(BUILD)/tree
PROGRAMS := $(BIN:supervisor/%=$(OUT)/bin/%) $(EXEC:aotc/%=$(OUT)/libexec/redshirt/%) \
	$(OUT)/libexec/redshirt/launcher

Q = $(if $(V),,@echo '  $(1)' $(patsubst $(BUILD)/%,%,$@);)

all: $(PROGRAMS) interfaces guests client docs

$(LIB): $(SRCS:%.c=$(BUILD)/%.o)
	$(call Q,AR)rm -f $@ && $(AR) qcs $@ $^
$(OUT)/bin/%: $(BUILD)/supervisor/%.o $(LIB)
	@mkdir -p $(@D)
	$(call Q,LD)$(CC) $(ALL_LDFLAGS) $(SANITIZE) -o $@ $< $(LIB) $(LIBS)
$(OUT)/libexec/redshirt/aotc: $(BUILD)/aotc/aotc.o $(LIB)
	@mkdir -p $(@D)
	$(call Q,LD)$(CC) $(ALL_LDFLAGS) $(SANITIZE) -o $@ $< $(LIB) $(LIBS)
$(TESTS) $(BENCH): $(BUILD)/%: $(BUILD)/%.o $(LIB)
	$(call Q,LD)$(CC) $(ALL_LDFLAGS) $(SANITIZE) -o $@ $(filter %.o,$^) $(LIB) $(LIBS) $(TEST_LIBS)

# -MMD -MP writes a .d beside each .o; a change of flags rebuilds as well.
$(BUILD)/%.o: %.c $(BUILD)/flags | $(GENERATED)
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(ALL_CPPFLAGS) $(SAN_WHERE) $(ALL_CFLAGS) $(SANITIZE) -MMD -MP -c -o $@ $<
# It carries these inside itself; the compiler does not see that.
$(BUILD)/aotc/headers.o: $(wildcard runtime/w2c/*)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(SANITIZE)' | cmp -s - $@ || \
		echo '$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(SANITIZE)' >$@

# The launcher: static-pie, so that everything of it lies far above linear memory.
LAUNCHER_SRCS := $(wildcard runtime/*.c) $(addprefix ipc/,log.c ring.c lane.c bell.c memfd.c fdpass.c)
LAUNCHER_CFLAGS := $(ALL_CFLAGS) -O2 -flto $(if $(SAN),-fsanitize=undefined -fsanitize-undefined-trap-on-error)
$(OUT)/libexec/redshirt/launcher: $(LAUNCHER_SRCS:%.c=$(BUILD)/static/%.o)
	@mkdir -p $(@D)
	$(call Q,LD)$(CC) $(LAUNCHER_CFLAGS) -flto=auto -static-pie -Wl,-z,relro,-z,now -o $@ $^ -lseccomp -lm
$(BUILD)/static/%.o: %.c $(BUILD)/flags | $(GENERATED)
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(ALL_CPPFLAGS) $(LAUNCHER_CFLAGS) -MMD -MP -c -o $@ $<

include interfaces/ifgen.mk
include runtime/client/client.mk
include programs/guests.mk
include supervisor/docs.mk
include tests/tests.mk

install: all
	@mkdir -p $(DESTDIR)$(PREFIX)
	cp -r --no-preserve=ownership $(OUT)/. $(DESTDIR)$(PREFIX)/

LAYERED := $(wildcard $(DIRS:%=%/*.[ch]) runtime/client/*.[ch])
layers:
	@tests/layers.sh
format:
	clang-format -i $(LAYERED) $(wildcard tests/*/*.[ch] tests/*/*/*.[ch] programs/*.[ch] programs/*/*.[ch])
clean:
	rm -rf $(BUILD)
FORCE:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.PHONY: all install layers format clean FORCE
.DELETE_ON_ERROR:
.SECONDARY:
