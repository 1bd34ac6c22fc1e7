/*
 * split.h: cuts the C that wasm2c wrote, behind its preamble, into parts that compile side by
 * side. (Newer ones can do it themselves, but spread functions by a hash, which tears neighbours
 * apart, and lose the wrappers behind ref.func.)
 *
 * m-impl.h gets what all parts share, m_0.c what exists once, and the functions go to m_0.c,
 * m_1.c, ... in their order, so that neighbours stay together. Lines are moved and lose a
 * leading `static`; for some a declaration is added. What is shared between parts is thus
 * visible in all of them; -fvisibility=hidden keeps it inside the object.
 */
#pragma once

#include "aotc/work.h"

enum {
	SPLIT_STRANGE = 1
}; /* not laid out as we know it */

/* Writes m-impl.h and m_0.c ... m_<parts - 1>.c. 0, -errno or SPLIT_STRANGE. */
int split_text(struct work *work, const char *text, size_t size, uint32_t parts) MUST_USE;
