#include "runtime/unwind.h"

#define CALLER_WORDS 64u /* of the stack, to look for who called the runtime */

struct walk {
	const struct unwind_code *code;
	struct cfi_registers registers;
	bool called; /* rip is where a call returns: the call lies before it */
};

/* Where execution is, counted from the code's base; 0: elsewhere. */
static uint64_t offset_of(const struct walk *w)
{
	uint64_t offset = w->registers.at[CFI_RIP] - w->called - w->code->base;

	return offset < w->code->bytes ? offset : 0;
}

/* Out of a leaf of the runtime, which kept what it shares with its caller. */
static bool leave_runtime(struct walk *w)
{
	uint64_t at = w->registers.at[CFI_RSP], word;

	w->called = true;
	for (uint32_t n = 0; n < CALLER_WORDS; n++, at += sizeof(word)) {
		if (!cfi_stack_word(&w->code->cfi, at, &word))
			return false;
		w->registers.at[CFI_RIP] = word;
		w->registers.at[CFI_RSP] = at + sizeof(word);
		if (offset_of(w))
			return true;
	}
	return false;
}

/* A function that begins with `push rbp; mov rbp, rsp` and keeps rbp until its end. */
static bool step_by_chain(struct walk *w)
{
	uint64_t frame = w->registers.at[CFI_RBP], rbp, rip;

	if (frame < w->registers.at[CFI_RSP] || !cfi_stack_word(&w->code->cfi, frame, &rbp) ||
		!cfi_stack_word(&w->code->cfi, frame + sizeof(rbp), &rip))
		return false;
	w->registers.at[CFI_RBP] = rbp;
	w->registers.at[CFI_RIP] = rip;
	w->registers.at[CFI_RSP] = frame + sizeof(rbp) + sizeof(rip);
	return true;
}

/* False: nobody knows who called. A caller's frame lies above. */
static bool step(struct walk *w)
{
	uint64_t before = w->registers.at[CFI_RSP];
	int r = cfi_step(&w->code->cfi, w->registers.at[CFI_RIP] - w->called, &w->registers);

	if (r == CFI_BROKEN || (r == CFI_NONE && !step_by_chain(w)))
		return false;
	w->called = true;
	return w->registers.at[CFI_RSP] > before;
}

uint32_t unwind(const struct unwind_code *code, const struct cfi_registers *registers,
	bool called, uint32_t *offsets, uint32_t max, bool *more)
{
	struct walk w = { .code = code, .registers = *registers, .called = called };
	uint32_t count = 0;

	*more = false;
	if (!offset_of(&w) && !leave_runtime(&w))
		return 0;
	for (uint64_t offset; (offset = offset_of(&w)) != 0;) {
		if (count == max) {
			*more = true;
			return count;
		}
		offsets[count++] = (uint32_t)offset;
		if (!step(&w))
			return count;
	}
	return count;
}
