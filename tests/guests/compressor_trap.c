/* compressor_trap.c: a worker of the compressor that does not survive its job. */
#include "programs/compressor.h"
#include "redshirt.h"

int main(void)
{
	struct rs_delivery message;

	if (rs_register(rs_interface_compressor) == RS_OK)
		rs_wait(&message, sizeof(message), RS_FOREVER);
	__builtin_trap();
}
