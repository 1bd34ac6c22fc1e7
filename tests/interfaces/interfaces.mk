# Definitions that only tests use become headers as the others do.
FUZZ_SEEDS_normal = $(sort $(dir $(NORMAL_SEEDS)))
NORMAL_SEEDS := $(patsubst %,$(BUILD)/fuzz/seeds/normal/%.set,$(INTERFACES) tests/interfaces/every)
fuzz-normal fuzz: $(NORMAL_SEEDS)
$(BUILD)/fuzz/tests/fuzz/fuzz_codec.o: $(BUILD)/gen/tests/interfaces/every.h
$(BUILD)/tests/interfaces/check_codec.o: $(BUILD)/gen/tests/interfaces/every.h
$(GUESTS)/greeter.o $(GUESTS)/greet.o $(GUESTS)/abuse_manifest.o: $(BUILD)/gen/tests/interfaces/greeter.h
test-interfaces test-readme: interfaces
