/*
 * lz.h: a small compressor (LZ77: what was there before is named by how far back and how long)
 * in a container that says how long the original is and lets damage be noticed. No C library is
 * needed but for memcpy() and memset(), which clang makes of itself with -mbulk-memory.
 *
 *     container   "RSZ" method(1) original_bytes(4) sum(4) content
 *     method 0    the original itself
 *     method 1    again and again: literals(varint) that many bytes, match(varint),
 *                 distance(varint) unless match is 0, which ends it. A match of n means
 *                 n + 3 bytes.
 *
 * Numbers are little-endian. What is decompressed may be anything: nothing outside the two
 * buffers is read or written, and it is refused unless it fits exactly.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LZ_HEAD_BYTES 12u
#define LZ_BYTES_MAX  (16u * 1024 * 1024 - 64) /* of an original: one fits into a message */

/* A match shorter than this is not worth its two numbers. */
#define LZ_MATCH_MIN  4u
#define LZ_HASH_LOG2  15
#define LZ_HASH_TABLE (1u << LZ_HASH_LOG2)

struct lz_out {
	uint8_t *at, *end;
	bool full;
};
struct lz_in {
	const uint8_t *at, *end;
};

/* FNV-1a. */
static inline uint32_t lz_sum(const uint8_t *bytes, size_t n)
{
	uint32_t sum = 2166136261u;

	for (size_t i = 0; i < n; i++)
		sum = (sum ^ bytes[i]) * 16777619u;
	return sum;
}

