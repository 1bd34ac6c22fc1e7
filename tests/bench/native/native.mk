# `make bench-native`: the kernels of programs/bench built natively and as Wasm, measured in workers and beside others.
# SUITE=folder: its subfolders instead, each a program of all its C files (build.sh tells of `flags`, native.c of `args`
# and `input`). ONLY='name ...' picks programs, BENCH_SECONDS (360) says about how long it may take. The table goes to
# standard output, the numbers to $(BUILD)/bench/native.json. What is not installed is left out, and it says so:
# make deps-bench; WASM3= and IWASM= are paths of interpreters. BENCH_KEEP=1 keeps what was compiled for the next time.
# BENCH_WAYS=gcc,rs,V8, measures only those columns.

BENCH_NATIVE := $(BUILD)/tests/bench/native
BUILT   := $(BUILD)/bench/native
KERNELS := $(patsubst programs/bench/%.c,%,$(wildcard programs/bench/*.c))
NATIVE_WAYS := gcc gcc-native clang clang-native
WASM_WAYS   := wasm simd

# A kernel that cannot be built is a mistake; a program of a suite only costs its row.
define kernel_rules
$(BUILT)/kernels/$(1)/%$(2): programs/bench/%.c $(wildcard programs/bench/*.h) tests/bench/native/build.sh
	$$(call Q,KERNEL)tests/bench/native/build.sh $(1) $$@ programs/bench $$*.c
endef
$(foreach way,$(NATIVE_WAYS),$(eval $(call kernel_rules,$(way),)))
$(foreach way,$(WASM_WAYS),$(eval $(call kernel_rules,$(way),.wasm)))

# $(call kernels_built,NAMES,WAYS): the files of these kernels.
kernels_built = $(foreach way,$(2),$(1:%=$(BUILT)/kernels/$(way)/%$(if $(filter $(WASM_WAYS),$(way)),.wasm)))

test-kernels: $(call kernels_built,$(KERNELS),gcc wasm simd)

ifneq ($(filter bench-native,$(MAKECMDGOALS)),)
ifdef SUITE
  SUITE_BUILT := $(BUILT)/$(notdir $(abspath $(SUITE)))-suite
  MEASURED := $(or $(ONLY),$(sort $(patsubst $(SUITE)/%/,%,$(dir $(wildcard $(SUITE)/*/*.c)))))
  MEASURED_FILES := $(foreach way,$(NATIVE_WAYS),$(MEASURED:%=$(SUITE_BUILT)/$(way)/%)) \
	$(foreach way,$(WASM_WAYS),$(MEASURED:%=$(SUITE_BUILT)/$(way)/%.wasm))
define suite_rule
$(SUITE_BUILT)/$(1)/$(2)$(3): $(wildcard $(SUITE)/$(2)/*) tests/bench/native/build.sh tests/bench/native/whole.c
	$$(call Q,PROGRAM)tests/bench/native/build.sh $(1) $$@ $(SUITE)/$(2) $(notdir $(wildcard $(SUITE)/$(2)/*.c)) \
		$(abspath tests/bench/native/whole.c) || echo "bench-native: $(2) could not be built by $(1)"
endef
  $(foreach program,$(MEASURED),$(foreach way,$(NATIVE_WAYS),$(eval $(call suite_rule,$(way),$(program),))))
  $(foreach program,$(MEASURED),$(foreach way,$(WASM_WAYS),$(eval $(call suite_rule,$(way),$(program),.wasm))))
else
  MEASURED := $(or $(ONLY),$(KERNELS))
  MEASURED_FILES := $(call kernels_built,$(MEASURED),$(NATIVE_WAYS) $(WASM_WAYS))
endif
endif

$(BENCH_NATIVE)/native: $(addprefix $(BENCH_NATIVE)/,native.o ways.o trial.o results.o report.o plot.o) $(LIB)
	$(call Q,LD)$(CC) $(ALL_LDFLAGS) $(SANITIZE) -o $@ $^ $(LIBS)
$(BENCH_NATIVE)/only_link/bin/gcc: tests/bench/native/only_link.c
	@mkdir -p $(@D)
	$(call Q,LD)$(CC) -O2 -o $@ $<
bench-native: $(BENCH_NATIVE)/native $(BENCH_NATIVE)/only_link/bin/gcc $(PROGRAMS) $(MEASURED_FILES)
	@PATH=$(abspath $(OUT))/bin:$$PATH tools=$(abspath tests/bench/native) \
		only_link=$(abspath $(BENCH_NATIVE)/only_link/bin/gcc) peers=$(abspath $(BUILD)/bench/peers) \
		$(if $(BENCH_KEEP),kept=$(abspath $(BUILT))/kept) \
		$(BENCH_NATIVE)/native $(BUILD)/bench/native.json $(if $(SUITE),$(SUITE_BUILT) $(SUITE),$(BUILT)/kernels '') $(MEASURED)
.PHONY: bench-native
