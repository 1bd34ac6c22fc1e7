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

# check_simd: the same operations compiled in every way, with those of flags.c that decide what they mean. Never
# sanitized: they are about what the compiler makes of them.
SIMD_FLAGS  := -std=gnu11 -O2 -fwrapv -fno-strict-aliasing -ffp-contract=off -fno-math-errno -D_GNU_SOURCE -I.
SIMD_LEVELS := v1 v2 v3 v4
march_v1    := x86-64
march_v2    := x86-64-v2
march_v3    := x86-64-v3
march_v4    := x86-64-v4
SIMD_BUILT  := $(BUILD)/tests/runtime/simd
SIMD_OPS    := tests/runtime/simd_ops.c $(wildcard runtime/w2c/rs-simd*.h) tests/runtime/simd_ops.h tests/runtime/simd_rows.h
define simd_rule
$(SIMD_BUILT)/$(1)_$(2).o: $(SIMD_OPS) tests/runtime/runtime.mk
	@mkdir -p $$(@D)
	$$(call Q,CC)$(1) $(SIMD_FLAGS) $(if $(filter gcc,$(1)),-fsignaling-nans) -march=$(march_$(2)) \
		-DSIMD_HEADER='"runtime/w2c/rs-simd.h"' -DSIMD_BUILD=simd_$(1)_$(2) -c -o $$@ $$<
endef
$(foreach level,$(SIMD_LEVELS),$(eval $(call simd_rule,gcc,$(level))))
$(foreach level,$(SIMD_LEVELS),$(eval $(call simd_rule,clang,$(level))))
$(SIMD_BUILT)/plain.o: $(SIMD_OPS) tests/runtime/runtime.mk
	@mkdir -p $(@D)
	$(call Q,CC)gcc $(SIMD_FLAGS) -fsignaling-nans -DSIMD_HEADER='"runtime/w2c/rs-simd-plain.h"' -DSIMD_BUILD=simd_plain -c -o $@ $<
$(BUILD)/tests/runtime/check_simd: $(foreach c,gcc clang,$(SIMD_LEVELS:%=$(SIMD_BUILT)/$(c)_%.o)) $(SIMD_BUILT)/plain.o
