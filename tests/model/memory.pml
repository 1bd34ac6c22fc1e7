/*
 * memory.pml: what two processors do to shared words, for the models that include it.
 *
 * A store waits in its processor's buffer and reaches memory later, in order; a load takes what
 * memory holds (nobody here loads a word that it stored itself: owners keep private copies, as
 * ipc/ does). That is x86, the weakest order the system runs on. fence() is
 * atomic_thread_fence(memory_order_seq_cst): it ends when the buffer is empty.
 *
 * Bells are kernel latches (a pipe that somebody wrote to). A system call is not assumed to
 * empty the buffer.
 */
#define BUFFERED 4 /* stores that may wait in one buffer */

byte word[WORDS];
chan buffer[2] = [BUFFERED] of { byte, byte };

#define load(which) word[which]

inline store(cpu, which, value) {
	buffer[cpu]!which,value
}

inline fence(cpu) {
	empty(buffer[cpu])
}

active [2] proctype memory() { /* the first two processes, so that _pid is the processor */
	byte which, value;
end:
	do
	:: atomic { buffer[_pid]?which,value -> word[which] = value; which = 0; value = 0 }
	od
}
