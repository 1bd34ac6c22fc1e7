docs:
.PHONY: docs
