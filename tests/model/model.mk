# The protocols of ipc/, every schedule of them: make test-model. One variant, with the schedule that breaks it:
# tests/model/run.sh /tmp/models room TOLD_IS_ENOUGH
test-model:
	@$(RUN_TEST) $@ tests/model/run.sh $(BUILD)/tests/model
RUNS += test-model
.PHONY: test-model
