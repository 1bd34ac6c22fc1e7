/*
 * fuzz_normal.c: the input is a set of files as protoc writes it. Whatever is accepted has a
 * form, an outline, C headers and a Rust file.
 */
#include <assert.h>

#include "interfaces/diff.h"
#include "interfaces/ifgen_write.h"
#include "interfaces/outline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_all(const struct normal *normal, struct rs_text file)
{
	struct ifgen_names names = { 0 };
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	outline_print(normal, to);
	assert(diff_print(normal, normal, to) == 0);
	assert(ifgen_c(normal, file, to, &names) == 0);
	assert(ifgen_calls(normal, file, to, &names) == 0);
	ifgen_rust(normal, file, to);
	fclose(to);
	free(text);
	ifgen_names_deinit(&names);
}

static struct rs_text last_file(struct rs_cursor files)
{
	struct rs_text name = { "", 0 };
	struct rs_cursor file;

	while (descriptor_each(&files, SET_FILE, &file))
		name = descriptor_text(file, FILE_NAME);
	return name;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct descriptor_set set = { rs_cursor(data, size), SET_FILE };
	struct rs_text file = last_file(set.files);
	struct normal *normal;

	if (normal_read(&set, file, &normal) == 0)
		write_all(normal, file);
	else
		assert(*normal->why);
	free(normal);
	return 0;
}
