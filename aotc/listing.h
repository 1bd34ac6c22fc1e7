/*
 * listing.h: what became of one function of a module, for people: the C that the translator
 * wrote of it, and its machine code. Both come out of the jail, so they are printed with
 * everything but plain text replaced.
 */
#pragma once

#include <stdio.h>

#include "aotc/build.h"

/* The function of that name or index, FACTS_NO_FUNCTION if there is none. Of several the
 * first. */
uint32_t listing_function(const struct facts *facts, const char *word);

/* The name before a line's first bracket, if the line of C begins a function's body. */
#define LISTING_SYMBOL_SIZE 64u
bool listing_begins(const char *line, size_t size, char symbol[LISTING_SYMBOL_SIZE]);

/* A tool of binutils, which lie beside the compiler. */
void listing_tool(const struct build *build, const char *name, char path[TOOLCHAIN_PATH_SIZE]);

/* After compile(). 0, -errno or build.h's outcomes. */
int listing_write(struct build *build, uint32_t function, FILE *to) MUST_USE;
