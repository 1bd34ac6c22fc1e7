#include <string.h>

#include "interfaces/ifgen_write.h"

/* What is encoded on the stack of a program; for what may be longer it brings the room. */
#define STACK_BYTES_MAX 4096u

/*
 * What is written stands here as it will look, but for names: $s $S the service, $r $R the rpc,
 * $q the request, $a the answer; and of the message that is encoded: $p the parameters for its
 * room, $c the same in a call, $d a declaration instead, $e $z the room and its size.
 */
/* clang-format off: the lines are those that are written */
static const char head[] = "#pragma once\n\n"
			   "#include <redshirt_loop.h>\n\n";

static const char comment[] =
	"\n/*\n"
	" * Each rpc has, made of the functions of redshirt.h, and (loop_) of "
	"redshirt_loop.h:\n"
	" *\n"
	" * send    *id: what the answer will carry. What has no answer: send, loop_tell\n"
	" * ask     sends and waits for the answer: it comes to `in` and is read to `out`.\n"
	" *         RS_TOO_BIG: it is longer, and was kept\n"
	" * read    an answer that came: RS_OK, why there is none, or RS_MALFORMED\n"
	" * answer  of a message, or of a copy of its head\n"
	" *\n"
	" * What may be long is encoded in a room that the program brings; RS_TOO_BIG: it does "
	"not\n"
	" * fit there. RS_BAD_ARGUMENT: a text is not UTF-8.\n"
	" */\n";

static const char rpc_with_answer[] = "\n/* $R: $q, $a */\n";

static const char send[] = "static inline uint32_t rs_$s_send_$r(\n"
			   "\tconst struct rs_$s_$q *request, uint64_t flags, uint64_t *id$p)\n"
			   "{\n$d"
			   "\treturn rs_send_encoded(rs_interface_$s, $e,\n"
			   "\t\trs_$s_$r_body(request, $e, $z), flags | RS_NEEDS_ANSWER, id);\n"
			   "}\n";

static const char ask[] =
	"static inline uint32_t rs_$s_read_$r(\n"
	"\tconst struct rs_delivery *answer, struct rs_$s_$a *out)\n"
	"{\n"
	"\tif (answer->status != RS_OK)\n"
	"\t\treturn answer->status;\n"
	"\tif (rs_$s_$a_decode(out, rs_body(answer), (size_t)answer->body_bytes))\n"
	"\t\treturn RS_MALFORMED;\n"
	"\treturn RS_OK;\n"
	"}\n"
	"static inline uint32_t rs_$s_ask_$r(\n"
	"\tconst struct rs_$s_$q *request, uint64_t flags,\n"
	"\tstruct rs_delivery *in, size_t in_bytes, struct rs_$s_$a *out$p)\n"
	"{\n"
	"\tuint64_t id;\n"
	"\tuint32_t status = rs_$s_send_$r(request, flags, &id$c);\n\n"
	"\tif (status == RS_OK)\n"
	"\t\tstatus = rs_wait_whole_answer(id, in, in_bytes);\n"
	"\treturn status == RS_OK ? rs_$s_read_$r(in, out) : status;\n"
	"}\n"
	"static inline uint32_t rs_$s_loop_ask_$r(struct rs_loop *loop,\n"
	"\tconst struct rs_$s_$q *request, uint64_t flags,\n"
	"\trs_loop_call *call, void *context, uint64_t *token$p)\n"
	"{\n$d"
	"\treturn rs_loop_ask_encoded(loop, rs_interface_$s, $e,\n"
	"\t\trs_$s_$r_body(request, $e, $z), flags, call, context, token);\n"
	"}\n";

static const char answer[] =
	"static inline uint32_t rs_$s_answer_$r(\n"
	"\tconst struct rs_delivery *to, const struct rs_$s_$a *answer$p)\n"
	"{\n$d"
	"\treturn rs_answer_encoded(to, $e, rs_$s_$a_encode(answer, $e, $z));\n"
	"}\n"
	"static inline uint32_t rs_$s_loop_answer_$r(struct rs_loop *loop,\n"
	"\tconst struct rs_delivery *to, const struct rs_$s_$a *answer$p)\n"
	"{\n$d"
	"\treturn rs_loop_answer_encoded(loop, to, $e,\n"
	"\t\trs_$s_$a_encode(answer, $e, $z));\n"
	"}\n";

static const char tell[] = "\n/* $R: $q, no answer */\n"
			   "static inline uint32_t rs_$s_send_$r(\n"
			   "\tconst struct rs_$s_$q *request, uint64_t flags$p)\n"
			   "{\n$d"
			   "\tuint64_t none;\n\n"
			   "\treturn rs_send_encoded(rs_interface_$s, $e,\n"
			   "\t\trs_$s_$r_body(request, $e, $z), flags, &none);\n"
			   "}\n"
			   "static inline uint32_t rs_$s_loop_tell_$r(struct rs_loop *loop,\n"
			   "\tconst struct rs_$s_$q *request, uint64_t flags$p)\n"
			   "{\n$d"
			   "\treturn rs_loop_tell_encoded(loop, rs_interface_$s, $e,\n"
			   "\t\trs_$s_$r_body(request, $e, $z), flags);\n"
			   "}\n";

