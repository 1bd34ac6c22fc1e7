/*
 * bounds.c: goes to every limit of the three calls and one step beyond: each step beyond is
 * refused with the right status, and the program goes on. "example:silent" must be handled by a
 * program that takes messages and never answers.
 */
#include <stdio.h>

#include "redshirt.h"

#define BODY_MAX     (16 * 1024u - 32) /* of one record */
#define PIECE_MAX    (RS_BODY_BYTES_DEFAULT / RS_PIECES_MAX)
#define HANDLES_MAX  1000u
#define MESSAGES_MAX 100000u

static const uint8_t silent[32] = "example:silent", nobody[32] = "example:nobody",
		     nobody_either[32] = "example:nobody-either";
static uint8_t body[PIECE_MAX + 1];
static struct rs_piece pieces[RS_PIECES_MAX + 1];
static uint64_t poll[RS_POLL_MAX + 1];
static int failures;

static void expect(const char *call, int64_t got, int64_t want)
{
	if (got == want)
		return;
	failures++;
	printf("%s: %lld, not %lld\n", call, (long long)got, (long long)want);
}
#define EXPECT(want, call) expect(#call, call, want)

static void sizes(void)
{
	struct rs_delivery out;
	uint64_t id;

	EXPECT(RS_OK, rs_send(silent, body, BODY_MAX, 0, &id));
	for (uint32_t i = 0; i < RS_PIECES_MAX; i++)
		pieces[i] = rs_piece(body, PIECE_MAX + (i == 0));
	EXPECT(RS_TOO_BIG, rs_emit_message(silent, pieces, RS_PIECES_MAX, 0, &id));
	EXPECT(RS_TOO_BIG,
		rs_emit_message(silent, pieces, RS_PIECES_MAX, RS_NEEDS_ANSWER, &id));
	EXPECT(RS_TOO_BIG, rs_send(nobody, body, BODY_MAX + 1, RS_ALLOW_DELAY, &id));
	for (uint32_t i = 0; i <= RS_PIECES_MAX; i++)
		pieces[i] = rs_piece(body, 1);
	EXPECT(RS_OK, rs_emit_message(silent, pieces, RS_PIECES_MAX, 0, &id));
	EXPECT(RS_BAD_ARGUMENT, rs_emit_message(silent, pieces, RS_PIECES_MAX + 1, 0, &id));
	EXPECT(0, rs_next_message(poll, RS_POLL_MAX, (uint8_t *)&out, sizeof(out), 0));
	EXPECT(-RS_BAD_ARGUMENT,
		rs_next_message(poll, RS_POLL_MAX + 1, (uint8_t *)&out, sizeof(out), 0));
}

/* How many are taken before one is not; *status says why. */
static uint32_t send_until_refused(
	const uint8_t interface[32], uint32_t bytes, uint64_t flags, uint32_t *status)
{
	uint32_t sent = 0;
	uint64_t id;

	while (sent < MESSAGES_MAX &&
		(*status = rs_send(interface, body, bytes, flags, &id)) == RS_OK)
		sent++;
	return sent;
}

/* What is kept for want of a handler is bounded in bytes, and in messages that want answers. */
static void kept(void)
{
	uint32_t status = RS_OK;

	EXPECT(1, send_until_refused(nobody, BODY_MAX, RS_ALLOW_DELAY, &status) > 0);
	EXPECT(1, status == RS_BUSY || status == RS_LIMIT);
	send_until_refused(nobody_either, 0, RS_ALLOW_DELAY | RS_NEEDS_ANSWER, &status);
	EXPECT(1, status == RS_BUSY || status == RS_LIMIT);
}

static void unanswered(void)
{
	uint32_t status = RS_OK;

	EXPECT(1, send_until_refused(silent, 1, RS_NEEDS_ANSWER, &status) > 0);
	EXPECT(1, status == RS_BUSY || status == RS_LIMIT);
}

static void registrations(void)
{
	uint8_t interface[32] = "example:one-of-many-";
	uint32_t taken = 0, status = RS_OK;

	while (taken < HANDLES_MAX && (status = rs_register(interface)) == RS_OK)
		interface[20] = (uint8_t)++taken, interface[21] = (uint8_t)(taken >> 8);
	EXPECT(RS_LIMIT, status);
	EXPECT(1, taken > 0);
}

/* The world is still there. */
static void others(void)
{
	EXPECT(RS_OK, rs_pause(1000));
}

int main(void)
{
	sizes();
	registrations();
	unanswered();
	others();
	kept();
	puts(failures ? "failed" : "ok");
	return failures != 0;
}
