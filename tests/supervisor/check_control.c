#include <dirent.h>

#include <sys/stat.h>

#include "tests/supervisor/control_fixture.h"
#include "tests/supervisor/made_manifest.h"

static int files_in(const char *name)
{
	DIR *folder = opendir(at_home(name));
	int n = 0;

	for (struct dirent *entry; (entry = readdir(folder));)
		n += entry->d_name[0] != '.';
	closedir(folder);
	return n;
}

START_TEST(an_answer_ends_the_connection)
{
	ck_assert_int_eq(answer("{\"op\": \"ps\"}"), CONTROL_OK);
	turn_for(20);
	ck_assert_uint_eq(control_clients(control), 0);
}
END_TEST

START_TEST(what_is_not_a_request_is_refused)
{
	static const char *const lies[] = {
		"",
		"{",
		"[]",
		"\"version\"",
		"{\"op\": 7}",
		"{}",
		"{\"op\": \"nonsense\"}",
		"{\"op\": \"version\", \"op\": \"ps\"}",
		"{\"op\": \"version\", \"extra\": 1}",
		"{\"op\": \"ps\", \"all\": \"yes\"}",
		"{\"op\": \"add\"}",
		"{\"op\": \"add\", \"bytes\": -1}",
		"{\"op\": \"add\", \"bytes\": 0}",
		"{\"op\": \"add\", \"bytes\": 99999999999}",
		"{\"op\": \"add\", \"bytes\": 1.5}",
		"{\"op\": \"start\", \"program\": 7}",
		"{\"op\": \"start\", \"program\": \"zz\"}",
		"{\"op\": \"start\", \"program\": \"ab\"}",
		"{\"op\": \"start\", \"program\": \"abcd\\u0000\"}",
		"{\"op\": \"start\", \"program\": \"abcd\", \"args\": \"x\"}",
		"{\"op\": \"start\", \"program\": \"abcd\", \"args\": [1]}",
		"{\"op\": \"stop\", \"process\": \"one\"}",
		"{\"op\": \"stop\", \"process\": {}}",
		"{\"op\": \"logs\", \"process\": -7}",
		"{\"op\": \"logs\", \"process\": true}",
		"{\"op\": \"\xff\"}",
	};

	for (size_t i = 0; i < ARRAY_LEN(lies); i++)
		ck_assert_msg(answer(lies[i]) == CONTROL_USAGE, "%s", lies[i]);
}
END_TEST

START_TEST(what_is_not_there_is_not_found)
{
	static const char *const requests[] = {
		"{\"op\": \"start\", \"program\": \"abcd\"}",
		"{\"op\": \"run\", \"program\": \"abcd\", \"stdin\": true}",
		"{\"op\": \"compile\", \"program\": \"ABCD\"}",
		"{\"op\": \"rm\", \"program\": \"abcdef\"}",
		"{\"op\": \"stop\", \"process\": 1}",
		"{\"op\": \"kill\", \"process\": \"1\"}",
		"{\"op\": \"logs\", \"process\": 99999999999}",
		"{\"op\": \"logs\", \"process\": \"abcd\"}",
		"{\"op\": \"inspect\", \"target\": 5}",
		"{\"op\": \"inspect\", \"target\": \"12345\"}",
	};

	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
		ck_assert_msg(answer(requests[i]) == CONTROL_NOT_FOUND, "%s", requests[i]);
}
END_TEST

START_TEST(json_may_not_be_deep)
{
	char text[2048] = "{\"op\": \"version\", \"x\": ";
	size_t n = strlen(text);

	memset(text + n, '[', 1000);
	text[n + 1000] = 0;
	ck_assert_int_eq(answer(text), CONTROL_USAGE);
	/* brackets in a text are no depth */
	memmove(text, "{\"op\": \"version\", \"x\": \"", 24);
	memset(text + 24, '[', 500);
	strcpy(text + 524, "\\\"[[\"}");
	ck_assert_int_eq(answer(text), CONTROL_USAGE);
}
END_TEST

