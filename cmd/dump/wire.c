/* SPDX-License-Identifier: MIT */
/*
 * wire.c - the wire format: the file's bytes as events, one after the other, as
 * `go tool trace -d=wire` prints them. Command layer.
 */
#include <errno.h>
#include <stdlib.h>

#include "dump.h"

/* A text longer than the room: batches and strings of any size. */
static char *put_long(struct out *o, char *p, const struct tt_wire_event *ev, size_t need)
{
	char *text = malloc(need);

	if (!text) {
		o->error = ENOMEM;
		return p;
	}
	tt_wire_format(ev, text, need);
	p = out_text(o, p, text, need);
	free(text);
	return p;
}

static void print_event(struct out *o, const struct tt_wire_event *ev)
{
	char *p = out_begin(o);
	size_t room = (size_t)(o->end - p) + OUT_ROOM;
	size_t need = tt_wire_format(ev, p, room);

	out_end(o, need <= room ? p + need : put_long(o, p, ev, need));
}

struct walk {
	const struct cmd_input *in;
	const struct dump_options *opt;
	const char *name;       /* of the input, in messages */
	unsigned batch_type;    /* of an experiment's batch */
	struct cmd_numbers said; /* experiments without a spec that were reported */
};

/* A batch of an experiment that no spec names is printed as any other. */
static void note_experiment(struct walk *w, const struct tt_wire_event *ev)
{
	const struct tt_batch batch = {
		.experiment = (unsigned)ev->args[0],
		.generation = ev->args[1],
		.thread = (int64_t)ev->args[2],
		.offset = ev->offset,
	};

	if (!w->opt->common.quiet && !tt_specs_experiment_id(w->in->specs, batch.experiment))
		cmd_report_no_spec(w->name, &batch, &w->said);
}

/* Errors of the trace as Go words them, those of the machine as all verbs do. */
static int report_error(const struct walk *w, const struct tt_error *err)
{
	if (err->system) {
		cmd_report(w->name, err);
		return cmd_status(err);
	}
	dump_like_go(err);
	if (err->code == TT_E_EVENT_TYPE && !w->opt->common.quiet)
		cmd_error(w->name, "%s", tt_code_advice(err->code));
	return STATUS_BAD;
}

static int open_wire(struct tt_wire **wire, const struct cmd_input *in,
		     const struct dump_options *opt, const char *path,
		     const struct cmd_restored *restored, struct tt_error *err)
{
	struct tt_options plain = in->options;

	if (!opt->names)
		return cmd_open_wire(wire, in, path, err);
	plain.member = NULL;
	return tt_wire_open_input(wire, &restored->input, &plain, err);
}

int dump_wire(const struct cmd_input *in, const struct dump_options *opt, const char *path,
	      const struct cmd_restored *restored)
{
	struct walk w = { .in = in, .opt = opt, .name = cmd_input_name(path) };
	struct cmd_input like_go = *in;
	struct out *o = &out_stdout;
	const struct tt_wire_event *ev;
	struct tt_wire *wire;
	struct tt_error err;
	int rc;

	w.batch_type = tt_specs_event_named(in->specs, "ExperimentalBatch")->type;
	like_go.options.flags = TT_OPEN_LIKE_GO;
	if (open_wire(&wire, &like_go, opt, path, restored, &err) < 0)
		return report_error(&w, &err);
	if (opt->header) {
		char *p = put_u64(put_lit(out_begin(o), "Trace Go1."), tt_wire_version(wire));

		out_end(o, put_char(p, '\n'));
	}
	while ((rc = tt_wire_next(wire, &ev)) == 0 && !out_failed(o)) {
		print_event(o, ev);
		if (ev->type == w.batch_type && tt_wire_version(wire) >= 22)
			note_experiment(&w, ev);
	}
	rc = rc < 0 ? report_error(&w, tt_wire_error(wire)) : STATUS_FINE;
	tt_wire_close(wire);
	return rc;
}
