#include "supervisor/rsctl/symbols.h"

#include <elf.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/stat.h>

#define SEGMENTS_MAX   16u
#define SEGMENTS       2u   /* of the debug file */
#define FUNCTION_CHARS 160u /* of a name */

/* ---- the object ---- */

static bool within(uint64_t offset, uint64_t bytes, uint64_t all)
{
	return offset <= all && bytes <= all - offset;
}

static bool tables_fit(const struct symbols *s)
{
	const struct object_header *head = s->head;

	return memcmp(head->magic, OBJECT_MAGIC, sizeof(head->magic)) == 0 &&
	       head->abi_version == OBJECT_ABI_VERSION &&
	       head->functions_count <= OBJECT_FUNCTIONS_MAX &&
	       head->lines_count <= OBJECT_LINES_MAX &&
	       within(head->elf_offset, head->elf_bytes, s->size) &&
	       head->elf_offset % HOST_PAGE_BYTES == 0 &&
	       head->functions_offset % HOST_PAGE_BYTES == 0 &&
	       within(head->functions_offset,
		       head->functions_count * sizeof(struct object_function), s->size) &&
	       within(head->names_offset, head->names_bytes, s->size) &&
	       head->lines_offset % HOST_PAGE_BYTES == 0 &&
	       within(head->lines_offset, head->lines_count * sizeof(struct object_line),
		       s->size) &&
	       within(head->files_offset, head->files_bytes, s->size);
}

static bool find_code(struct symbols *s)
{
	const uint8_t *elf = s->bytes + s->head->elf_offset;
	uint64_t size = s->head->elf_bytes;
	Elf64_Ehdr head;
	Elf64_Phdr p;

	if (size < sizeof(head))
		return false;
	memcpy(&head, elf, sizeof(head));
	for (unsigned int i = 0; i < head.e_phnum && i < SEGMENTS_MAX; i++) {
		if (!within(head.e_phoff, (i + 1) * sizeof(p), size))
			return false;
		memcpy(&p, elf + head.e_phoff + i * sizeof(p), sizeof(p));
		if (p.p_type != PT_LOAD || !(p.p_flags & PF_X))
			continue;
		s->code_address = p.p_vaddr;
		s->code_bytes = p.p_memsz;
		s->code_offset = s->head->elf_offset + p.p_offset;
		return true;
	}
	return false;
}

/* Where .eh_frame lies in the object's file; NULL: there is none. Read-only segments are loaded
 * from the file as they are. */
static const uint8_t *unwind_bytes(const struct symbols *s)
{
	const uint8_t *elf = s->bytes + s->head->elf_offset;
	uint64_t address = s->head->unwind_address, bytes = s->head->unwind_bytes;
	Elf64_Ehdr head;
	Elf64_Phdr p;

	memcpy(&head, elf, sizeof(head));
	for (unsigned int i = 0; bytes && i < head.e_phnum && i < SEGMENTS_MAX; i++) {
		if (!within(head.e_phoff, (i + 1) * sizeof(p), s->head->elf_bytes))
			return NULL;
		memcpy(&p, elf + head.e_phoff + i * sizeof(p), sizeof(p));
		if (p.p_type == PT_LOAD && address >= p.p_vaddr &&
			within(address - p.p_vaddr, bytes, p.p_filesz) &&
			within(p.p_offset, p.p_filesz, s->head->elf_bytes))
			return elf + p.p_offset + (address - p.p_vaddr);
	}
	return NULL;
}

