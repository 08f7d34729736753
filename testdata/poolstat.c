/* poolstat.c - prints a table from a trace with the experiment Pool. */
#include <stdio.h>

#include "pool.h"

enum { ENDPOINTS = 100, CONNS = 100000 };

static struct endpoint {
	char name[64];
	unsigned long opened, taken, rows, failed, closed;
} endpoints[ENDPOINTS];

/* For each connection: its endpoint, and the time when it was taken. */
static struct conn {
	unsigned endpoint;
	int64_t since_ns;
} conns[CONNS];

static int64_t held_ns;
static uint64_t waited_ns;

/* Numbers come from the trace and may be larger than the table. */
static struct conn *find(uint64_t conn)
{
	return &conns[conn < CONNS ? conn : 0];
}

static void opens(const struct tt_event *ev, const struct pool_conn_open_event *open)
{
	struct pool_endpoints_record r;
	struct endpoint *p = &endpoints[0];

	if (pool_conn_open_endpoint_record(ev, &r) && r.id < ENDPOINTS) {
		p = &endpoints[r.id];
		snprintf(p->name, sizeof(p->name), "%.*s:%u", (int)r.host.len, r.host.data, r.port);
	}
	p->opened++;
	find(open->conn)->endpoint = (unsigned)(p - endpoints);
}

static void gives(const struct tt_event *ev, const struct pool_conn_give_event *give)
{
	struct endpoint *p = &endpoints[find(give->conn)->endpoint];

	p->rows += give->rows;
	p->failed += give->outcome == POOL_OUTCOME_FAILED;
	held_ns += ev->time_ns - find(give->conn)->since_ns;
}

static void look(const struct tt_event *ev)
{
	struct pool_conn_open_event open;
	struct pool_conn_take_event take;
	struct pool_conn_give_event give;
	struct pool_conn_close_event close;

	if (pool_read_conn_open(ev, &open)) {
		opens(ev, &open);
	} else if (pool_read_conn_take(ev, &take)) {
		endpoints[find(take.conn)->endpoint].taken++;
		find(take.conn)->since_ns = ev->time_ns;
		waited_ns += take.waited_ns;
	} else if (pool_read_conn_give(ev, &give)) {
		gives(ev, &give);
	} else if (pool_read_conn_close(ev, &close)) {
		endpoints[find(close.conn)->endpoint].closed++;
	}
}

int main(int argc, char **argv)
{
	const struct tt_event *ev;
	struct tt_reader *r;
	struct tt_error err;
	int rc;

	if (argc != 2)
		return 2;
	if (tt_reader_open(&r, argv[1], NULL, &err) < 0) {
		fprintf(stderr, "poolstat: %s\n", err.message);
		return 2;
	}
	while ((rc = tt_reader_next(r, &ev)) == 0)
		look(ev);
	if (rc < 0)
		fprintf(stderr, "poolstat: %s\n", tt_reader_error(r)->message);
	tt_reader_close(r);

	printf("%-20s %7s %7s %7s %7s %7s\n", "endpoint", "opened", "taken", "rows", "failed",
	       "closed");
	for (int i = 0; i < ENDPOINTS; i++)
		if (endpoints[i].opened > 0)
			printf("%-20s %7lu %7lu %7lu %7lu %7lu\n", endpoints[i].name,
			       endpoints[i].opened, endpoints[i].taken, endpoints[i].rows,
			       endpoints[i].failed, endpoints[i].closed);
	printf("held for %.3f ms in all, after %.3f ms of waiting\n", (double)held_ns / 1e6,
	       (double)waited_ns / 1e6);
	return rc < 0;
}
