/*
 * protocol.h: what rsctl and rsd say to each other over rsd's control socket (SOCK_SEQPACKET,
 * so a packet is whole or not there). A packet is one byte of type and at most
 * CONTROL_PAYLOAD_MAX bytes of payload. One request per connection.
 *
 *     client                                     rsd
 *     J {"op": "add", "bytes": 1234}
 *     D <bytes>...  (1234 in all)                J {"progress": {...}}        0 or more
 *                                                J {"ok": true, "program": "<64 hex digits>"}
 *
 * Replies: any number of {"row": {...}}, {"progress": {"stage": text, "done": n, "total": n,
 * "tier"?: tier}} and {"missed": n} (rows that were dropped before they could be sent: a follower was slow),
 * then exactly one {"ok": true, ...} or {"error": {"code": <exit code>, "what": text,
 * "why": text, "hint"?: text, "candidates"?: [hex]}}; then rsd closes.
 *
 * Field types: program = hex digits in a request (a unique prefix of 4 or more), 64 digits in
 * an answer; interface = a name, or hex digits (4 or more of one that is known) in a request, a
 * name, "example:..." or 64 digits in an answer (64 digits where that is said); process =
 * number; *_ms = milliseconds since 1970; ? = may be missing. Requests carry no zero characters
 * (\u0000) and are at most CONTROL_DEPTH_MAX levels deep. tier = "quick" "full" "profiled"
 * "instrumented". object = {tier, bytes, build_s? (how long it was made), built_ms?, and from its
 * build record: form? ("special", or "plain" and why), translator?, compiler?, cpu?, flags?,
 * parts?, relaxed_reads?}.
 *
 * version    -
 *     final: version, pid, uid, run_dir, state_dir, cache_dir, uptime_ms, processes (alive),
 *     walls {name: bool} (empty until the launcher has said), launcher (bool: it is there),
 *     toolchain {state: "asking"|"ready"|"failed", id? (of the full tier), tiers? [tier] (that can
 *     be made), lines [text], why?},
 *     limits {memory_bytes, processes}
 * add        bytes; then D packets
 *     final: program, bytes, known (was there before)
 * compile    program, wait? (for the best that can be made; otherwise for what can run)
 *     progress...; final: program, tier, bytes (of the object), seconds, kept (false: disk is
 *     full), behind? (the better tier that is made behind it)
 * start      program, args? [text] (after the program's own name, which is name or the
 *            beginning of its hash), env? ["K=V"], name?, memory? (bytes), cpu? (seconds),
 *            children? (that it and those below it may have at a time; 16), children_memory?
 *            (bytes, of all of them; as memory), children_depth? (generations; 4),
 *            best? (it starts when the best object that can be made is there),
 *            allow? [text], deny? [text] (what this run may do, where the grants leave it open:
 *            interfaces to use; CONTROL_REGISTER before one: to handle; CONTROL_ALL: all that
 *            are not named)
 *     progress...; final, once the program runs: process, program
 * run        as start, and stdin? (bool), ask? (bool: a person sits there who can be asked)
 *     progress...; {"started": {process, program}}; attached (below);
 *     final, once it is gone: process, program, status, cause, detail?, backtrace? [text] (of a
 *     trap: who called whom, innermost first)
 * ps         all? (the ended ones as well)
 *     row: process, kind ("wasm" "native": it joined by itself; no limits then, and program is
 *     the hash of its name), program, name?,
 * pid?, started_ms, ended_ms?, status?, cause?, detail?, state ("compiling" "starting"
 * "running" "stopping" "gone"), memory_bytes (its limit), cpu_s (its limit, 0: none), parent?
 * (the process that started it), spawns_refused (children it was not given), handles [name or
 * hex], waits_for [name or hex], for? (interface: rsd started it because it is bound to that)
 * ls         -
 *     row: program, bytes, added_ms, running (number),
 *     compiled ("yes" "no" "refused" "unknown": the toolchain has not answered yet),
 *     tier? (of the best object that is there)
 * inspect    target: a process number, or text: a program prefix or a process number in digits
 *     row: {"process": {as in ps, and args, env, messages, answers, lanes, lane_bytes,
 *     refused (opens and questions beyond a limit), asked (questions it put to people),
 * ask_refused (what there was no room to ask), denied (opens, registrations and messages to
 * what it may not use), limited (messages to rsd beyond what its grants allow), talks_to,
 * mediated
 *     [{as ("client" "handler"), peer, messages, answers, bytes, refused (messages to what may
 *     not be used any more), limited}], allowance? {processes, memory_bytes, outstanding,
 * cpu_s?, depth, used {...}}: for all that it starts, object? (that it runs on)}} or {"program": {as in ls, and processes
 * [numbers], objects [object] (on disk, the best first), behind? {tier, stage, done, total} (is
 *     made, or waits to be), why? (refused because), profile? {as in
 *     profiles}, not_quick?, not_profiled? (why no object of
 *     that tier can be made), manifest? (records that follow; missing: it has none),
 * manifest_wrong? (it is malformed: the program may use and handle nothing)}} and then one for
 * each record of its manifest:
 *     {"manifest": {right ("use" "register"), interface (name or hex), called, reason, grant?
 *     ("allow" "deny" "ask"; missing: the user said nothing)}}; called and reason are the
 *     program's own words
 * debug      process (or text, as for logs)
 *     final: process, pid, program; the packet carries a descriptor: the object it runs, sealed
 * logs       process (or text: its number, or a program prefix: its newest process),
 *            follow?, lines?
 *     row: process, time_ms, text,
 *     stream ("stdout" "stderr" "error" "warning" "info" "debug")
 *     With follow the final comes when the process is gone and all was sent.
 * events     follow?, lines?
 *     row: time_ms, event, process?, program?, detail?
 * pending    follow? (who follows is there to be asked)
 *     row: number (of the question, never used again), process, program, name?, interface (name
 *     or hex), right ("use" "register"), reason? (the program's own words, one line of at most
 *     200 bytes), since_ms, left_ms (until it is denied)
 *     With follow: again when its reason comes later; {number, over: true} when it is over
 * answer     number, grant ("allow" "deny"), always? (of the program, kept on disk; otherwise
 *            it is said of this process only)
 *     final: number
 * stop       process, timeout_ms? (default 10 s, then SIGKILL)
 *     final, when it is gone: process, status, cause, detail?
 * kill       process, signal? (number, default 9)
 *     final, when it is gone (signals 9 and 15) or at once (others): process, status?, cause?
 * rm         program, force? (kills its processes, unbinds it)
 *     final: program
 * grant      program (here also "*": every one, "native:NAME", and 64 digits of any),
 * interfaces [interface or "*": all], register? (instead of use), ask? (a person, at the first
 *            use), mediated?, body_bytes_max?, messages_a_second?, outstanding_max?
 * deny       program, interfaces, register? or hard?
 * revoke     program, interfaces, register? or hard?: takes back what grant or deny said
 *     final, when it is on disk and holds: program, interfaces, right ("use" "register"),
 * killed [process]. hard kills processes of the program that have a direct lane to a handler of
 *     such an interface, and waits for their end.
 * grants     program? (what counts for it: its rows and those of "*")
 *     row: program (or "*"), name? (of a process of it), interface (or "*"), hash?, right,
 * grant
 *     ("allow" "deny" "ask"), mediated, built_in, since_ms?, body_bytes_max?,
 *     messages_a_second?, outstanding_max?
 * teach      name, interface (64 digits)
 *     final: interface, name
 * forget     interface
 *     final: interface (64 digits), name
 * names      -
 *     row: name, interface (64 digits), host (bool), since_ms?
 * profile    program, do: "start" (its next processes count how they run), "stop" (what was
 *            counted until now is settled, and the program is built from it behind), "rm" (all
 *            of it is forgotten)
 *     final, when it is on disk: as a row of profiles
 * profiles   program?
 *     row: program, watched, runs (that were added), running (processes that count now), bytes
 *     (on disk), since_ms, changed_ms, used (builds are made from it), why? (they are not)
 * bind       interface, as start (program, args? ...), wait? (default true)
 *     From now on the program handles the interface, and is started when somebody sends to it.
 *     When another handles it now, the new one is started at once and takes over when it
 *     registers: progress..., and the final comes then, or with wait false when it is started.
 *     When it does not, nothing has changed and the error says why.
 *     final: interface, process? (that took over), under_way (bool)
 * unbind     interface. Who handles it stays until its end.
 *     final: interface, under_way (false)
 * interfaces all? (those of rsd and private instances as well)
 *     row: interface, hash (64 digits), host (bool), waiting (number of processes), waits
 * [{process, for ("handler" "answer": of a person, "start"), ms}] (some), clients? (that have a
 * way to it), handler? {process, program?, name?}, bound? {program, name?, args, state ("idle"
 * "starting" "handling" "resting": it failed too often), since_ms, next? {program, name?,
 * args}: that is to take over}, owner?, means? (of a private instance) shutdown   - final, when
 * every program is gone; then rsd ends. Only for rsd's own user and root.
 *
 * join       name (supervisor/processes/native.h says which may)
 *     final: process, body_bytes (its limit); the packet carries the descriptors START_BELL ..
 * START_RSD_PAGE of runtime/start.h, and the client is a process from then on: until it closes
 * START_SOCKET, ends or is expelled. runtime/client/rs_client.h is the library for that.
 *
 * status is what a shell would see: the exit code, 128 + signal, 134 for a trap. cause is one
 * of "exited" "trap" "cpu limit" "forbidden call" "stopped" "killed" "signal" "start failed"
 * "protocol" (it lied to rsd) "launcher died" "left" (native) "unknown"; detail is a line for
 * people. All text from programs is valid UTF-8 (what was not is U+FFFD) and nothing else is
 * promised of it: escape it before it reaches a terminal.
 *
 * Attached run. rsd sends D packets, first payload byte CONTROL_STREAM_OUT or _ERR, then
 * bytes, in the order the program wrote them; a client that does not read makes the program
 * wait. With stdin: rsd grants {"input": {"bytes": n}}, the client sends at most that many
 * bytes in D packets (all payload, no stream byte), and J {"input_end": true} at the end.
 * J {"signal": "stop"} and J {"signal": "kill"} ask for the process's end; {"signal": "stop"}
 * is welcome during the compile as well. When the client goes away, the process is stopped.
 * With ask: {"question": {as a row of pending with follow}} for each question of this process;
 * it is answered by answer, on another connection.
 */
