#include "aotc/quick.h"

#include <string.h>

#include "aotc/pack.h"

/* What rs-quick.h and rs-tcc.h were written for. */
#define FEATURES (FEATURES_WABT_1_0_32 | FEATURE_EXTENDED_CONST | FEATURE_SIMD)

int quick_takes(struct build *build)
{
	const struct facts_numbers *n = &build->facts.n;

	if (n->features & ~(uint32_t)FEATURES)
		return build_unfit(build, "uses features that are only compiled in full");
	if (n->negations > QUICK_NEGATIONS_MAX)
		return build_unfit(build, "negates floats in %u places", n->negations);
	return 0;
}

/* How each of tcc's functions begins; the frame's bytes follow. */
static const uint8_t prologue[] = {
	0x55,             /* push %rbp */
	0x48, 0x89, 0xe5, /* mov %rsp,%rbp */
	0x48, 0x81, 0xec, /* sub $bytes,%rsp */
};

static int check_frame(struct build *build, const uint8_t *code, uint64_t bytes)
{
	uint32_t frame;

	if (bytes < sizeof prologue + sizeof frame ||
		memcmp(code, prologue, sizeof prologue) != 0)
		return build_unfit(build, "tcc %s makes frames that are not known here",
			build->tools.cc_version);
	memcpy(&frame, code + sizeof prologue, sizeof frame);
	if (frame > QUICK_FRAME_BYTES_MAX)
		return build_unfit(build, "a function takes %u bytes of stack", frame);
	return 0;
}

/* Of an import that nothing provides: not tcc's, and without a frame to speak of (object.c). */
static bool is_stub(const struct build *build, const char *symbol)
{
	return pack_function_index(&build->facts, symbol) < build->facts.n.function_imports;
}

int quick_frames(struct build *build, const struct verify_symbols *symbols)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < symbols->count; i++) {
		const Elf64_Sym *s = &symbols->symbols[i];

		if (ELF64_ST_TYPE(s->st_info) == STT_FUNC && s->st_shndx != SHN_UNDEF &&
			!is_stub(build, symbols->names + s->st_name))
			r = check_frame(build,
				symbols->text + (s->st_value - symbols->text_start),
				s->st_size);
	}
	return r;
}
