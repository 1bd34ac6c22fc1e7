#include <sys/wait.h>

#include "supervisor/rsctl/client.h"
#include "tests/check_run.h"
#include "tests/supervisor/fake_rsd.h"

static struct client client = CLIENT_NONE;
static struct reply reply;

static void connect_to(fake_rsd_part part)
{
	fake_rsd_start(part);
	ck_assert_int_eq(client_open(fake_rsd_path(), &client), 0);
}

static void expect(int outcome)
{
	ck_assert_int_eq(client_receive(&client, 2000, &reply), outcome);
}

/* --- finding it --- */

START_TEST(nobody_is_an_outcome)
{
	ck_assert_int_eq(client_open(fake_rsd_path(), &client), CLIENT_NOBODY);
	close(fake_rsd_listen()); /* the name of a socket that nobody serves any more */
	ck_assert_int_eq(client_open(fake_rsd_path(), &client), CLIENT_NOBODY);
}
END_TEST

START_TEST(a_path_beyond_a_sockets_is_refused)
{
	char path[PATH_MAX];

	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = 0;
	ck_assert_int_eq(client_open(path, &client), -ENAMETOOLONG);
}
END_TEST

/* --- what is said --- */

static void echo_request(int fd)
{
	char request[256];

	size_t n = fake_rsd_hear(fd, request, sizeof(request));
	fake_rsd_json(
		fd, request[0] == 'J' && strcmp(request + 1, "{\"op\":\"ls\"}") == 0 && n == 12
			    ? "{\"ok\": true}"
			    : "{}");
}

static void answer_without_reading(int fd)
{
	char byte;

	(void)!recv(fd, &byte, 1, MSG_PEEK); /* it is there, and stays there */
	fake_rsd_json(fd, "{\"ok\": true}");
}

START_TEST(what_rsd_said_before_it_closed_is_heard)
{
	connect_to(answer_without_reading);
	ck_assert_int_eq(client_send(&client, json_pack("{s:s}", "op", "ls")), 0);
	ck_assert_int_gt(wait(NULL), 0); /* rsd is gone */
	expect(0);
	ck_assert_int_eq(reply.kind, REPLY_DONE);
	expect(CLIENT_GONE);
}
END_TEST

START_TEST(a_request_is_one_packet_of_json)
{
	connect_to(echo_request);
	ck_assert_int_eq(client_send(&client, json_pack("{s:s}", "op", "ls")), 0);
	expect(0);
	ck_assert_int_eq(reply.kind, REPLY_DONE);
}
END_TEST

static void count_data(int fd)
{
	char packet[CONTROL_PACKET_MAX + 2], text[64];
	size_t total = 0, n;

	while (total < 200000 && (n = fake_rsd_hear(fd, packet, sizeof(packet))) > 0 &&
		packet[0] == CONTROL_DATA && n <= CONTROL_PACKET_MAX)
		total += n - 1;
	snprintf(text, sizeof(text), "{\"missed\": %zu}", total);
	fake_rsd_json(fd, text);
}

START_TEST(data_goes_out_in_packets_that_fit)
{
	static char bytes[200000];

	connect_to(count_data);
	ck_assert_int_eq(client_send_data(&client, bytes, sizeof(bytes)), 0);
	expect(0);
	ck_assert_int_eq(reply.kind, REPLY_MISSED);
	ck_assert_int_eq(reply.number, 200000);
}
END_TEST

static void hear_nothing(int fd)
{
	char request[64];

	fake_rsd_hear(fd, request, sizeof(request));
}

START_TEST(a_request_beyond_a_packet_is_not_sent)
{
	static char text[CONTROL_PAYLOAD_MAX + 1];

	memset(text, 'x', CONTROL_PAYLOAD_MAX);
	connect_to(hear_nothing);
	ck_assert_int_eq(client_send(&client, json_pack("{s:s}", "op", text)), CLIENT_TOO_BIG);
}
END_TEST

static void refuse_at_once(int fd)
{
	fake_rsd_json(fd, "{\"error\": {\"code\": 4, \"what\": \"add\", \"why\": \"no\"}}");
	close(fd);
}

START_TEST(the_last_words_are_heard_by_one_who_still_speaks)
{
	static char bytes[1 << 20];

	connect_to(refuse_at_once);
	ck_assert_int_eq(client_send_data(&client, bytes, sizeof(bytes)), 0);
	expect(0);
	ck_assert_int_eq(reply.kind, REPLY_ERROR);
	expect(CLIENT_GONE);
}
END_TEST

static void say_everything(int fd)
{
	fake_rsd_json(fd, "{\"row\": {\"a\": 1}}");
	fake_rsd_json(
		fd, "{\"progress\": {\"stage\": \"compile\", \"done\": 1, \"total\": 3}}");
	fake_rsd_json(fd, "{\"started\": {\"process\": 7, \"program\": \"3fa9\"}}");
	fake_rsd_json(fd, "{\"input\": {\"bytes\": 65536}}");
	fake_rsd_say(fd, CONTROL_DATA, "\1hello", 6);
	fake_rsd_say(fd, CONTROL_DATA, "\2", 1);
	fake_rsd_json(fd, "{\"ok\": true, \"status\": 3}");
}

