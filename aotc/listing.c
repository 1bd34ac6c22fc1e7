#include "aotc/listing.h"

#include <string.h>

#include "aotc/compile.h"
#include "aotc/pack.h"

#define PIECES_MAX     16u /* that a compiler makes of a function */
#define TEXT_BYTES_MAX OBJECT_SIZE_MAX

/* ---- which ---- */

static bool read_index(const char *word, uint32_t *index)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	*index = (uint32_t)n;
	return *word >= '0' && *word <= '9' && *end == '\0' && n < UINT32_MAX;
}

uint32_t listing_function(const struct facts *facts, const char *word)
{
	size_t size = strlen(word);
	uint32_t index;

	for (uint32_t i = 0; i < facts->n.functions; i++)
		if (facts->function_names[i].bytes == size &&
			memcmp(facts->names + facts->function_names[i].offset, word, size) == 0)
			return i;
	return read_index(word, &index) && index < facts->n.functions ? index
								      : FACTS_NO_FUNCTION;
}

/* ---- the C ---- */

static void print_plain(const char *text, size_t size, FILE *to)
{
	for (size_t i = 0; i < size; i++) {
		char c = text[i];

		fputc(c == '\t' || c == '\n' || (c >= ' ' && c <= '~') ? c : '?', to);
	}
}

bool listing_begins(const char *line, size_t size, char symbol[LISTING_SYMBOL_SIZE])
{
	const char *bracket = memchr(line, '(', size), *start = bracket;

	if (!bracket || size == 0 || line[size - 1] != '{')
		return false;
	while (start > line && strspn(start - 1, "abcdefghijklmnopqrstuvwxyz"
						 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"))
		start--;
	size_t n = (size_t)(bracket - start);
	if (n == 0 || n >= LISTING_SYMBOL_SIZE)
		return false;
	memcpy(symbol, start, n);
	symbol[n] = '\0';
	return true;
}

/* Every definition that is of this function, up to the bracket that closes it. */
static void print_bodies(
	const struct facts *facts, const char *text, uint32_t function, FILE *to)
{
	char symbol[LISTING_SYMBOL_SIZE];
	bool inside = false;

	for (size_t n; *text; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		if (!inside && *text != ' ' && listing_begins(text, n, symbol))
			inside = pack_function_index(facts, symbol) == function;
		if (!inside)
			continue;
		print_plain(text, n, to);
		fputc('\n', to);
		inside = *text != '}';
	}
}

static int print_source(struct build *build, uint32_t function, FILE *to)
{
	CLEANUP(freep) uint8_t *text = NULL;
	size_t size = 0;
	int r = work_read(&build->work, "m.c", TEXT_BYTES_MAX, &text, &size);

	if (r)
		return r < 0 ? r : build_fail(build, "the translator's text is missing");
	print_bodies(&build->facts, (const char *)text, function, to);
	return 0;
}

/* ---- the machine code ---- */

struct piece {
	uint64_t start, end;
	const char *symbol;
};

static int find_pieces(struct build *build, const uint8_t *elf, size_t size, uint32_t function,
	struct piece pieces[PIECES_MAX], uint32_t *count)
{
	struct verify_symbols symbols;
	char reason[VERIFY_REASON_SIZE];

	if (verify(elf, size, build->facts.n.imports_used, &symbols, reason))
		return build_fail(build, "the linked object %s", reason);
	for (uint32_t i = 0; i < symbols.count && *count < PIECES_MAX; i++) {
		const Elf64_Sym *s = &symbols.symbols[i];
		const char *name = symbols.names + s->st_name;

		if (ELF64_ST_TYPE(s->st_info) == STT_FUNC && s->st_size &&
			pack_function_index(&build->facts, name) == function)
			pieces[(*count)++] =
				(struct piece){ s->st_value, s->st_value + s->st_size, name };
	}
	return 0;
}

/* As the assembler and the linker are. */
void listing_tool(const struct build *build, const char *name, char path[TOOLCHAIN_PATH_SIZE])
{
	const char *slash = strrchr(build->tools.cc, '/');
	int folder = slash ? (int)(slash - build->tools.cc) : 0;
	int n = snprintf(path, TOOLCHAIN_PATH_SIZE, "%.*s/%s", folder, build->tools.cc, name);

	if (n < 0 || n >= TOOLCHAIN_PATH_SIZE || access(path, X_OK) < 0)
		snprintf(path, TOOLCHAIN_PATH_SIZE, "/usr/bin/%s", name);
}

static int disassemble(struct build *build, const struct piece *piece, FILE *to)
{
	char tool[TOOLCHAIN_PATH_SIZE], start[48], end[48];
	CLEANUP(freep) uint8_t *text = NULL;
	CLEANUP(fd_closep) int output = -1;
	size_t size = 0;
	int r = work_create(&build->work, "asm.txt", &output);

	if (r)
		return r;
	listing_tool(build, "objdump", tool);
	snprintf(
		start, sizeof start, "--start-address=%#llx", (unsigned long long)piece->start);
	snprintf(end, sizeof end, "--stop-address=%#llx", (unsigned long long)piece->end);
	const char *argv[] = { tool, "-d", "-w", "--no-show-raw-insn", start, end,
		COMPILE_OBJECT, NULL };
	struct build_job job = build_tool(build, "objdump", "the disassembler", argv);
	job.jail.output_fd = output;
	r = build_run(build, "disassemble", &job, 1);
	if (r)
		return r;
	if (job.end.code)
		return build_fail(build, "the disassembler ended with %d", job.end.code);
	r = work_read(&build->work, "asm.txt", TEXT_BYTES_MAX, &text, &size);
	if (r)
		return r < 0 ? r : build_fail(build, "the disassembler wrote too much");
	const char *code = strstr((const char *)text, "\n0"); /* behind the file's name */
	code = code ? code : (const char *)text;
	print_plain(code, strlen(code), to);
	return 0;
}

static int print_code(struct build *build, uint32_t function, FILE *to)
{
	CLEANUP(freep) uint8_t *elf = NULL;
	struct piece pieces[PIECES_MAX];
	uint32_t count = 0;
	size_t size = 0;
	int r = work_read(&build->work, COMPILE_OBJECT, OBJECT_SIZE_MAX, &elf, &size);

	if (r)
		return r < 0 ? r : build_fail(build, COMPILE_OBJECT " is missing or too large");
	r = find_pieces(build, elf, size, function, pieces, &count);
	for (uint32_t i = 0; r == 0 && i < count; i++)
		r = disassemble(build, &pieces[i], to);
	if (r == 0 && count == 0)
		fprintf(to, "\nno machine code of its own: the compiler put it into those that "
			    "call it, or nobody calls it\n");
	return r;
}

int listing_write(struct build *build, uint32_t function, FILE *to)
{
	if (function < build->facts.n.function_imports) {
		fprintf(to, "function %u is imported\n", function);
		return 0;
	}
	int r = print_source(build, function, to);
	return r ? r : print_code(build, function, to);
}
