/*
 * Messages as structs: the same bytes and the same meaning as protoc's, and nothing outside the
 * buffers, whatever the bytes are.
 */
#include <stdio.h>

#include "interfaces/encode.h"
#include "interfaces/time.h"
#include "tests/cache/scratch.h"
#include "tests/check_run.h"
#include "tests/interfaces/every.h"
#include "tests/interfaces/made_messages.h"

#define MESSAGES 300u
#define SMALL    120u
#define FLIPS_OF 12u
#define ROOM     (1u << 20)

static const struct rs_layout *const all = &rs_every_all_layout;
static const struct rs_layout *const many = &rs_every_many_layout;

struct buffer {
	uint8_t *at;
	size_t bytes;
};

/* Of exactly its size, so that one byte more is seen. */
static struct buffer encoded(const struct rs_layout *layout, const void *message)
{
	uint64_t size = rs_encode_size(layout, message);
	struct buffer out = { made_keep(malloc(size)), size };

	MUST(rs_encode(layout, message, out.at, size) == (int64_t)size);
	return out;
}

static struct buffer copied(const void *bytes, size_t n)
{
	struct buffer out = { made_keep(malloc(n)), n };

	if (n)
		memcpy(out.at, bytes, n);
	return out;
}

static bool same(struct buffer a, struct buffer b)
{
	return a.bytes == b.bytes && (a.bytes == 0 || memcmp(a.at, b.at, a.bytes) == 0);
}

/* --- protoc --- */

static void write_file(const char *name, struct buffer content)
{
	FILE *file = fopen(scratch_path(name), "w");

	MUST(file && fwrite(content.at, 1, content.bytes, file) == content.bytes);
	MUST(fclose(file) == 0);
}

static struct buffer read_file(const char *name)
{
	FILE *file = fopen(scratch_path(name), "r");
	struct buffer out = { made_keep(malloc(ROOM)), 0 };

	MUST(file != NULL);
	out.bytes = fread(out.at, 1, ROOM, file);
	MUST(fclose(file) == 0);
	return out;
}

/* encode or decode, of a message of a file here. The exit status. */
static int protoc(const char *what, const char *message, const char *from, const char *to)
{
	char line[1024];

	snprintf(line, sizeof(line),
		"protoc --%s=%s tests/interfaces/%s.proto <%s >%s 2>/dev/null", what, message,
		strstr(message, "later") ? "later" : "every", scratch_path(from),
		scratch_path(to));
	return system(line);
}

/* What protoc makes of these bytes when it reads and writes them. */
static struct buffer through_protoc(struct buffer bytes)
{
	write_file("in", bytes);
	ck_assert_int_eq(protoc("decode", "tests.every.Many", "in", "text"), 0);
	ck_assert_int_eq(protoc("encode", "tests.every.Many", "text", "out"), 0);
	return read_file("out");
}

static struct rs_every_many made_many(uint32_t count)
{
	struct rs_every_all *messages = made_room(count * sizeof(*messages));
	struct rs_every_many out;

	memset(&out, 0, sizeof(out));
	for (uint32_t i = 0; i < count; i++)
		made_fill(all, (uint8_t *)&messages[i]);
	rs_every_many_set_all(&out, messages, count);
	return out;
}

START_TEST(what_is_encoded_is_what_protoc_encodes)
{
	made_state = 1;
	struct rs_every_many messages = made_many(MESSAGES);
	struct buffer ours = encoded(many, &messages);

	ck_assert(same(ours, through_protoc(ours)));
}
END_TEST

/* Encoded, decoded, encoded: lists are walked in the body the second time. */
START_TEST(what_is_decoded_is_what_was_encoded)
{
	made_state = 2;
	for (uint32_t i = 0; i < MESSAGES; i++) {
		struct rs_every_all message, decoded;

		made_fill(all, (uint8_t *)&message);
		struct buffer first = encoded(all, &message);
		MUST(rs_every_all_decode(&decoded, first.at, first.bytes) == 0);
		MUST(made_sum(all, (const uint8_t *)&decoded) ==
			made_sum(all, (const uint8_t *)&message));
		MUST(same(first, encoded(all, &decoded)));
	}
}
END_TEST

static struct buffer joined(struct buffer a, struct buffer b)
{
	struct buffer out = { made_keep(malloc(a.bytes + b.bytes)), a.bytes + b.bytes };

