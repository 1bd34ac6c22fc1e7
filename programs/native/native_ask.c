/*
 * native_ask.c: what ask.c does, as an ordinary program of this machine: sends its arguments,
 * one message each, to "example:echo" and prints the answers.
 *
 *     rsd --native asker &   (or REDSHIRT_NATIVE=asker rsctl ps, for a private one)
 *     native_ask hello
 */
#include <rs_client.h>
#include <stdio.h>
#include <string.h>

static const uint8_t interface[32] = "example:echo";
static struct {
	struct rs_delivery head;
	char body[64 * 1024];
} in;

static int ask(const char *text)
{
	uint64_t id;
	size_t bytes;
	int r = rs_client_send(
		interface, text, strlen(text), RS_NEEDS_ANSWER | RS_ALLOW_DELAY, &id);

	if (r == RS_OK)
		r = rs_client_next_message(&id, 1, &in, sizeof(in), -1, &bytes);
	if (r != RS_OK || in.head.status != RS_OK)
		return r ? r : (int)in.head.status;
	printf("%.*s\n", (int)in.head.body_bytes, in.body);
	return RS_OK;
}

int main(int argc, char **argv)
{
	int r = rs_client_join(NULL, "asker", NULL);

	if (r != RS_OK) {
		fprintf(stderr, "native_ask: join: %s: %s\n", rs_client_text(r),
			rs_client_why());
		return 1;
	}
	for (int i = 1; i < argc && r == RS_OK; i++) {
		r = ask(argv[i]);
		if (r != RS_OK)
			fprintf(stderr, "native_ask: %s: %s\n", argv[i], rs_client_text(r));
	}
	return r != RS_OK;
}
