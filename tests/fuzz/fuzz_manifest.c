/*
 * fuzz_manifest.c: the input is a module, or (first byte odd) what stands in the manifest's
 * sections of one. Whatever is read stays within its limits, and means the same when it is
 * written and read again.
 */
#include <assert.h>

#include "tests/supervisor/made_manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct made module, records;

static void check_row(const struct manifest_row *row)
{
	assert(row->right == MANIFEST_USE || row->right == MANIFEST_REGISTER);
	assert(strlen(row->name) <= MANIFEST_NAME_BYTES_MAX);
	assert(strlen(row->reason) <= MANIFEST_REASON_BYTES_MAX);
}

static void check_same(const struct manifest *a, const struct manifest *b)
{
	assert(a->count == b->count);
	for (uint32_t i = 0; i < a->count; i++) {
		assert(a->rows[i].right == b->rows[i].right);
		assert(hash_equal(&a->rows[i].interface, &b->rows[i].interface));
		assert(strcmp(a->rows[i].name, b->rows[i].name) == 0);
		assert(strcmp(a->rows[i].reason, b->rows[i].reason) == 0);
	}
}

static void write_again(const struct manifest *manifest)
{
	records.count = 0;
	for (uint32_t i = 0; i < manifest->count; i++) {
		const struct manifest_row *row = &manifest->rows[i];
		made_record(&records, row->right, 0, row->name, row->reason);
		memcpy(records.bytes + records.count - strlen(row->reason) - strlen(row->name) -
				2 - HASH_BYTES,
			row->interface.bytes, HASH_BYTES);
	}
	made_module(&module);
	made_manifest(&module, &records);
}

static void check(const struct manifest *manifest)
{
	struct manifest *again;

	for (uint32_t i = 0; i < manifest->count; i++) {
		check_row(&manifest->rows[i]);
		assert(manifest_allows(
			manifest, &manifest->rows[i].interface, manifest->rows[i].right));
	}
	write_again(manifest);
	assert(manifest_read_bytes(module.bytes, module.count, &again) == 0);
	check_same(manifest, again);
	manifest_free(again);
}

static void read_module(const uint8_t *bytes, size_t size)
{
	struct manifest *manifest = NULL;
	int r = manifest_read_bytes(bytes, size, &manifest);

	assert(r == 0 || r == MANIFEST_MALFORMED);
	assert((r != 0) == (manifest && manifest->wrong));
	assert(r == 0 || manifest->count == 0);
	if (r == 0 && manifest)
		check(manifest);
	manifest_free(manifest);
}

/* The content in two sections: the second byte says where it is cut. */
static void read_records(const uint8_t *data, size_t size)
{
	size_t cut = size ? data[0] % size : 0;

	if (size > sizeof(module.bytes) - 100)
		return;
	made_module(&module);
	made_section(&module, MANIFEST_SECTION, data, cut);
	made_section(&module, "name", "x", 1);
	made_section(&module, MANIFEST_SECTION, data + cut, size - cut);
	uint8_t *exactly = malloc(module.count); /* one byte more is seen */
	memcpy(exactly, module.bytes, module.count);
	read_module(exactly, module.count);
	free(exactly);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 1 && data[0] % 2)
		read_records(data + 1, size - 1);
	else
		read_module(data, size);
	return 0;
}
