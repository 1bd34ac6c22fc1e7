# `make bench-tiers`: compile time, memory and object size of each tier, for MODULES='file ...' (otherwise a few of our own).
bench-tiers: $(OUT)/libexec/redshirt/aotc $(if $(MODULES),,guests)
	@tests/bench/tiers.py $< $(or $(MODULES),$(addprefix $(BUILD)/guests/,echo.wasm compressor.wasm))
.PHONY: bench-tiers
