# Packages, tests, demo. One target per Check program, so that -k and -j work and one can be named: make test-ring.
# tests/slow/ is left to test-slow; the tests in VALGRIND run a second time under valgrind.

# What is included is remade before anything else, so packages are there before the first compiler is called.
WABT ?= wheel
deps_run  = tests/deps.sh $(1) $(if $(filter debian,$(WABT)),,$(OUT)/libexec/redshirt/wabt)
deps_kind := $(if $(filter test-slow,$(MAKECMDGOALS)),slow,$(if $(filter test,$(MAKECMDGOALS)),test,$(if $(filter demo,$(MAKECMDGOALS)),run)))
ifneq ($(deps_kind),)
include $(BUILD)/deps-$(deps_kind)-$(WABT).mk
endif
$(BUILD)/deps-%-$(WABT).mk: tests/deps.sh
	@mkdir -p $(@D)
	@$(call deps_run,$*)
	@touch $@
deps:
	@$(call deps_run,run)
deps-test:
	@$(call deps_run,test)
deps-bench:
	@tests/deps.sh bench '$(if $(filter debian,$(WABT)),,$(OUT)/libexec/redshirt/wabt)' $(BUILD)/bench/peers

SLOW  := $(filter $(BUILD)/tests/slow/%,$(TESTS))
QUICK := $(filter-out $(SLOW),$(TESTS))
name_of = $(patsubst check_%,test-%,$(notdir $(1)))
# What several tests of a folder build on.
$(filter $(BUILD)/tests/aotc/%,$(TESTS)): $(addprefix $(BUILD)/tests/aotc/,modules.o harness.o arithmetic.o)
$(filter $(BUILD)/tests/e2e/% $(BUILD)/tests/slow/%,$(TESTS)): $(BUILD)/tests/e2e/run.o
$(filter $(BUILD)/tests/sim/%,$(TESTS)): $(addprefix $(BUILD)/tests/sim/,world.o rsd.o runtime.o program.o hostile.o people.o books.o)
$(filter %/check_evil %/check_evil_big,$(TESTS)): $(BUILD)/tests/e2e/evil.o
$(filter %/check_grant_gusts %/check_grant_storm,$(TESTS)): $(BUILD)/tests/e2e/grant_storm.o

# A native client as its program has it.
$(addprefix $(BUILD)/tests/,e2e/check_native_clients e2e/check_abuse e2e/check_grant_gusts slow/check_grant_storm): $(CLIENT)/rs_client_all.o $(CLIENT)/runtime/client/quiet.o

# Logic without much I/O: what valgrind can follow to the end. The broker's many small tests all run in one process.
VALGRIND_OF := broker client journal linking loop options program programs relays symbol table term units workers \
	host_console host_log host_random host_time
VALGRIND := $(if $(SAN),,$(foreach t,$(VALGRIND_OF),$(filter %/check_$(t),$(QUICK))))

# A named test fails by itself; `make test` runs them all, and its summary fails.
RUN_TEST = BUILD=$(abspath $(BUILD)) REDSHIRT_TREE=$(abspath $(OUT)) REDSHIRT_GUESTS=$(abspath $(BUILD)/guests) \
	CK_TIMEOUT_MULTIPLIER=$(if $(SAN),10,5) tests/run.sh $(if $(filter test test-slow test-valgrind,$(MAKECMDGOALS)),--go-on)
define run_rule
$(call name_of,$(1)): $(1) $(if $(findstring /e2e/,$(1))$(findstring /slow/,$(1)),$(PROGRAMS) guests guests-rust client)
	@$$(RUN_TEST) $$@ $(1)
endef
define valgrind_rule
$(patsubst test-%,valgrind-%,$(call name_of,$(1))): $(1)
	@$$(RUN_TEST) $$@ $(if $(findstring check_broker,$(1)),env CK_FORK=no) valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite $(1)
endef
$(foreach t,$(TESTS),$(eval $(call run_rule,$(t))))
$(foreach t,$(VALGRIND),$(eval $(call valgrind_rule,$(t))))
RUNS := $(call name_of,$(QUICK)) $(patsubst test-%,valgrind-%,$(call name_of,$(VALGRIND)))
include tests/bench/ipc.mk
include tests/bench/native/native.mk
include tests/bench/tiers.mk
include tests/model/model.mk
include tests/interfaces/interfaces.mk
include tests/ipc/stress.mk
include tests/runtime/runtime.mk
include tests/spec/spec.mk
include tests/differential/differential.mk
include tests/fuzz/fuzz.mk
include tests/mutants/mutants.mk

test: layers $(RUNS)
	@tests/summary.sh $(BUILD)/results $(RUNS)
test-valgrind: $(patsubst test-%,valgrind-%,$(call name_of,$(VALGRIND)))
	@tests/summary.sh $(BUILD)/results $^
test-slow: $(call name_of,$(SLOW))
	@tests/summary.sh $(BUILD)/results $^
bench: $(BENCH) $(PROGRAMS) guests
	@for b in $(BENCH); do REDSHIRT_TREE=$(abspath $(OUT)) REDSHIRT_GUESTS=$(abspath $(BUILD)/guests) $$b || exit 1; done
demo: all
	@tests/demo.sh $(BUILD)
.PHONY: deps deps-test deps-bench test test-valgrind test-slow bench demo $(RUNS) $(call name_of,$(SLOW))
