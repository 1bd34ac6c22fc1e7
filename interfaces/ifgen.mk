# Interfaces: each interfaces/NAME.proto becomes NAME.h and NAME.rs, written by rs-ifgen as a plugin of protoc. They are
# included as "interfaces/NAME.h" by everybody: by rsd from $(BUILD)/gen, by programs from $(OUT)/include/redshirt.
INTERFACES := $(patsubst %.proto,%,$(wildcard interfaces/*.proto))
CODEC      := $(addprefix interfaces/,wire.h codec.h decode.h walk.h encode.h)
IFGEN      := $(OUT)/bin/rs-ifgen
PROTOC     ?= protoc
INTERFACE_FILES := $(IFGEN) $(OUT)/bin/protoc-gen-redshirt $(CODEC:%=$(OUT)/include/redshirt/%) \
	$(foreach i,$(INTERFACES),$(OUT)/include/redshirt/$(i).h $(OUT)/share/redshirt/$(i).proto $(OUT)/share/redshirt/$(i).rs)

interfaces: $(INTERFACE_FILES)

$(IFGEN): $(BUILD)/interfaces/ifgen.o $(LIB)
	@mkdir -p $(@D)
	$(call Q,LD)$(CC) $(ALL_LDFLAGS) $(SANITIZE) -o $@ $< $(LIB) $(LIBS)
# The name by which protoc finds a plugin: with it in PATH, --redshirt_out is all that is needed.
$(OUT)/bin/protoc-gen-redshirt: $(IFGEN)
	$(call Q,LN)ln -sf rs-ifgen $@

$(BUILD)/gen/%.h $(BUILD)/gen/%.rs: %.proto $(IFGEN)
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
