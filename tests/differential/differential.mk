# `make test-differential`: generated modules through compiler and worker and through other implementations, which must say
# the same: DIFF_FUNCTIONS= (20000 take some minutes), DIFF_SEED=, DIFF_MODULE= (one of them again), DIFF_CONFIGURATION=.
# What differs is kept, made smaller, in $(BUILD)/differential. `make test` does so with a few.
DIFF_FUNCTIONS ?= 20000
DIFF_SEED      ?= 1
DIFFERENTIAL = python3 -B tests/differential/differential.py --build $(BUILD) --seed $(DIFF_SEED)
test-differential: $(PLAYED)
	@$(DIFFERENTIAL) --functions $(DIFF_FUNCTIONS) $(DIFF_MODULE:%=--module %) $(DIFF_CONFIGURATION:%=--configuration %)
test-generated: $(PLAYED)
	@$(RUN_TEST) $@ $(DIFFERENTIAL) --functions 300
.PHONY: test-differential test-generated
ifndef SAN
RUNS += test-generated
endif
