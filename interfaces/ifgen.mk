# Interfaces: each interfaces/NAME.proto becomes NAME.h, NAME_calls.h and NAME.rs, written by rs-ifgen as a plugin of protoc. They are
# included as "interfaces/NAME.h" by everybody: by rsd from $(BUILD)/gen, by programs from $(OUT)/include/redshirt.
CODEC      := $(addprefix interfaces/,wire.h codec.h decode.h walk.h encode.h limits.h)
IFGEN      := $(OUT)/bin/rs-ifgen
PROTOC     ?= protoc
INTERFACE_HEADERS := $(CODEC:%=$(OUT)/include/redshirt/%) $(INTERFACES:%=$(OUT)/include/redshirt/%.h) \
	$(INTERFACES:%=$(OUT)/include/redshirt/%_calls.h)
INTERFACE_FILES   := $(IFGEN) $(OUT)/bin/protoc-gen-redshirt $(INTERFACE_HEADERS) \
	$(foreach i,$(INTERFACES),$(OUT)/share/redshirt/$(i).proto $(OUT)/share/redshirt/$(i).rs)

interfaces: $(INTERFACE_FILES)

# Not from the archive: the rest of it waits for the headers that this writes.
IFGEN_SRCS := $(wildcard interfaces/ifgen*.c) $(addprefix interfaces/,descriptor.c normal.c) ipc/hash.c
$(BUILD)/ifgen/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(SANITIZE) -MMD -MP -c -o $@ $<
$(IFGEN): $(IFGEN_SRCS:%.c=$(BUILD)/ifgen/%.o)
	@mkdir -p $(@D)
	$(call Q,LD)$(CC) $(ALL_LDFLAGS) $(SANITIZE) -o $@ $^ $(LIBS)
# The name by which protoc finds a plugin: with it in PATH, --redshirt_out is all that is needed.
$(OUT)/bin/protoc-gen-redshirt: $(IFGEN)
	$(call Q,LN)ln -sf rs-ifgen $@

$(BUILD)/gen/%.h $(BUILD)/gen/%_calls.h $(BUILD)/gen/%.rs: %.proto $(IFGEN)
	@mkdir -p $(BUILD)/gen
	$(call Q,IFGEN)$(PROTOC) --plugin=protoc-gen-redshirt=$(IFGEN) --redshirt_out=$(BUILD)/gen $<
$(OUT)/include/redshirt/interfaces/%.h: interfaces/%.h
	@mkdir -p $(@D) && cp $< $@
$(OUT)/include/redshirt/interfaces/%.h: $(BUILD)/gen/interfaces/%.h
	@mkdir -p $(@D) && cp $< $@
$(OUT)/share/redshirt/interfaces/%.rs: $(BUILD)/gen/interfaces/%.rs
	@mkdir -p $(@D) && cp $< $@
$(OUT)/share/redshirt/interfaces/%.proto: interfaces/%.proto
	@mkdir -p $(@D) && cp $< $@

# What a definition is to the fuzzer of its reader.
$(BUILD)/fuzz/seeds/normal/%.set: %.proto
	@mkdir -p $(@D)
	$(call Q,PROTOC)$(PROTOC) --include_imports --descriptor_set_out=$@ $<
.PHONY: interfaces
