#include "supervisor/offload.h"

#include <pthread.h>
#include <signal.h>

#include <sys/eventfd.h>

struct queue {
	struct offload_job *first, **last;
};

struct offload {
	struct loop *loop;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wanted;
	struct queue waiting, finished; /* the mutex guards both, and ending */
	bool ending;
	unsigned jobs; /* pushed, not yet done; this and closed are the loop's own */
	bool closed;
	int event; /* rung by the helper when finished is not empty any more */
	uint64_t watch;
};

static void queue_init(struct queue *queue)
{
	queue->first = NULL;
	queue->last = &queue->first;
}

static void put(struct queue *queue, struct offload_job *job)
{
	job->next = NULL;
	*queue->last = job;
	queue->last = &job->next;
}

static struct offload_job *take(struct queue *queue)
{
	struct offload_job *job = queue->first;

	queue->first = job->next;
	if (!queue->first)
		queue->last = &queue->first;
	return job;
}

static void *help(void *context)
{
	struct offload *o = context;

	pthread_mutex_lock(&o->mutex);
	for (;;) {
		while (!o->waiting.first && !o->ending)
			pthread_cond_wait(&o->wanted, &o->mutex);
		if (!o->waiting.first)
			break;
		struct offload_job *job = take(&o->waiting);
		pthread_mutex_unlock(&o->mutex);
		job->run(job);
		pthread_mutex_lock(&o->mutex);
		bool first = !o->finished.first;
		put(&o->finished, job);
		if (first)
			eventfd_write(o->event, 1);
	}
	pthread_mutex_unlock(&o->mutex);
	return NULL;
}

static void call_finished(struct offload *o)
{
	pthread_mutex_lock(&o->mutex);
	struct queue finished = o->finished;
	queue_init(&o->finished);
	pthread_mutex_unlock(&o->mutex);
	for (struct offload_job *job = finished.first, *next; job; job = next) {
		next = job->next; /* done() may free the job */
		o->jobs--;
		job->done(job);
	}
}

static void rung(void *context, const uint8_t *bytes, int n)
{
	(void)bytes;
	(void)n;
	call_finished(context);
}

/* Signals are the loop's business: none is delivered to the helper. */
static int start_thread(struct offload *o)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int r = pthread_create(&o->thread, NULL, help, o);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -r;
}

int offload_new(struct loop *loop, struct offload **out)
{
	CLEANUP(freep) struct offload *o = calloc(1, sizeof(*o));

	if (!o)
		return -ENOMEM;
	o->loop = loop;
	queue_init(&o->waiting);
	queue_init(&o->finished);
	pthread_mutex_init(&o->mutex, NULL);
	pthread_cond_init(&o->wanted, NULL);
	CLEANUP(fd_closep) int event = eventfd(0, EFD_CLOEXEC);
	if (event < 0)
		return -errno;
	o->event = event;
	int r = loop_read(loop, event, rung, o, &o->watch);
	if (r == 0)
		r = start_thread(o);
	if (r) {
		loop_cancel(loop, &o->watch);
		return r;
	}
	fd_take(&event);
	*out = o;
	o = NULL;
	return 0;
}

struct offload *offload_free(struct offload *o)
{
	if (!o)
		return NULL;
	o->closed = true; /* a done() that wants to go on is refused */
	pthread_mutex_lock(&o->mutex);
	o->ending = true;
	pthread_cond_signal(&o->wanted);
	pthread_mutex_unlock(&o->mutex);
	pthread_join(o->thread, NULL);
	call_finished(o);
	loop_cancel(o->loop, &o->watch);
	close(o->event);
	pthread_cond_destroy(&o->wanted);
	pthread_mutex_destroy(&o->mutex);
	free(o);
	return NULL;
}

int offload_push(struct offload *o, struct offload_job *job)
{
	if (o->closed || o->jobs >= OFFLOAD_JOBS_MAX)
		return OFFLOAD_FULL;
	o->jobs++;
	pthread_mutex_lock(&o->mutex);
	put(&o->waiting, job);
	pthread_cond_signal(&o->wanted);
	pthread_mutex_unlock(&o->mutex);
	return 0;
}
