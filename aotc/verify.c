#include "aotc/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/w2c/symbols.h"

struct elf {
	const uint8_t *bytes;
	uint64_t size;
	char *reason;
	const uint32_t *imports_used;
	Elf64_Ehdr header;
	Elf64_Phdr segments[VERIFY_SEGMENTS_MAX];
	const Elf64_Phdr *dynamic, *relro, *data, *text;
	uint64_t end;      /* of addresses, rounded up to a page */
	uint64_t tags[64]; /* values of the dynamic section's tags */
	uint64_t tags_seen;
	const Elf64_Sym *symbols; /* dynamic */
	uint32_t symbols_count;
	const char *names;
	uint64_t names_bytes;
};

static int bad(const struct elf *e, const char *format, ...) PRINTF(2, 3);
static int bad(const struct elf *e, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(e->reason, VERIFY_REASON_SIZE, format, arguments);
	va_end(arguments);
	return VERIFY_BAD;
}

static bool inside(uint64_t offset, uint64_t bytes, uint64_t size)
{
	return offset <= size && bytes <= size - offset;
}

static uint64_t page_up(uint64_t address)
{
	return (address + HOST_PAGE_BYTES - 1) & ~(HOST_PAGE_BYTES - 1);
}

static int check_header(struct elf *e)
{
	static const uint8_t ident[EI_NIDENT] = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
		ELFCLASS64, ELFDATA2LSB, EV_CURRENT, ELFOSABI_SYSV };
	Elf64_Ehdr *h = &e->header;

	if (e->size < sizeof *h)
		return bad(e, "is no ELF file");
	memcpy(h, e->bytes, sizeof *h);
	if (memcmp(h->e_ident, ident, sizeof ident) != 0 || h->e_type != ET_DYN ||
		h->e_machine != EM_X86_64 || h->e_version != EV_CURRENT ||
		h->e_ehsize != sizeof *h || h->e_entry != 0)
		return bad(e, "is no shared object for this machine");
	if (h->e_phoff != sizeof *h || h->e_phentsize != sizeof(Elf64_Phdr) ||
		h->e_phnum == 0 || h->e_phnum > VERIFY_SEGMENTS_MAX ||
		!inside(h->e_phoff, h->e_phnum * sizeof(Elf64_Phdr), e->size))
		return bad(e, "has odd program headers");
	if (h->e_shentsize != sizeof(Elf64_Shdr) || h->e_shnum == 0 ||
		h->e_shnum > VERIFY_SECTIONS_MAX || h->e_shoff % 8 ||
		!inside(h->e_shoff, h->e_shnum * sizeof(Elf64_Shdr), e->size) ||
		h->e_shstrndx >= h->e_shnum)
		return bad(e, "has odd section headers");
	memcpy(e->segments, e->bytes + h->e_phoff, h->e_phnum * sizeof(Elf64_Phdr));
	return 0;
}

static int check_load(struct elf *e, const Elf64_Phdr *p)
{
	if ((p->p_offset | p->p_vaddr) >> 40 || p->p_memsz >> 40 || p->p_filesz > p->p_memsz ||
		p->p_memsz == 0 || (p->p_offset - p->p_vaddr) % HOST_PAGE_BYTES ||
		p->p_align != HOST_PAGE_BYTES || !inside(p->p_offset, p->p_filesz, e->size))
		return bad(e, "has a segment that cannot be mapped");
	if ((e->end == 0) != (p->p_vaddr == 0) ||
		(p->p_vaddr & ~(HOST_PAGE_BYTES - 1)) < e->end)
		return bad(e, "has segments that overlap");
	switch (p->p_flags) {
	case PF_R:
		break;
	case PF_R | PF_X:
		if (e->text)
			return bad(e, "has two code segments");
		e->text = p;
		break;
	case PF_R | PF_W:
		if (e->data)
			return bad(e, "has two data segments");
		e->data = p;
		break;
	default:
		return bad(e, "has a segment with flags %u", p->p_flags);
	}
	if (p->p_filesz != p->p_memsz && p != e->data)
		return bad(e, "has read-only memory that is not in the file");
	e->end = page_up(p->p_vaddr + p->p_memsz);
	return e->end <= VERIFY_SPAN_MAX ? 0 : bad(e, "is too large");
}

