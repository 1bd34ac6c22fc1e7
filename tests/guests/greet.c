/*
 * greet.c [-s] [-a AGE] NAME...: has the handler of tests/interfaces/greeter.proto greet them.
 * -f: has it forget. -m: sends a body that is none, -u: one of no rpc.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redshirt.h"
#include "tests/interfaces/greeter.h"

RS_MANIFEST_USES(GREETER, "to greet those whom it is told of");

#define PEOPLE_MAX 100

static struct {
	struct rs_delivery head;
	uint8_t body[4096];
} in;
static uint8_t body[4096];
static struct rs_greeter_person people[PEOPLE_MAX];

static int ask(int64_t bytes)
{
	struct rs_greeter_greet_answer answer;
	uint64_t id;

	if (bytes < 0)
		return 2;
	uint32_t status = rs_send(rs_interface_greeter, body, (size_t)bytes,
		RS_NEEDS_ANSWER | RS_ALLOW_DELAY, &id);
	if (status == RS_OK && rs_wait_answer(id, &in, sizeof(in), RS_FOREVER) > 0)
		status = in.head.status;
	if (status != RS_OK) {
		puts(rs_status_text(status));
		return 1;
	}
	if (rs_greeter_greet_answer_decode(&answer, in.body, in.head.body_bytes))
		return 3;
	printf("%.*s(%u)\n", (int)answer.text.bytes, answer.text.at, answer.greeted);
	return 0;
}

static int forget(void)
{
	struct rs_greeter_forget_request request = { 0 };
	int64_t bytes = rs_greeter_forget_body(&request, body, sizeof(body));
	uint64_t none;

	return bytes < 0 ? 2
			 : (int)rs_send(rs_interface_greeter, body, (size_t)bytes, 0, &none);
}

int main(int argc, char **argv)
{
	struct rs_greeter_greet_request request = { 0 };
	uint32_t count = 0, age = 0;

	for (int i = 1; i < argc && count < PEOPLE_MAX; i++) {
		if (strcmp(argv[i], "-f") == 0)
			return forget();
		if (strcmp(argv[i], "-m") == 0)
			return ask(2);
		if (strcmp(argv[i], "-u") == 0)
			return ask((body[0] = RS_GREETER_RPCS, 4));
		if (strcmp(argv[i], "-s") == 0) {
			request.manner = RS_GREETER_SHORT;
		} else if (strcmp(argv[i], "-a") == 0 && i + 1 < argc) {
			age = (uint32_t)atoi(argv[++i]);
		} else {
			people[count].name = (struct rs_text){ argv[i], strlen(argv[i]) };
			people[count].has_age = age != 0;
			people[count++].age = age;
		}
	}
	rs_greeter_greet_request_set_people(&request, people, count);
	return ask(rs_greeter_greet_body(&request, body, sizeof(body)));
}
