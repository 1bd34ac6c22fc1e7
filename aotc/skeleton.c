#include "aotc/skeleton.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "aotc/build.h"
#include "ipc/hash.h"

#define COUNTERS_SECTION ".counters"  /* runtime/w2c/rs-counters.ld */
#define INFO_SECTION     ".gcov_info" /* of pointers, one per part */
#define FILE_NAME_MAX    64u
#define KINDS            8u /* of counters, that gcc 12 knows */

/* What gcc 12 lays out (libgcc/libgcov.h, struct gcov_info and gcov_fn_info), pointers as
 * addresses. We count branches only: the other kinds have no merge function. */
struct gcc_info {
	uint32_t version, padding;
	uint64_t next;
	uint32_t stamp, checksum;
	uint64_t file_name;
	uint64_t merge[KINDS];
	uint32_t functions_count, more_padding;
	uint64_t functions; /* an array of addresses */
};
struct gcc_function {
	uint64_t info; /* whose it is */
	uint32_t ident, lines, graph, padding;
	uint32_t counters_count, more_padding;
	uint64_t counters;
};
_Static_assert(sizeof(struct gcc_info) == 112 && sizeof(struct gcc_function) == 40, "gcc 12");

/* The object as it lies in memory, relocated to address 0. */
struct laid {
	const uint8_t *elf;
	Elf64_Ehdr header;
	uint8_t *bytes;
	uint64_t size;
	Elf64_Phdr data;
	uint64_t relro_end, relocations, relocations_bytes;
	Elf64_Shdr counters, info;
};

static void laid_deinit(struct laid *l)
{
	free(l->bytes);
}

/* A copy of n bytes at an address; false: there are none. */
static bool take(const struct laid *l, uint64_t address, void *to, uint64_t n)
{
	if (address > l->size || n > l->size - address)
		return false;
	memcpy(to, l->bytes + address, n);
	return true;
}

static Elf64_Phdr segment_at(const struct laid *l, unsigned int i)
{
	Elf64_Phdr p;

	memcpy(&p, l->elf + l->header.e_phoff + i * sizeof p, sizeof p);
	return p;
}

static int lay_out(struct laid *l)
{
	memcpy(&l->header, l->elf, sizeof l->header);
	for (unsigned int i = 0; i < l->header.e_phnum; i++) {
		Elf64_Phdr p = segment_at(l, i);
		if (p.p_type == PT_LOAD)
			l->size = p.p_vaddr + p.p_memsz; /* in order, says verify() */
		if (p.p_type == PT_LOAD && p.p_flags & PF_W)
			l->data = p;
		if (p.p_type == PT_GNU_RELRO)
			l->relro_end = p.p_vaddr + p.p_memsz;
	}
	l->bytes = calloc(1, l->size);
	if (!l->bytes)
		return -ENOMEM;
	for (unsigned int i = 0; i < l->header.e_phnum; i++) {
		Elf64_Phdr p = segment_at(l, i);
		if (p.p_type == PT_LOAD)
			memcpy(l->bytes + p.p_vaddr, l->elf + p.p_offset, p.p_filesz);
	}
	return 0;
}

static void find_relocations(struct laid *l, const Elf64_Phdr *dynamic)
{
	Elf64_Dyn d;

	for (uint64_t at = 0; at + sizeof d <= dynamic->p_memsz; at += sizeof d) {
		if (!take(l, dynamic->p_vaddr + at, &d, sizeof d) || d.d_tag == DT_NULL)
			return;
		if (d.d_tag == DT_RELA)
			l->relocations = d.d_un.d_ptr;
		if (d.d_tag == DT_RELASZ)
			l->relocations_bytes = d.d_un.d_val;
	}
}

static int relocate(struct laid *l)
{
	Elf64_Rela r;

	for (unsigned int i = 0; i < l->header.e_phnum; i++) {
		Elf64_Phdr p = segment_at(l, i);
		if (p.p_type == PT_DYNAMIC)
			find_relocations(l, &p);
	}
	for (uint64_t at = 0; at < l->relocations_bytes; at += sizeof r) {
		if (!take(l, l->relocations + at, &r, sizeof r) || l->size < 8 ||
			r.r_offset > l->size - 8)
			return SKELETON_STRANGE;
		if (ELF64_R_TYPE(r.r_info) == R_X86_64_RELATIVE)
			memcpy(l->bytes + r.r_offset, &r.r_addend, sizeof r.r_addend);
	}
	return 0;
}

/* verify() has found each section's name in the names, and those closed. */
static int find_sections(struct laid *l)
{
	Elf64_Shdr names, s;

	memcpy(&names, l->elf + l->header.e_shoff + l->header.e_shstrndx * sizeof names,
		sizeof names);
	for (unsigned int i = 0; i < l->header.e_shnum; i++) {
		memcpy(&s, l->elf + l->header.e_shoff + i * sizeof s, sizeof s);
		const char *name = (const char *)l->elf + names.sh_offset + s.sh_name;
		if (strcmp(name, COUNTERS_SECTION) == 0)
			l->counters = s;
		if (strcmp(name, INFO_SECTION) == 0)
			l->info = s;
	}
	if (!l->counters.sh_size || l->info.sh_size % sizeof(uint64_t) ||
		l->info.sh_size / sizeof(uint64_t) > BUILD_PARTS_MAX)
		return SKELETON_STRANGE;
	return 0;
}