START_TEST(a_packet_that_is_too_large_ends_the_connection)
{
	static char big[CONTROL_PACKET_MAX + 100];
	int fd = enter();

	memset(big, ' ', sizeof(big));
	ck_assert(say(fd, CONTROL_JSON, big, sizeof(big)));
	ck_assert_int_eq(hear(fd, heard, sizeof(heard)), HEARD_END);
	close(fd);
}
END_TEST

START_TEST(other_packets_than_expected_are_refused)
{
	int fd = enter();
	json_t *final;

	ck_assert(say(fd, CONTROL_DATA, "xyz", 3));
	final = hear_final(fd, NULL);
	ck_assert_ptr_nonnull(json_object_get(final, "error"));
	json_decref(final);
	close(fd);
	fd = enter();
	ck_assert(say(fd, 'Q', "xyz", 3));
	final = hear_final(fd, NULL);
	ck_assert_ptr_nonnull(json_object_get(final, "error"));
	json_decref(final);
	close(fd);
	fd = enter(); /* two requests on one connection */
	ck_assert(say_text(fd, "{\"op\": \"events\", \"follow\": true}"));
	ck_assert(say_text(fd, "{\"op\": \"version\"}"));
	final = hear_final(fd, NULL);
	ck_assert_ptr_nonnull(json_object_get(final, "error"));
	json_decref(final);
	close(fd);
}
END_TEST

/* xorshift: the same garbage every time */
static uint64_t random_state = 88172645463325252ull;
static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	return random_state ^= random_state << 17;
}

START_TEST(garbage_hurts_nobody)
{
	static const char *const seeds[] = {
		"{\"op\": \"run\", \"program\": \"abcd\", \"args\": [\"a\"], \"env\": "
		"[\"K=V\"], "
		"\"memory\": 65536, \"cpu\": 1, \"stdin\": true, \"name\": \"x\"}",
		"{\"op\": \"add\", \"bytes\": 1000}",
		"{\"op\": \"logs\", \"process\": 1, \"follow\": true, \"lines\": 3}",
		"{\"op\": \"kill\", \"process\": \"1\", \"signal\": 9}",
	};

	for (int i = 0; i < 3000; i++) {
		char text[512];
		const char *seed = seeds[next_random() % ARRAY_LEN(seeds)];
		size_t n = strlen(seed);
		int fd = enter();

		memcpy(text, seed, n);
		for (uint64_t k = next_random() % 6; k > 0; k--)
			text[next_random() % n] = (char)next_random();
		for (uint64_t k = next_random() % 4; k > 0; k--)
			if (!say(fd, next_random() % 5 ? 'J' : (char)next_random(), text,
				    next_random() % (n + 1)))
				break;
		turn(0);
		close(fd);
	}
	turn_for(50);
	ck_assert_uint_eq(control_clients(control), 0);
	ck_assert_int_eq(answer("{\"op\": \"ps\"}"), CONTROL_OK);
}
END_TEST

START_TEST(descriptors_that_a_client_sends_are_not_kept)
{
	int before, after;
	char byte = CONTROL_JSON;
	struct iovec iov = { &byte, 1 };
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(4 * sizeof(int))];
	} c = { 0 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c)
	};
	int fds[4] = { 0, 0, 0, 0 };

	c.head.cmsg_level = SOL_SOCKET;
	c.head.cmsg_type = SCM_RIGHTS;
	c.head.cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(&c.head), fds, sizeof(fds));
	ck_assert_int_eq(answer("{\"op\": \"ps\"}"), CONTROL_OK);
	turn_for(20);
	before = dup(0);
	close(before);
	for (int i = 0; i < 20; i++) {
		int fd = enter();
		ck_assert_int_eq(sendmsg(fd, &m, MSG_NOSIGNAL), 1);
		turn_for(3);
		close(fd);
	}
	turn_for(20);
	after = dup(0);
	close(after);
	ck_assert_int_eq(before, after);
}
END_TEST

/* ---- programs ---- */

static char program_hex[HASH_HEX_SIZE];

