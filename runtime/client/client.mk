# librs-client: the runtime of a worker, compiled once more for programs of this machine (NATIVE_CLIENT), in one object of
# which only rs_client_* can be seen. What it needs besides is the C library.
#
#   make client     library, header, pkg-config, the example

CLIENT_SRCS := $(wildcard runtime/client/*.c) supervisor/places.c $(addprefix ipc/,ring.c lane.c bell.c memfd.c fdpass.c) \
	$(addprefix runtime/,again.c closing.c ends.c fragments.c held.c inbox.c parcels.c routes.c sending.c stash.c taking.c tickets.c)
CLIENT      := $(BUILD)/client
CLIENT_LIB  := $(OUT)/lib/librs-client.a
# Only lanes need a place of their own: nobody filters what a native client does with other addresses.
NATIVE      := -DNATIVE_CLIENT -UPARCELS_BASE -DPARCELS_BASE=0

client: $(CLIENT_LIB) $(addprefix $(OUT)/,lib/pkgconfig/redshirt-client.pc share/man/man3/rs_client.3 include/redshirt/rs_client.h include/redshirt/message.h) \
	$(OUT)/share/redshirt/programs/native_ask

# -fPIC, so that it can become part of a shared object as well.
$(CLIENT)/%.o: %.c $(BUILD)/flags | $(GENERATED)
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) $(ALL_CPPFLAGS) $(SAN_WHERE) $(NATIVE) $(ALL_CFLAGS) -fPIC $(SANITIZE) -MMD -MP -c -o $@ $<
$(CLIENT)/rs_client_all.o: $(CLIENT_SRCS:%.c=$(CLIENT)/%.o)
	$(call Q,LD)$(CC) -r -nostdlib -o $@ $^ && objcopy --localize-hidden $@
$(CLIENT_LIB): $(CLIENT)/rs_client_all.o
	@mkdir -p $(@D)
	$(call Q,AR)rm -f $@ && $(AR) qcs $@ $^

$(OUT)/include/redshirt/rs_client.h: runtime/client/rs_client.h
	@mkdir -p $(@D) && sed 's,"ipc/message.h","message.h",' $< >$@
$(OUT)/lib/pkgconfig/redshirt-client.pc: runtime/client/redshirt-client.pc FORCE
	@mkdir -p $(@D) && sed 's,@PREFIX@,$(PREFIX),' $< >$@

$(OUT)/share/man/man3/rs_client.3: runtime/client/rs_client.3.scd
	@mkdir -p $(@D)
	$(call Q,MAN)scdoc <$< >$@

# As a user would: with nothing but what is installed.
$(OUT)/share/redshirt/programs/native_%: programs/native/native_%.c $(CLIENT_LIB) $(OUT)/include/redshirt/rs_client.h $(OUT)/include/redshirt/message.h
	@mkdir -p $(@D)
	$(call Q,CC)$(CC) -std=c11 -O2 -Wall -Wextra $(if $(WERROR),-Werror) $(SANITIZE) -I $(OUT)/include/redshirt -o $@ $< $(CLIENT_LIB)
.PHONY: client
