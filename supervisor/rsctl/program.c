#include "supervisor/rsctl/program.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <sys/stat.h>

#include "supervisor/rsctl/ask.h"
#include "supervisor/rsctl/say.h"

#define ENDING     ".wasm"
#define READ_BYTES (64 * KIB)

struct bytes {
	uint8_t *at;
	size_t size, room;
};

static void bytes_free(struct bytes *bytes)
{
	free(bytes->at);
}

static bool ends_with(const char *word, const char *ending)
{
	size_t n = strlen(word), e = strlen(ending);

	return n > e && strcmp(word + n - e, ending) == 0;
}

bool program_is_file(const char *word)
{
	return strcmp(word, "-") == 0 || strchr(word, '/') || ends_with(word, ENDING) ||
	       access(word, F_OK) == 0;
}

/* --- adding a file --- */

static int unreadable(const char *file, int r)
{
	int code = r == -ENOENT                  ? CONTROL_NOT_FOUND
		   : r == -EACCES || r == -EPERM ? CONTROL_DENIED
						 : CONTROL_FAILED;

	return say_error(code, file, "%s", strerror(-r));
}

static int read_all(int fd, struct bytes *out)
{
	for (;;) {
		if (out->room - out->size < READ_BYTES) {
			size_t room = out->room ? out->room * 2 : 4 * READ_BYTES;
			uint8_t *at = realloc(out->at, room);
			if (!at)
				return -ENOMEM;
			out->at = at;
			out->room = room;
		}
		ssize_t n = read(fd, out->at + out->size, out->room - out->size);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return 0;
		out->size += n > 0 ? (size_t)n : 0;
		if (out->size > CONTROL_ADD_MAX)
			return -EFBIG;
	}
}

static int read_file(const char *file, struct bytes *out)
{
	bool standard_input = strcmp(file, "-") == 0;
	CLEANUP(fd_closep)
	int fd = standard_input ? dup(STDIN_FILENO) : open(file, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : read_all(fd, out);

	return r ? unreadable(file, r) : CONTROL_OK;
}

int program_add(const struct rsctl *ctl, const char *file, char hex[HASH_HEX_SIZE], bool *known)
{
	CLEANUP(bytes_free) struct bytes bytes = { 0 };
	struct hash hash;
	json_t *final;
	int code = read_file(file, &bytes);

	if (code)
		return code;
	struct ask question = {
		.request =
			json_pack("{s:s, s:I}", "op", "add", "bytes", (json_int_t)bytes.size),
		.data = bytes.at,
		.data_bytes = bytes.size,
		.about = file,
		.timeout_ms = ASK_QUICK_MS,
	};
	code = ask(ctl, &question, &final);
	if (code)
		return code;
	if (hash_from_hex(ask_text(final, "program"), &hash))
		hash_to_hex(&hash, hex);
	else
		code = ask_broken(file, CLIENT_BROKEN);
	*known = json_is_true(json_object_get(final, "known"));
	json_decref(final);
	return code;
}

/* --- names --- */

/*
 * A CIDv1 of raw bytes with a SHA-256: "b", then base32 (RFC 4648, lower case, no padding) of
 * 01 55 12 20 and the hash. https://github.com/multiformats/cid
 */
#define CID_DIGITS     59
#define CID_HEAD_BYTES 4

static bool base32(const char *text, uint8_t *out, size_t size)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint32_t bits = 0;
	unsigned n_bits = 0;
	size_t made = 0;

	for (; *text; text++) {
		const char *digit = strchr(digits, *text);
		if (!digit)
			return false;
		bits = bits << 5 | (uint32_t)(digit - digits);
		n_bits += 5;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		if (made == size)
			return false;
		out[made++] = (uint8_t)(bits >> n_bits);
	}
	return made == size && (bits & ((1u << n_bits) - 1)) == 0;
}

static bool from_cid(const char *word, struct hash *out)
{
	static const uint8_t head[CID_HEAD_BYTES] = { 0x01, 0x55, 0x12, HASH_BYTES };
	uint8_t bytes[CID_HEAD_BYTES + HASH_BYTES];

	if (strlen(word) != CID_DIGITS || word[0] != 'b' ||
		!base32(word + 1, bytes, sizeof(bytes)) ||
		memcmp(bytes, head, sizeof(head)) != 0)
		return false;
	memcpy(out->bytes, bytes + CID_HEAD_BYTES, HASH_BYTES);
	return true;
}

int program_hash(const char *word, char hex[HASH_HEX_SIZE])
{
	struct hash hash;
	size_t size = strlen(word);

	if (from_cid(word, &hash)) {
		hash_to_hex(&hash, hex);
		return CONTROL_OK;
	}
	if (size == 0 || size >= HASH_HEX_SIZE ||
		strspn(word, "0123456789abcdefABCDEF") != size) {
		(void)say_error(CONTROL_NOT_FOUND, word,
			"neither a file nor the beginning of a program's hash");
		say_hint("`rsctl ls` lists the programs");
		return CONTROL_NOT_FOUND;
	}
	memcpy(hex, word, size + 1);
	return CONTROL_OK;
}

int program_find(const struct rsctl *ctl, const char *word, char hex[HASH_HEX_SIZE])
{
	bool known;

	return program_is_file(word) ? program_add(ctl, word, hex, &known)
				     : program_hash(word, hex);
}

void program_name(const char *word, char out[CONTROL_NAME_MAX + 1])
{
	const char *slash = strrchr(word, '/');
	const char *name = slash ? slash + 1 : word;
	size_t size = strlen(name);

	if (!program_is_file(word) && size > RSCTL_SHORT_HASH)
		size = RSCTL_SHORT_HASH;
	else if (ends_with(name, ENDING))
		size -= strlen(ENDING);
	while (size > CONTROL_NAME_MAX || (size > 0 && (name[size] & 0xc0) == 0x80))
		size--; /* never within a character */
	memcpy(out, name, size);
	out[size] = 0;
}
