/*
 * grant_storm_handler.c: tells the book of each message that came, then answers it.
 */
#include "grant_storm.h"
#include "redshirt.h"

static const uint8_t interface[32] = GRANT_STORM_INTERFACE, book[32] = GRANT_STORM_BOOK;
static struct {
	struct rs_delivery head;
	struct grant_storm_message body;
	uint8_t more[64]; /* notices are longer */
} in, told;

static uint32_t tell(void)
{
	uint64_t id;
	uint32_t status =
		rs_send(book, &in.body, sizeof(in.body), RS_NEEDS_ANSWER | RS_ALLOW_DELAY, &id);

	if (status == RS_OK && rs_wait_answer(id, &told, sizeof(told), RS_FOREVER) > 0)
		status = told.head.status;
	return status;
}

int main(void)
{
	uint32_t status = rs_register(interface);

	if (status != RS_OK)
		return status == RS_TAKEN || status == RS_DENIED ? 0 : GRANT_STORM_CALL;
	while (rs_wait(&in, sizeof(in), RS_FOREVER) > 0) {
		if (in.head.kind == RS_NOTICE && in.head.status == RS_NOTICE_STOP)
			return 0;
		if (in.head.kind != RS_MESSAGE)
			continue;
		in.body.process = in.head.process;
		if (tell() != RS_OK)
			return GRANT_STORM_CALL;
		while (rs_answer(&in.head, RS_OK, &in.body, sizeof(in.body)) == RS_BUSY)
			rs_pause(1000000);
	}
	return GRANT_STORM_CALL;
}
