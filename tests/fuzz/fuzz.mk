# make fuzz FUZZ_SECONDS=60: every tests/fuzz/fuzz_*.c for that long, one after the other; make fuzz-ring: one of them.
# With FUZZ_RUNS=1000000 that many inputs instead, however long it takes.
# A target is linked with whatever of the archive it calls, all of it built by clang with AddressSanitizer, UBSan and
# coverage. What was learnt stays in FUZZ_CORPUS. FUZZ_SEEDS_ring names folders to start from, tests/fuzz/fuzz_ring.dict
# is a dictionary.
FUZZ_SECONDS ?= 60
FUZZ_RUNS    ?=
FUZZ_CORPUS  ?= $(BUILD)/fuzz/corpus
FUZZ_SEEDS_manifest = $(wildcard $(BUILD)/guests)
FUZZ_SEEDS_front = $(wildcard $(BUILD)/guests)

FUZZERS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_CFLAGS := -std=gnu17 -O1 -g -fPIE -fno-omit-frame-pointer -w -DMEMORY_BASE=0x200000000000ull \
	-DLANE_RANGE_BASE=0x210000000000ull -DPARCELS_BASE=0x220000000000ull $(FUZZ_SANITIZE) -fsanitize=fuzzer-no-link

# clang 14 does not know the names of x86-64's levels there; no target needs it
FUZZ_SRCS := $(filter-out aotc/flags.c,$(SRCS))

$(BUILD)/fuzz/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	$(call Q,FUZZ)clang -Itests/fuzz/fake $(ALL_CPPFLAGS) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/fuzz/aotc/headers.o: $(wildcard runtime/w2c/*)
$(BUILD)/fuzz/libredshirt.a: $(FUZZ_SRCS:%.c=$(BUILD)/fuzz/%.o)
	$(call Q,AR)rm -f $@ && $(AR) rcs $@ $^
$(FUZZERS:%=$(BUILD)/fuzz/fuzz_%): $(BUILD)/fuzz/%: $(BUILD)/fuzz/tests/fuzz/%.o $(BUILD)/fuzz/libredshirt.a
	$(call Q,LD)clang -pie $(FUZZ_SANITIZE) -fsanitize=fuzzer -o $@ $^ $(LIBS)

fuzz_one = FUZZ_RUNS=$(FUZZ_RUNS) tests/fuzz/run.sh $(BUILD)/fuzz/fuzz_$(1) $(FUZZ_SECONDS) $(FUZZ_CORPUS)/$(1) $(FUZZ_SEEDS_$(1))
$(FUZZERS:%=fuzz-%): fuzz-%: $(BUILD)/fuzz/fuzz_%
	@$(call fuzz_one,$*)
fuzz: $(FUZZERS:%=$(BUILD)/fuzz/fuzz_%)
	@$(foreach f,$(FUZZERS),$(call fuzz_one,$(f)) &&) true

# A moment of each is one of the slow tests.
test-fuzz: $(FUZZERS:%=$(BUILD)/fuzz/fuzz_%)
.PHONY: fuzz $(FUZZERS:%=fuzz-%)
