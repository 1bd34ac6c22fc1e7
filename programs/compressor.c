/*
 * compressor.c: handles the interface of compressor.proto without looking at a job: each is
 * given to a worker of its own, a program that is started for it, reached by a private
 * instance, and ended when it has answered. What hostile data does to a worker, it does to that
 * one job.
 *
 *     rsctl start --allow program,register:compressor compressor.wasm HASH    (of
 * compressor_worker.wasm)
 */
#include "programs/compressor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redshirt_loop.h"
#include "redshirt_program.h"

RS_MANIFEST_USES(PROGRAM, "to start a worker for each job");
RS_MANIFEST_REGISTERS(COMPRESSOR, "to compress for others");

#define JOBS_MAX            16
#define JOB_ASKS_MAX        3                   /* its start, its work, its end */
#define WORKER_MEMORY_BYTES (64u * 1024 * 1024) /* the data, the result, the answer, itself */

enum stage {
	FREE,
	STARTING, /* its worker */
	READY,    /* the worker runs and has not got the data */
	WORKING,
	ENDING, /* nobody needs the worker any more */
};

struct job {
	enum stage stage;
	uint32_t asked;             /* what is still to be answered; then the job is free */
	bool wanted;                /* its client waits */
	struct rs_delivery message; /* of the client */
	void *data;                 /* its body; NULL: the worker has it */
	struct rs_child worker;
};
static struct job jobs[JOBS_MAX];
static uint8_t worker_hash[32];
RS_LOOP(loop, JOBS_MAX *JOB_ASKS_MAX, 1, 64 * 1024, 16 * 1024);

static void answer(struct job *job, uint32_t status, const void *body, size_t bytes)
{
	if (job->wanted && rs_loop_answer(&loop, &job->message, status, body, bytes) == RS_BUSY)
		rs_loop_answer(&loop, &job->message, RS_BUSY, NULL, 0);
	job->wanted = false;
}

static uint32_t ask(struct job *job, const uint8_t interface[32], const void *body,
	size_t bytes, rs_loop_call *call)
{
	uint32_t status = rs_loop_ask(&loop, interface, body, bytes, 0, call, job, NULL);

	job->asked += status == RS_OK;
	return status;
}

/* One ask less; or there was none. */
static void settle(struct job *job)
{
	if (job->asked)
		return;
	free(job->data);
	*job = (struct job){ .stage = FREE };
}

/* ---- the end of a worker ---- */

static void on_ended(struct rs_loop *l, const struct rs_delivery *end, void *context)
{
	struct job *job = context;

	(void)l, (void)end;
	job->asked--;
	settle(job);
}

static void end_worker(struct job *job)
{
	const struct rs_program_stop_request request = { .child = job->worker.process };
	uint8_t body[RS_CODEC_INDEX_BYTES + RS_PROGRAM_STOP_REQUEST_BYTES_MAX];
	int64_t bytes = rs_program_stop_body(&request, body, sizeof(body));

	job->stage = ENDING;
	ask(job, rs_interface_program, body, (size_t)bytes, on_ended);
}

/* ---- its work ---- */

static void on_result(struct rs_loop *l, const struct rs_delivery *result, void *context)
{
	struct job *job = context;

	(void)l;
	job->asked--;
	if (job->stage == WORKING) {
		answer(job, result->status, rs_body(result), result->body_bytes);
		end_worker(job);
	}
	settle(job);
}

/* A long body finds room only once the worker handles the interface: on_notice() tries again.
 */
static void hand_over(struct job *job)
{
	uint32_t status = ask(
		job, job->worker.instances[0], job->data, job->message.body_bytes, on_result);

	if (status == RS_BUSY)
		return;
	free(job->data);
	job->data = NULL;
	job->stage = WORKING;
	if (status == RS_OK)
		return;
	answer(job, status, NULL, 0);
	end_worker(job);
	settle(job);
}

/* ---- its start ---- */

static void on_started(struct rs_loop *l, const struct rs_delivery *started, void *context)
{
	struct job *job = context;
	uint32_t status = started->status;

	(void)l;
	job->asked--;
	if (status == RS_OK)
		status = rs_read_child(started, &job->worker);
	if (status != RS_OK) {
		answer(job, status, NULL, 0);
		settle(job);
		return;
	}
	job->stage = READY;
	if (job->wanted)
		hand_over(job);
	else
		end_worker(job);
}

static uint32_t start_worker(struct job *job)
{
	static const struct rs_bytes interface = { rs_interface_compressor, 32 };
	struct rs_program_start_request request = { .program = { worker_hash, 32 },
		.has_limits = true,
		.limits = { .has_memory_bytes = true, .memory_bytes = WORKER_MEMORY_BYTES } };
	uint8_t body[256];

	rs_program_start_request_set_private_interfaces(&request, &interface, 1);
	int64_t bytes = rs_program_start_body(&request, body, sizeof(body));
	job->stage = STARTING;
	return ask(job, rs_interface_program, body, (size_t)bytes, on_started);
}

/* ---- what clients say ---- */

static void on_message(struct rs_loop *l, const struct rs_delivery *message, void *context)
{
	struct job *job = NULL;

	(void)context;
	for (int i = 0; i < JOBS_MAX && !job; i++)
		if (jobs[i].stage == FREE)
			job = &jobs[i];
	void *data = job ? malloc(message->body_bytes + 1) : NULL;
	if (!data) {
		rs_loop_answer(l, message, RS_LIMIT, NULL, 0);
		return;
	}
	memcpy(data, rs_body(message), message->body_bytes);
	*job = (struct job){ .wanted = true, .message = *message, .data = data };
	uint32_t status = start_worker(job);
	if (status != RS_OK)
		answer(job, status, NULL, 0);
	settle(job);
}

/* Nobody waits for it any more; a worker that is just starting ends when it has. */
static void abandon(struct job *job)
{
	job->wanted = false;
	if (job->stage == READY || job->stage == WORKING)
		end_worker(job);
}

static void on_gone(struct rs_loop *l, const struct rs_delivery *client, void *context)
{
	(void)l, (void)context;
	for (int i = 0; i < JOBS_MAX; i++)
		if (jobs[i].wanted && jobs[i].message.process == client->process)
			abandon(&jobs[i]);
}

static void on_cancelled(struct rs_loop *l, const struct rs_delivery *message, void *context)
{
	(void)l, (void)context;
	for (int i = 0; i < JOBS_MAX; i++)
		if (jobs[i].wanted && jobs[i].message.id == message->id)
			abandon(&jobs[i]);
}

static void on_notice(struct rs_loop *l, const struct rs_delivery *notice, void *context)
{
	(void)context;
	if (notice->status == RS_NOTICE_STOP)
		rs_loop_stop(l);
	for (int i = 0; i < JOBS_MAX && notice->status == RS_NOTICE_ROOM; i++)
		if (jobs[i].stage == READY)
			hand_over(&jobs[i]);
}

int main(int argc, char **argv)
{
	if (argc != 2 || !rs_hash_of_hex(argv[1], worker_hash)) {
		fprintf(stderr, "usage: compressor HASH (of its worker)\n");
		return 2;
	}
	loop.gone = on_gone;
	loop.cancelled = on_cancelled;
	loop.notice = on_notice;
	uint32_t status = rs_loop_handle(&loop, rs_interface_compressor, on_message, NULL);
	if (status == RS_OK)
		status = rs_loop_run(&loop);
	if (status != RS_OK)
		fprintf(stderr, "compressor: %s\n", rs_status_text(status));
	return status != RS_OK;
}
