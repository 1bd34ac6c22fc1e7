/*
 * rs-ifgen: a plugin of protoc. It is called by protoc, which has parsed the definitions:
 *
 *     protoc --plugin=protoc-gen-redshirt=PATH/rs-ifgen --redshirt_out=FOLDER NAME.proto
 *
 * For each NAME.proto it writes NAME.h and NAME_calls.h for C and NAME.rs for Rust. With
 * --redshirt_opt=hash it says the hashes on standard error as well. Standard input is protoc's
 * request, standard output our response, both protobuf; what is wrong with a definition is an
 * error in the response, and protoc says it.
 */
#include <stdio.h>
#include <string.h>

#include "interfaces/encode.h"
#include "interfaces/ifgen_write.h"

#define FILES_MAX               128u
#define FEATURE_PROTO3_OPTIONAL 1u

enum {
	OUTPUT_C,
	OUTPUT_CALLS,
	OUTPUT_RUST,
	OUTPUTS
};

struct output {
	struct rs_text name, content;
};
static const struct rs_field output_fields[] = {
	{ 1, RS_STRING, RS_PLAIN, offsetof(struct output, name), 0, NULL },
	{ 15, RS_STRING, RS_PLAIN, offsetof(struct output, content), 0, NULL },
};
static const struct rs_layout output_layout = { output_fields, ARRAY_LEN(output_fields),
	sizeof(struct output) };

struct response {
	struct rs_text error;
	uint64_t features;
	struct rs_list outputs;
};
static const struct rs_field response_fields[] = {
	{ 1, RS_STRING, RS_PLAIN, offsetof(struct response, error), 0, NULL },
	{ 2, RS_UINT64, RS_PLAIN, offsetof(struct response, features), 0, NULL },
	{ 15, RS_MESSAGE_TYPE, RS_REPEATED, offsetof(struct response, outputs), 0,
		&output_layout },
};
static const struct rs_layout response_layout = { response_fields, ARRAY_LEN(response_fields),
	sizeof(struct response) };

/* Everything is freed by the end of the process: it lives for one request. */
struct ifgen {
	struct descriptor_set set;
	bool says_hash;
	struct output outputs[OUTPUTS * FILES_MAX];
	uint32_t n_outputs;
	char *error;
};

static int fail(struct ifgen *ifgen, struct rs_text file, const char *why)
{
	if (asprintf(&ifgen->error, "%.*s: %s", NORMAL_TEXT(file), why) < 0)
		return -ENOMEM;
	return 0;
}

/* NAME.proto with another ending. */
static int name_output(struct rs_text file, const char *ending, struct rs_text *out)
{
	static const char proto[] = ".proto";
	size_t end = sizeof(proto) - 1;
	char *name;

	if (file.bytes > end && memcmp(file.at + file.bytes - end, proto, end) == 0)
		file.bytes -= end;
	int n = asprintf(&name, "%.*s%s", NORMAL_TEXT(file), ending);
	if (n < 0)
		return -ENOMEM;
	*out = (struct rs_text){ name, (size_t)n };
	return 0;
}

static int write_one(struct ifgen *ifgen, const struct normal *normal, struct rs_text file,
	int what, struct ifgen_names *names)
{
	static const char *const endings[OUTPUTS] = {
		[OUTPUT_C] = ".h",
		[OUTPUT_CALLS] = "_calls.h",
		[OUTPUT_RUST] = ".rs",
	};
	struct output *output = &ifgen->outputs[ifgen->n_outputs++];
	char *text = NULL;
	int r = name_output(file, endings[what], &output->name);
	FILE *to = r ? NULL : open_memstream(&text, &output->content.bytes);

	if (!to)
		return r ? r : -errno;
	if (what == OUTPUT_RUST)
		ifgen_rust(normal, file, to);
	else if (what == OUTPUT_CALLS)
		r = ifgen_calls(normal, file, to, names);
	else
		r = ifgen_c(normal, file, to, names);
	if (fclose(to))
		return -ENOMEM;
	output->content.at = text;
	return r;
}

