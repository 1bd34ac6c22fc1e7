#include "aotc/pack.h"

#include <stdio.h>
#include <string.h>

#include "aotc/compile.h"
#include "aotc/lines.h"
#include "aotc/provenance.h"
#include "aotc/quick.h"
#include "aotc/skeleton.h"

/* One part of the file; each begins at a page boundary. */
struct piece {
	const void *bytes;
	uint64_t size, offset;
};

enum {
	PIECE_HEADER,
	PIECE_ELF,
	PIECE_IMAGE,
	PIECE_FUNCTIONS,
	PIECE_NAMES,
	PIECE_RECORD,
	PIECE_SKELETON,
	PIECE_LINES,
	PIECE_FILES,
	PIECES
};

static bool skip(const char **at, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*at, word, n) != 0)
		return false;
	*at += n;
	return true;
}

/* Digits up to the name's end, or up to what a compiler adds to a clone's name: .part.0, .cold,
 * .constprop.1 */
static bool number(const char **at, uint32_t *value)
{
	uint64_t n = 0;
	const char *start = *at;

	for (; **at >= '0' && **at <= '9' && *at - start < 10; (*at)++)
		n = 10 * n + (uint64_t)(**at - '0');
	*value = (uint32_t)n;
	return *at > start && n <= UINT32_MAX;
}

/*
 * w2c_f12 or w2c_m_f12 is function 12; what is exported is called after its export: w2c_e0_0,
 * and w2c_m_e0 with w2c_m_e0_1 behind it. wrap_ is how newer ones stand in tables,
 * wasm_tailcall_ how they are called last. Export 0 is _start, which the object's entry calls.
 * w2c_h_u3 and Z_hZ_u3 are import 3, which nothing provides.
 */
uint32_t pack_function_index(const struct facts *facts, const char *symbol)
{
	uint32_t index = 0, again = 0;

	/* compilers put a function that is called once into its caller */
	if (strcmp(symbol, OBJECT_RUN) == 0 && facts->n.exports_count)
		return facts->exports[0];
	if (skip(&symbol, "w2c_h_u") || skip(&symbol, "Z_hZ_u"))
		return number(&symbol, &index) && *symbol == '\0' &&
				       index < facts->n.function_imports
			       ? index
			       : OBJECT_NOT_WASM;
	if (!skip(&symbol, "wrap_"))
		skip(&symbol, "wasm_tailcall_");
	if (!skip(&symbol, "w2c_"))
		return OBJECT_NOT_WASM;
	skip(&symbol, "m_");
	if (skip(&symbol, "f")) {
		if (!number(&symbol, &index))
			return OBJECT_NOT_WASM;
	} else if (skip(&symbol, "e")) {
		if (!number(&symbol, &index) ||
			(skip(&symbol, "_") && !number(&symbol, &again)) ||
			index >= facts->n.exports_count)
			return OBJECT_NOT_WASM;
		index = facts->exports[index];
	} else
		return OBJECT_NOT_WASM;
	return (*symbol == '\0' || *symbol == '.') && index < facts->n.functions
		       ? index
		       : OBJECT_NOT_WASM;
}

/* Only calls the function of that index. Optimised it may be all that is left of it; in the
 * quick tier, where nothing is inlined, it is no caller that anybody wrote. */
bool pack_is_passage(const char *symbol)
{
	uint32_t export;

	if (strcmp(symbol, OBJECT_RUN) == 0 || skip(&symbol, "wrap_"))
		return true;
	return skip(&symbol, "w2c_m_e") && number(&symbol, &export) && *symbol == '\0';
}