START_TEST(every_kind_of_reply_is_known)
{
	connect_to(say_everything);
	expect(0);
	ck_assert_int_eq(reply.kind, REPLY_ROW);
	ck_assert_int_eq(json_integer_value(json_object_get(reply.json, "a")), 1);
	expect(0);
	ck_assert_int_eq(reply.kind, REPLY_PROGRESS);
	expect(0);
	ck_assert_int_eq(reply.kind, REPLY_STARTED);
	expect(0);
	ck_assert_int_eq(reply.kind, REPLY_INPUT);
	ck_assert_int_eq(reply.number, 65536);
	expect(0);
	ck_assert_int_eq(reply.kind, REPLY_OUTPUT);
	ck_assert_int_eq(reply.stream, CONTROL_STREAM_OUT);
	ck_assert_uint_eq(reply.size, 5);
	ck_assert_int_eq(memcmp(reply.bytes, "hello", 5), 0);
	expect(0);
	ck_assert_int_eq(reply.stream, CONTROL_STREAM_ERR);
	ck_assert_uint_eq(reply.size, 0);
	expect(0);
	ck_assert_int_eq(reply.kind, REPLY_DONE);
	ck_assert_int_eq(json_integer_value(json_object_get(reply.json, "status")), 3);
	expect(CLIENT_GONE);
}
END_TEST

/* --- a server that lies --- */

static const struct {
	char type;
	const char *text;
} lies[] = {
	{ 'J', "" },
	{ 'J', "{" },
	{ 'J', "[]" },
	{ 'J', "7" },
	{ 'J', "null" },
	{ 'J', "{}" },
	{ 'J', "{\"ok\": false}" },
	{ 'J', "{\"ok\": 1}" },
	{ 'J', "{\"ok\": true, \"ok\": true}" },
	{ 'J', "{\"ok\": true} trailing" },
	{ 'J', "{\"row\": 7}" },
	{ 'J', "{\"row\": null}" },
	{ 'J', "{\"progress\": {\"stage\": 7, \"done\": 1, \"total\": 2}}" },
	{ 'J', "{\"progress\": {}}" },
	{ 'J', "{\"missed\": \"many\"}" },
	{ 'J', "{\"missed\": -1}" },
	{ 'J', "{\"input\": {\"bytes\": -1}}" },
	{ 'J', "{\"input\": {\"bytes\": 1e300}}" },
	{ 'J', "{\"input\": 5}" },
	{ 'J', "{\"started\": {\"process\": \"7\", \"program\": \"x\"}}" },
	{ 'J', "{\"error\": {\"code\": 0, \"what\": \"a\", \"why\": \"b\"}}" },
	{ 'J', "{\"error\": {\"code\": 256, \"what\": \"a\", \"why\": \"b\"}}" },
	{ 'J', "{\"error\": {\"code\": 1, \"what\": \"a\"}}" },
	{ 'J', "{\"error\": \"no\"}" },
	{ 'J', "{\"row\": {\"text\": \"\xff\xfe\"}}" },
	{ 'D', "" },
	{ 'D', "\3text" },
	{ 'X', "{\"ok\": true}" },
	{ 0, "" },
};

static int lie;

static void tell_a_lie(int fd)
{
	fake_rsd_say(fd, lies[lie].type, lies[lie].text, strlen(lies[lie].text));
}

START_TEST(a_lie_is_found_out)
{
	lie = _i;
	connect_to(tell_a_lie);
	expect(CLIENT_BROKEN);
}
END_TEST

static void say_too_much(int fd)
{
	static char text[CONTROL_PAYLOAD_MAX + 1];

	memset(text, ' ', sizeof(text));
	memcpy(text, "{\"ok\": true}", 12);
	fake_rsd_say(fd, CONTROL_JSON, text, sizeof(text));
}

START_TEST(a_packet_beyond_the_limit_is_refused)
{
	connect_to(say_too_much);
	expect(CLIENT_BROKEN);
}
END_TEST

static void nest(int fd)
{
	static char text[CONTROL_PAYLOAD_MAX];

	memset(text, '[', sizeof(text));
	fake_rsd_say(fd, CONTROL_JSON, text, sizeof(text));
}

START_TEST(json_without_bottom_is_refused)
{
	connect_to(nest);
	expect(CLIENT_BROKEN);
}
END_TEST

static void stay_silent(int fd)
{
	(void)fd;
	pause();
}

START_TEST(silence_has_an_end)
{
	connect_to(stay_silent);
	ck_assert_int_eq(client_receive(&client, 50, &reply), CLIENT_TIMEOUT);
}
END_TEST

static void leave(int fd)
{
	close(fd);
}

START_TEST(a_server_that_leaves_is_an_outcome)
{
	connect_to(leave);
	expect(CLIENT_GONE);
	client_close(&client);
	client_close(&client);
}
END_TEST

static void hang_up(void)
{
	client_close(&client);
}

static Suite *suite(void)
{
	Suite *s = suite_create("client");
	TCase *t = tcase_create("finding");

	tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
	tcase_add_test(t, nobody_is_an_outcome);
	tcase_add_test(t, a_path_beyond_a_sockets_is_refused);
	suite_add_tcase(s, t);
	t = tcase_create("speaking");
	tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
	tcase_add_checked_fixture(t, NULL, hang_up);
	tcase_add_test(t, a_request_is_one_packet_of_json);
	tcase_add_test(t, what_rsd_said_before_it_closed_is_heard);
	tcase_add_test(t, data_goes_out_in_packets_that_fit);
	tcase_add_test(t, a_request_beyond_a_packet_is_not_sent);
	tcase_add_test(t, the_last_words_are_heard_by_one_who_still_speaks);
	tcase_add_test(t, every_kind_of_reply_is_known);
	suite_add_tcase(s, t);
	t = tcase_create("hostile server");
	tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
	tcase_add_checked_fixture(t, NULL, hang_up);
	tcase_add_loop_test(t, a_lie_is_found_out, 0, ARRAY_LEN(lies));
	tcase_add_test(t, a_packet_beyond_the_limit_is_refused);
	tcase_add_test(t, json_without_bottom_is_refused);
	tcase_add_test(t, silence_has_an_end);
	tcase_add_test(t, a_server_that_leaves_is_an_outcome);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite)
