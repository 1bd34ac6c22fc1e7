# Tests of runtime/ that need the real launcher; test-launcher, test-lock and test-sweep run it.
$(addprefix test-,launcher lock sweep): $(OUT)/libexec/redshirt/launcher