static int write_all(struct ifgen *ifgen, const struct normal *normal, struct rs_text file)
{
	struct ifgen_names names = { 0 };
	char why[2 * IFGEN_NAME_SIZE];
	int r = 0;

	for (int what = 0; r == 0 && what < OUTPUTS; what++)
		r = write_one(ifgen, normal, file, what, &names);
	if (r == 0 && names.twice) {
		snprintf(why, sizeof(why), "two things in it would be called %s in C",
			names.twice);
		r = fail(ifgen, file, why);
	}
	ifgen_names_deinit(&names);
	return r;
}

static int generate(struct ifgen *ifgen, struct rs_text file)
{
	CLEANUP(freep) struct normal *normal = NULL;
	char hex[HASH_HEX_SIZE];
	int r = normal_read(&ifgen->set, file, &normal);

	if (r == NORMAL_REFUSED)
		return fail(ifgen, file, normal->why);
	if (r)
		return r;
	if (ifgen->says_hash)
		fprintf(stderr, "%s  %.*s\n", hash_to_hex(&normal->hash, hex),
			NORMAL_TEXT(normal->service));
	return write_all(ifgen, normal, file);
}

static int generate_all(struct ifgen *ifgen, struct rs_cursor request)
{
	struct rs_text parameter = descriptor_text(request, REQUEST_PARAMETER);
	struct rs_cursor name;
	int r = 0;

	ifgen->set = (struct descriptor_set){ request, REQUEST_FILE };
	ifgen->says_hash = descriptor_text_is(parameter, "hash");
	if (parameter.bytes && !ifgen->says_hash)
		return fail(ifgen, parameter, "no such option of rs-ifgen; there is: hash");
	while (r == 0 && !ifgen->error &&
		descriptor_each(&request, REQUEST_TO_GENERATE, &name)) {
		struct rs_text file = { (const char *)name.at, rs_cursor_left(&name) };

		r = ifgen->n_outputs == ARRAY_LEN(ifgen->outputs)
			    ? fail(ifgen, file, "too many files at once")
			    : generate(ifgen, file);
	}
	return r;
}

static int respond(const struct ifgen *ifgen)
{
	struct response response = { .features = FEATURE_PROTO3_OPTIONAL };

	if (ifgen->error)
		response.error = (struct rs_text){ ifgen->error, strlen(ifgen->error) };
	else
		response.outputs =
			(struct rs_list){ .items = ifgen->outputs, .count = ifgen->n_outputs };
	size_t room = rs_encode_size(&response_layout, &response);
	CLEANUP(freep) uint8_t *bytes = malloc(room);
	if (!bytes)
		return -ENOMEM;
	int64_t size = rs_encode(&response_layout, &response, bytes, room);
	if (size < 0)
		return -EMSGSIZE;
	fwrite(bytes, 1, (size_t)size, stdout);
	return fflush(stdout) || ferror(stdout) ? -EIO : 0;
}

/* The request and one byte more, which tells that it is too large. */
static int read_request(uint8_t **out, size_t *size)
{
	uint8_t *bytes = malloc(DESCRIPTOR_SET_BYTES_MAX + 1);

	*out = bytes;
	if (!bytes)
		return -ENOMEM;
	*size = fread(bytes, 1, DESCRIPTOR_SET_BYTES_MAX + 1, stdin);
	return ferror(stdin) ? -EIO : *size > DESCRIPTOR_SET_BYTES_MAX ? -EMSGSIZE : 0;
}

int main(int argc, char **argv)
{
	static struct ifgen ifgen;
	CLEANUP(freep) uint8_t *request = NULL;
	size_t size;

	(void)argv;
	if (argc > 1) {
		fputs("usage: protoc --plugin=protoc-gen-redshirt=rs-ifgen "
		      "--redshirt_out=FOLDER NAME.proto\n",
			stderr);
		return 2;
	}
	int r = read_request(&request, &size);
	if (r == 0)
		r = generate_all(&ifgen, rs_cursor(request, size));
	if (r == 0)
		r = respond(&ifgen);
	if (r)
		fprintf(stderr, "rs-ifgen: %s\n", strerror(-r));
	return r ? 1 : 0;
}