/* By address; of two at one address the one that is a wasm function first. */
static int by_code(const void *a, const void *b)
{
	const struct object_function *x = a, *y = b;

	if (x->code != y->code)
		return x->code < y->code ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static uint32_t collect(const struct build *build, const struct verify_symbols *symbols,
	struct object_function *rows)
{
	const struct facts *facts = &build->facts;
	bool inlined = build->plan.tier != OBJECT_QUICK;
	uint32_t count = 0;

	for (uint32_t i = 0; i < symbols->count; i++) {
		const Elf64_Sym *s = &symbols->symbols[i];

		if (ELF64_ST_TYPE(s->st_info) != STT_FUNC || s->st_shndx == SHN_UNDEF)
			continue;
		struct object_function row = { .code = (uint32_t)s->st_value,
			.index = pack_function_index(facts, symbols->names + s->st_name) };
		if (!inlined && pack_is_passage(symbols->names + s->st_name))
			row.index = OBJECT_NOT_WASM;
		if (row.index != OBJECT_NOT_WASM) {
			row.name_offset = facts->function_names[row.index].offset;
			row.name_bytes = facts->function_names[row.index].bytes;
		}
		rows[count++] = row;
	}
	/* behind the last function nothing is anybody's */
	rows[count++] = (struct object_function){ .code = (uint32_t)symbols->text_end,
		.index = OBJECT_NOT_WASM };
	return count;
}

static int make_functions(const struct build *build, const struct verify_symbols *symbols,
	struct object_function **out, uint32_t *out_count)
{
	struct object_function *rows = calloc((size_t)symbols->count + 1, sizeof *rows);
	uint32_t kept = 0;

	if (!rows)
		return -ENOMEM;
	uint32_t count = collect(build, symbols, rows);
	qsort(rows, count, sizeof *rows, by_code);
	for (uint32_t i = 0; i < count; i++)
		if (kept == 0 || rows[i].code != rows[kept - 1].code)
			rows[kept++] = rows[i];
	*out = rows;
	*out_count = kept;
	return 0;
}

static uint64_t page_up(uint64_t offset)
{
	return (offset + HOST_PAGE_BYTES - 1) / HOST_PAGE_BYTES * HOST_PAGE_BYTES;
}

static uint64_t lay_out(struct piece pieces[PIECES])
{
	uint64_t at = 0, end = 0;

	for (int i = 0; i < PIECES; i++) {
		pieces[i].offset = at;
		end = at + pieces[i].size;
		at = page_up(end);
	}
	return end;
}

static void fill_header(const struct build *build, const struct piece pieces[PIECES],
	const struct skeleton_made *skeleton, struct object_header *header)
{
	const struct facts *facts = &build->facts;

	*header = (struct object_header){
		.magic = OBJECT_MAGIC,
		.abi_version = OBJECT_ABI_VERSION,
		.memory_pages = facts->n.memory_pages,
		.memory_pages_max = facts->n.memory_pages_max,
		.runs_count = facts->n.runs_count,
		.elf_offset = pieces[PIECE_ELF].offset,
		.elf_bytes = pieces[PIECE_ELF].size,
		.functions_offset = pieces[PIECE_FUNCTIONS].offset,
		.functions_count = (uint32_t)(pieces[PIECE_FUNCTIONS].size /
					      sizeof(struct object_function)),
		.tier = (uint32_t)build->plan.tier,
		.names_offset = pieces[PIECE_NAMES].offset,
		.names_bytes = pieces[PIECE_NAMES].size,
		.record_offset = pieces[PIECE_RECORD].offset,
		.record_bytes = pieces[PIECE_RECORD].size,
		.counters_address = skeleton->counters_address,
		.counters_bytes = skeleton->counters_bytes,
		.counters_id = skeleton->counters_id,
		.skeleton_offset = pieces[PIECE_SKELETON].offset,
		.skeleton_bytes = pieces[PIECE_SKELETON].size,
	};
	for (uint32_t i = 0; i < facts->n.runs_count; i++) {
		header->runs[i] = facts->runs[i];
		header->runs[i].file_offset += pieces[PIECE_IMAGE].offset;
	}
}

static int write_all(int fd, const uint8_t *bytes, uint64_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		bytes += n;
		size -= (uint64_t)n;
	}
	return 0;
}

static int write_pieces(int fd, const struct piece pieces[PIECES])
{
	static const uint8_t zeros[HOST_PAGE_BYTES];
	uint64_t at = 0;
	int r = 0;

	for (int i = 0; r == 0 && i < PIECES; i++) {
		r = write_all(fd, zeros, pieces[i].offset - at);
		if (r == 0)
			r = write_all(fd, pieces[i].bytes, pieces[i].size);
		at = pieces[i].offset + pieces[i].size;
	}
	return r;
}

static int read_piece(struct build *build, const char *name, uint64_t size_max, uint8_t **bytes,
	uint64_t *size)
{
	size_t n = 0;
	int r = work_read(&build->work, name, size_max, bytes, &n);

	*size = n;
	return r == WORK_BAD ? build_fail(build, "%s is missing or too large", name) : r;
}

/* The private copies of what is packed; all that follows looks at these only. */
struct packing {
	uint8_t *elf, *image;
	struct object_function *functions;
	struct object_header *header;
	char *record;
	struct verify_symbols symbols; /* of elf */
	struct lines lines;
	struct skeleton_made skeleton;
	struct piece pieces[PIECES];
};

