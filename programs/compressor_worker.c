/*
 * compressor_worker.c: does one job after the other for whoever started it: handles the
 * interface of compressor.proto, which nobody else can reach here.
 */
#include <stdlib.h>

#include "lz.h"
#include "programs/compressor.h"
#include "redshirt_loop.h"

RS_MANIFEST_REGISTERS(COMPRESSOR, "to work for the compressor");
RS_LOOP(loop, 0, 1, 4096, 4096);

/* What a job becomes: a status, and with RS_OK what is to be freed. */
struct done {
	uint32_t status;
	uint8_t *at;
	size_t bytes;
};

static struct done compress(const struct rs_bytes *data)
{
	static uint32_t table[LZ_HASH_TABLE];

	if (data->bytes > LZ_BYTES_MAX)
		return (struct done){ .status = RS_TOO_BIG };
	uint8_t *at = malloc(lz_bound(data->bytes));
	if (!at)
		return (struct done){ .status = RS_LIMIT };
	return (struct done){ RS_OK, at,
		lz_compress(data->at, (uint32_t)data->bytes, table, at) };
}

static struct done decompress(const struct rs_bytes *data)
{
	uint32_t bytes;

	if (!lz_original_bytes(data->at, data->bytes, &bytes))
		return (struct done){ .status = RS_MALFORMED };
	uint8_t *at = malloc(bytes + 1);
	if (!at)
		return (struct done){ .status = RS_LIMIT };
	if (lz_decompress(data->at, data->bytes, at, bytes))
		return (struct done){ RS_OK, at, bytes };
	free(at);
	return (struct done){ .status = RS_MALFORMED };
}

static struct done (*const rows[RS_COMPRESSOR_RPCS])(const struct rs_bytes *data) = {
	[RS_COMPRESSOR_COMPRESS] = compress,
	[RS_COMPRESSOR_DECOMPRESS] = decompress,
};

static struct done work(const struct rs_delivery *message)
{
	struct rs_compressor_job job;
	uint32_t index;
	const void *at;
	size_t bytes;

	if (rs_decode_split(rs_body(message), message->body_bytes, &index, &at, &bytes) ||
		rs_compressor_job_decode(&job, at, bytes))
		return (struct done){ .status = RS_MALFORMED };
	if (index >= RS_COMPRESSOR_RPCS)
		return (struct done){ .status = RS_UNSUPPORTED };
	return rows[index](&job.data);
}

static void on_message(struct rs_loop *l, const struct rs_delivery *message, void *context)
{
	struct done done = work(message);
	const struct rs_compressor_result result = { .data = { done.at, done.bytes } };
	size_t room = (size_t)rs_compressor_result_size(&result);
	uint8_t *body = malloc(room + 1);
	int64_t bytes = body ? rs_compressor_result_encode(&result, body, room) : 0;

	(void)context;
	if (!body || bytes < 0)
		done.status = body ? RS_TOO_BIG : RS_LIMIT;
	rs_loop_answer(l, message, done.status, body, done.status == RS_OK ? (size_t)bytes : 0);
	free(body);
	free(done.at);
}

int main(void)
{
	return rs_loop_handle(&loop, rs_interface_compressor, on_message, NULL) != RS_OK ||
	       rs_loop_run(&loop) != RS_OK;
}
