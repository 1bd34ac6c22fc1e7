# One target per Check program, so that -k and -j work and one can be named: make test-ring.
RUNS := $(patsubst check_%,test-%,$(notdir $(TESTS)))
test: layers $(RUNS)
define run_rule
$(patsubst check_%,test-%,$(notdir $(1))): $(1) $(if $(findstring /e2e/,$(1)),$(PROGRAMS) guests)
	@REDSHIRT_TREE=$(abspath $(OUT)) REDSHIRT_GUESTS=$(abspath $(BUILD)/guests) $(1)
endef
$(foreach t,$(TESTS),$(eval $(call run_rule,$(t))))
bench: $(BENCH)
	@for b in $(BENCH); do $$b || exit 1; done
.PHONY: test bench $(RUNS)
