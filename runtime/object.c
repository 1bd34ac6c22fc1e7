#include "runtime/object.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/stat.h>

#define SEGMENTS_MAX 12u
#define TAGS         64u /* of the dynamic section; the others mean nothing here */

struct loading {
	int file;
	uint64_t file_bytes;
	const struct object_header *head;
	const struct object_function *functions;
	Elf64_Ehdr elf;
	Elf64_Phdr segments[SEGMENTS_MAX];
	uint8_t *base;
	uint64_t bytes;
	uint64_t write_low, write_high; /* of the writable segments */
	uint64_t dynamic[TAGS];
	const Elf64_Sym *symbols;
	uint32_t symbols_count;
	const char *names;
	uint64_t names_bytes;
	object_resolve *resolve;
};

static uint64_t page_down(uint64_t n)
{
	return n & ~(HOST_PAGE_BYTES - 1);
}

static uint64_t page_up(uint64_t n)
{
	return page_down(n + HOST_PAGE_BYTES - 1);
}

/* True: [at, at + n) lies in [0, bytes). */
static bool within(uint64_t at, uint64_t n, uint64_t bytes)
{
	return n <= bytes && at <= bytes - n;
}

/* ---- the file ---- */

static bool runs_fit(const struct object_header *head, uint64_t file_bytes)
{
	uint64_t memory = head->memory_pages * MEMORY_PAGE_BYTES, end = 0;

	for (uint32_t i = 0; i < head->runs_count; i++) {
		const struct object_run *run = &head->runs[i];

		if ((run->memory_offset | run->file_offset | run->bytes) % HOST_PAGE_BYTES ||
			run->bytes == 0 || run->memory_offset < end ||
			!within(run->memory_offset, run->bytes, memory) ||
			!within(run->file_offset, run->bytes, file_bytes))
			return false;
		end = run->memory_offset + run->bytes;
	}
	return true;
}

static int open_file(struct loading *l)
{
	const uint64_t bytes = page_up(
		sizeof(struct object_header) + OBJECT_RUNS_MAX * sizeof(struct object_run));
	struct stat stat;

	if (fstat(l->file, &stat))
		return -errno;
	l->file_bytes = (uint64_t)stat.st_size;
	if (l->file_bytes < bytes || l->file_bytes > OBJECT_SIZE_MAX)
		return OBJECT_REFUSED;
	/* sealed: what is checked here cannot change any more */
	const void *at = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, l->file, 0);
	if (at == MAP_FAILED)
		return -errno;
	l->head = at;
	return 0;
}

static int check_file(struct loading *l)
{
	const struct object_header *head = l->head;

	if (memcmp(head->magic, OBJECT_MAGIC, sizeof(head->magic)) ||
		head->abi_version != OBJECT_ABI_VERSION ||
		head->memory_pages > head->memory_pages_max ||
		head->memory_pages_max > MEMORY_PAGES_MAX ||
		head->runs_count > OBJECT_RUNS_MAX || !runs_fit(head, l->file_bytes) ||
		head->elf_offset % HOST_PAGE_BYTES ||
		!within(head->elf_offset, head->elf_bytes, l->file_bytes))
		return OBJECT_REFUSED;
	return 0;
}

/* Only looked at when something goes wrong. */
static int map_functions(struct loading *l)
{
	const struct object_header *head = l->head;
	uint64_t size = head->functions_count * sizeof(*l->functions);

	if (head->functions_count > OBJECT_FUNCTIONS_MAX ||
		head->functions_offset % HOST_PAGE_BYTES ||
		!within(head->functions_offset, size, l->file_bytes))
		return OBJECT_REFUSED;
	if (!size)
		return 0;
	const void *at = mmap(
		NULL, size, PROT_READ, MAP_PRIVATE, l->file, (off_t)head->functions_offset);
	if (at == MAP_FAILED)
		return -errno;
	l->functions = at;
	return 0;
}

/* ---- segments ---- */