int symbols_open(int fd, struct symbols *out)
{
	struct symbols s = { 0 };
	struct stat stat;

	if (fstat(fd, &stat))
		return -errno;
	s.size = (uint64_t)stat.st_size;
	if (s.size < sizeof(*s.head) || s.size > OBJECT_SIZE_MAX)
		return SYMBOLS_BAD;
	void *at = mmap(NULL, s.size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	s.bytes = at;
	s.head = at;
	if (!tables_fit(&s) || !find_code(&s)) {
		munmap(at, s.size);
		return SYMBOLS_BAD;
	}
	*out = s;
	return 0;
}

void symbols_close(struct symbols *s)
{
	if (s->bytes)
		munmap((void *)(uintptr_t)s->bytes, s->size);
	*s = (struct symbols){ 0 };
}

/* ---- sections ---- */

enum {
	NONE,
	TEXT,
	UNWIND,
	SYMTAB,
	STRTAB,
	ABBREV,
	INFO,
	LINES,
	NAMES,
	SECTIONS
};

static const struct {
	const char *name;
	uint32_t type;
	uint64_t flags;
} kinds[SECTIONS] = {
	[NONE] = { "", SHT_NULL, 0 },
	[TEXT] = { ".text", SHT_NOBITS, SHF_ALLOC | SHF_EXECINSTR },
	[UNWIND] = { ".eh_frame", SHT_PROGBITS, SHF_ALLOC },
	[SYMTAB] = { ".symtab", SHT_SYMTAB, 0 },
	[STRTAB] = { ".strtab", SHT_STRTAB, 0 },
	[ABBREV] = { ".debug_abbrev", SHT_PROGBITS, 0 },
	[INFO] = { ".debug_info", SHT_PROGBITS, 0 },
	[LINES] = { ".debug_line", SHT_PROGBITS, 0 },
	[NAMES] = { ".shstrtab", SHT_STRTAB, 0 },
};

struct part { /* what a section holds, while it is made */
	FILE *file;
	char *bytes;
	size_t size;
};

static void put(struct part *p, const void *bytes, size_t size)
{
	fwrite(bytes, 1, size, p->file);
}

static void put_number(struct part *p, uint64_t n, size_t size)
{
	put(p, &n, size); /* little-endian, as we are */
}

static void put_text(struct part *p, const char *text)
{
	put(p, text, strlen(text) + 1);
}

static void put_uleb(struct part *p, uint64_t n)
{
	do
		fputc((int)(n & 0x7f) | (n > 0x7f ? 0x80 : 0), p->file);
	while (n >>= 7);
}

static void put_sleb(struct part *p, int64_t n)
{
	for (;; n >>= 7) {
		bool last = n >= -64 && n < 64;

		fputc((int)(n & 0x7f) | (last ? 0 : 0x80), p->file);
		if (last)
			return;
	}
}

/* ---- names ---- */

/* What tools print as it is, and people may cut at spaces. */
static bool is_plain(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return size > 0;
}

static void name_of(const struct symbols *s, const struct object_function *row,
	char out[FUNCTION_CHARS + 1])
{
	const char *name = (const char *)s->bytes + s->head->names_offset + row->name_offset;
	size_t size = row->name_bytes < FUNCTION_CHARS ? row->name_bytes : FUNCTION_CHARS;

	if (row->index == OBJECT_NOT_WASM)
		snprintf(out, FUNCTION_CHARS, "redshirt-helper");
	else if (within(row->name_offset, row->name_bytes, s->head->names_bytes) &&
		 is_plain(name, size))
		snprintf(out, FUNCTION_CHARS + 1, "%.*s", (int)size, name);
	else
		snprintf(out, FUNCTION_CHARS, "wasm-function[%u]", row->index);
}

static void make_symbols(const struct symbols *s, struct part parts[SECTIONS])
{
	const struct object_function *rows =
		(const void *)(s->bytes + s->head->functions_offset);
	Elf64_Sym symbol = { 0 };
	uint32_t name_at = 1;

	put(&parts[SYMTAB], &symbol, sizeof(symbol));
	put_text(&parts[STRTAB], "");
	for (uint32_t i = 0; i + 1 < s->head->functions_count; i++) {
		char name[FUNCTION_CHARS + 1];

		name_of(s, &rows[i], name);
		symbol = (Elf64_Sym){ .st_name = name_at,
			.st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC),
			.st_shndx = TEXT,
			.st_value = rows[i].code,
			.st_size = rows[i + 1].code - rows[i].code };
		put(&parts[SYMTAB], &symbol, sizeof(symbol));
		put_text(&parts[STRTAB], name);
		name_at += (uint32_t)strlen(name) + 1;
	}
}

/* ---- lines: DWARF 4, one unit ---- */

enum {
	DW_TAG_COMPILE_UNIT = 0x11,
	DW_AT_NAME = 0x03,
	DW_AT_STMT_LIST = 0x10,
	DW_AT_LOW_PC = 0x11,
	DW_AT_HIGH_PC = 0x12,
	DW_FORM_ADDR = 0x01,
	DW_FORM_DATA8 = 0x07,
	DW_FORM_STRING = 0x08,
	DW_FORM_SEC_OFFSET = 0x17,

	LINE_COPY = 1,
	LINE_ADVANCE_PLACE,
	LINE_ADVANCE_LINE,
	LINE_SET_FILE,
	LINE_END_SEQUENCE = 1, /* behind a zero and the size */
	LINE_SET_PLACE,
	OPCODES = 10, /* the first that is special; we use none of those */
};

