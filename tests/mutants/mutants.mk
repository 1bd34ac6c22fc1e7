# make test-mutants: mistakes made on purpose in the message path, each of which a test must notice. Minutes.
# MUTANT='room' makes only those whose line in tests/mutants/table.sh holds that.
test-mutants:
	@tests/mutants/run.sh $(BUILD)/mutants $(if $(MUTANT),"$(MUTANT)")
.PHONY: test-mutants
