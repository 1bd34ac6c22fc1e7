/*
 * tree.h: a JSON value as indented `key: value` lines for people: keys that end in _ms are
 * times, those that end in bytes are sizes. Text is escaped; what is too deep is left out.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

#define TREE_DEPTH_MAX 8

void tree_print(json_t *value, FILE *to);
