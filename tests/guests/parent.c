/*
 * parent.c: starts programs, as its first word says, and prints what came of it.
 *
 *     run HASH ARG...      a child with these arguments and K=V; its end
 *     say HASH WORD...     prints the words and $K, ends with 7
 *     give HASH LEFT       a child that may use the interface LEFT (64 digits) as well
 *     private HASH HASH2   two children that handle "test:private", each reached by its own
 * name; prints the first one's reach NAME           sends to that interface (64 digits) bomb
 * HASH            itself, until it is refused; HASH is its own deep HASH            itself as
 * its only child, until it is refused stop HASH            a child that is asked to end kill
 * HASH            a child that is killed keep HASH            a child; both stay forge HASH
 * waits for and stops what is not its own cancel HASH          a wait that is cancelled
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redshirt_program.h"

#define CHILDREN_MAX 64u
#define MIB          (1024u * 1024)

static const uint8_t private_interface[32] = "test:private";
static uint8_t program[32], other[32];

static void said(const char *what, uint32_t status)
{
	printf("%s: %s\n", what, rs_status_text(status));
	fflush(stdout);
}

static struct rs_program_start_request usual(void)
{
	return (struct rs_program_start_request){ .program = { program, 32 },
		.has_limits = true,
		.limits = { .has_memory_bytes = true, .memory_bytes = 8 * MIB } };
}

static void end_of(const struct rs_child *child)
{
	struct rs_end end;
	uint32_t status = rs_wait_program(child, &end);

	if (status != RS_OK)
		said("wait", status);
	else
		printf("%s %u\n", rs_end_text(&end), end.number);
	fflush(stdout);
}

static int run(char **words, uint32_t count)
{
	struct rs_text arguments[16];
	const struct rs_program_variable variable = { { "K", 1 }, { "V", 1 } };
	struct rs_program_start_request request = usual();
	struct rs_child child;

	for (uint32_t i = 0; i < count && i < 16; i++)
		arguments[i] = (struct rs_text){ words[i], (uint32_t)strlen(words[i]) };
	rs_program_start_request_set_arguments(&request, arguments, count);
	rs_program_start_request_set_environment(&request, &variable, 1);
	uint32_t status = rs_start_program(&request, &child);
	said("start", status);
	if (status == RS_OK)
		end_of(&child);
	return 0;
}

static int say(char **words, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		printf("%s ", words[i]);
	printf("%s\n", getenv("K"));
	return 7;
}

static int give(char **words, uint32_t count)
{
	const struct rs_program_grant grant = { { other, 32 }, true, false };
	struct rs_program_start_request request = usual();
	struct rs_child child;

	if (count != 1 || !rs_hash_of_hex(words[0], other))
		return 2;
	rs_program_start_request_set_grants(&request, &grant, 1);
	uint32_t status = rs_start_program(&request, &child);
	said("start", status);
	if (status == RS_OK)
		end_of(&child);
	return 0;
}

static void ask(const struct rs_child *child)
{
	struct {
		struct rs_delivery head;
		char body[64];
	} answer;
	uint64_t id;
	uint32_t status = rs_send(child->instances[0], "who", 3, RS_NEEDS_ANSWER, &id);

	if (status == RS_OK) {
		rs_wait_answer(id, &answer, sizeof(answer), RS_FOREVER);
		status = answer.head.status;
	}
	said("private", status);
	if (status == RS_OK)
		printf("%.*s\n", (int)answer.head.body_bytes, answer.body);
}

static int reach(char **words, uint32_t count)
{
	struct rs_delivery answer = { 0 };
	uint64_t id;

	(void)words, (void)count;
	uint32_t status = rs_send(program, "who", 3, RS_NEEDS_ANSWER, &id);
	if (status == RS_OK) {
		rs_wait_answer(id, &answer, sizeof(answer), RS_FOREVER);
		status = answer.status;
	}
	said("reach", status);
	return 0;
}

static int private(char **words, uint32_t count)
{
	static const struct rs_text arguments[] = { { "first", 5 }, { "second", 6 } };
	const struct rs_bytes name = { private_interface, 32 };
	struct rs_program_start_request request = usual();
	struct rs_child children[2];

	if (count != 1 || !rs_hash_of_hex(words[0], other))
		return 2;
	request.program.at = other;
	rs_program_start_request_set_private_interfaces(&request, &name, 1);
	for (int i = 0; i < 2; i++) {
		rs_program_start_request_set_arguments(&request, &arguments[i], 1);
		said("start", rs_start_program(&request, &children[i]));
	}
	for (int i = 0; i < 4; i++)
		ask(&children[i % 2]);
	for (int i = 0; i < 32; i++)
		printf("%02x%s", children[0].instances[0][i], i == 31 ? "\n" : "");
	fflush(stdout);
	rs_pause(1000000000ull * 3600);
	return 0;
}

static int bomb(char **words, uint32_t count)
{
	struct rs_program_start_request request = usual();
	struct rs_child child;
	uint32_t n = 0, status;

	(void)words, (void)count;
	while ((status = rs_start_program(&request, &child)) == RS_OK && n < CHILDREN_MAX)
		n++;
	printf("%u, then ", n);
	said("start", status);
	said("again", rs_start_program(&request, &child));
	rs_pause(1000000000ull * 3600);
	return 0;
}

/* Each gives all but itself to the next. */
static int deep(char **words, uint32_t count)
{
	struct rs_program_start_request request = usual();
	uint32_t left = count ? (uint32_t)strtoul(words[0], NULL, 10) : 12;
	char digits[16], hex[65];
	const struct rs_program_grant grant = { { rs_interface_program, 32 }, true, false };
	const struct rs_text arguments[] = { { "deep", 4 }, { hex, 64 },
		{ digits, (uint32_t)snprintf(digits, sizeof(digits), "%u", left - 1) } };
	struct rs_child child;

	request.limits.has_children = true;
	request.limits.children = left - 1;
	request.limits.has_children_memory_bytes = true;
	request.limits.children_memory_bytes = (uint64_t)(left - 1) * 8 * MIB;
	for (int i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", program[i]);
	rs_program_start_request_set_grants(&request, &grant, 1);
	rs_program_start_request_set_arguments(&request, arguments, 3);
	uint32_t status = rs_start_program(&request, &child);
	said("start", status);
	if (status == RS_OK)
		end_of(&child);
	return 0;
}

static int stop(uint64_t timeout_ns)
{
	struct rs_program_start_request request = usual();
	struct rs_child child;
	struct rs_end end;
	uint32_t status = rs_start_program(&request, &child);

	said("start", status);
	status = rs_stop_program(&child, timeout_ns, &end);
	said("stop", status);
	if (status == RS_OK)
		printf("%s %u\n", rs_end_text(&end), end.number);
	return 0;
}

static int ask_to_stop(char **words, uint32_t count)
{
	(void)words, (void)count;
	return stop(30000000000ull);
}

static int kill(char **words, uint32_t count)
{
	(void)words, (void)count;
	return stop(0);
}

static int keep(char **words, uint32_t count)
{
	struct rs_program_start_request request = usual();
	struct rs_child child;

	(void)words, (void)count;
	said("start", rs_start_program(&request, &child));
	rs_pause(1000000000ull * 3600);
	return 0;
}

static int forge(char **words, uint32_t count)
{
	struct rs_child child = { 0 };
	struct rs_end end;

	for (uint32_t i = 0; i < count; i++) {
		child.process = strtoull(words[i], NULL, 10);
		said("wait", rs_wait_program(&child, &end));
		said("stop", rs_stop_program(&child, 0, &end));
	}
	return 0;
}

static int cancel(char **words, uint32_t count)
{
	struct rs_program_start_request request = usual();
	struct rs_program_wait_request wait;
	uint8_t body[RS_CODEC_INDEX_BYTES + RS_PROGRAM_WAIT_REQUEST_BYTES_MAX];
	struct rs_child child;
	struct rs_delivery answer;
	uint64_t id;

	(void)words, (void)count;
	said("start", rs_start_program(&request, &child));
	wait.child = child.process;
	int64_t bytes = rs_program_wait_body(&wait, body, sizeof(body));
	said("wait", rs_send(rs_interface_program, body, (size_t)bytes, RS_NEEDS_ANSWER, &id));
	rs_cancel(id);
	rs_wait_answer(id, &answer, sizeof(answer), RS_FOREVER);
	said("answer", answer.status);
	return 0;
}

static const struct way {
	const char *name;
	int (*go)(char **words, uint32_t count);
} ways[] = {
	{ "run", run },
	{ "say", say },
	{ "give", give },
	{ "private", private },
	{ "reach", reach },
	{ "bomb", bomb },
	{ "deep", deep },
	{ "stop", ask_to_stop },
	{ "kill", kill },
	{ "keep", keep },
	{ "forge", forge },
	{ "cancel", cancel },
};

int main(int argc, char **argv)
{
	if (argc < 3 || !rs_hash_of_hex(argv[2], program)) {
		rs_pause(1000000000ull * 3600); /* a child of bomb, stop, keep ... */
		return 2;
	}
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (strcmp(ways[i].name, argv[1]) == 0)
			return ways[i].go(argv + 3, (uint32_t)argc - 3);
	return 2;
}
