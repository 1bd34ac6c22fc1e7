# Programs as Wasm: the examples of programs/ and what only the tests run (tests/guests/), all in $(BUILD)/guests. Beside
# them: what programs include (one folder in the install tree) and the examples themselves, ready to run.
#
#   make guests        the C part          make guests-rust   the Rust part; needs /usr/bin/rustc with its wasm32-wasi std

GUESTS     := $(BUILD)/guests
GUEST_CC   := clang
GUEST_RUST := /usr/bin/rustc
EXAMPLES   := $(basename $(notdir $(wildcard programs/*.c)))
C_GUESTS   := $(patsubst %.c,$(GUESTS)/%.wasm,$(notdir $(wildcard programs/*.c tests/guests/*.c)))
WAT_GUESTS := $(patsubst %.wat,$(GUESTS)/%.wasm,$(notdir $(wildcard tests/guests/*.wat)))
RUST_GUESTS := $(patsubst %.rs,$(GUESTS)/%.wasm,$(notdir $(wildcard programs/*.rs tests/guests/*.rs)))

# These know no C library: another target, nothing linked but themselves.
BARE_GUESTS := bare bare_loop

GUEST_CFLAGS := -O2 -std=gnu17 -Wall -Wextra $(if $(WERROR),-Werror) -Iprograms -Iipc -I. -I$(BUILD)/gen
GUEST_HEADERS := $(addprefix $(OUT)/include/redshirt/,redshirt.h redshirt_loop.h redshirt_program.h message.h) $(INTERFACE_HEADERS)

guests: $(C_GUESTS) $(WAT_GUESTS) $(GUEST_HEADERS) $(EXAMPLES:%=$(OUT)/share/redshirt/programs/%.wasm)

# Compiled and linked in two steps: given -O while linking, clang runs any wasm-opt it finds, and the bytes would depend
# on that. --strip-debug drops the C library's debug information and keeps the functions' names, which traps show.
$(GUESTS)/%.wasm: $(GUESTS)/%.o
	$(call Q,WASMLD)$(GUEST_CC) --target=wasm32-wasi $(GUEST_STRIP) -o $@ $<
$(BARE_GUESTS:%=$(GUESTS)/%.wasm): $(GUESTS)/%.wasm: $(GUESTS)/%.o
	$(call Q,WASMLD)$(GUEST_CC) --target=wasm32-unknown-unknown -nostdlib -Wl,--strip-debug,--no-entry -o $@ $<
GUEST_TARGET := wasm32-wasi
# This one keeps it: traps in it name their lines.
GUEST_STRIP := -Wl,--strip-debug
$(GUESTS)/lines.wasm: GUEST_STRIP :=
$(GUESTS)/lines.o: GUEST_CFLAGS += -g
$(BARE_GUESTS:%=$(GUESTS)/%.o): GUEST_TARGET := wasm32-unknown-unknown
$(BARE_GUESTS:%=$(GUESTS)/%.o): GUEST_CFLAGS += -mbulk-memory # else clang calls memcpy()
define guest_object
$(GUESTS)/%.o: $(1)/%.c | $(GENERATED)
	@mkdir -p $$(@D)
	$$(call Q,GUEST)$$(GUEST_CC) --target=$$(GUEST_TARGET) $$(GUEST_CFLAGS) -MMD -MP -c -o $$@ $$<
endef
$(foreach folder,programs tests/guests,$(eval $(call guest_object,$(folder))))

# Examples with an interface of their own; its definition is installed beside them.
$(addprefix $(GUESTS)/,compress.o compressor.o compressor_worker.o compressor_trap.o): $(BUILD)/gen/programs/compressor.h
$(addprefix $(GUESTS)/,counter.o count.o count_loop.o): $(BUILD)/gen/programs/counter_calls.h
guests: $(addprefix $(OUT)/share/redshirt/programs/,compressor.proto counter.proto)
$(OUT)/share/redshirt/programs/%.proto: programs/%.proto
	@mkdir -p $(@D) && cp $< $@

$(GUESTS)/%.wasm: tests/guests/%.wat
	@mkdir -p $(@D)
	$(call Q,WAT)wat2wasm --debug-names -o $@ $<

$(OUT)/include/redshirt/%.h: programs/%.h
	@mkdir -p $(@D) && cp $< $@
$(OUT)/include/redshirt/%.h: ipc/%.h
	@mkdir -p $(@D) && cp $< $@
$(OUT)/share/redshirt/programs/%.wasm: $(GUESTS)/%.wasm
	@mkdir -p $(@D) && cp $< $@

# The compiler of the Rust guests is needed for tests only; whoever asks for them without it is told so.
guests-rust:
	@if [ -d "$$($(GUEST_RUST) --print sysroot 2>&1)/lib/rustlib/wasm32-wasi" ]; then \
		$(MAKE) --no-print-directory $(RUST_GUESTS); \
	else echo "guests-rust: no $(GUEST_RUST) with a wasm32-wasi std (libstd-rust-dev-wasm32): skipped"; fi

# The crate, once for each target; what only wants the crate is built for both: NAME_bare knows no WASI.
# It is compiled where it is installed, with the interfaces it speaks beside it.
CRATE := programs/redshirt-rs
CRATE_OUT := $(OUT)/share/redshirt/redshirt-rs
CRATE_FILES := Cargo.toml $(patsubst $(CRATE)/%,%,$(wildcard $(CRATE)/src/*.rs)) \
	$(addprefix src/interfaces/,interface.rs log.rs random.rs time.rs)
RUST_BARE := echo_rust ask_rust sdk_rust
RUST_FLAGS := --edition 2021 -O $(if $(WERROR),-D warnings)
$(GUESTS)/%/libredshirt.rlib: $(CRATE_FILES:%=$(CRATE_OUT)/%)
	@mkdir -p $(@D)
	$(call Q,RUST)$(GUEST_RUST) $(RUST_FLAGS) --target $* --crate-type rlib --crate-name redshirt \
		--cfg 'feature="std"' -o $@ $(CRATE_OUT)/src/lib.rs
# $(1): folder of the source, $(2): after the name, $(3): target
define rust_guest
$(GUESTS)/%$(2).wasm: $(1)/%.rs $(GUESTS)/$(3)/libredshirt.rlib
	$$(call Q,RUST)$$(GUEST_RUST) $$(RUST_FLAGS) --target $(3) --crate-name $$* --extern redshirt=$(GUESTS)/$(3)/libredshirt.rlib \
		-C link-arg=--strip-debug -o $$@ $$<
endef
$(foreach folder,programs tests/guests,$(eval $(call rust_guest,$(folder),,wasm32-wasi)))
$(foreach folder,programs tests/guests,$(eval $(call rust_guest,$(folder),_bare,wasm32-unknown-unknown)))
# What speaks a definition is compiled where that is as well.
RUST_OF_COUNTER := count_rust counter_rust
$(GUESTS)/src/%.rs: programs/%.rs
	@mkdir -p $(@D) && cp $< $@
$(GUESTS)/src/%.rs: tests/guests/%.rs
	@mkdir -p $(@D) && cp $< $@
$(GUESTS)/src/%.rs: $(BUILD)/gen/programs/%.rs
	@mkdir -p $(@D) && cp $< $@
$(RUST_OF_COUNTER:%=$(GUESTS)/%.wasm): $(GUESTS)/%.wasm: $(GUESTS)/src/%.rs $(GUESTS)/src/counter.rs \
		$(GUESTS)/wasm32-wasi/libredshirt.rlib
	$(call Q,RUST)$(GUEST_RUST) $(RUST_FLAGS) --target wasm32-wasi --crate-name $* \
		--extern redshirt=$(GUESTS)/wasm32-wasi/libredshirt.rlib -C link-arg=--strip-debug -o $@ $<
RUST_GUESTS += $(RUST_BARE:%=$(GUESTS)/%_bare.wasm)
$(CRATE_OUT)/%: $(CRATE)/%
	@mkdir -p $(@D) && cp $< $@
$(CRATE_OUT)/src/interfaces/%.rs: $(BUILD)/gen/interfaces/%.rs
	@mkdir -p $(@D) && cp $< $@
guests: $(CRATE_FILES:%=$(CRATE_OUT)/%)
# What its own make would also make is there before, so that no two make it at once.
guests-rust: | $(IFGEN) $(CRATE_FILES:%=$(CRATE_OUT)/%) $(GUESTS)/src/counter.rs
.PHONY: guests guests-rust