static bool segment_fits(const struct loading *l, const Elf64_Phdr *p)
{
	return within(p->p_offset, p->p_filesz, l->head->elf_bytes) &&
	       p->p_filesz <= p->p_memsz && within(p->p_vaddr, p->p_memsz, OBJECT_SIZE_MAX) &&
	       p->p_vaddr % HOST_PAGE_BYTES == p->p_offset % HOST_PAGE_BYTES &&
	       !((p->p_flags & PF_W) && (p->p_flags & PF_X));
}

static bool read_exactly(const struct loading *l, void *to, size_t n, uint64_t at)
{
	return pread(l->file, to, n, (off_t)(l->head->elf_offset + at)) == (ssize_t)n;
}

static int read_elf(struct loading *l)
{
	const Elf64_Ehdr *elf = &l->elf;

	if (!read_exactly(l, &l->elf, sizeof(l->elf), 0) ||
		memcmp(elf->e_ident, ELFMAG, SELFMAG) || elf->e_ident[EI_CLASS] != ELFCLASS64 ||
		elf->e_ident[EI_DATA] != ELFDATA2LSB || elf->e_type != ET_DYN ||
		elf->e_machine != EM_X86_64 || elf->e_phnum > SEGMENTS_MAX ||
		elf->e_phentsize != sizeof(l->segments[0]))
		return OBJECT_REFUSED;
	return read_exactly(l, l->segments, elf->e_phnum * sizeof(l->segments[0]), elf->e_phoff)
		       ? 0
		       : OBJECT_REFUSED;
}

/* In order, and no two on one page. */
static int lay_out(struct loading *l)
{
	l->write_low = UINT64_MAX;
	for (uint32_t i = 0; i < l->elf.e_phnum; i++) {
		const Elf64_Phdr *p = &l->segments[i];

		if (p->p_type != PT_LOAD)
			continue;
		if (!segment_fits(l, p) || page_down(p->p_vaddr) < l->bytes)
			return OBJECT_REFUSED;
		l->bytes = page_up(p->p_vaddr + p->p_memsz);
		if (p->p_flags & PF_W) {
			l->write_low = p->p_vaddr < l->write_low ? p->p_vaddr : l->write_low;
			l->write_high = p->p_vaddr + p->p_memsz;
		}
	}
	return l->bytes ? 0 : OBJECT_REFUSED;
}

/* Read when something has gone wrong, so it must be there, and nothing may write to it. */
static int check_unwind(struct loading *l)
{
	const struct object_header *head = l->head;

	for (uint32_t i = 0; i < l->elf.e_phnum; i++) {
		const Elf64_Phdr *p = &l->segments[i];

		if (p->p_type == PT_LOAD && p->p_flags == PF_R &&
			head->unwind_address >= p->p_vaddr &&
			within(head->unwind_address - p->p_vaddr, head->unwind_bytes,
				p->p_filesz))
			return 0;
	}
	return head->unwind_bytes ? OBJECT_REFUSED : 0;
}

static int protection(uint32_t flags)
{
	return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) |
	       (flags & PF_X ? PROT_EXEC : 0);
}

static bool map(const struct loading *l, uint64_t from, uint64_t to, uint32_t flags,
	uint64_t file_offset, bool zero)
{
	int how = MAP_PRIVATE | MAP_FIXED | (zero ? MAP_ANONYMOUS : 0);

	return to <= from || mmap(l->base + from, to - from, protection(flags), how,
				     zero ? -1 : l->file, (off_t)file_offset) != MAP_FAILED;
}

static int map_segment(const struct loading *l, const Elf64_Phdr *p)
{
	uint64_t start = page_down(p->p_vaddr), file_end = p->p_vaddr + p->p_filesz,
		 zero = p->p_filesz ? page_up(file_end) : start;

	if (p->p_filesz && !map(l, start, file_end, p->p_flags,
				   l->head->elf_offset + page_down(p->p_offset), false))
		return -errno;
	if (!map(l, zero, page_up(p->p_vaddr + p->p_memsz), p->p_flags, 0, true))
		return -errno;
	/* the file goes on after the segment's last byte; memory must not */
	if ((p->p_flags & PF_W) && p->p_filesz)
		memset(l->base + file_end, 0, zero - file_end);
	return 0;
}

