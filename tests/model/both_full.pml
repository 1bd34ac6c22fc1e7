/*
 * both_full.pml: a client that sends without reading and a handler that answers, over bounded
 * rings. Nobody may wait for room without draining what comes in: runtime/sending.c answers
 * RS_BUSY instead of waiting, and runtime/inbox.c goes on reading answers while requests wait.
 *
 * Variant that must fail:
 *   BLOCKING_SEND  the client waits until its request fits: both rings full, both wait
 */
#define MESSAGES 5

chan requests = [1] of { byte };
chan answers = [1] of { byte };

active proctype client() {
	byte sent, received, answer;

	do
	:: sent < MESSAGES ->
#ifdef BLOCKING_SEND
		requests!sent;
		sent++
#else
		if
		:: requests!sent -> sent++
		:: answers?answer -> received++
		fi
#endif
	:: sent == MESSAGES && received < MESSAGES -> answers?answer; received++
	:: sent == MESSAGES && received == MESSAGES -> break
	od
}

active proctype handler() {
	byte done, request;

	do
	:: done < MESSAGES -> requests?request; answers!request; done++
	:: else -> break
	od
}
