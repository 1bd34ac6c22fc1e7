/*
 * hogs.c: runs a command while processes that never sleep want the processors too.
 *
 *     hogs COUNT NICE COMMAND WORDS...
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define HOGS_MAX 64

static _Noreturn void hog(int nice)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setpriority(PRIO_PROCESS, 0, nice))
		_exit(1);
	for (;;)
		__asm__ volatile("pause");
}

static int run(char **words)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(words[0], words);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	int count = argc > 3 ? atoi(argv[1]) : 0;
	pid_t hogs[HOGS_MAX];

	if (count < 1 || count > HOGS_MAX)
		return 2;
	for (int i = 0; i < count; i++) {
		hogs[i] = fork();
		if (hogs[i] == 0)
			hog(atoi(argv[2]));
	}
	int status = run(argv + 3);
	for (int i = 0; i < count; i++)
		if (hogs[i] > 0) {
			kill(hogs[i], SIGKILL);
			waitpid(hogs[i], NULL, 0);
		}
	return status;
}