static int check_segment(struct elf *e, const Elf64_Phdr *p)
{
	switch (p->p_type) {
	case PT_LOAD:
		return check_load(e, p);
	case PT_DYNAMIC:
		if (e->dynamic)
			return bad(e, "has two dynamic sections");
		e->dynamic = p;
		return 0;
	case PT_GNU_RELRO:
		if (e->relro)
			return bad(e, "has two relro segments");
		e->relro = p;
		return 0;
	case PT_GNU_STACK:
		return p->p_flags == (PF_R | PF_W) ? 0 : bad(e, "wants an executable stack");
	case PT_NOTE:
	case PT_GNU_PROPERTY:
	case PT_GNU_EH_FRAME:
		return inside(p->p_offset, p->p_filesz, e->size)
			       ? 0
			       : bad(e, "has a note outside the file");
	default:
		return bad(e, "has a segment of type %#x", p->p_type);
	}
}

static int check_segments(struct elf *e)
{
	for (unsigned int i = 0; i < e->header.e_phnum; i++) {
		int r = check_segment(e, &e->segments[i]);
		if (r)
			return r;
	}
	const Elf64_Phdr *data = e->data, *dynamic = e->dynamic, *relro = e->relro;
	if (!e->text || !data || !dynamic || !relro)
		return bad(e, "lacks code, data, a dynamic section or relro");
	if (dynamic->p_vaddr < data->p_vaddr ||
		!inside(dynamic->p_vaddr - data->p_vaddr, dynamic->p_memsz, data->p_filesz) ||
		dynamic->p_vaddr % 8 ||
		dynamic->p_offset != data->p_offset + (dynamic->p_vaddr - data->p_vaddr) ||
		dynamic->p_filesz != dynamic->p_memsz)
		return bad(e, "has its dynamic section in the wrong place");
	if (relro->p_vaddr < data->p_vaddr || relro->p_memsz >> 40 ||
		(relro->p_vaddr + relro->p_memsz) % HOST_PAGE_BYTES ||
		relro->p_vaddr + relro->p_memsz > page_up(data->p_vaddr + data->p_memsz) ||
		!inside(dynamic->p_vaddr - relro->p_vaddr, dynamic->p_memsz, relro->p_memsz))
		return bad(e, "has relro in the wrong place");
	return 0;
}

/* The bytes at an address, when all of them lie in the file part of a read-only segment. */
static const uint8_t *read_only(const struct elf *e, uint64_t address, uint64_t bytes)
{
	for (unsigned int i = 0; i < e->header.e_phnum; i++) {
		const Elf64_Phdr *p = &e->segments[i];

		if (p->p_type == PT_LOAD && p->p_flags == PF_R && address >= p->p_vaddr &&
			inside(address - p->p_vaddr, bytes, p->p_filesz))
			return e->bytes + p->p_offset + (address - p->p_vaddr);
	}
	return NULL;
}

/* Tags the loader knows or may pass over. Anything else (a constructor, a library, a path) is
 * refused. */
static bool is_tag(uint64_t tag)
{
	static const uint8_t known[] = { DT_PLTRELSZ, DT_PLTGOT, DT_HASH, DT_STRTAB, DT_SYMTAB,
		DT_RELA, DT_RELASZ, DT_RELAENT, DT_STRSZ, DT_SYMENT, DT_PLTREL, DT_JMPREL,
		DT_FLAGS };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (tag == known[i])
			return true;
	return false;
}

static bool has(const struct elf *e, unsigned int tag)
{
	return e->tags_seen >> tag & 1;
}

static int read_tags(struct elf *e)
{
	uint64_t flags_1 = 0;

	for (uint64_t at = 0; inside(at, sizeof(Elf64_Dyn), e->dynamic->p_filesz);
		at += sizeof(Elf64_Dyn)) {
		Elf64_Dyn d;

		memcpy(&d, e->bytes + e->dynamic->p_offset + at, sizeof d);
		uint64_t tag = (uint64_t)d.d_tag;
		if (tag == DT_NULL)
			return has(e, DT_FLAGS) && e->tags[DT_FLAGS] == DF_BIND_NOW &&
					       flags_1 == DF_1_NOW
				       ? 0
				       : bad(e, "is not bound at once");
		if (tag == DT_FLAGS_1)
			flags_1 = d.d_un.d_val;
		else if (tag == DT_RELACOUNT)
			continue; /* a hint */
		else if (!is_tag(tag) || has(e, (unsigned int)tag))
			return bad(e, "has the dynamic tag %#llx", (unsigned long long)tag);
		else {
			e->tags[tag] = d.d_un.d_val;
			e->tags_seen |= 1ull << tag;
		}
	}
	return bad(e, "has an endless dynamic section");
}

