/* greeter.c: handles the interface of tests/interfaces/greeter.proto, until it is told to stop.
 */
#include "tests/interfaces/greeter.h"

#include <stdio.h>

#include "redshirt.h"

RS_MANIFEST_REGISTERS(GREETER, "to greet in many ways, among them"
			       " politely");

static struct {
	struct rs_delivery head;
	uint8_t body[4096];
} in;
static uint32_t greeted;

static size_t greet_one(
	const struct rs_greeter_person *person, int32_t manner, char *to, size_t room)
{
	int name = (int)person->name.bytes;

	if (manner == RS_GREETER_SHORT)
		return (size_t)snprintf(to, room, "%.*s! ", name, person->name.at);
	if (person->has_age)
		return (size_t)snprintf(
			to, room, "Dear %.*s (%u), ", name, person->name.at, person->age);
	return (size_t)snprintf(to, room, "Dear %.*s, ", name, person->name.at);
}

static void greet(const struct rs_greeter_greet_request *request)
{
	struct rs_greeter_person person;
	struct rs_greeter_greet_answer answer = { 0 };
	struct rs_walk walk;
	rs_walk_begin(&walk, &request->people);
	char text[1024];
	uint8_t body[sizeof(text) + 16];
	size_t used = 0;

	while (used < sizeof(text) && rs_greeter_greet_request_people_next(&walk, &person)) {
		used += greet_one(&person, request->manner, text + used, sizeof(text) - used);
		greeted++;
	}
	answer.text = (struct rs_text){ text, used < sizeof(text) ? used : sizeof(text) - 1 };
	answer.greeted = greeted;
	int64_t bytes = rs_greeter_greet_answer_encode(&answer, body, sizeof(body));
	rs_answer(&in.head, bytes < 0 ? RS_LIMIT : RS_OK, body, bytes < 0 ? 0 : (size_t)bytes);
}

static uint32_t serve(void)
{
	struct rs_greeter_greet_request request;
	const void *message;
	size_t bytes;
	uint32_t index;

	if (rs_decode_split(in.body, in.head.body_bytes, &index, &message, &bytes))
		return RS_MALFORMED;
	switch (index) {
	case RS_GREETER_GREET:
		if (rs_greeter_greet_request_decode(&request, message, bytes))
			return RS_MALFORMED;
		greet(&request);
		return RS_OK;
	case RS_GREETER_FORGET:
		greeted = 0;
		return RS_OK;
	default:
		return RS_UNSUPPORTED;
	}
}

int main(void)
{
	if (rs_register(rs_interface_greeter) != RS_OK)
		return 1;
	puts("register: ok");
	fflush(stdout);
	while (rs_wait(&in, sizeof(in), RS_FOREVER) > 0) {
		uint32_t status = in.head.kind == RS_MESSAGE ? serve() : RS_OK;

		if (status != RS_OK && in.head.id)
			rs_answer(&in.head, status, NULL, 0);
		if (in.head.kind == RS_NOTICE && in.head.status == RS_NOTICE_STOP)
			return 0;
	}
	return 1;
}