static const char handlers_begin[] =
	"\n/*\n"
	" * Who handles it has a function for each rpc; without one an rpc is answered\n"
	" * RS_UNSUPPORTED, and what cannot be read RS_MALFORMED. message and request are "
	"valid\n"
	" * until the function returns.\n"
	" */\n"
	"struct rs_$s_handlers {\n";

static const char handler[] =
	"\tvoid (*on_$r)(struct rs_loop *loop, const struct rs_delivery *message,\n"
	"\t\tconst struct rs_$s_$q *request, void *context);\n";

static const char handlers_end[] = "\tvoid *context;\n"
				   "};\n";

static const char on_message[] =
	"static inline uint32_t rs_$s_on_$r(const struct rs_$s_handlers *handlers,\n"
	"\tstruct rs_loop *loop, const struct rs_delivery *message,\n"
	"\tconst void *bytes, size_t count)\n"
	"{\n"
	"\tstruct rs_$s_$q request;\n\n"
	"\tif (!handlers->on_$r)\n"
	"\t\treturn RS_UNSUPPORTED;\n"
	"\tif (rs_$s_$q_decode(&request, bytes, count))\n"
	"\t\treturn RS_MALFORMED;\n"
	"\thandlers->on_$r(loop, message, &request, handlers->context);\n"
	"\treturn RS_OK;\n"
	"}\n";

static const char dispatch_begin[] =
	"static inline uint32_t rs_$s_dispatch(const struct rs_$s_handlers *handlers,\n"
	"\tstruct rs_loop *loop, const struct rs_delivery *message)\n"
	"{\n"
	"\tconst void *bytes;\n"
	"\tsize_t count;\n"
	"\tuint32_t rpc;\n\n"
	"\tif (rs_decode_split(rs_body(message), (size_t)message->body_bytes, &rpc, &bytes, "
	"&count))\n"
	"\t\treturn RS_MALFORMED;\n"
	"\tswitch (rpc) {\n";

static const char dispatch_row[] =
	"\tcase RS_$S_$R:\n"
	"\t\treturn rs_$s_on_$r(handlers, loop, message, bytes, count);\n";

static const char dispatch_end[] =
	"\tdefault:\n"
	"\t\treturn RS_UNSUPPORTED;\n"
	"\t}\n"
	"}\n"
	"static inline void rs_$s_loop_dispatch(\n"
	"\tstruct rs_loop *loop, const struct rs_delivery *message, void *context)\n"
	"{\n"
	"\tconst struct rs_$s_handlers *handlers = (const struct rs_$s_handlers *)context;\n"
	"\tuint32_t status = rs_$s_dispatch(handlers, loop, message);\n\n"
	"\tif (status != RS_OK)\n"
	"\t\trs_loop_answer(loop, message, status, NULL, 0);\n"
	"}\n\n"
	"/* As rs_loop_handle(). The table must stay where it is. */\n"
	"static inline uint32_t rs_$s_loop_handle(\n"
	"\tstruct rs_loop *loop, struct rs_$s_handlers *handlers)\n"
	"{\n"
	"\treturn rs_loop_handle(loop, rs_interface_$s, rs_$s_loop_dispatch, handlers);\n"
	"}\n";
/* clang-format on */

/* --- templates --- */

struct calls {
	const struct normal *normal;
	FILE *to;
	struct ifgen_names *names;
	int error;                      /* the first one */
	struct ifgen_name lower, upper; /* of the service */
};

/* Of one rpc, or of none. */
struct names {
	struct ifgen_name lower, upper, request, answer;
	const struct normal_type *encoded;
};

static struct ifgen_name type_name(const struct normal *normal, uint32_t type)
{
	const struct normal_type *of = &normal->types[type];

	return ifgen_names_lower(normal_short(of->name, of->package_bytes));
}

static bool on_stack(const struct calls *calls, const struct names *names)
{
	uint64_t bytes = ifgen_bytes_max_and_one(calls->normal, names->encoded);

	return bytes && bytes <= STACK_BYTES_MAX;
}

/* A room of the stack has one byte more than it needs, since none may be needed. */
static void print_room(const struct calls *calls, const struct names *names, char what)
{
	bool stack = on_stack(calls, names);
	uint64_t bytes = ifgen_bytes_max_and_one(calls->normal, names->encoded);

	switch (what) {
	case 'p':
		fputs(stack ? "" : ", void *room, size_t room_bytes", calls->to);
		break;
	case 'c':
		fputs(stack ? "" : ", room, room_bytes", calls->to);
		break;
	case 'd':
		if (stack)
			fprintf(calls->to, "\tuint8_t body[RS_CODEC_INDEX_BYTES + %ju];\n\n",
				(uintmax_t)bytes);
		break;
	case 'e':
		fputs(stack ? "body" : "room", calls->to);
		break;
	case 'z':
		fputs(stack ? "sizeof(body)" : "room_bytes", calls->to);
		break;
	}
}