static int check_tables(struct elf *e)
{
	uint32_t counts[2];
	const uint8_t *hash = read_only(e, e->tags[DT_HASH], sizeof counts);

	if (!has(e, DT_HASH) || !has(e, DT_STRTAB) || !has(e, DT_SYMTAB) ||
		e->tags[DT_SYMENT] != sizeof(Elf64_Sym) || !hash || e->tags[DT_HASH] % 4 ||
		e->tags[DT_SYMTAB] % 8)
		return bad(e, "has no usable symbol table");
	memcpy(counts, hash, sizeof counts);
	e->symbols_count = counts[1];
	e->symbols = (const void *)read_only(
		e, e->tags[DT_SYMTAB], (uint64_t)counts[1] * sizeof(Elf64_Sym));
	e->names_bytes = e->tags[DT_STRSZ];
	e->names = (const void *)read_only(e, e->tags[DT_STRTAB], e->names_bytes);
	if (!read_only(e, e->tags[DT_HASH],
		    sizeof counts + 4 * ((uint64_t)counts[0] + counts[1])) ||
		counts[1] == 0 || !e->symbols || ((uintptr_t)e->symbols & 7))
		return bad(e, "has symbols outside of its segments");
	if (!e->names || e->names_bytes == 0 || e->names[e->names_bytes - 1] != '\0')
		return bad(e, "has an open string table");
	return 0;
}

static bool may_be_undefined(const struct elf *e, const char *name)
{
#define NAME(symbol) #symbol,
	static const char *const names[] = { OBJECT_SYMBOLS(NAME) };
#undef NAME
	char host[32];

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	for (uint32_t row = 0; row < host_functions_count; row++) {
		snprintf(host, sizeof host, OBJECT_HOST_PREFIX "%u", row);
		if (strcmp(host, name) == 0)
			return e->imports_used[row / 32] >> row % 32 & 1;
	}
	return false;
}

static int check_symbol(const struct elf *e, const Elf64_Sym *s, unsigned int *exports)
{
	static const char *const entries[] = { OBJECT_INSTANTIATE, OBJECT_RUN };
	unsigned int type = ELF64_ST_TYPE(s->st_info);

	if (s->st_name >= e->names_bytes)
		return bad(e, "has a symbol without a name");
	const char *name = e->names + s->st_name;
	if (ELF64_ST_BIND(s->st_info) != STB_GLOBAL ||
		ELF64_ST_VISIBILITY(s->st_other) != STV_DEFAULT)
		return bad(e, "has the odd symbol %.64s", name);
	if (s->st_shndx == SHN_UNDEF)
		return (type == STT_NOTYPE || type == STT_FUNC) && may_be_undefined(e, name)
			       ? 0
			       : bad(e, "asks for %.64s", name);
	for (unsigned int i = 0; i < ARRAY_LEN(entries); i++) {
		if (strcmp(entries[i], name) != 0 || *exports >> i & 1)
			continue;
		if (type != STT_FUNC || s->st_shndx >= e->header.e_shnum ||
			s->st_value < e->text->p_vaddr ||
			s->st_value - e->text->p_vaddr >= e->text->p_filesz)
			return bad(e, "has %.64s outside of its code", name);
		*exports |= 1u << i;
		return 0;
	}
	return bad(e, "exports %.64s", name);
}

static int check_symbols(const struct elf *e)
{
	static const Elf64_Sym none;
	unsigned int exports = 0;

	if (memcmp(&e->symbols[0], &none, sizeof none) != 0)
		return bad(e, "has an odd first symbol");
	for (uint32_t i = 1; i < e->symbols_count; i++) {
		int r = check_symbol(e, &e->symbols[i], &exports);
		if (r)
			return r;
	}
	return exports == 3 ? 0 : bad(e, "lacks an entry point");
}

static int check_relocation(const struct elf *e, const Elf64_Rela *r)
{
	uint32_t type = ELF64_R_TYPE(r->r_info), symbol = ELF64_R_SYM(r->r_info);
	const Elf64_Phdr *data = e->data, *dynamic = e->dynamic;

	if (r->r_offset < data->p_vaddr ||
		!inside(r->r_offset - data->p_vaddr, 8, data->p_filesz) || r->r_offset % 8)
		return bad(e, "has a relocation outside of its data");
	if (r->r_offset >= dynamic->p_vaddr &&
		r->r_offset - dynamic->p_vaddr < dynamic->p_memsz)
		return bad(e, "has a relocation in its dynamic section");
	switch (type) {
	case R_X86_64_RELATIVE:
		return symbol == 0 && (uint64_t)r->r_addend < e->end
			       ? 0
			       : bad(e, "has a relocation to elsewhere");
	case R_X86_64_64:
	case R_X86_64_GLOB_DAT:
	case R_X86_64_JUMP_SLOT:
		return symbol > 0 && symbol < e->symbols_count && r->r_addend == 0
			       ? 0
			       : bad(e, "has a relocation to nothing");
	default:
		return bad(e, "has a relocation of type %u", type);
	}
}

