/* SPDX-License-Identifier: MIT */
/*
 * fuzz_stat.c - what `tracetool stat` reads that is no trace. First byte: `j`, the rest is
 * the JSON of --merge, walked over value by value: the walk ends, within the text. Any other:
 * the rest is an expression of --fail-if: what it reads has a name, an operator and a number.
 */
#include <math.h>
#include <string.h>

#include "fuzz/require.h"
#include "stat/metrics.h"
#include "stat/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_members(struct parse *p, unsigned depth);

static void read_value(struct parse *p, unsigned depth)
{
	char first = p->at < p->end ? *p->at : '\0';

	if (first == '{' && depth < 20) {
		read_members(p, depth + 1);
	} else if (first == '[' && depth < 20) {
		parse_begin(p, '[');
		while (parse_element(p))
			read_value(p, depth + 1);
	} else if (first == '"') {
		struct tt_str text = parse_text(p);

		/* as long as the text it is read from, or shorter */
		REQUIRE(p->wrong || (int64_t)text.len <= p->end - p->at + (int64_t)p->cap);
	} else if (first == '-') {
		parse_i64(p);
	} else if (depth % 2 == 0) {
		parse_u64(p);
	} else {
		parse_skip(p);
	}
}

static void read_members(struct parse *p, unsigned depth)
{
	parse_begin(p, '{');
	while (parse_member(p)) {
		REQUIRE(memchr(p->key, '\0', sizeof(p->key)) != NULL);
		if (parse_key_is(p, "skip"))
			parse_skip(p);
		else if (parse_key_is(p, "mmu"))
			parse_double(p);
		else
			read_value(p, depth);
	}
}

static void read_json(const uint8_t *data, size_t size)
{
	struct parse p = {.at = (const char *)data, .end = (const char *)data + size};
	const char *before = NULL;

	while (!parse_at_end(&p) && !p.wrong && p.at != before) {
		before = p.at;
		read_value(&p, 0);
		REQUIRE(p.at >= before && p.at <= p.end);
	}
	parse_release(&p);
}

static void read_expression(const uint8_t *data, size_t size)
{
	struct expression e;
	char text[256];
	size_t n = size < sizeof(text) - 1 ? size : sizeof(text) - 1;

	memcpy(text, data, n);
	text[n] = '\0';
	if (!expression_read(text, &e))
		return;
	REQUIRE(e.name[0] != '\0' && strlen(e.name) < sizeof(e.name));
	REQUIRE(e.op != OP_NONE && isfinite(e.value) && e.unit <= METRIC_PERCENT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] == 'j')
		read_json(data + 1, size - 1);
	else
		read_expression(data + 1, size - 1);
	return 0;
}