	if (a.bytes)
		memcpy(out.at, a.at, a.bytes);
	if (b.bytes)
		memcpy(out.at + a.bytes, b.at, b.bytes);
	return out;
}

/* As one element of Many. */
static void append(struct buffer *to, struct buffer element)
{
	uint8_t head[16] = { 1 << 3 | RS_WIRE_BYTES };
	struct rs_encode_out out = rs_encode_out(head + 1, sizeof(head) - 1);

	rs_encode_put_varint(&out, element.bytes);
	*to = joined(joined(*to, (struct buffer){ head, (size_t)(out.at - head) }), element);
}

/* Two messages one behind the other are one: scalars are the last, lists are both, messages are
 * merged, a oneof is what came last. */
START_TEST(what_comes_twice_is_merged_as_protobuf_does)
{
	struct buffer twice = { NULL, 0 }, once = { NULL, 0 };

	made_state = 3;
	for (uint32_t i = 0; i < SMALL; i++) {
		struct rs_every_all a, b, c, decoded;

		made_fill(all, (uint8_t *)&a);
		made_fill(all, (uint8_t *)&b);
		made_fill(all, (uint8_t *)&c);
		struct buffer both =
			joined(joined(encoded(all, &a), encoded(all, &b)), encoded(all, &c));
		MUST(rs_every_all_decode(&decoded, both.at, both.bytes) == 0);
		made_sum(all, (const uint8_t *)&decoded);
		append(&twice, both);
		append(&once, encoded(all, &decoded));
	}
	ck_assert(same(once, through_protoc(twice)));
}
END_TEST

START_TEST(what_a_oneof_dropped_does_not_come_back)
{
	static const struct rs_every_point points[] = { { 1, 0 }, { 2, 0 }, { 3, 0 } };
	struct rs_every_all message, decoded;
	struct rs_every_point point;
	struct rs_walk walk;

	memset(&message, 0, sizeof(message));
	message.which_choice = RS_EVERY_ALL_CHOSEN;
	rs_every_line_set_via(&message.choice.chosen, points, 2);
	struct buffer first = encoded(all, &message);
	rs_every_line_set_via(&message.choice.chosen, points + 2, 1);
	struct buffer last = encoded(all, &message);
	message.which_choice = RS_EVERY_ALL_NUMBER;
	struct buffer other = encoded(all, &message);
	struct buffer body = joined(joined(first, other), last);

	ck_assert_int_eq(rs_every_all_decode(&decoded, body.at, body.bytes), 0);
	ck_assert_uint_eq(decoded.which_choice, RS_EVERY_ALL_CHOSEN);
	ck_assert_uint_eq(decoded.choice.chosen.via.count, 1);
	rs_walk_begin(&walk, &decoded.choice.chosen.via);
	ck_assert(rs_every_line_via_next(&walk, &point));
	ck_assert_int_eq(point.x, 3);
	ck_assert(!rs_every_line_via_next(&walk, &point));
}
END_TEST

/* A message as a later definition has it: the values of this one. */
START_TEST(unpacked_unknown_and_mistyped_fields_are_read_as_protobuf_does)
{
	made_state = 4;
	struct rs_every_many messages = made_many(SMALL), decoded;
	struct rs_every_all one;

	/* all_bytes is numbers there and one_uint32 is text: what fits neither is left out */
	struct rs_every_all *items = (struct rs_every_all *)(uintptr_t)messages.all.items;
	for (uint32_t i = 0; i < SMALL; i++)
		items[i].all_bytes.count = 0, items[i].one_uint32 = 0;
	struct buffer ours = encoded(many, &messages);
	write_file("in", ours);
	ck_assert_int_eq(protoc("decode", "tests.every.Many", "in", "text"), 0);
	struct buffer text = read_file("text");
	static const char more[] = "all { before: \"b\" more_points { x: 1 } fixed: 7 wide: 8 "
				   "packed: [1, 2] last_but_one: \"l\" all_bytes: [1, 2] "
				   "one_uint32: \"t\" }\n";
	write_file("text", joined(text, copied(more, strlen(more))));
	ck_assert_int_eq(protoc("encode", "tests.later.Many", "text", "out"), 0);
	struct buffer later = read_file("out");

	ck_assert_uint_gt(later.bytes, ours.bytes);
	ck_assert_int_eq(rs_every_many_decode(&decoded, later.at, later.bytes), 0);
	ck_assert_uint_eq(decoded.all.count, SMALL + 1);
	struct rs_walk walk;
	rs_walk_begin(&walk, &decoded.all);
	for (uint32_t i = 0; i < SMALL; i++) {
		MUST(rs_every_many_all_next(&walk, &one));
		MUST(made_sum(all, (const uint8_t *)&one) ==
			made_sum(all, (const uint8_t *)&items[i]));
	}
	ck_assert(rs_every_many_all_next(&walk, &one));
	ck_assert_uint_eq(encoded(all, &one).bytes, 0);
	ck_assert(!rs_every_many_all_next(&walk, &one));
}
END_TEST