static int check_relocations(const struct elf *e, unsigned int table, unsigned int size)
{
	if (!has(e, table) && !has(e, size))
		return 0;
	uint64_t bytes = e->tags[size];
	const uint8_t *at = read_only(e, e->tags[table], bytes);
	if (!at || e->tags[table] % 8 || bytes % sizeof(Elf64_Rela))
		return bad(e, "has relocations outside of its segments");
	for (uint64_t done = 0; done < bytes; done += sizeof(Elf64_Rela)) {
		Elf64_Rela one;

		memcpy(&one, at + done, sizeof one);
		int r = check_relocation(e, &one);
		if (r)
			return r;
	}
	return 0;
}

static int check_dynamic(struct elf *e)
{
	int r = read_tags(e);

	if (r == 0)
		r = check_tables(e);
	if (r == 0)
		r = check_symbols(e);
	if (r == 0 && ((has(e, DT_RELA) && e->tags[DT_RELAENT] != sizeof(Elf64_Rela)) ||
			      (has(e, DT_JMPREL) && e->tags[DT_PLTREL] != DT_RELA)))
		return bad(e, "has relocations of another form");
	if (r == 0)
		r = check_relocations(e, DT_RELA, DT_RELASZ);
	return r ? r : check_relocations(e, DT_JMPREL, DT_PLTRELSZ);
}

static const struct {
	const char *name;
	uint32_t type;
	uint64_t flags;
} known_sections[] = {
	{ "", SHT_NULL, 0 },
	{ ".hash", SHT_HASH, SHF_ALLOC },
	{ ".dynsym", SHT_DYNSYM, SHF_ALLOC },
	{ ".dynstr", SHT_STRTAB, SHF_ALLOC },
	{ ".rela.dyn", SHT_RELA, SHF_ALLOC },
	{ ".rela.plt", SHT_RELA, SHF_ALLOC | SHF_INFO_LINK },
	{ ".plt", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR },
	{ ".plt.got", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR },
	{ ".plt.sec", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR },
	{ ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR },
	{ ".rodata", SHT_PROGBITS, SHF_ALLOC },
	{ ".eh_frame", SHT_PROGBITS, SHF_ALLOC },
	{ ".eh_frame", SHT_X86_64_UNWIND, SHF_ALLOC },
	{ ".eh_frame_hdr", SHT_PROGBITS, SHF_ALLOC },
	{ ".note.gnu.property", SHT_NOTE, SHF_ALLOC },
	{ ".data.rel.ro", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE },
	{ ".dynamic", SHT_DYNAMIC, SHF_ALLOC | SHF_WRITE },
	{ ".got", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE },
	{ ".got.plt", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE },
	{ ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE },
	{ ".gcov_info", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE },
	{ ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE },
	{ ".counters", SHT_NOBITS, SHF_ALLOC | SHF_WRITE },
	{ ".comment", SHT_PROGBITS, SHF_MERGE | SHF_STRINGS },
	{ ".symtab", SHT_SYMTAB, 0 },
	{ ".strtab", SHT_STRTAB, 0 },
	{ ".shstrtab", SHT_STRTAB, 0 },
};

/* Flags that only tell the linker how it may join sections. */
#define JOINING_FLAGS ((uint64_t)(SHF_MERGE | SHF_STRINGS))

static bool is_known_section(const char *name, const Elf64_Shdr *s)
{
	for (size_t i = 0; i < ARRAY_LEN(known_sections); i++)
		if (strcmp(known_sections[i].name, name) == 0 &&
			known_sections[i].type == s->sh_type &&
			(known_sections[i].flags & ~JOINING_FLAGS) ==
				(s->sh_flags & ~JOINING_FLAGS))
			return true;
	return false;
}

static Elf64_Shdr section_at(const struct elf *e, unsigned int i)
{
	Elf64_Shdr s;

	memcpy(&s, e->bytes + e->header.e_shoff + i * sizeof s, sizeof s);
	return s;
}

