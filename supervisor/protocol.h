/*
 * protocol.h: what rsctl and rsd say to each other over rsd's control socket (SOCK_SEQPACKET,
 * so a packet is whole or not there). A packet is one byte of type and at most
 * CONTROL_PAYLOAD_MAX bytes of payload. One request per connection.
 *
 *     client                                      rsd
 *     J {"op": "add", "bytes": 1234}
 *     D <bytes>...  (at most 1234 in all)         J {"progress": {...}}           0 or more
 *                                                 J {"ok": true, "program": "<64 hex digits>"}
 *
 * Replies: any number of {"row": {...}} and {"progress": {"stage", "done", "total"}}, then
 * exactly one {"ok": true, ...} or
 * {"error": {"code": <exit code>, "what": "...", "why": "...", "hint": "..."}}; then rsd
 * closes. hint may be missing; an ambiguous prefix carries "candidates": ["<hex>", ...] as
 * well.
 *
 * op         request fields (? optional)                               rows / final fields
 * version                                                              version, walls[],
 * toolchain{} add        bytes, then D packets                                     program,
 * bytes, known (was there before) run        program, args[]?, env[]?, memory?, cpu?, stdin?
 * process first in {"started": {"process": n, "program": hex}}; (attached: D packets both ways,
 * below)                    final: status, cause?, ... start      program, args[]?, env[]?,
 * memory?, cpu?                   process, program (compiles first: progress) compile program
 * program, bytes, seconds, kept ps         all? row {process, program, state, name?, pid,
 * started_ms, ended_ms?, status?, cause?, detail?, handles[], waits_for[]} ls row {program,
 * bytes, added_s, compiled, running} inspect    target (program prefix or process number) row
 * {...}: everything known logs       target, follow?, lines? row {process, time_ms, stream,
 * text} stop       process, timeout_ms?                                      final when it is
 * gone: status, cause? kill       process, signal? final when it is gone rm         program,
 * force?                                           program events     follow? row {time_ms,
 * event, process?, program?, ...} shutdown stops all programs, then rsd (private rsd only, or
 * root)
 *
 * Text in rows is UTF-8 made safe by rsd only as far as JSON needs; rsctl escapes for
 * terminals.
 *
 * Attached run: rsd sends D packets: first payload byte 1 (standard output) or 2 (standard
 * error), then bytes. The client sends D packets of standard input (at most
 * CONTROL_PAYLOAD_MAX, only while it has credit: rsd grants with
 * {"input": {"bytes": n}}), and J {"input_end": true}. J {"signal": "stop"|"kill"} asks for the
 * process's end. When the client goes away, the process is stopped.
 */
#pragma once

#include <stdint.h>

#define CONTROL_PAYLOAD_MAX (60 * 1024u)
#define CONTROL_PACKET_MAX  (1 + CONTROL_PAYLOAD_MAX)
#define CONTROL_JSON        'J'
#define CONTROL_DATA        'D'
#define CONTROL_STREAM_OUT  1
#define CONTROL_STREAM_ERR  2
#define CONTROL_CLIENTS_MAX 64u
#define CONTROL_IDLE_S      30 /* a client that owes us something and says nothing is let go */
#define CONTROL_ARGS_MAX    1024u

/* Exit codes of rsctl, and error.code. */
enum control_code {
	CONTROL_OK = 0,
	CONTROL_FAILED = 1,
	CONTROL_USAGE = 2,
	CONTROL_NOT_FOUND = 3,
	CONTROL_DENIED = 4,
	CONTROL_TIMEOUT = 124,
};

/*
 * Where things are. root: /run/redshirt, /var/lib/redshirt, /var/cache/redshirt. Others:
 * $XDG_RUNTIME_DIR/redshirt (or /tmp/redshirt-UID, mode 0700, ours), $XDG_STATE_HOME/redshirt
 * (~/.local/state), $XDG_CACHE_HOME/redshirt (~/.cache). REDSHIRT_RUN_DIR, REDSHIRT_STATE_DIR
 * and REDSHIRT_CACHE_DIR override. run/control.sock,
 * state/{programs/,object.key,processes,lock}, cache/objects/
 */
