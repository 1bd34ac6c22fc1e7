/*
 * image.h: the memory as the active data segments leave it, as stretches of whole pages that a
 * worker maps copy-on-write. Pages that no segment puts anything but zeros into are left out:
 * linear memory is zero by itself.
 */
#pragma once

#include "aotc/module.h"

struct image {
	uint8_t *bytes;
	size_t size;
	uint32_t runs_count;
	struct object_run
		runs[OBJECT_RUNS_MAX]; /* file_offset counts from the start of bytes */
};

/*
 * 0, -ENOMEM, or FRONT_REFUSED when the data lies so scattered that OBJECT_RUNS_MAX stretches
 * would hold far more than the data itself. Segments are known to lie inside memory
 * (module_read). bytes is freed by the caller.
 */
int image_lay(struct module *m, struct image *out) MUST_USE;