/* The final answer. */
static json_t *add_program(const void *bytes, size_t n)
{
	char request[64];
	int fd = enter();

	snprintf(request, sizeof(request), "{\"op\": \"add\", \"bytes\": %zu}", n);
	ck_assert(say_text(fd, request));
	for (size_t at = 0; at < n;) {
		size_t piece = n - at < CONTROL_PAYLOAD_MAX ? n - at : CONTROL_PAYLOAD_MAX;
		ck_assert(say(fd, CONTROL_DATA, (const char *)bytes + at, piece));
		at += piece;
	}
	json_t *final = hear_final(fd, NULL);
	close(fd);
	return final;
}

static void upload(const void *bytes, size_t n, bool known)
{
	json_t *final = add_program(bytes, n);

	ck_assert_msg(json_is_true(json_object_get(final, "ok")), "%s", heard);
	ck_assert_int_eq(json_is_true(json_object_get(final, "known")), known);
	snprintf(program_hex, sizeof(program_hex), "%s",
		json_string_value(json_object_get(final, "program")));
	json_decref(final);
}

static int ls(void)
{
	int fd = enter(), rows;

	ck_assert(say_text(fd, "{\"op\": \"ls\"}"));
	json_t *final = hear_final(fd, &rows);
	ck_assert(json_is_true(json_object_get(final, "ok")));
	json_decref(final);
	close(fd);
	return rows;
}

START_TEST(a_program_is_added_listed_and_removed)
{
	size_t n = 3 * MIB + 17;
	char *bytes = malloc(n), request[160], hex[HASH_HEX_SIZE];

	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)next_random();
	upload(bytes, n, false);
	struct hash expected = hash_sha256(bytes, n);
	ck_assert_str_eq(program_hex, hash_to_hex(&expected, hex));
	upload(bytes, n, true);
	ck_assert_int_eq(ls(), 1);
	ck_assert_int_eq(files_in("programs"), 1);
	snprintf(request, sizeof(request), "{\"op\": \"inspect\", \"target\": \"%.6s\"}",
		program_hex);
	ck_assert_int_eq(answer(request), CONTROL_OK);
	snprintf(request, sizeof(request), "{\"op\": \"start\", \"program\": \"%.6s\"}",
		program_hex);
	ck_assert_int_eq(answer(request), CONTROL_FAILED); /* there is no compiler here */
	snprintf(
		request, sizeof(request), "{\"op\": \"rm\", \"program\": \"%s\"}", program_hex);
	ck_assert_int_eq(answer(request), CONTROL_OK);
	ck_assert_int_eq(answer(request), CONTROL_NOT_FOUND);
	ck_assert_int_eq(ls(), 0);
	ck_assert_int_eq(files_in("programs"), 0);
	free(bytes);
}
END_TEST

static struct made module, records;

/* The rows of `inspect` about the module. */
static json_t *inspect(void)
{
	json_t *rows = json_array(), *message;
	char request[80];

	upload(module.bytes, module.count, false);
	snprintf(request, sizeof(request), "{\"op\": \"inspect\", \"target\": \"%.9s\"}",
		program_hex);
	int fd = enter();
	ck_assert(say_text(fd, request));
	while ((message = hear_json(fd)) && !json_object_get(message, "ok")) {
		json_array_append(rows, json_object_get(message, "row"));
		json_decref(message);
	}
	ck_assert_ptr_nonnull(message);
	json_decref(message);
	close(fd);
	return rows;
}

