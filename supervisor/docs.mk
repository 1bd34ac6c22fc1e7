# Man pages, completion and the systemd unit, as they are installed.
PAGES := $(notdir $(basename $(wildcard supervisor/*.scd)))

docs: $(foreach p,$(PAGES),$(OUT)/share/man/man$(lastword $(subst ., ,$(p)))/$(p)) \
	$(OUT)/share/bash-completion/completions/rsctl $(OUT)/lib/systemd/system/rsd.service

define page_rule
$(OUT)/share/man/man$(lastword $(subst ., ,$(1)))/$(1): supervisor/$(1).scd
	@mkdir -p $$(@D)
	$$(call Q,MAN)scdoc <$$< >$$@
endef
$(foreach p,$(PAGES),$(eval $(call page_rule,$(p))))
$(OUT)/share/bash-completion/completions/rsctl: supervisor/rsctl.bash
	@mkdir -p $(@D) && cp $< $@
$(OUT)/lib/systemd/system/rsd.service: supervisor/rsd.service FORCE
	@mkdir -p $(@D) && sed 's,@PREFIX@,$(PREFIX),' $< >$@
.PHONY: docs
