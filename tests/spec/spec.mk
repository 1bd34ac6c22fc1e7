# `make test-spec`: scripts of the specification's kind (.wast) through our compiler and worker, in every configuration that
# this machine has: translators, compilers, tiers, forms. SPEC=folder adds scripts, such as the specification's own suite,
# which is not part of the project; SPEC_ONLY='name ...' picks some, SPEC_CONFIGURATIONS='name ...' or few does so with the
# configurations. `make test` plays our own in few. Objects lie where a sanitizer has its shadow, so not with SAN=1.
PLAYER := $(BUILD)/tests/spec/player
$(PLAYER): $(PLAYER).o $(LIB)
	$(call Q,LD)$(CC) $(ALL_LDFLAGS) $(SANITIZE) -o $@ $< $(LIB) $(LIBS)

PLAYED := $(PLAYER) $(OUT)/libexec/redshirt/aotc
WAST = python3 -B tests/spec/spec.py --build $(BUILD) --only '$(SPEC_ONLY)'
test-spec: $(PLAYED)
	@$(WAST) --configurations '$(or $(SPEC_CONFIGURATIONS),all)' tests/spec $(SPEC)
test-wast: $(PLAYED)
	@$(RUN_TEST) $@ $(WAST) --configurations few tests/spec
.PHONY: test-spec test-wast
ifndef SAN
RUNS += test-wast
endif
