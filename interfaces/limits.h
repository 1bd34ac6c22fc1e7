/*
 * limits.h: what rsd takes and gives at most in one message of the interfaces it handles
 * itself, for hosts, the runtime and programs. It is no part of a definition: a hash does not
 * change with it.
 */
#pragma once

#include "interfaces/wire.h"

#define RS_INTERFACE_BODY_BYTES_MAX 512u
#define RS_LOG_BODY_BYTES_MAX       (16u * 1024)
#define RS_RANDOM_BYTES_MAX         4096u
#define RS_CONSOLE_BYTES_MAX        8192u

/* Their answers: as many bytes, and what stands before them. */
#define RS_RANDOM_ANSWER_BYTES_MAX  (RS_WIRE_HEAD_BYTES_MAX + RS_RANDOM_BYTES_MAX)
#define RS_CONSOLE_ANSWER_BYTES_MAX (RS_WIRE_HEAD_BYTES_MAX + RS_CONSOLE_BYTES_MAX)