#pragma once

#include <stdint.h>

#define REDSHIRT_VERSION "0.1.0"

#define CONTROL_SOCKET_NAME "control.sock" /* in the run folder */

#define CONTROL_PAYLOAD_MAX (60 * 1024u)
#define CONTROL_PACKET_MAX  (1 + CONTROL_PAYLOAD_MAX)
#define CONTROL_JSON        'J'
#define CONTROL_DATA        'D'
#define CONTROL_STREAM_OUT  1
#define CONTROL_STREAM_ERR  2
#define CONTROL_CLIENTS_MAX 64u
#define CONTROL_FOLLOW_MAX  48u /* attached or following ones, so that a question gets in */
#define CONTROL_IDLE_S      30  /* a client that owes us something and says nothing is let go */
#define CONTROL_DEPTH_MAX   32u
#define CONTROL_ARGS_MAX    1024u
#define CONTROL_NAME_MAX    64u         /* bytes of a process's name */
#define CONTROL_REGISTER    "register:" /* before an interface: to handle it */
#define CONTROL_ALL         "all"       /* instead of one: every one */
#define CONTROL_NATIVE_LETTERS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-" /* and as long */
#define CONTROL_ADD_MAX (256u * 1024u * 1024u) /* bytes of a program */

/* Exit codes of rsctl, and error.code. */
enum control_code {
	CONTROL_OK = 0,
	CONTROL_FAILED = 1,
	CONTROL_USAGE = 2,
	CONTROL_NOT_FOUND = 3,
	CONTROL_DENIED = 4,
	CONTROL_LIMIT = 5, /* of join only */
	CONTROL_TIMEOUT = 124,
};

/*
 * Where things are: paths.h. In the folders: run/control.sock, state/{programs/, profiles/,
 * object.key, processes, lock}, cache/{objects/, refused/}.
 */
