guests:
.PHONY: guests