START_TEST(what_a_program_says_of_itself_is_shown_before_it_runs)
{
	const struct hash interface = made_interface(0x61);
	const struct grants_row grant = { .key = grants_key(NULL, &interface, BROKER_USE),
		.word = GRANTS_ASK };
	json_t *rows, *expected, *program;

	ck_assert_int_eq(grants_reserve(parts.ruling->grants), 0);
	grants_set(parts.ruling->grants, &grant);
	made_record(&records, MANIFEST_USE, 0x61, "a.b", "to \x1b[31m");
	made_record(&records, MANIFEST_REGISTER, 0x62, "", "\xff");
	made_module(&module);
	made_manifest(&module, &records);
	rows = inspect();
	ck_assert_uint_eq(json_array_size(rows), 3);
	program = json_object_get(json_array_get(rows, 0), "program");
	ck_assert_int_eq(json_integer_value(json_object_get(program, "manifest")), 2);
	expected = json_pack("{s:{s:s, s:s, s:s, s:s, s:s}}", "manifest", "grant", "ask",
		"right", "use", "interface",
		"6161616161616161616161616161616161616161616161616161616161616161", "called",
		"a.b", "reason", "to \x1b[31m");
	ck_assert(json_equal(json_array_get(rows, 1), expected));
	json_decref(expected);
	expected = json_pack("{s:{s:s, s:s, s:s, s:s}}", "manifest", "right", "register",
		"interface", "6262626262626262626262626262626262626262626262626262626262626262",
		"called", "", "reason", "\xef\xbf\xbd");
	ck_assert(json_equal(json_array_get(rows, 2), expected));
	json_decref(expected);
	json_decref(rows);
}
END_TEST

/* Every byte of it becomes six in JSON. */
START_TEST(the_longest_manifest_is_shown_whole)
{
	char name[MANIFEST_NAME_BYTES_MAX + 1] = { 0 };
	char reason[MANIFEST_REASON_BYTES_MAX + 1] = { 0 };

	memset(name, 1, sizeof(name) - 1);
	memset(reason, 2, sizeof(reason) - 1);
	for (uint8_t i = 0; i < MANIFEST_ROWS_MAX; i++)
		made_record(&records, MANIFEST_USE, i, name, reason);
	made_module(&module);
	made_manifest(&module, &records);
	json_t *rows = inspect();
	ck_assert_uint_eq(json_array_size(rows), 1 + MANIFEST_ROWS_MAX);
	json_decref(rows);
}
END_TEST

START_TEST(a_program_without_one_shows_none)
{
	made_module(&module);
	json_t *rows = inspect();
	json_t *program = json_object_get(json_array_get(rows, 0), "program");

	ck_assert_uint_eq(json_array_size(rows), 1);
	ck_assert_ptr_nonnull(program);
	ck_assert_ptr_null(json_object_get(program, "manifest"));
	json_decref(rows);
}
END_TEST

START_TEST(a_malformed_manifest_is_refused)
{
	made_record(&records, MANIFEST_USE, 1, "a", "b");
	records.bytes[1] = 7;
	made_module(&module);
	made_manifest(&module, &records);
	json_t *final = add_program(module.bytes, module.count);
	json_t *error = json_object_get(final, "error");
	ck_assert_str_eq(json_string_value(json_object_get(error, "why")),
		"a record of the manifest has an unknown right");
	json_decref(final);
	turn_for(50);
	ck_assert_int_eq(files_in("programs"), 0);
	ck_assert_int_eq(ls(), 0);
}
END_TEST

START_TEST(more_bytes_than_announced_are_refused)
{
	int fd = enter();

	ck_assert(say_text(fd, "{\"op\": \"add\", \"bytes\": 10}"));
	ck_assert(say(fd, CONTROL_DATA, "0123456", 7));
	ck_assert(say(fd, CONTROL_DATA, "0123456", 7));
	json_t *final = hear_final(fd, NULL);
	ck_assert_ptr_nonnull(json_object_get(final, "error"));
	json_decref(final);
	close(fd);
	turn_for(50);
	ck_assert_int_eq(files_in("programs"), 0);
	ck_assert_int_eq(ls(), 0);
}
END_TEST

START_TEST(a_client_that_leaves_in_the_middle_leaves_nothing)
{
	static char piece[CONTROL_PAYLOAD_MAX];

	for (int packets = 0; packets < 12; packets++) {
		int fd = enter();
		ck_assert(say_text(fd, "{\"op\": \"add\", \"bytes\": 100000000}"));
		for (int i = 0; i < packets; i++)
			ck_assert(say(fd, CONTROL_DATA, piece, sizeof(piece)));
		if (packets % 2)
			turn_for(5);
		close(fd);
	}
	turn_for(100);
	for (int i = 0; i < 100 && control_clients(control); i++)
		turn_for(50); /* the machine may be busy */
	ck_assert_uint_eq(control_clients(control), 0);
	ck_assert_int_eq(files_in("programs"), 0);
	ck_assert_int_eq(ls(), 0);
}
END_TEST

