# Tests of runtime/ that need the real launcher; test-launcher, test-lock and test-sweep run it.
$(addprefix test-,launcher lock sweep): $(OUT)/libexec/redshirt/launcher

# What check_sleep_soak is about, compiled with pauses before every access to shared words; before the archive, which
# has it without.
DAWDLING := $(wildcard ipc/*.c) $(filter-out runtime/launcher.c,$(wildcard runtime/*.c)) \
	$(addprefix supervisor/workers/,crew.c hearing.c linking.c lookout.c outbox.c relays.c worker.c workers.c)
$(BUILD)/dawdling/%.o: %.c tests/ipc/dawdle.h $(BUILD)/flags | $(GENERATED)
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(ALL_CPPFLAGS) $(SAN_WHERE) $(ALL_CFLAGS) $(SANITIZE) -include tests/ipc/dawdle.h -MMD -MP -c -o $@ $<
$(BUILD)/tests/runtime/check_sleep_soak: $(DAWDLING:%.c=$(BUILD)/dawdling/%.o) $(BUILD)/tests/ipc/dawdle.o