/* A string table's text and size; false when it is not closed. */
static bool strings_of(const struct elf *e, unsigned int i, const char **text, uint64_t *size)
{
	Elf64_Shdr s = section_at(e, i);

	if (s.sh_type != SHT_STRTAB || s.sh_size == 0 ||
		!inside(s.sh_offset, s.sh_size, e->size) ||
		e->bytes[s.sh_offset + s.sh_size - 1] != 0)
		return false;
	*text = (const char *)e->bytes + s.sh_offset;
	*size = s.sh_size;
	return true;
}

/* Looked at after a trap, in the place where it is loaded. */
static int check_unwind(
	const struct elf *e, const Elf64_Shdr *section, struct verify_symbols *out)
{
	const uint8_t *at = read_only(e, section->sh_addr, section->sh_size);

	if (out->unwind_bytes || at != e->bytes + section->sh_offset)
		return bad(e, "has unwind tables in the wrong place");
	out->unwind_address = section->sh_addr;
	out->unwind_bytes = section->sh_size;
	return 0;
}

static int check_sections(const struct elf *e, unsigned int *symtab, struct verify_symbols *out)
{
	const char *names;
	uint64_t names_bytes;

	if (!strings_of(e, e->header.e_shstrndx, &names, &names_bytes))
		return bad(e, "has no section names");
	for (unsigned int i = 0; i < e->header.e_shnum; i++) {
		Elf64_Shdr s = section_at(e, i);

		if (s.sh_name >= names_bytes)
			return bad(e, "has a section without a name");
		if (!is_known_section(names + s.sh_name, &s))
			return bad(e, "has the section %.64s", names + s.sh_name);
		if (s.sh_type != SHT_NOBITS && !inside(s.sh_offset, s.sh_size, e->size))
			return bad(e, "has a section outside the file");
		if (s.sh_type == SHT_SYMTAB)
			*symtab = i;
		if (strcmp(names + s.sh_name, ".eh_frame") == 0 && s.sh_size) {
			int r = check_unwind(e, &s, out);
			if (r)
				return r;
		}
	}
	return *symtab ? 0 : bad(e, "has no symbol table");
}

static int check_symtab(const struct elf *e, unsigned int index, struct verify_symbols *out)
{
	Elf64_Shdr s = section_at(e, index);

	if (s.sh_entsize != sizeof(Elf64_Sym) || s.sh_size % sizeof(Elf64_Sym) ||
		s.sh_offset % 8 || s.sh_size / sizeof(Elf64_Sym) > UINT32_MAX ||
		s.sh_link >= e->header.e_shnum ||
		!strings_of(e, s.sh_link, &out->names, &out->names_bytes))
		return bad(e, "has an odd symbol table");
	out->symbols = (const void *)(e->bytes + s.sh_offset);
	out->count = (uint32_t)(s.sh_size / sizeof(Elf64_Sym));
	for (uint32_t i = 0; i < out->count; i++) {
		const Elf64_Sym *symbol = &out->symbols[i];
		unsigned int type = ELF64_ST_TYPE(symbol->st_info);

		if (symbol->st_name >= out->names_bytes)
			return bad(e, "has a symbol without a name");
		if (type == STT_GNU_IFUNC || type == STT_TLS)
			return bad(e, "has a symbol of type %u", type);
		if (type == STT_FUNC && symbol->st_shndx != SHN_UNDEF &&
			(symbol->st_value < e->text->p_vaddr ||
				!inside(symbol->st_value - e->text->p_vaddr, symbol->st_size,
					e->text->p_filesz)))
			return bad(e, "has a function outside of its code");
	}
	out->text_start = e->text->p_vaddr;
	out->text_end = e->text->p_vaddr + e->text->p_filesz;
	out->text = e->bytes + e->text->p_offset;
	return 0;
}

int verify(const uint8_t *elf, uint64_t bytes, const uint32_t imports_used[2],
	struct verify_symbols *symbols, char reason[VERIFY_REASON_SIZE])
{
	struct elf e = {
		.bytes = elf, .size = bytes, .reason = reason, .imports_used = imports_used
	};
	unsigned int symtab = 0;
	int r = check_header(&e);

	*symbols = (struct verify_symbols){ 0 };
	if (r == 0)
		r = check_segments(&e);
	if (r == 0)
		r = check_dynamic(&e);
	if (r == 0)
		r = check_sections(&e, &symtab, symbols);
	return r ? r : check_symtab(&e, symtab, symbols);
}