static int map_segments(struct loading *l)
{
	void *at = mmap(
		NULL, l->bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int r = 0;

	if (at == MAP_FAILED)
		return -errno;
	l->base = at;
	for (uint32_t i = 0; r == 0 && i < l->elf.e_phnum; i++)
		if (l->segments[i].p_type == PT_LOAD)
			r = map_segment(l, &l->segments[i]);
	return r;
}

/* ---- names ---- */

static const Elf64_Phdr *segment_of(const struct loading *l, uint32_t type)
{
	for (uint32_t i = 0; i < l->elf.e_phnum; i++)
		if (l->segments[i].p_type == type)
			return &l->segments[i];
	return NULL;
}

static int read_dynamic(struct loading *l)
{
	static const uint8_t forbidden[] = { DT_INIT, DT_FINI, DT_INIT_ARRAY, DT_FINI_ARRAY,
		DT_PREINIT_ARRAY, DT_NEEDED, DT_TEXTREL, DT_REL };
	const Elf64_Phdr *p = segment_of(l, PT_DYNAMIC);

	if (!p || !within(p->p_vaddr, p->p_memsz, l->bytes))
		return OBJECT_REFUSED;
	const Elf64_Dyn *entry = (const void *)(l->base + p->p_vaddr);
	for (uint64_t n = p->p_memsz / sizeof(*entry); n && entry->d_tag != DT_NULL;
		n--, entry++) {
		for (size_t k = 0; k < ARRAY_LEN(forbidden); k++)
			if (entry->d_tag == forbidden[k])
				return OBJECT_REFUSED;
		if (entry->d_tag > 0 && entry->d_tag < TAGS)
			l->dynamic[entry->d_tag] = entry->d_un.d_val;
	}
	return 0;
}

static int find_names(struct loading *l)
{
	uint64_t hash = l->dynamic[DT_HASH], symbols = l->dynamic[DT_SYMTAB],
		 names = l->dynamic[DT_STRTAB];

	l->names_bytes = l->dynamic[DT_STRSZ];
	if (!hash || !within(hash, 8, l->bytes) || !l->names_bytes ||
		!within(names, l->names_bytes, l->bytes))
		return OBJECT_REFUSED;
	l->symbols_count = ((const uint32_t *)(const void *)(l->base + hash))[1];
	if (!within(symbols, (uint64_t)l->symbols_count * sizeof(Elf64_Sym), l->bytes))
		return OBJECT_REFUSED;
	l->symbols = (const void *)(l->base + symbols);
	l->names = (const char *)l->base + names;
	return l->names[l->names_bytes - 1] == 0 ? 0 : OBJECT_REFUSED;
}

/* The name, or one that nothing has. */
static const char *name_of(const struct loading *l, const Elf64_Sym *symbol)
{
	return symbol->st_name < l->names_bytes ? l->names + symbol->st_name : "";
}

/* ---- relocations (System V ABI for x86-64, section 4.4) ---- */

static int symbol_value(const struct loading *l, uint64_t index, uint64_t *value)
{
	if (index >= l->symbols_count)
		return OBJECT_REFUSED;
	const Elf64_Sym *symbol = &l->symbols[index];
	*value = symbol->st_shndx ? (uint64_t)l->base + symbol->st_value
				  : (uint64_t)l->resolve(name_of(l, symbol));
	return *value ? 0 : OBJECT_REFUSED;
}

static int relocate_one(const struct loading *l, const Elf64_Rela *rela)
{
	uint32_t type = (uint32_t)ELF64_R_TYPE(rela->r_info);
	uint64_t value = (uint64_t)l->base;

	if (rela->r_offset < l->write_low || !within(rela->r_offset, 8, l->write_high))
		return OBJECT_REFUSED;
	if (type != R_X86_64_RELATIVE) {
		int r = symbol_value(l, ELF64_R_SYM(rela->r_info), &value);
		if (r)
			return r;
	}
	if (type == R_X86_64_RELATIVE || type == R_X86_64_64)
		value += (uint64_t)rela->r_addend;
	else if (type != R_X86_64_GLOB_DAT && type != R_X86_64_JUMP_SLOT)
		return OBJECT_REFUSED;
	memcpy(l->base + rela->r_offset, &value, sizeof(value));
	return 0;
}

static int relocate(const struct loading *l, uint64_t at, uint64_t bytes)
{
	if (!within(at, bytes, l->bytes))
		return OBJECT_REFUSED;
	const Elf64_Rela *rela = (const void *)(l->base + at);
	int r = 0;
	for (uint64_t n = bytes / sizeof(*rela); r == 0 && n; n--, rela++)
		r = relocate_one(l, rela);
	return r;
}

static int relocate_all(struct loading *l)
{
	int r = relocate(l, l->dynamic[DT_RELA], l->dynamic[DT_RELASZ]);

	return r ? r : relocate(l, l->dynamic[DT_JMPREL], l->dynamic[DT_PLTRELSZ]);
}

static int protect_relocated(struct loading *l)
{
	const Elf64_Phdr *p = segment_of(l, PT_GNU_RELRO);

	if (!p)
		return 0;
	if (p->p_vaddr < l->write_low || !within(p->p_vaddr, p->p_memsz, l->bytes))
		return OBJECT_REFUSED;
	uint64_t from = page_down(p->p_vaddr), to = page_down(p->p_vaddr + p->p_memsz);
	return to > from && mprotect(l->base + from, to - from, PROT_READ) ? -errno : 0;
}

/* ---- counters ---- */

/* On pages that hold nothing else, not even what was made read-only. */
static int check_counters(struct loading *l)
{
	uint64_t at = l->head->counters_address, bytes = l->head->counters_bytes;
	const Elf64_Phdr *relro = segment_of(l, PT_GNU_RELRO);

	if (bytes == 0)
		return 0;
	if ((at | bytes) % HOST_PAGE_BYTES || bytes > COUNTERS_BYTES_MAX || at < l->write_low ||
		!within(at, bytes, page_up(l->write_high)) ||
		(relro && at < relro->p_vaddr + relro->p_memsz))
		return OBJECT_REFUSED;
	return 0;
}

int object_share_counters(const struct object *object, int counters)
{
	uint64_t bytes = object->head->counters_bytes;
	struct stat stat;
	int seals = fcntl(counters, F_GET_SEALS);

	if (seals < 0 || fstat(counters, &stat))
		return -errno;
	if (bytes == 0 || (uint64_t)stat.st_size != bytes || !(seals & F_SEAL_SHRINK))
		return OBJECT_REFUSED;
	void *at = (void *)(uintptr_t)(object->base + object->head->counters_address);
	return mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, counters, 0) ==
			       MAP_FAILED
		       ? -errno
		       : 0;
}

/* ---- what the object gives ---- */

static void *export_of(const struct loading *l, const char *name)
{
	for (uint32_t i = 1; i < l->symbols_count; i++) {
		const Elf64_Sym *symbol = &l->symbols[i];

		if (symbol->st_shndx && symbol->st_value < l->bytes &&
			strcmp(name_of(l, symbol), name) == 0)
			return l->base + symbol->st_value;
	}
	return NULL;
}

int object_load(int file, object_resolve *resolve, struct object *out)
{
	static int (*const steps[])(struct loading *) = { open_file, check_file, map_functions,
		read_elf, lay_out, check_unwind, map_segments, read_dynamic, find_names,
		relocate_all, protect_relocated, check_counters };
	struct loading l = { .file = file, .resolve = resolve };

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		int r = steps[i](&l);
		if (r)
			return r;
	}
	*out = (struct object){ .head = l.head,
		.base = l.base,
		.bytes = l.bytes,
		.functions = l.functions,
		.instantiate = (void (*)(void))export_of(&l, OBJECT_INSTANTIATE),
		.run = (void (*)(void))export_of(&l, OBJECT_RUN) };
	return out->instantiate && out->run ? 0 : OBJECT_REFUSED;
}
