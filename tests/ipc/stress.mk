# What the lane tests can do beyond `make test`.
#   make test-soak SOAK_SECONDS=600   two processes on one lane for that long, and real runtimes with rsd's half between
#                                     them (tests/runtime/check_sleep_soak.c) as long again
#   make test-tsan                    threads on one bell and one lane under ThreadSanitizer. It ignores fences: the
#                                     models prove those. check_ring maps its lane twice, where it would see nothing.
SOAK_SECONDS ?= 60
SOAKS := soak-lane_stress soak-sleep_soak
soak-lane_stress: $(BUILD)/tests/ipc/check_lane_stress
soak-sleep_soak: $(BUILD)/tests/runtime/check_sleep_soak
$(SOAKS):
	@SOAK_SECONDS=$(SOAK_SECONDS) $(RUN_TEST) $@ $<
test-soak: $(SOAKS)
	@tests/summary.sh $(BUILD)/results $(SOAKS)

TSAN_TESTS := bell lane_stress
TSAN_BUILD = $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -fsanitize=thread -Wno-tsan -MMD -MP
$(BUILD)/tsan/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call Q,TSAN)$(TSAN_BUILD) -c -o $@ $<
$(BUILD)/tsan/libipc.a: $(patsubst %.c,$(BUILD)/tsan/%.o,$(wildcard ipc/*.c))
	$(call Q,AR)rm -f $@ && $(AR) rcs $@ $^
$(TSAN_TESTS:%=$(BUILD)/tsan/check_%): $(BUILD)/tsan/check_%: $(BUILD)/tsan/tests/ipc/check_%.o $(BUILD)/tsan/libipc.a
	$(call Q,LD)$(CC) $(ALL_LDFLAGS) -fsanitize=thread -o $@ $^ $(LIBS) $(TEST_LIBS)
# Its shadow has a fixed place, which address space randomization may take; a container may not let us turn that off.
TSAN_RUN = $(shell setarch -R true 2>&- && echo setarch -R)
$(TSAN_TESTS:%=tsan-%): tsan-%: $(BUILD)/tsan/check_%
	@$(RUN_TEST) $@ $(TSAN_RUN) $<
test-tsan: $(TSAN_TESTS:%=tsan-%)
RUNS += $(TSAN_TESTS:%=tsan-%)
.PHONY: test-soak $(SOAKS) test-tsan $(TSAN_TESTS:%=tsan-%)
