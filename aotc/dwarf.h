/*
 * dwarf.h: line tables (DWARF 2 to 5, section 6.2: .debug_line), from bytes that may be
 * anything: those of a module's author, and those that the compiler made of it. Whatever is
 * wrong ends the reading of that table, never more. Names of files are cut to a safe alphabet.
 */
#pragma once

#include "runtime/abi.h"

struct dwarf_section {
	const uint8_t *bytes;
	size_t size;
};

struct dwarf_sections {
	struct dwarf_section line, line_str, str; /* the last two may be empty */
};

struct dwarf_row {
	uint64_t address;
	uint32_t line; /* 0: nothing is known from here on */
	uint32_t file; /* where its name begins in files */
};

struct dwarf_lines {
	struct dwarf_row *rows; /* by address */
	uint32_t count, room;
	char *files; /* names, each closed with a zero */
	uint32_t files_bytes, files_room;
};

/* 0 or -ENOMEM; dwarf_lines_deinit in every case. At most OBJECT_LINES_MAX rows and
 * OBJECT_FILES_BYTES_MAX of names are kept. */
int dwarf_lines_read(const struct dwarf_sections *sections, struct dwarf_lines *out) MUST_USE;
void dwarf_lines_deinit(struct dwarf_lines *lines);

/* The row that holds for an address; NULL: none, or nothing is known there. */
const struct dwarf_row *dwarf_lines_find(const struct dwarf_lines *lines, uint64_t address);