/* --- lies --- */

/* Decodes a copy of exactly its size; what is accepted is read to its end. */
static int decode_all(const void *bytes, size_t n)
{
	struct buffer body = copied(bytes, n);
	struct rs_every_all out;
	int r = rs_every_all_decode(&out, body.at, body.bytes);

	if (r == 0) {
		made_sum(all, (const uint8_t *)&out);
		free(encoded(all, &out).at);
	}
	free(body.at);
	return r;
}

START_TEST(a_body_that_ends_early_is_refused_or_shorter)
{
	made_state = 5;
	for (uint32_t i = 0; i < SMALL; i++) {
		struct rs_every_all message;

		made_fill(all, (uint8_t *)&message);
		struct buffer whole = encoded(all, &message);
		for (size_t n = 0; n <= whole.bytes; n++)
			(void)decode_all(whole.at, n);
		MUST(decode_all(whole.at, whole.bytes) == 0);
	}
}
END_TEST

START_TEST(a_flipped_bit_is_harmless)
{
	made_state = 6;
	for (uint32_t i = 0; i < FLIPS_OF; i++) {
		struct rs_every_all message;

		made_fill(all, (uint8_t *)&message);
		struct buffer body = encoded(all, &message);
		for (size_t bit = 0; bit < 8 * body.bytes; bit++) {
			body.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
			(void)decode_all(body.at, body.bytes);
			body.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}
END_TEST

START_TEST(nothing_is_accepted_that_protoc_refuses)
{
	uint32_t refused = 0;

	made_state = 7;
	for (uint32_t i = 0; i < SMALL; i++) {
		struct rs_every_all message;

		made_fill(all, (uint8_t *)&message);
		struct buffer body = encoded(all, &message);
		if (body.bytes == 0)
			continue;
		for (int flips = 0; flips < 3; flips++)
			body.at[made_below((uint32_t)body.bytes)] ^=
				(uint8_t)(1 << made_below(8));
		write_file("in", body);
		if (protoc("decode", "tests.every.All", "in", "text") == 0)
			continue;
		refused++;
		ck_assert_msg(decode_all(body.at, body.bytes) != 0, "message %u", i);
	}
	ck_assert_uint_gt(refused, 0);
}
END_TEST

#define BODY(...)                                                                          \
	{                                                                                  \
		(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
	}

static const struct {
	const uint8_t *at;
	size_t bytes;
} lies[] = {
	BODY(0x00, 0x01), /* field 0 */
	BODY(0x02, 0x00), /* field 0, bytes */
	BODY(0x18),       /* a tag and no value */
	BODY(0x18, 0x80), /* a varint without its end */
	BODY(0x18, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00), /* 11 */
	BODY(0x98, 0x80, 0x80, 0x80, 0x80, 0x00, 0x01), /* a tag of 6 bytes */
	BODY(0x98, 0x80, 0x80, 0x80, 0x10, 0x01),       /* a tag of 33 bits */
	BODY(0x09, 1, 2, 3, 4, 5, 6, 7),                /* 7 bytes of 8 */
	BODY(0x15, 1, 2, 3),                            /* 3 bytes of 4 */
	BODY(0x4a, 0x02, 'a'),                          /* text beyond the end */
	BODY(0x4a, 0xff, 0xff, 0xff, 0xff, 0x0f),       /* 4 GiB of it */
	BODY(0x4a, 0x80, 0x80, 0x80, 0x80, 0x10),       /* 2 to the 32 */
	BODY(0x4a, 0x01, 0x80),                         /* not UTF-8 */
	BODY(0xba, 0x01, 0x02, 0x01, 0x80),             /* packed varints without their end */
	BODY(0xaa, 0x01, 0x07, 1, 2, 3, 4, 5, 6, 7),    /* packed doubles, 7 bytes */
	BODY(0xfa, 0x03, 0x02, 0x0a, 0x01), /* a message in it goes beyond its end */
	BODY(0x82, 0x04, 0x02, 0x32, 0x05), /* the same in a list */
	BODY(0xc2, 0x04, 0x04, 0x22, 0x02, 0x08, 0x80), /* and in a list of a message */
	BODY(0x0b, 0x0c),                               /* a group */
	BODY(0x0c),                                     /* its end */
	BODY(0x1e, 0x00),                               /* wire type 6 */
	BODY(0x1f, 0x00),                               /* and 7 */
	BODY(0xa2, 0x06, 0x05, 'a'),                    /* unknown and beyond the end */
};

START_TEST(a_lie_is_refused)
{
	ck_assert_int_eq(decode_all(lies[_i].at, lies[_i].bytes), RS_CODEC_MALFORMED);
}
END_TEST

static const struct {
	const char *text;
	size_t bytes;
	bool good;
} texts[] = {
	{ "", 0, true },
	{ "a\0b", 3, true },
	{ "\x7f", 1, true },
	{ "\xc2\x80", 2, true },
	{ "\xc1\xbf", 2, false },
	{ "\xc2", 1, false },
	{ "\x80", 1, false },
	{ "\xe0\xa0\x80", 3, true },
	{ "\xe0\x9f\xbf", 3, false },
	{ "\xed\x9f\xbf", 3, true },
	{ "\xed\xa0\x80", 3, false },
	{ "\xef\xbf\xbf", 3, true },
	{ "\xe1\x80", 2, false },
	{ "\xf0\x90\x80\x80", 4, true },
	{ "\xf0\x8f\xbf\xbf", 4, false },
	{ "\xf4\x8f\xbf\xbf", 4, true },
	{ "\xf4\x90\x80\x80", 4, false },
	{ "\xf5\x80\x80\x80", 4, false },
	{ "\xff", 1, false },
	{ "a\xc3\x28z", 4, false },
};

START_TEST(text_is_utf8_or_refused_both_ways)
{
	struct rs_every_all message;
	uint8_t body[64] = { 0x4a, (uint8_t)texts[_i].bytes };

	memset(&message, 0, sizeof(message));
	message.one_string = (struct rs_text){ texts[_i].text, texts[_i].bytes };
	memcpy(body + 2, texts[_i].text, texts[_i].bytes);
	ck_assert_int_eq(
		decode_all(body, 2 + texts[_i].bytes), texts[_i].good ? 0 : RS_CODEC_MALFORMED);
	int64_t size = rs_every_all_encode(&message, body, sizeof(body));
	if (texts[_i].good)
		ck_assert_int_ge(size, 0);
	else
		ck_assert_int_eq(size, -RS_CODEC_BAD_TEXT);
}
END_TEST

/* --- room --- */

START_TEST(nothing_is_written_beyond_the_room)
{
	made_state = 8;
	for (uint32_t i = 0; i < SMALL; i++) {
		struct rs_every_all message;

		made_fill(all, (uint8_t *)&message);
		struct buffer whole = encoded(all, &message);
		for (size_t room = 0; room < whole.bytes; room += 1 + room / 8) {
			struct buffer less = copied(whole.at, room);

			MUST(rs_every_all_encode(&message, less.at, room) == -RS_CODEC_NO_ROOM);
			free(less.at);
		}
	}
}
END_TEST

START_TEST(a_message_with_a_limit_keeps_it)
{
	struct rs_every_point longest = { INT32_MIN, INT32_MIN };

	ck_assert_uint_eq(
		encoded(&rs_every_point_layout, &longest).bytes, RS_EVERY_POINT_BYTES_MAX);
	ck_assert_uint_eq(RS_EVERY_EMPTY_BYTES_MAX, 0);
	ck_assert_uint_eq(RS_TIME_NOW_ANSWER_BYTES_MAX, 18);
}
END_TEST

START_TEST(a_body_larger_than_any_is_refused)
{
	struct rs_every_all message;
	size_t bytes = RS_CODEC_BODY_BYTES_MAX + 2;
	uint8_t *body = made_room(bytes);

	for (size_t i = 0; i < bytes; i += 2)
		body[i] = 0x18; /* field 3 is 0 */
	ck_assert_int_eq(rs_every_all_decode(&message, body, bytes - 2), 0);
	ck_assert_int_eq(rs_every_all_decode(&message, body, bytes), RS_CODEC_MALFORMED);
}
END_TEST

/* --- requests --- */

START_TEST(a_request_begins_with_the_index_of_its_rpc)
{
	struct rs_time_wait_for_request request = { .ns = 0x0102030405060708 }, got;
	static const uint8_t expected[] = { 2, 0, 0, 0, 0x09, 8, 7, 6, 5, 4, 3, 2, 1 };
	uint8_t body[4 + RS_TIME_WAIT_FOR_REQUEST_BYTES_MAX];
	const void *message;
	size_t bytes;
	uint32_t index;

	ck_assert_int_eq(rs_time_wait_for_body(&request, body, sizeof(body)), sizeof(expected));
	ck_assert_mem_eq(body, expected, sizeof(expected));
	ck_assert_int_eq(rs_decode_split(body, sizeof(body), &index, &message, &bytes), 0);
	ck_assert_uint_eq(index, RS_TIME_WAIT_FOR);
	ck_assert_int_eq(rs_time_wait_for_request_decode(&got, message, bytes), 0);
	ck_assert_uint_eq(got.ns, request.ns);
	for (size_t n = 0; n < RS_CODEC_INDEX_BYTES; n++)
		ck_assert_int_eq(
			rs_decode_split(body, n, &index, &message, &bytes), RS_CODEC_MALFORMED);
	ck_assert_int_eq(
		rs_time_wait_for_body(&request, body, sizeof(body) - 1), -RS_CODEC_NO_ROOM);
}
END_TEST

START_TEST(zero_of_an_optional_field_is_there)
{
	static const uint8_t body[] = { 0xd8, 0x02, 0x00 };
	struct rs_every_all message;

	/* field 43, maybe_int64 = 0 */
	ck_assert_int_eq(rs_every_all_decode(&message, body, sizeof(body)), 0);
	ck_assert(message.has_maybe_int64);
	ck_assert(!message.has_maybe_int32);
	ck_assert_uint_eq(encoded(all, &message).bytes, 3);
}
END_TEST

static Suite *suite(void)
{
	Suite *suite = suite_create("codec");
	TCase *beside = tcase_create("beside protoc"), *hostile = tcase_create("hostile"),
	      *plain = tcase_create("plain");

	tcase_add_checked_fixture(beside, scratch_setup, scratch_teardown);
	tcase_set_timeout(beside, 30);
	tcase_add_test(beside, what_is_encoded_is_what_protoc_encodes);
	tcase_add_test(beside, what_comes_twice_is_merged_as_protobuf_does);
	tcase_add_test(beside, unpacked_unknown_and_mistyped_fields_are_read_as_protobuf_does);
	tcase_add_test(beside, nothing_is_accepted_that_protoc_refuses);
	suite_add_tcase(suite, beside);
	tcase_set_timeout(hostile, 30);
	tcase_add_test(hostile, a_body_that_ends_early_is_refused_or_shorter);
	tcase_add_test(hostile, a_flipped_bit_is_harmless);
	tcase_add_loop_test(hostile, a_lie_is_refused, 0, ARRAY_LEN(lies));
	tcase_add_loop_test(hostile, text_is_utf8_or_refused_both_ways, 0, ARRAY_LEN(texts));
	tcase_add_test(hostile, nothing_is_written_beyond_the_room);
	tcase_add_test(hostile, a_body_larger_than_any_is_refused);
	suite_add_tcase(suite, hostile);
	tcase_add_test(plain, what_is_decoded_is_what_was_encoded);
	tcase_add_test(plain, what_a_oneof_dropped_does_not_come_back);
	tcase_add_test(plain, a_message_with_a_limit_keeps_it);
	tcase_add_test(plain, a_request_begins_with_the_index_of_its_rpc);
	tcase_add_test(plain, zero_of_an_optional_field_is_there);
	suite_add_tcase(suite, plain);
	return suite;
}

CHECK_MAIN(suite)
