#include "aotc/wasm.h"

struct wasm_reader wasm_reader_of(const uint8_t *bytes, size_t size)
{
	return (struct wasm_reader){ .at = bytes, .end = size ? bytes + size : bytes };
}

size_t wasm_left(const struct wasm_reader *r)
{
	return (size_t)(r->end - r->at);
}

void wasm_fail(struct wasm_reader *r, const char *wrong)
{
	if (!r->wrong)
		r->wrong = wrong;
}

uint8_t wasm_byte(struct wasm_reader *r)
{
	if (r->wrong)
		return 0;
	if (r->at == r->end) {
		wasm_fail(r, "it ends too early");
		return 0;
	}
	return *r->at++;
}

/* The last byte a number may have holds `used` bits of it; what is left must be zero, or for
 * signed ones the sign. */
static bool last_byte_fits(uint8_t byte, unsigned used, bool is_signed)
{
	if (!is_signed)
		return byte >> used == 0;
	uint8_t above = (byte & 0x7f) >> (used - 1);
	return byte < 0x80 && (above == 0 || above == 0x7f >> (used - 1));
}

/* LEB128 of a number of `bits` bits: at most ceil(bits / 7) bytes. */
static uint64_t leb128(struct wasm_reader *r, unsigned bits, bool is_signed)
{
	uint64_t value = 0;

	for (unsigned shift = 0;; shift += 7) {
		uint8_t byte = wasm_byte(r);
		if (r->wrong)
			return 0;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (shift + 7 >= bits && !last_byte_fits(byte, bits - shift, is_signed)) {
			r->at--;
			wasm_fail(r, "a number is too large");
			return 0;
		}
		if (byte & 0x80)
			continue;
		if (is_signed && (byte & 0x40) && shift + 7 < 64)
			value |= UINT64_MAX << (shift + 7);
		return value;
	}
}

uint32_t wasm_u32(struct wasm_reader *r)
{
	if (!r->wrong && r->at != r->end && *r->at < 0x80) /* nearly all of them */
		return *r->at++;
	return (uint32_t)leb128(r, 32, false);
}

int32_t wasm_s32(struct wasm_reader *r)
{
	return (int32_t)leb128(r, 32, true);
}

int64_t wasm_s33(struct wasm_reader *r)
{
	return (int64_t)leb128(r, 33, true);
}

int64_t wasm_s64(struct wasm_reader *r)
{
	return (int64_t)leb128(r, 64, true);
}

const uint8_t *wasm_bytes(struct wasm_reader *r, size_t size)
{
	const uint8_t *bytes = r->at;

	if (r->wrong)
		return NULL;
	if (size > wasm_left(r)) {
		wasm_fail(r, "it ends too early");
		return NULL;
	}
	r->at += size;
	return bytes;
}

struct wasm_reader wasm_part(struct wasm_reader *r, size_t size)
{
	const uint8_t *bytes = wasm_bytes(r, size);

	if (!bytes)
		return (struct wasm_reader){ .at = r->at, .end = r->at, .wrong = r->wrong };
	return wasm_reader_of(bytes, size);
}

uint32_t wasm_count(struct wasm_reader *r)
{
	uint32_t count = wasm_u32(r);

	if (count > wasm_left(r)) {
		wasm_fail(r, "a count is larger than what follows");
		return 0;
	}
	return count;
}

struct wasm_name wasm_name(struct wasm_reader *r)
{
	uint32_t size = wasm_u32(r);
	const uint8_t *text = wasm_bytes(r, size);

	if (!text)
		return (struct wasm_name){ .text = "" };
	if (!wasm_is_utf8(text, size)) {
		r->at = text;
		wasm_fail(r, "a name is not UTF-8");
		return (struct wasm_name){ .text = "" };
	}
	return (struct wasm_name){ .text = (const char *)text, .size = size };
}

/* Lead bytes: what they take off, how many bytes follow, the least code point that needs so
 * many (RFC 3629). */
static const struct {
	uint8_t mask, lead, more;
	uint32_t least;
} utf8_forms[] = {
	{ 0x80, 0x00, 0, 0 },
	{ 0xe0, 0xc0, 1, 0x80 },
	{ 0xf0, 0xe0, 2, 0x800 },
	{ 0xf8, 0xf0, 3, 0x10000 },
};

/* Bytes of the character at text, 0 if it is none. */
static size_t utf8_character(const uint8_t *text, size_t size)
{
	for (size_t form = 0; form < ARRAY_LEN(utf8_forms); form++) {
		if ((text[0] & utf8_forms[form].mask) != utf8_forms[form].lead)
			continue;
		size_t more = utf8_forms[form].more;
		uint32_t point = text[0] & (uint8_t)~utf8_forms[form].mask;
		if (more >= size)
			return 0;
		for (size_t i = 1; i <= more; i++) {
			if ((text[i] & 0xc0) != 0x80)
				return 0;
			point = point << 6 | (text[i] & 0x3f);
		}
		bool surrogate = point >= 0xd800 && point <= 0xdfff;
		return point < utf8_forms[form].least || point > 0x10ffff || surrogate
			       ? 0
			       : more + 1;
	}
	return 0;
}

bool wasm_is_utf8(const uint8_t *text, size_t size)
{
	while (size > 0) {
		size_t step = utf8_character(text, size);
		if (step == 0)
			return false;
		text += step;
		size -= step;
	}
	return true;
}