/* ---- others ---- */

static void many_programs(uint32_t n)
{
	bool known;

	for (uint32_t i = 0; i < n; i++) {
		struct store_entry entry = { .name = hash_sha256(&i, sizeof(i)), .size = 1 };
		ck_assert_int_eq(programs_add(parts.programs, &entry, NULL, &known), 0);
	}
}

START_TEST(one_that_does_not_read_stops_only_itself)
{
	int stalled[20], rows;

	many_programs(20000);
	for (int i = 0; i < 20; i++) {
		stalled[i] = enter();
		ck_assert(say_text(stalled[i], "{\"op\": \"ls\"}"));
	}
	turn_for(200);
	ck_assert_int_eq(answer("{\"op\": \"ps\"}"), CONTROL_OK);
	/* it was paused, not dropped and not buffered */
	json_t *final = hear_final(stalled[7], &rows);
	ck_assert(json_is_true(json_object_get(final, "ok")));
	ck_assert_int_eq(rows, 20000);
	json_decref(final);
	for (int i = 0; i < 20; i++)
		close(stalled[i]);
}
END_TEST

START_TEST(when_all_places_are_taken_others_wait)
{
	int silent[CONTROL_CLIENTS_MAX], late;

	for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		silent[i] = enter();
	turn_for(20);
	ck_assert_uint_eq(control_clients(control), CONTROL_CLIENTS_MAX);
	late = enter();
	ck_assert(say_text(late, "{\"op\": \"ps\"}"));
	turn_for(20);
	ck_assert_uint_eq(control_clients(control), CONTROL_CLIENTS_MAX);
	close(silent[3]);
	json_t *final = hear_final(late, NULL);
	ck_assert(json_is_true(json_object_get(final, "ok")));
	json_decref(final);
	close(late);
	for (uint32_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (i != 3)
			close(silent[i]);
}
END_TEST

START_TEST(followers_leave_room_for_questions)
{
	int followers[CONTROL_FOLLOW_MAX];
	static const char request[] = "{\"op\": \"events\", \"follow\": true, \"lines\": 0}";

	for (uint32_t i = 0; i < CONTROL_FOLLOW_MAX; i++) {
		followers[i] = enter();
		ck_assert(say_text(followers[i], request));
	}
	turn_for(20);
	ck_assert_int_eq(answer(request), CONTROL_FAILED);
	ck_assert_int_eq(answer("{\"op\": \"ps\"}"), CONTROL_OK);
	close(followers[0]);
	turn_for(20);
	events_add(parts.events, "sneeze", 7, NULL, "%s", "");
	json_t *row = hear_json(followers[1]);
	ck_assert_str_eq(
		json_string_value(json_object_get(json_object_get(row, "row"), "event")),
		"sneeze");
	json_decref(row);
	for (uint32_t i = 1; i < CONTROL_FOLLOW_MAX; i++)
		close(followers[i]);
}
END_TEST

START_TEST(a_slow_follower_is_told_what_it_missed)
{
	int fd = enter();
	uint64_t rows = 0, missed = 0;
	const uint64_t sent = 40000;

	ck_assert(say_text(fd, "{\"op\": \"events\", \"follow\": true, \"lines\": 0}"));
	turn_for(20);
	for (uint64_t i = 0; i < sent; i++) {
		events_add(parts.events, "tick", 1 + i, NULL, "%s", "");
		if (i % 100 == 0)
			turn(0);
	}
	while (rows + missed < sent) {
		json_t *message = hear_json(fd);
		rows += json_object_get(message, "row") != NULL;
		missed += (uint64_t)json_integer_value(json_object_get(message, "missed"));
		json_decref(message);
	}
	ck_assert_uint_gt(missed, 0);
	ck_assert_uint_eq(rows + missed, sent);
	close(fd);
}
END_TEST

START_TEST(shutdown_is_passed_on)
{
	ck_assert_int_eq(answer("{\"op\": \"shutdown\"}"), CONTROL_OK);
	ck_assert_int_eq(shut_downs, 1);
}
END_TEST

/* ---- the socket ---- */

START_TEST(the_socket_is_private_and_goes_with_rsd)
{
	struct stat st;

	ck_assert_int_eq(stat(socket_path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	control = control_free(control);
	ck_assert_int_ne(stat(socket_path, &st), 0);
	ck_assert_int_eq(control_new(&parts, socket_path, getegid(), &control), 0);
	ck_assert_int_eq(stat(socket_path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0660);
}
END_TEST

START_TEST(a_stale_socket_is_replaced_a_living_one_is_not)
{
	struct control *second;
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	ck_assert_int_eq(
		control_new(&parts, socket_path, CONTROL_NO_GROUP, &second), CONTROL_TAKEN);
	ck_assert_int_eq(answer("{\"op\": \"ps\"}"), CONTROL_OK);
	control = control_free(control);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	strcpy(address.sun_path, socket_path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd); /* as kill -9 leaves it */
	ck_assert_int_eq(control_new(&parts, socket_path, CONTROL_NO_GROUP, &control), 0);
	ck_assert_int_eq(answer("{\"op\": \"ps\"}"), CONTROL_OK);
}
END_TEST

START_TEST(a_path_that_is_too_long_is_refused)
{
	char path[300];
	struct control *second;

	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = 0;
	ck_assert_int_eq(
		control_new(&parts, path, CONTROL_NO_GROUP, &second), CONTROL_TOO_LONG);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("control");
	TCase *hostile = tcase_create("hostile"), *programs = tcase_create("programs"),
	      *others = tcase_create("others"), *sockets = tcase_create("socket");
	TCase *const cases[] = { hostile, programs, others, sockets };

	tcase_add_test(hostile, an_answer_ends_the_connection);
	tcase_add_test(hostile, what_is_not_a_request_is_refused);
	tcase_add_test(hostile, what_is_not_there_is_not_found);
	tcase_add_test(hostile, json_may_not_be_deep);
	tcase_add_test(hostile, a_packet_that_is_too_large_ends_the_connection);
	tcase_add_test(hostile, other_packets_than_expected_are_refused);
	tcase_add_test(hostile, garbage_hurts_nobody);
	tcase_add_test(hostile, descriptors_that_a_client_sends_are_not_kept);
	tcase_add_test(programs, a_program_is_added_listed_and_removed);
	tcase_add_test(programs, what_a_program_says_of_itself_is_shown_before_it_runs);
	tcase_add_test(programs, the_longest_manifest_is_shown_whole);
	tcase_add_test(programs, a_program_without_one_shows_none);
	tcase_add_test(programs, a_malformed_manifest_is_refused);
	tcase_add_test(programs, more_bytes_than_announced_are_refused);
	tcase_add_test(programs, a_client_that_leaves_in_the_middle_leaves_nothing);
	tcase_add_test(others, one_that_does_not_read_stops_only_itself);
	tcase_add_test(others, when_all_places_are_taken_others_wait);
	tcase_add_test(others, followers_leave_room_for_questions);
	tcase_add_test(others, a_slow_follower_is_told_what_it_missed);
	tcase_add_test(others, shutdown_is_passed_on);
	tcase_add_test(sockets, the_socket_is_private_and_goes_with_rsd);
	tcase_add_test(sockets, a_stale_socket_is_replaced_a_living_one_is_not);
	tcase_add_test(sockets, a_path_that_is_too_long_is_refused);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		tcase_add_checked_fixture(cases[i], set_up, tear_down);
		tcase_set_timeout(cases[i], 60);
		suite_add_tcase(s, cases[i]);
	}
	return s;
}

CHECK_MAIN(suite)
