#include "interfaces/ifgen_write.h"

/* Everything but the interface's own numbers. A piece is what the calls expect: on wasm32 two
 * words of 32 bits. */
static const char calls[] =
	"\n"
	"#[repr(C)]\n"
	"pub struct Piece {\n"
	"    pub pointer: *const u8,\n"
	"    pub bytes: usize,\n"
	"}\n"
	"\n"
	"#[cfg_attr(target_arch = \"wasm32\", link(wasm_import_module = \"redshirt\"))]\n"
	"extern \"C\" {\n"
	"    fn emit_message(interface: *const u8, pieces: *const Piece, count: u32, flags: "
	"u64, "
	"id: *mut u64) -> u32;\n"
	"    fn emit_answer(id: *const u64, pieces: *const Piece, count: u32, status: u32) -> "
	"u32;\n"
	"    fn next_message(poll: *mut u64, count: u32, out: *mut u8, out_bytes: u32, "
	"timeout_ns: i64) -> i64;\n"
	"}\n"
	"\n"
	"fn piece(bytes: &[u8]) -> Piece {\n"
	"    Piece { pointer: bytes.as_ptr(), bytes: bytes.len() }\n"
	"}\n"
	"\n"
	"/// Sends the message of an rpc. The id that its answer will carry (0: none was "
	"wanted), "
	"or a status.\n"
	"pub fn send(rpc: u32, message: &[u8], flags: u64) -> Result<u64, u32> {\n"
	"    let index = rpc.to_le_bytes();\n"
	"    let pieces = [piece(&index), piece(message)];\n"
	"    let mut id = 0;\n"
	"    match unsafe { emit_message(INTERFACE.as_ptr(), pieces.as_ptr(), 2, flags, &mut "
	"id) "
	"} {\n"
	"        0 => Ok(id),\n"
	"        status => Err(status),\n"
	"    }\n"
	"}\n"
	"\n"
	"/// Answers a message that asked for it.\n"
	"pub fn answer(id: u64, status: u32, message: &[u8]) -> Result<(), u32> {\n"
	"    let pieces = [piece(message)];\n"
	"    match unsafe { emit_answer(&id, pieces.as_ptr(), 1, status) } {\n"
	"        0 => Ok(()),\n"
	"        status => Err(status),\n"
	"    }\n"
	"}\n"
	"\n"
	"/// Waits for the next delivery: 64 bytes of header, then the body. How many bytes it "
	"has; "
	"more than `out`: it was\n"
	"/// kept. 0: nothing came in time. -1: for ever.\n"
	"pub fn wait(out: &mut [u8], timeout_ns: i64) -> Result<usize, u32> {\n"
	"    match unsafe { next_message(core::ptr::null_mut(), 0, out.as_mut_ptr(), out.len() "
	"as "
	"u32, timeout_ns) } {\n"
	"        got if got < 0 => Err(-got as u32),\n"
	"        got => Ok(got as usize),\n"
	"    }\n"
	"}\n"
	"\n"
	"/// The rpc of a request's body, and its message.\n"
	"pub fn split(body: &[u8]) -> Option<(u32, &[u8])> {\n"
	"    if body.len() < 4 {\n"
	"        return None;\n"
	"    }\n"
	"    Some((u32::from_le_bytes([body[0], body[1], body[2], body[3]]), &body[4..]))\n"
	"}\n";

static void print_rpc(const struct normal *normal, uint32_t index, FILE *to)
{
	const struct normal_rpc *rpc = &normal->rpcs[index];
	struct rs_text request = normal->types[rpc->request].name;

	fprintf(to, "\n/// `%.*s`: ", NORMAL_TEXT(request));
	if (rpc->answer == NORMAL_NO_TYPE)
		fputs("no answer", to);
	else
		fprintf(to, "`%.*s`", NORMAL_TEXT(normal->types[rpc->answer].name));
	fprintf(to, ".\npub const %s: u32 = %u;\n", ifgen_names_upper(rpc->name).text, index);
}

/* A function for an rpc is called as it is: names of Rust's own are not among them, send_... */
static void print_send(const struct normal_rpc *rpc, FILE *to)
{
	fprintf(to,
		"\npub fn send_%s(message: &[u8], flags: u64) -> Result<u64, u32> {\n"
		"    send(%s, message, flags)\n}\n",
		ifgen_names_lower(rpc->name).text, ifgen_names_upper(rpc->name).text);
}

void ifgen_rust(const struct normal *normal, struct rs_text file, FILE *to)
{
	char hex[HASH_HEX_SIZE];

	fprintf(to,
		"// Written by rs-ifgen from %.*s: the interface %.*s.\n// %s\n//\n"
		"// A module without std: the hash, the rpcs and the three calls. Messages are "
		"bytes: encode and decode them\n// with what you like.\n"
		"#![allow(dead_code)]\n\npub const INTERFACE: [u8; %d] = [",
		NORMAL_TEXT(file), NORMAL_TEXT(normal->service),
		hash_to_hex(&normal->hash, hex), HASH_BYTES);
	ifgen_write_hash(&normal->hash, to);
	fprintf(to, "];\n\n/// What a manifest calls it.\npub const NAME: &str = \"%.*s\";\n",
		NORMAL_TEXT(ifgen_manifest_name(normal)));
	for (uint32_t i = 0; i < normal->n_rpcs; i++)
		print_rpc(normal, i, to);
	fputs(calls, to);
	for (uint32_t i = 0; i < normal->n_rpcs; i++)
		print_send(&normal->rpcs[i], to);
}