static void packing_deinit(struct packing *p)
{
	free(p->elf);
	free(p->image);
	free(p->functions);
	free(p->header);
	free(p->record);
	lines_deinit(&p->lines);
	free(p->skeleton.bytes);
}

static int read_files(struct build *build, struct packing *p)
{
	struct piece *elf = &p->pieces[PIECE_ELF], *image = &p->pieces[PIECE_IMAGE];
	int r = read_piece(build, COMPILE_OBJECT, OBJECT_SIZE_MAX, &p->elf, &elf->size);

	if (r == 0)
		r = read_piece(
			build, "image.bin", FACTS_IMAGE_BYTES_MAX, &p->image, &image->size);
	if (r)
		return r;
	elf->bytes = p->elf;
	image->bytes = p->image;
	if (image->size != build->facts.n.image_bytes)
		return build_fail(build, "the memory image is not what the checker said");
	return 0;
}

static int make_tables(struct build *build, struct packing *p)
{
	const struct facts *facts = &build->facts;
	char reason[VERIFY_REASON_SIZE];
	uint32_t count = 0;

	if (verify(p->elf, p->pieces[PIECE_ELF].size, facts->n.imports_used, &p->symbols,
		    reason) != 0)
		return build_fail(build, "the linked object %s", reason);
	if (build->plan.tier == OBJECT_QUICK && quick_frames(build, &p->symbols) != 0)
		return BUILD_UNFIT;
	int r = make_functions(build, &p->symbols, &p->functions, &count);
	if (r)
		return r;
	size_t header_bytes =
		sizeof *p->header + facts->n.runs_count * sizeof p->header->runs[0];
	p->header = calloc(1, header_bytes);
	if (!p->header)
		return -ENOMEM;
	p->pieces[PIECE_HEADER] = (struct piece){ p->header, header_bytes, 0 };
	p->pieces[PIECE_FUNCTIONS] =
		(struct piece){ p->functions, count * sizeof *p->functions, 0 };
	p->pieces[PIECE_NAMES] = (struct piece){ facts->names, facts->n.names_bytes, 0 };
	return 0;
}

static int make_record(struct build *build, struct packing *p)
{
	size_t size = 0;
	int r = provenance_write(build, &p->record, &size);

	p->pieces[PIECE_RECORD] = (struct piece){ p->record, size, 0 };
	return r;
}

static int make_skeleton(struct build *build, struct packing *p)
{
	if (build->plan.tier != OBJECT_INSTRUMENTED)
		return 0;
	int r = skeleton_make(p->elf, &p->skeleton);
	if (r == SKELETON_TOO_LARGE)
		return build_unfit(build, "has more than %llu MiB of branches to count",
			COUNTERS_BYTES_MAX / MIB);
	if (r > 0)
		return build_fail(build, "the linked object has odd counters");
	p->pieces[PIECE_SKELETON] = (struct piece){ p->skeleton.bytes, p->skeleton.size, 0 };
	return r;
}

static void take_lines(struct build *build, struct packing *p)
{
	if (!lines_take(build, &p->lines))
		return;
	p->pieces[PIECE_LINES] =
		(struct piece){ p->lines.rows, p->lines.count * sizeof *p->lines.rows, 0 };
	p->pieces[PIECE_FILES] = (struct piece){ p->lines.files, p->lines.files_bytes, 0 };
}

int pack_object(struct build *build, int fd, uint64_t *bytes)
{
	CLEANUP(packing_deinit) struct packing p = { 0 };

	build_progress(build, "verify", 0, 1);
	int r = read_files(build, &p);
	if (r == 0)
		r = make_tables(build, &p);
	if (r == 0)
		r = make_record(build, &p);
	if (r == 0)
		r = make_skeleton(build, &p);
	if (r)
		return r;
	take_lines(build, &p);
	*bytes = lay_out(p.pieces);
	if (*bytes > OBJECT_SIZE_MAX)
		return build_refuse(build, "turns into an object of more than %llu MiB",
			OBJECT_SIZE_MAX / MIB);
	fill_header(build, p.pieces, &p.skeleton, p.header);
	p.header->lines_offset = p.pieces[PIECE_LINES].offset;
	p.header->lines_count = p.lines.count;
	p.header->files_offset = p.pieces[PIECE_FILES].offset;
	p.header->files_bytes = p.lines.files_bytes;
	p.header->unwind_address = p.symbols.unwind_address;
	p.header->unwind_bytes = p.symbols.unwind_bytes;
	r = write_pieces(fd, p.pieces);
	if (r == 0)
		build_progress(build, "verify", 1, 1);
	return r;
}
