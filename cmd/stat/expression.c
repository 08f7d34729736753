/* SPDX-License-Identifier: MIT */
/* expression.c - `--fail-if 'sched.p99 > 5ms'`. Command layer. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/units.h"
#include "metrics.h"

static const char *skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

static const char *read_operator(const char *p, enum operator *op)
{
	static const struct {
		const char *text;
		enum operator op;
	} operators[] = {
		{ ">=", OP_GREATER_EQUAL }, { "<=", OP_LESS_EQUAL }, { "==", OP_EQUAL },
		{ "!=", OP_NOT_EQUAL }, { ">", OP_GREATER }, { "<", OP_LESS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
		if (strncmp(p, operators[i].text, strlen(operators[i].text)) == 0) {
			*op = operators[i].op;
			return p + strlen(operators[i].text);
		}
	}
	*op = OP_NONE;
	return p;
}

/* "20ms", "15%", "512M", "7": the unit says what it is. */
static bool read_value(const char *text, struct expression *e)
{
	static const char sizes[] = "KMGT";
	const char *size;
	char *end;
	int64_t ns;

	if (!strchr("0123456789.-", *text) || text[strcspn(text, "xX")] != '\0')
		return false;
	e->value = strtod(text, &end);
	if (end == text || !isfinite(e->value))
		return false;
	if (*end == '\0') {
		e->unit = METRIC_COUNT;
		return true;
	}
	size = strchr(sizes, *end);
	if (end[1] == '\0' && (*end == '%' || size)) {
		e->unit = *end == '%' ? METRIC_PERCENT : METRIC_BYTES;
		for (const char *s = sizes; size && s <= size; s++)
			e->value *= 1024;
		return true;
	}
	e->unit = METRIC_NS;
	if (opt_duration(text, &ns) < 0)
		return false;
	e->value = (double)ns;
	return true;
}

bool expression_read(const char *text, struct expression *e)
{
	size_t len;

	text = skip_blanks(text);
	len = strcspn(text, " \t<>=!");
	if (len == 0 || len >= sizeof(e->name))
		return false;
	memcpy(e->name, text, len);
	e->name[len] = '\0';
	text = read_operator(skip_blanks(text + len), &e->op);
	return e->op != OP_NONE && read_value(skip_blanks(text), e);
}

/* A plain number may stand for all but a time. */
static bool fits(const struct expression *e, const struct metric *m)
{
	return e->unit == m->unit || (e->unit == METRIC_COUNT && (m->unit != METRIC_NS || e->value == 0));
}

int fail_if_check(const struct opt_command *command, const struct stat_options *opt)
{
	static const struct stat_answer none;
	struct metrics *m;
	int status = OPT_RUN;

	if (opt->fail_if.n == 0)
		return status;
	m = calloc(1, sizeof(*m));
	if (!m || !metrics_init(m, &none, &opt->quantiles)) {
		cmd_error(NULL, "not enough memory for the statistics");
		status = STATUS_TROUBLE;
	}
	for (size_t i = 0; i < opt->fail_if.n && status == OPT_RUN; i++) {
		const char *text = opt->fail_if.items[i];
		const struct metric *metric;
		struct expression e;

		if (!expression_read(text, &e)) {
			status = opt_usage(command, "--fail-if: '%s' is not NAME OPERATOR VALUE "
						    "(example: 'sched.p99 > 5ms')", text);
			continue;
		}
		metric = metrics_find(m, e.name);
		if (!metric) {
			struct nearest near = { .word = e.name };

			for (size_t k = 0; k < m->n; k++)
				nearest_try(&near, m->at[k].name);
			status = opt_usage(command, "--fail-if: there is no metric '%s'%s%s%s", e.name,
					   near.best ? "; did you mean '" : "",
					   near.best ? near.best : "; `stat --format=csv` lists them",
					   near.best ? "'?" : "");
		} else if (!fits(&e, metric)) {
			static const char *const units[] = {
				"a number", "a duration (example: 5ms)", "a size (example: 512M)",
				"a percentage (example: 15%)",
			};

			status = opt_usage(command, "--fail-if: '%s': %s must be compared "
						    "with %s", text, e.name,
					   units[metric->unit]);
		}
	}
	if (m)
		metrics_release(m);
	free(m);
	return status;
}

static bool holds(const struct expression *e, double value)
{
	switch (e->op) {
	case OP_GREATER:
		return value > e->value;
	case OP_GREATER_EQUAL:
		return value >= e->value;
	case OP_LESS:
		return value < e->value;
	case OP_LESS_EQUAL:
		return value <= e->value;
	case OP_EQUAL:
		return value == e->value;
	case OP_NOT_EQUAL:
		return value != e->value;
	case OP_NONE:
		break;
	}
	return false;
}

static void report(const char *text, const struct metric *m)
{
	char value[64], *end = value;

	if (m->unit == METRIC_NS)
		end = put_duration(value, (int64_t)m->value);
	else if (m->unit == METRIC_BYTES)
		end = put_nbytes(value, (uint64_t)m->value);
	else if (m->unit == METRIC_COUNT && m->value == (double)(uint64_t)m->value)
		end = put_u64(value, (uint64_t)m->value);
	*end = '\0';
	if (end > value && m->at_ns != INT64_MIN)
		cmd_error(NULL, "failed: %s: %s is %s, at @%lld%s%s", text, m->name, value,
			  (long long)m->at_ns, m->file ? " in " : "", m->file ? m->file : "");
	else if (end > value)
		cmd_error(NULL, "failed: %s: %s is %s", text, m->name, value);
	else
		cmd_error(NULL, "failed: %s: %s is %.2f%s", text, m->name, m->value,
			  m->unit == METRIC_PERCENT ? "%" : "");
}

int fail_if(const struct stat_options *opt, const struct metrics *m)
{
	int status = STATUS_FINE;

	for (size_t i = 0; i < opt->fail_if.n; i++) {
		const struct metric *metric;
		struct expression e;

		if (!expression_read(opt->fail_if.items[i], &e))
			return STATUS_TROUBLE;
		metric = metrics_find(m, e.name);
		if (!metric || !holds(&e, metric->value))
			continue;
		report(opt->fail_if.items[i], metric);
		status = STATUS_BAD;
	}
	return status;
}