static void print_name(const struct calls *calls, const struct names *names, char what)
{
	switch (what) {
	case 's':
		fputs(calls->lower.text, calls->to);
		break;
	case 'S':
		fputs(calls->upper.text, calls->to);
		break;
	case 'r':
		fputs(names->lower.text, calls->to);
		break;
	case 'R':
		fputs(names->upper.text, calls->to);
		break;
	case 'q':
		fputs(names->request.text, calls->to);
		break;
	case 'a':
		fputs(names->answer.text, calls->to);
		break;
	default:
		print_room(calls, names, what);
	}
}

static void print(const struct calls *calls, const struct names *names, const char *template)
{
	for (const char *at = template; *at; at++) {
		if (*at == '$')
			print_name(calls, names, *++at);
		else
			fputc(*at, calls->to);
	}
}

/* --- rpcs --- */

static struct names names_of(const struct calls *calls, const struct normal_rpc *rpc)
{
	const struct normal *normal = calls->normal;
	struct names names = { .lower = ifgen_names_lower(rpc->name),
		.upper = ifgen_names_upper(rpc->name),
		.request = type_name(normal, rpc->request),
		.encoded = &normal->types[rpc->request] };

	if (rpc->answer != NORMAL_NO_TYPE)
		names.answer = type_name(normal, rpc->answer);
	return names;
}

/* Whether or not it has all of them. */
static void take_names(struct calls *calls, const struct ifgen_name *rpc)
{
	static const char *const verbs[] = { "send", "read", "ask", "answer", "loop_ask",
		"loop_tell", "loop_answer", "on" };

	for (size_t i = 0; i < ARRAY_LEN(verbs) && calls->error == 0; i++)
		calls->error = ifgen_names_take(
			calls->names, "rs_%s_%s_%s", calls->lower.text, verbs[i], rpc->text);
}

static void print_rpc(struct calls *calls, const struct normal_rpc *rpc)
{
	struct names names = names_of(calls, rpc);

	take_names(calls, &names.lower);

	if (rpc->answer == NORMAL_NO_TYPE) {
		print(calls, &names, tell);
		return;
	}
	print(calls, &names, rpc_with_answer);
	print(calls, &names, send);
	print(calls, &names, ask);
	names.encoded = &calls->normal->types[rpc->answer];
	print(calls, &names, answer);
}

static void print_each(const struct calls *calls, const char *template)
{
	for (uint32_t i = 0; i < calls->normal->n_rpcs; i++) {
		struct names names = names_of(calls, &calls->normal->rpcs[i]);

		print(calls, &names, template);
	}
}

static void print_handlers(struct calls *calls)
{
	static const char *const taken[] = { "handlers", "dispatch", "loop_dispatch",
		"loop_handle" };
	static const struct names none;

	for (size_t i = 0; i < ARRAY_LEN(taken) && calls->error == 0; i++)
		calls->error =
			ifgen_names_take(calls->names, "rs_%s_%s", calls->lower.text, taken[i]);

	print(calls, &none, handlers_begin);
	print_each(calls, handler);
	print(calls, &none, handlers_end);
	print_each(calls, on_message);
	print(calls, &none, dispatch_begin);
	print_each(calls, dispatch_row);
	print(calls, &none, dispatch_end);
}

/* The header lies beside this one. */
static void print_include(struct rs_text file, FILE *to)
{
	const char *slash = memrchr(file.at, '/', file.bytes);
	const char *base = slash ? slash + 1 : file.at;
	size_t bytes = file.bytes - (size_t)(base - file.at);
	static const char proto[] = ".proto";
	size_t end = sizeof(proto) - 1;

	if (bytes > end && memcmp(base + bytes - end, proto, end) == 0)
		bytes -= end;
	fprintf(to, "#include \"%.*s.h\"\n", (int)bytes, base);
}

int ifgen_calls(
	const struct normal *normal, struct rs_text file, FILE *to, struct ifgen_names *names)
{
	struct rs_text service = normal_short(normal->service, normal->package_bytes);
	struct calls calls = { .normal = normal,
		.to = to,
		.names = names,
		.lower = ifgen_names_lower(service),
		.upper = ifgen_names_upper(service) };

	fprintf(to,
		"/*\n * Written by rs-ifgen from %.*s: sending and handling %.*s,\n"
		" * for programs.\n */\n",
		NORMAL_TEXT(file), NORMAL_TEXT(normal->service));
	fputs(head, to);
	print_include(file, to);
	fputs(comment, to);
	for (uint32_t i = 0; i < normal->n_rpcs; i++)
		print_rpc(&calls, &normal->rpcs[i]);
	print_handlers(&calls);
	return calls.error;
}