static inline void lz_put_u32(uint8_t *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

static inline uint32_t lz_get_u32(const uint8_t *from)
{
	return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
	       (uint32_t)from[3] << 24;
}

/* ---- there ---- */

static inline void lz_put(struct lz_out *out, const uint8_t *bytes, size_t n)
{
	if (n > (size_t)(out->end - out->at)) {
		out->full = true;
		return;
	}
	__builtin_memcpy(out->at, bytes, n);
	out->at += n;
}

static inline void lz_put_varint(struct lz_out *out, uint32_t value)
{
	uint8_t bytes[5];
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		bytes[n++] = (uint8_t)(value | 0x80);
	bytes[n++] = (uint8_t)value;
	lz_put(out, bytes, n);
}

static inline uint32_t lz_hash(const uint8_t *at)
{
	return lz_get_u32(at) * 2654435761u >> (32 - LZ_HASH_LOG2);
}

/* How many bytes from `at` on are those from `before` on. */
static inline uint32_t lz_same(const uint8_t *before, const uint8_t *at, const uint8_t *end)
{
	uint32_t n = 0;

	while (at + n < end && before[n] == at[n])
		n++;
	return n;
}

static inline void lz_put_sequence(struct lz_out *out, const uint8_t *literals, uint32_t count,
	uint32_t match, uint32_t distance)
{
	lz_put_varint(out, count);
	lz_put(out, literals, count);
	lz_put_varint(out, match ? match - (LZ_MATCH_MIN - 1) : 0);
	if (match)
		lz_put_varint(out, distance);
}

/* Remembers where four bytes were last, by their hash, and takes the first match it sees. */
static inline void lz_compress_into(
	const uint8_t *in, uint32_t bytes, uint32_t last[LZ_HASH_TABLE], struct lz_out *out)
{
	const uint8_t *const end = in + bytes;
	uint32_t literals = 0, at = 0; /* since the last match; where we are */

	__builtin_memset(last, 0, LZ_HASH_TABLE * sizeof(*last)); /* position + 1; 0: never */
	while (bytes - at >= LZ_MATCH_MIN && !out->full) {
		uint32_t *place = &last[lz_hash(in + at)], before = *place;
		uint32_t same = before ? lz_same(in + before - 1, in + at, end) : 0;
		*place = at + 1;
		if (same < LZ_MATCH_MIN) {
			at++;
			literals++;
			continue;
		}
		lz_put_sequence(out, in + at - literals, literals, same, at + 1 - before);
		at += same;
		literals = 0;
	}
	lz_put_sequence(out, end - literals - (bytes - at), literals + (bytes - at), 0, 0);
}

/* A container never takes more than this. */
static inline size_t lz_bound(size_t bytes)
{
	return LZ_HEAD_BYTES + bytes;
}

/* Writes a container to `out`, which has lz_bound() bytes of room; answers its bytes. */
static inline size_t lz_compress(
	const uint8_t *in, uint32_t bytes, uint32_t table[LZ_HASH_TABLE], uint8_t *out)
{
	struct lz_out content = { out + LZ_HEAD_BYTES, out + lz_bound(bytes), false };

	lz_compress_into(in, bytes, table, &content);
	if (content.full) {
		content.at = content.end;
		__builtin_memcpy(out + LZ_HEAD_BYTES, in, bytes);
	}
	__builtin_memcpy(out, "RSZ", 3);
	out[3] = !content.full;
	lz_put_u32(out + 4, bytes);
	lz_put_u32(out + 8, lz_sum(in, bytes));
	return (size_t)(content.at - out);
}

/* ---- and back ---- */

static inline bool lz_get_varint(struct lz_in *in, uint32_t *value)
{
	uint64_t sum = 0;

	for (uint32_t shift = 0; shift < 35 && in->at < in->end; shift += 7) {
		sum |= (uint64_t)(*in->at & 0x7f) << shift;
		if (*in->at++ >= 0x80)
			continue;
		*value = (uint32_t)sum;
		return sum <= UINT32_MAX;
	}
	return false;
}

static inline bool lz_get_literals(struct lz_in *in, struct lz_out *out)
{
	uint32_t count;

	if (!lz_get_varint(in, &count) || count > (size_t)(in->end - in->at))
		return false;
	lz_put(out, in->at, count);
	in->at += count;
	return !out->full;
}

/* Byte by byte: a match may reach into itself, and so repeats. */
static inline bool lz_get_match(
	struct lz_in *in, struct lz_out *out, const uint8_t *begin, uint32_t match)
{
	uint64_t count = (uint64_t)match + LZ_MATCH_MIN - 1;
	uint32_t distance;

	if (!lz_get_varint(in, &distance) || distance == 0 ||
		distance > (size_t)(out->at - begin) || count > (size_t)(out->end - out->at))
		return false;
	for (; count; count--, out->at++)
		*out->at = *(out->at - distance);
	return true;
}

static inline bool lz_decompress_into(struct lz_in *in, struct lz_out *out)
{
	const uint8_t *begin = out->at;
	uint32_t match;

	for (;;) {
		if (!lz_get_literals(in, out) || !lz_get_varint(in, &match))
			return false;
		if (match == 0)
			return in->at == in->end && out->at == out->end;
		if (!lz_get_match(in, out, begin, match))
			return false;
	}
}

/* How long the original says to be; false: this is no container, or of more than may be. */
static inline bool lz_original_bytes(const uint8_t *in, size_t bytes, uint32_t *original)
{
	if (bytes < LZ_HEAD_BYTES || __builtin_memcmp(in, "RSZ", 3) != 0 || in[3] > 1)
		return false;
	*original = lz_get_u32(in + 4);
	return *original <= LZ_BYTES_MAX;
}

/* `out` has room for `original` bytes. False: it is damaged. */
static inline bool lz_decompress(
	const uint8_t *in, size_t bytes, uint8_t *out, uint32_t original)
{
	struct lz_in content = { in + LZ_HEAD_BYTES, in + bytes };
	struct lz_out to = { out, out + original, false };

	if (in[3] == 1) {
		if (!lz_decompress_into(&content, &to))
			return false;
	} else if (bytes - LZ_HEAD_BYTES != original) {
		return false;
	} else {
		__builtin_memcpy(out, content.at, original);
	}
	return lz_sum(out, original) == lz_get_u32(in + 8);
}