static void make_unit(const struct symbols *s, struct part parts[SECTIONS])
{
	static const uint8_t abbreviations[] = { 1, DW_TAG_COMPILE_UNIT, 0, DW_AT_NAME,
		DW_FORM_STRING, DW_AT_STMT_LIST, DW_FORM_SEC_OFFSET, DW_AT_LOW_PC, DW_FORM_ADDR,
		DW_AT_HIGH_PC, DW_FORM_DATA8, 0, 0, 0 };
	static const char name[] = "wasm";
	struct part *info = &parts[INFO];

	put(&parts[ABBREV], abbreviations, sizeof(abbreviations));
	put_number(info, 2 + 4 + 1 + 1 + sizeof(name) + 4 + 8 + 8, 4);
	put_number(info, 4, 2); /* version */
	put_number(info, 0, 4); /* abbreviations */
	put_number(info, 8, 1); /* bytes of an address */
	put_uleb(info, 1);
	put_text(info, name);
	put_number(info, 0, 4);
	put_number(info, s->code_address, 8);
	put_number(info, s->code_bytes, 8);
}

/* Rows name a file by where its name begins; the line table counts names from 1. */
struct files {
	uint32_t *starts;
	size_t count;
};

static int compare_starts(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static uint32_t file_number(const struct files *files, uint32_t start)
{
	const uint32_t *found =
		bsearch(&start, files->starts, files->count, sizeof(start), compare_starts);

	return found ? (uint32_t)(found - files->starts) + 1 : 0;
}

static int put_files(const struct symbols *s, struct part *to, struct files *files)
{
	const char *text = (const char *)s->bytes + s->head->files_offset;
	uint64_t size = s->head->files_bytes;

	files->starts = calloc(size + 1, sizeof(*files->starts));
	if (!files->starts)
		return -ENOMEM;
	for (uint64_t at = 0; at < size;) {
		size_t n = strnlen(text + at, size - at);
		char name[256];

		snprintf(name, sizeof(name), "%.*s", (int)(n < 255 ? n : 255), text + at);
		put_text(to, is_plain(name, strlen(name)) ? name : "unknown");
		put(to, "\0\0\0", 3); /* folder, time, size: nobody knows */
		files->starts[files->count++] = (uint32_t)at;
		at += n + 1;
	}
	put_number(to, 0, 1);
	return 0;
}

static void put_line_head(struct part *to)
{
	static const uint8_t operands[OPCODES - 1] = { 0, 1, 1, 1, 1, 0, 0, 0, 1 };

	put_number(to, 1, 1); /* shortest instruction */
	put_number(to, 1, 1); /* operations in one */
	put_number(to, 1, 1); /* rows are statements, unless they say otherwise */
	put_number(to, 0, 1); /* of special opcodes */
	put_number(to, 1, 1);
	put_number(to, OPCODES, 1);
	put(to, operands, sizeof(operands));
	put_number(to, 0, 1); /* no folders */
}

static void put_rows(const struct symbols *s, struct part *to, const struct files *files)
{
	const struct object_line *rows = (const void *)(s->bytes + s->head->lines_offset);
	uint64_t place = s->code_address;
	int64_t line = 1;

	put(to, (const uint8_t[]){ 0, 9, LINE_SET_PLACE }, 3);
	put_number(to, place, 8);
	for (uint32_t i = 0; i < s->head->lines_count; i++) {
		if (rows[i].code < place)
			continue;
		put_number(to, LINE_ADVANCE_PLACE, 1);
		put_uleb(to, rows[i].code - place);
		put_number(to, LINE_ADVANCE_LINE, 1);
		put_sleb(to, (int64_t)rows[i].line - line);
		put_number(to, LINE_SET_FILE, 1);
		put_uleb(to, file_number(files, rows[i].file));
		put_number(to, LINE_COPY, 1);
		place = rows[i].code;
		line = rows[i].line;
	}
	put_number(to, LINE_ADVANCE_PLACE, 1);
	put_uleb(to, s->code_address + s->code_bytes - place);
	put(to, (const uint8_t[]){ 0, 1, LINE_END_SEQUENCE }, 3);
}

/* The head's size and the whole's stand before them. */
static int make_lines(const struct symbols *s, struct part *lines)
{
	CLEANUP(freep) char *head_bytes = NULL, *body_bytes = NULL;
	struct part head = { 0 }, body = { 0 };
	struct files files = { 0 };

	head.file = open_memstream(&head_bytes, &head.size);
	body.file = open_memstream(&body_bytes, &body.size);
	int r = head.file && body.file ? 0 : -ENOMEM;
	if (r == 0) {
		put_line_head(&head);
		r = put_files(s, &head, &files);
	}
	if (r == 0)
		put_rows(s, &body, &files);
	if (head.file && fclose(head.file))
		r = -ENOMEM;
	if (body.file && fclose(body.file))
		r = -ENOMEM;
	free(files.starts);
	if (r)
		return r;
	put_number(lines, 2 + 4 + head.size + body.size, 4);
	put_number(lines, 4, 2); /* version */
	put_number(lines, head.size, 4);
	put(lines, head_bytes, head.size);
	put(lines, body_bytes, body.size);
	return 0;
}

/* ---- the file ---- */

static int make_parts(const struct symbols *s, struct part parts[SECTIONS])
{
	const uint8_t *unwind = unwind_bytes(s);

	make_symbols(s, parts);
	if (unwind)
		put(&parts[UNWIND], unwind, s->head->unwind_bytes);
	for (int i = 0; i < SECTIONS; i++)
		put_text(&parts[NAMES], kinds[i].name);
	if (s->head->lines_count == 0)
		return 0;
	make_unit(s, parts);
	return make_lines(s, &parts[LINES]);
}

static void fill_sections(const struct symbols *s, const struct part parts[SECTIONS],
	uint64_t at, Elf64_Shdr sections[SECTIONS])
{
	uint32_t name = 0;

	for (int i = 0; i < SECTIONS; i++) {
		sections[i] = (Elf64_Shdr){ .sh_name = name,
			.sh_type = kinds[i].type,
			.sh_flags = kinds[i].flags,
			.sh_offset = i ? at : 0,
			.sh_size = parts[i].size,
			.sh_addralign = i ? 1 : 0 };
		name += (uint32_t)strlen(kinds[i].name) + 1;
		at += (parts[i].size + 7) & ~7ull;
	}
	sections[TEXT].sh_addr = s->code_address;
	sections[TEXT].sh_size = s->code_bytes;
	sections[TEXT].sh_offset = s->code_offset;
	sections[UNWIND].sh_addr = s->head->unwind_address;
	sections[SYMTAB].sh_link = STRTAB;
	sections[SYMTAB].sh_info = (uint32_t)(parts[SYMTAB].size / sizeof(Elf64_Sym));
	sections[SYMTAB].sh_entsize = sizeof(Elf64_Sym);
	sections[SYMTAB].sh_addralign = 8;
}

static void fill_segment(const Elf64_Shdr *section, uint32_t flags, Elf64_Phdr *out)
{
	*out = (Elf64_Phdr){ .p_type = PT_LOAD,
		.p_flags = flags,
		.p_offset = section->sh_offset,
		.p_vaddr = section->sh_addr,
		.p_paddr = section->sh_addr,
		.p_memsz = section->sh_size,
		.p_align = 1 };
}

static int write_parts(const struct symbols *s, const struct part parts[SECTIONS], FILE *to)
{
	const Elf64_Ehdr head = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					  ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_DYN,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(head),
		.e_shoff = sizeof(head) + SEGMENTS * sizeof(Elf64_Phdr),
		.e_ehsize = sizeof(head),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = SEGMENTS,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = SECTIONS,
		.e_shstrndx = NAMES };
	Elf64_Shdr sections[SECTIONS];
	Elf64_Phdr segments[SEGMENTS];

	fill_sections(s, parts, head.e_shoff + sizeof(sections), sections);
	fill_segment(&sections[TEXT], PF_R | PF_X, &segments[0]);
	fill_segment(&sections[UNWIND], PF_R, &segments[1]);
	segments[1].p_filesz = sections[UNWIND].sh_size;
	fwrite(&head, sizeof(head), 1, to);
	fwrite(segments, sizeof(segments), 1, to);
	fwrite(sections, sizeof(sections), 1, to);
	for (int i = 1; i < SECTIONS; i++) {
		fwrite(parts[i].bytes, 1, parts[i].size, to);
		fwrite("\0\0\0\0\0\0\0", 1, -parts[i].size & 7, to);
	}
	return fflush(to) || ferror(to) ? -EIO : 0;
}

int symbols_write(const struct symbols *s, FILE *to)
{
	struct part parts[SECTIONS] = { 0 };
	int r = 0;

	for (int i = 0; i < SECTIONS; i++) {
		parts[i].file = open_memstream(&parts[i].bytes, &parts[i].size);
		if (!parts[i].file)
			r = -ENOMEM;
	}
	if (r == 0)
		r = make_parts(s, parts);
	for (int i = 0; i < SECTIONS; i++)
		if (parts[i].file && fclose(parts[i].file))
			r = -ENOMEM;
	if (r == 0)
		r = write_parts(s, parts, to);
	for (int i = 0; i < SECTIONS; i++)
		free(parts[i].bytes);
	return r;
}
