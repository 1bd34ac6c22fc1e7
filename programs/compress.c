/*
 * compress.c: sends what it reads to who handles the interface of compressor.proto, and writes
 * what comes back.
 *
 *     compress [-d] <FILE >OTHER    (-d: what was compressed becomes what it was)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "programs/compressor.h"
#include "redshirt.h"

RS_MANIFEST_USES(COMPRESSOR, "to compress what you give it");

static uint8_t data[RS_CODEC_BODY_BYTES_MAX];

static int refused(uint32_t status)
{
	fprintf(stderr, "compress: %s\n", rs_status_text(status));
	return 1;
}

/* While there is no room, or rsd has not said yet where it goes, a notice says when to try
 * again. */
static uint32_t send_when_there_is_room(const void *body, size_t bytes, uint64_t *id)
{
	struct rs_delivery notice;
	uint32_t status;

	while ((status = rs_send(rs_interface_compressor, body, bytes, RS_NEEDS_ANSWER, id)) ==
		RS_BUSY)
		rs_wait(&notice, sizeof(notice), RS_FOREVER);
	return status;
}

/* NULL: no memory. */
static struct rs_delivery *wait_for(uint64_t id)
{
	size_t room = sizeof(struct rs_delivery);
	struct rs_delivery *in = NULL;

	for (int64_t got = (int64_t)room; got > 0 && (!in || (size_t)got > room);) {
		free(in);
		room = (size_t)got;
		in = malloc(room);
		got = in ? rs_wait_answer(id, in, room, RS_FOREVER) : 0;
	}
	return in;
}

static int write_result(const struct rs_delivery *answer)
{
	struct rs_compressor_result result;

	if (answer->status != RS_OK)
		return refused(answer->status);
	if (rs_compressor_result_decode(&result, rs_body(answer), answer->body_bytes))
		return refused(RS_MALFORMED);
	return fwrite(result.data.at, 1, result.data.bytes, stdout) != result.data.bytes ||
	       fflush(stdout) != 0;
}

int main(int argc, char **argv)
{
	bool back = argc == 2 && strcmp(argv[1], "-d") == 0;
	struct rs_compressor_job job = { .data.at = data };
	uint64_t id;

	if (argc > 1 + back) {
		fprintf(stderr, "usage: compress [-d] <FILE >OTHER\n");
		return 2;
	}
	job.data.bytes = (uint32_t)fread(data, 1, sizeof(data), stdin);
	size_t room = RS_CODEC_INDEX_BYTES + (size_t)rs_compressor_job_size(&job);
	uint8_t *body = malloc(room);
	int64_t bytes = !body  ? -RS_CODEC_NO_ROOM
			: back ? rs_compressor_decompress_body(&job, body, room)
			       : rs_compressor_compress_body(&job, body, room);
	if (bytes < 0)
		return refused(RS_TOO_BIG);
	uint32_t status = send_when_there_is_room(body, (size_t)bytes, &id);
	free(body);
	if (status != RS_OK)
		return refused(status);
	const struct rs_delivery *answer = wait_for(id);
	return answer ? write_result(answer) : refused(RS_LIMIT);
}
