/* SPDX-License-Identifier: MIT */
/*
 * check.c - reads what is recorded while it arrives, in a thread of its own. Command
 * layer.
 *
 * The recording puts pieces into a queue, from which that thread takes them. The lock
 * guards what both of them use.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

/* At most so many bytes are in the queue. */
#define QUEUE_NBYTES (UINT64_C(256) << 20)
/* Findings that are kept to be reported. */
#define NKEPT 16

struct piece {
	struct piece *next;
	size_t nbytes, taken;
	uint8_t data[];
};

struct record_check {
	const struct cmd_input *in;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct piece *first, *last;
	uint64_t queued;
	bool any;               /* a piece was added */
	bool ended;             /* no more will be added */
	bool given_up;          /* and not all were */
	bool over;              /* the reader takes no more */
	bool said_no_spec;      /* that no spec names an experiment */
	bool joined;
	struct record_checked progress;
	int status;
	struct tt_error kept[NKEPT];
	size_t nkept, reported;
	uint64_t more;
};

/* ---- in the checking thread */

static void drop_first(struct record_check *c)
{
	struct piece *p = c->first;

	c->queued -= p->nbytes;
	c->first = p->next;
	if (!c->first)
		c->last = NULL;
	free(p);
}

static int64_t read_queue(void *arg, void *buf, size_t room)
{
	struct record_check *c = arg;
	struct piece *p;
	size_t n = 0;

	pthread_mutex_lock(&c->lock);
	while (!c->first && !c->ended)
		pthread_cond_wait(&c->changed, &c->lock);
	p = c->first;
	if (p) {
		n = p->nbytes - p->taken < room ? p->nbytes - p->taken : room;
		memcpy(buf, p->data + p->taken, n);
		p->taken += n;
		if (p->taken == p->nbytes)
			drop_first(c);
	}
	pthread_mutex_unlock(&c->lock);
	return (int64_t)n;
}

static void keep_finding(struct record_check *c, const struct tt_error *err)
{
	bool warning = tt_code_severity(err->code) == TT_SEVERITY_WARNING;
	int status = warning ? STATUS_FINE : cmd_status(err);

	pthread_mutex_lock(&c->lock);
	c->status = worse(c->status, status);
	if (c->nkept < NKEPT)
		c->kept[c->nkept++] = *err;
	else
		c->more++;
	pthread_mutex_unlock(&c->lock);
}

static void take_findings(struct record_check *c, struct tt_reader *reader)
{
	struct tt_progress p = tt_reader_progress(reader);
	struct tt_error finding;

	while (tt_reader_finding(reader, &finding) == 0) {
		if (cmd_is_news(&finding, &c->said_no_spec))
			keep_finding(c, &finding);
	}
	pthread_mutex_lock(&c->lock);
	c->progress.events = p.events;
	c->progress.generations = p.generations;
	pthread_mutex_unlock(&c->lock);
}

/* To the end, also after errors. */
static void read_events(struct record_check *c, struct tt_reader *reader)
{
	const struct tt_event *ev;
	uint64_t skipped;
	int rc = 0;

	while (rc == 0) {
		unsigned n = 0;

		while ((rc = tt_reader_next(reader, &ev)) == 0 && ++n % 4096 != 0)
			;
		take_findings(c, reader);
		if (rc >= 0)
			continue;
		keep_finding(c, tt_reader_error(reader));
		if (!tt_reader_error(reader)->system)
			rc = tt_reader_resync(reader, &skipped);
	}
}

static bool any_added(struct record_check *c)
{
	bool any;

	pthread_mutex_lock(&c->lock);
	any = c->any;
	pthread_mutex_unlock(&c->lock);
	return any;
}

static void *check(void *arg)
{
	struct record_check *c = arg;
	struct tt_input input = { .read = read_queue, .arg = c };
	struct tt_options options = c->in->options;
	struct tt_reader *reader;
	struct tt_error err;

	options.member = NULL;
	if (tt_reader_open_input(&reader, &input, &options, &err) == 0)
		read_events(c, reader);
	else if (any_added(c))
		keep_finding(c, &err);
	tt_reader_close(reader);
	pthread_mutex_lock(&c->lock);
	c->over = true;
	while (c->first)
		drop_first(c);
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* ---- in the recording */

struct record_check *record_check_start(const struct cmd_input *in)
{
	struct record_check *c = calloc(1, sizeof(*c));
	sigset_t all, before;
	int failure = ENOMEM;

	if (c) {
		c->in = in;
		pthread_mutex_init(&c->lock, NULL);
		pthread_cond_init(&c->changed, NULL);
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		failure = pthread_create(&c->thread, NULL, check, c);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	if (failure == 0)
		return c;
	cmd_error(NULL, "cannot check the trace as it arrives: %s", strerror(failure));
	free(c);
	return NULL;
}

void record_check_add(struct record_check *c, const void *data, size_t nbytes)
{
	struct piece *p = data ? malloc(sizeof(*p) + nbytes) : NULL;

	if (p) {
		p->next = NULL;
		p->nbytes = nbytes;
		p->taken = 0;
		memcpy(p->data, data, nbytes);
	}
	pthread_mutex_lock(&c->lock);
	if (!c->ended && !c->over && (!p || c->queued > QUEUE_NBYTES))
		c->given_up = c->ended = true;
	if (c->ended || c->over) {
		free(p);
	} else {
		if (c->last)
			c->last->next = p;
		else
			c->first = p;
		c->last = p;
		c->any = true;
		c->queued += nbytes;
	}
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

struct record_checked record_check_progress(struct record_check *c)
{
	struct record_checked p;

	pthread_mutex_lock(&c->lock);
	p = c->progress;
	p.complete = !c->given_up;
	pthread_mutex_unlock(&c->lock);
	return p;
}

bool record_check_finding(struct record_check *c, struct tt_error *err, uint64_t *more)
{
	bool any;

	pthread_mutex_lock(&c->lock);
	any = c->reported < c->nkept;
	if (any)
		*err = c->kept[c->reported++];
	*more = c->more;
	pthread_mutex_unlock(&c->lock);
	return any;
}

void record_check_end(struct record_check *c)
{
	pthread_mutex_lock(&c->lock);
	c->ended = true;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
	if (!c->joined)
		pthread_join(c->thread, NULL);
	c->joined = true;
}

int record_check_status(struct record_check *c)
{
	return c->status;
}

void record_check_free(struct record_check *c)
{
	if (!c)
		return;
	record_check_end(c);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->changed);
	free(c);
}