/* Whole pages that hold nothing else, and nothing at the start. */
static int check_counters(struct laid *l)
{
	uint64_t address = l->counters.sh_addr, bytes = l->counters.sh_size,
		 end = l->data.p_vaddr + l->data.p_memsz;

	if (bytes > COUNTERS_BYTES_MAX)
		return SKELETON_TOO_LARGE;
	if ((address | bytes) % HOST_PAGE_BYTES || address < l->relro_end ||
		address < l->data.p_vaddr + l->data.p_filesz || address > end ||
		bytes > end - address)
		return SKELETON_STRANGE;
	return 0;
}

/* Of m_<part>.gcda, whatever folder it names. */
static bool part_of(const struct laid *l, uint64_t address, uint32_t *part)
{
	char name[FILE_NAME_MAX];
	int end = 0;

	if (!take(l, address, name, sizeof name) || !memchr(name, 0, sizeof name))
		return false;
	const char *slash = strrchr(name, '/');
	return sscanf(slash ? slash + 1 : name, "m_%2u.gcda%n", part, &end) == 1 && end > 0 &&
	       *part < BUILD_PARTS_MAX;
}

static int take_function(const struct laid *l, uint64_t address, uint32_t part, FILE *out)
{
	struct gcc_function f;
	uint64_t start = l->counters.sh_addr, bytes = l->counters.sh_size;

	if (!take(l, address, &f, sizeof f))
		return SKELETON_STRANGE;
	if (f.counters_count == 0)
		return 0;
	if (f.counters < start || (f.counters - start) % 8 || f.counters - start > bytes ||
		f.counters_count > (bytes - (f.counters - start)) / 8)
		return SKELETON_STRANGE;
	struct skeleton_function row = { .part = part,
		.ident = f.ident,
		.lines = f.lines,
		.graph = f.graph,
		.first = (uint32_t)((f.counters - start) / 8),
		.count = f.counters_count };
	return fwrite(&row, sizeof row, 1, out) == 1 ? 0 : -ENOMEM;
}

static int take_part(const struct laid *l, uint64_t address, uint32_t *version, FILE *out)
{
	struct gcc_info info;
	uint32_t part;
	int r = 0;

	if (!take(l, address, &info, sizeof info) || !part_of(l, info.file_name, &part) ||
		!info.merge[0] || info.functions_count > SKELETON_FUNCTIONS_MAX)
		return SKELETON_STRANGE;
	for (uint32_t kind = 1; kind < KINDS; kind++)
		if (info.merge[kind])
			return SKELETON_STRANGE;
	if ((uint64_t)ftell(out) > SKELETON_BYTES_MAX)
		return SKELETON_TOO_LARGE;
	*version = info.version;
	for (uint32_t i = 0; r == 0 && i < info.functions_count; i++) {
		uint64_t function;
		if (!take(l, info.functions + i * sizeof function, &function, sizeof function))
			return SKELETON_STRANGE;
		r = take_function(l, function, part, out);
	}
	return r;
}

static int take_parts(const struct laid *l, FILE *out)
{
	struct skeleton head = { 0 };
	int r = fwrite(&head, sizeof head, 1, out) == 1 ? 0 : -ENOMEM;

	for (uint64_t at = 0; r == 0 && at < l->info.sh_size; at += sizeof(uint64_t)) {
		uint64_t info;
		r = take(l, l->info.sh_addr + at, &info, sizeof info)
			    ? take_part(l, info, &head.compiler, out)
			    : SKELETON_STRANGE;
	}
	if (r)
		return r;
	long size = ftell(out);
	head.functions =
		(uint32_t)(((size_t)size - sizeof head) / sizeof(struct skeleton_function));
	rewind(out);
	return size > 0 && fwrite(&head, sizeof head, 1, out) == 1 &&
			       fseek(out, size, SEEK_SET) == 0
		       ? 0
		       : -ENOMEM;
}

static int write_skeleton(const struct laid *l, struct skeleton_made *out)
{
	char *bytes = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&bytes, &size);

	if (!file)
		return -errno;
	int r = take_parts(l, file);
	if (fclose(file) != 0 && r == 0)
		r = -ENOMEM;
	if (r || size > SKELETON_BYTES_MAX) {
		free(bytes);
		return r ? r : SKELETON_TOO_LARGE;
	}
	out->bytes = (uint8_t *)bytes;
	out->size = size;
	return 0;
}

static void name_it(const struct laid *l, struct skeleton_made *out)
{
	struct hash hash = hash_blake2b(out->bytes, out->size);

	out->counters_address = l->counters.sh_addr;
	out->counters_bytes = l->counters.sh_size;
	memcpy(&out->counters_id, hash.bytes, sizeof out->counters_id);
}

int skeleton_make(const uint8_t *elf, struct skeleton_made *out)
{
	static int (*const steps[])(
		struct laid *) = { lay_out, relocate, find_sections, check_counters };
	CLEANUP(laid_deinit) struct laid l = { .elf = elf };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(steps); i++)
		r = steps[i](&l);
	if (r == 0)
		r = write_skeleton(&l, out);
	if (r == 0)
		name_it(&l, out);
	return r;
}

bool skeleton_fits(const uint8_t *bytes, size_t size, uint64_t counters_bytes, uint32_t parts)
{
	struct skeleton head;
	struct skeleton_function row;
	uint64_t counters = counters_bytes / sizeof(uint64_t);

	if (size < sizeof head || counters_bytes > COUNTERS_BYTES_MAX)
		return false;
	memcpy(&head, bytes, sizeof head);
	if (head.functions > SKELETON_FUNCTIONS_MAX ||
		size != sizeof head + (size_t)head.functions * sizeof row)
		return false;
	for (uint32_t i = 0; i < head.functions; i++) {
		memcpy(&row, bytes + sizeof head + (size_t)i * sizeof row, sizeof row);
		if (row.part >= parts || row.first > counters ||
			row.count > counters - row.first)
			return false;
	}
	return true;
}
