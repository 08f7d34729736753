/* pool.c - four threads share connections to databases and trace what they do. */
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "pool.h" /* tracetool spec c -o pool.h pool.spec */

enum { THREADS = 4, QUERIES = 250, CONNECTIONS = 3, LIFE = 100 };

static const struct pool_endpoints_record endpoints[] = {
	{ 1, { "db1.example", 11 }, 5432 },
	{ 2, { "db2.example", 11 }, 5432 },
	{ 3, { "replica.example", 15 }, 5433 },
};

/* What the program itself counts, to compare it with the trace. */
static struct counts {
	unsigned long opened, taken, rows, failed, closed;
} counts[CONNECTIONS];

/* One for each endpoint; one thread at a time may take it. */
static struct conn {
	uint64_t id;            /* 0: not open */
	struct tt_emit_seq seq; /* numbers its events */
	unsigned uses;
	bool taken;
} conns[CONNECTIONS];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t given = PTHREAD_COND_INITIALIZER;
static uint64_t opened, closed;

/* Each generation of the trace can be read by itself, so each has the table. */
static void write_tables(void *arg, struct tt_emit *e)
{
	(void)arg;
	for (size_t i = 0; i < CONNECTIONS; i++)
		pool_add_endpoints(e, &endpoints[i]);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void emit_open(struct tt_emit *e, unsigned i)
{
	struct conn *c = &conns[i];

	pool_emit_conn_open(e, c->id, tt_emit_seq_next(e, &c->seq), endpoints[i].id,
			    tt_emit_stack_here(e, 0));
	pool_emit_pool_size(e, opened - closed);
}

static void take(unsigned i)
{
	uint64_t since_ns = now_ns();
	struct conn *c = &conns[i];
	struct tt_emit *e;

	pthread_mutex_lock(&lock);
#ifndef HURRY
	while (c->taken)
		pthread_cond_wait(&given, &lock);
#endif
	c->taken = true;
	e = tt_emit_acquire();  /* from here to the release no generation ends */
	if (c->id == 0) {
		c->id = ++opened;
		c->seq = (struct tt_emit_seq){ { 0, 0 } };
		counts[i].opened++;
		if (e != NULL)
			emit_open(e, i);
	}
	counts[i].taken++;
	if (e != NULL) {
		pool_emit_conn_take(e, c->id, tt_emit_seq_next(e, &c->seq), now_ns() - since_ns,
				    tt_emit_stack_here(e, 0));
		tt_emit_release(e);
	}
	pthread_mutex_unlock(&lock);
}

static void give(unsigned i, unsigned rows, enum pool_outcome outcome)
{
	struct conn *c = &conns[i];
	struct tt_emit *e;

	pthread_mutex_lock(&lock);
	e = tt_emit_acquire();
	counts[i].rows += rows;
	counts[i].failed += outcome == POOL_OUTCOME_FAILED;
	if (e != NULL)
		pool_emit_conn_give(e, c->id, tt_emit_seq_next(e, &c->seq), rows, outcome);
	if (++c->uses % LIFE == 0) {
		closed++;
		counts[i].closed++;
		if (e != NULL) {
			pool_emit_conn_close(e, c->id, tt_emit_seq_next(e, &c->seq));
			pool_emit_pool_size(e, opened - closed);
		}
		c->id = 0;
	}
	if (e != NULL)
		tt_emit_release(e);
	c->taken = false;
	pthread_cond_broadcast(&given);
	pthread_mutex_unlock(&lock);
}

static void *work(void *arg)
{
	const unsigned *me = arg;
	const struct timespec query = { 0, 50000 };

	for (unsigned i = 0; i < QUERIES; i++) {
		unsigned conn = (*me + i) % CONNECTIONS, rows = i % 20;

		take(conn);
		nanosleep(&query, NULL);
		give(conn, rows, rows == 13 ? POOL_OUTCOME_FAILED : POOL_OUTCOME_DONE);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct tt_emit_options opt = { .size = sizeof(opt), .generation = write_tables };
	struct tt_specs *specs;
	struct tt_error err;
	pthread_t threads[THREADS];
	unsigned numbers[THREADS];
	char name[64];

	if (argc != 2 || pool_specs(&specs, &err) < 0)
		return 2;
	opt.specs = specs;
	opt.period_ns = 10000000; /* short generations, so that there are some */
	if (tt_emit_start(argv[1], &opt, &err) < 0) {
		fprintf(stderr, "pool: %s\n", err.message);
		return 2;
	}
	for (unsigned i = 0; i < THREADS; i++) {
		numbers[i] = i;
		pthread_create(&threads[i], NULL, work, &numbers[i]);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	if (tt_emit_stop(&err) < 0)
		fprintf(stderr, "pool: %s\n", err.message);
	tt_specs_free(specs);

	printf("%-20s %7s %7s %7s %7s %7s\n", "endpoint", "opened", "taken", "rows", "failed",
	       "closed");
	for (size_t i = 0; i < CONNECTIONS; i++) {
		snprintf(name, sizeof(name), "%s:%u", endpoints[i].host.data, endpoints[i].port);
		printf("%-20s %7lu %7lu %7lu %7lu %7lu\n", name, counts[i].opened, counts[i].taken,
		       counts[i].rows, counts[i].failed, counts[i].closed);
	}
	return 0;
}
