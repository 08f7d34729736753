/* SPDX-License-Identifier: MIT */
/*
 * fuzz_anonymize.c - new names for a trace that bytes choose (generate.h), cut and changed where
 * other bytes say, or for any bytes behind a good header. Of a trace that was not damaged the
 * result has the same events at the same times, up to an error. Each result is restored by the list of its
 * names, and that anonymized again.
 *
 * First byte: version (2 bits), generated (1), addresses numbered (1), lines left out (1), the
 * clock moved (1). Then three bytes: where it is cut (of 255 parts; 255: nowhere), where a byte
 * is changed, and into what.
 */
#include <string.h>

#include "fuzz/generate.h"
#include "fuzz/mutate.h"
#include "fuzz/require.h"
#include "fuzz/ways.h"
#include "tracetool_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool append(void *arg, const void *data, size_t nbytes)
{
	build_bytes(arg, data, nbytes);
	return true;
}

static struct tt_reader *open_reader(const struct build *b)
{
	const struct way way = {0};
	const struct tt_options opt = ways_options(&way);
	struct tt_reader *reader;
	struct tt_error err;

	REQUIRE(tt_reader_open_memory(&reader, b->data, b->len, &opt, &err) == 0);
	return reader;
}

/* Whether all of it could be read and written. (A batch of experiment 0 is one of events, or a
 * table, by its first byte, which is gone if it is emptied.) */
static bool anonymize(struct build *out, const struct build *in, struct tt_names *names,
		      unsigned flags)
{
	const struct tt_anonymizer_options opt = {
		.size = sizeof(opt), .flags = flags, .names = names};
	const struct tt_sink sink = {.write = append, .arg = out};
	struct tt_reader *reader = open_reader(in);
	struct tt_anonymizer_progress progress;
	struct tt_anonymizer *a;
	struct tt_error err;
	int rc;

	memset(out, 0, sizeof(*out));
	REQUIRE(tt_anonymizer_new(&a, reader, &sink, &opt, &err) == 0);
	do
		rc = tt_anonymizer_next(a);
	while (rc == 0);
	REQUIRE(rc == 1 || tt_anonymizer_error(a)->system);
	progress = tt_anonymizer_progress(a);
	REQUIRE((progress.damage != NULL) == (progress.damaged != 0));
	REQUIRE(progress.lost_nbytes <= in->len);
	REQUIRE(out->len >= 16);
	tt_anonymizer_free(a);
	tt_reader_close(reader);
	return rc == 1 && progress.damaged == 0 && progress.emptied == 0;
}

/* Up to the first error: a spec of a later generation that has a mistake is replaced by that of
 * an earlier one, so that the result may say another thing there. */
static void same_events(const struct build *x, const struct build *y)
{
	struct tt_reader *a = open_reader(x), *b = open_reader(y);
	const struct tt_event *p, *q;

	while (tt_reader_next(a, &p) == 0 && tt_reader_next(b, &q) == 0)
		REQUIRE(p->time_ns == q->time_ns && p->kind == q->kind &&
			p->thread == q->thread && p->goroutine == q->goroutine);
	tt_reader_close(a);
	tt_reader_close(b);
}

static void list_names(struct build *list, const struct tt_names *names)
{
	static const char head[] = "# tracetool names 1\n";
	struct tt_name name;

	memset(list, 0, sizeof(*list));
	build_bytes(list, head, sizeof(head) - 1);
	for (size_t i = 0; tt_names_at(names, i, &name); i++) {
		size_t n = tt_name_format(&name, NULL, 0);
		char *line = malloc(n);

		REQUIRE(line != NULL && tt_name_format(&name, line, n) == n);
		build_bytes(list, line, n);
		free(line);
	}
}

static void restore(const struct build *out, struct tt_names *names, unsigned flags)
{
	struct build list, back, again;
	struct tt_names *old;
	struct tt_error err;

	list_names(&list, names);
	REQUIRE(tt_names_load(&old, list.data, list.len, &err) == 0);
	anonymize(&back, out, old, TT_ANONYMIZE_KEEP_BATCHES);
	anonymize(&again, &back, names, flags);
	build_release(&list);
	build_release(&back);
	build_release(&again);
	tt_names_free(old);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return mutate_damaged(data, size, max_size, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct build b, out;
	struct tt_names *names;
	struct tt_error err;
	unsigned flags;

	if (size < 4)
		return 0;
	if ((data[0] & 4) != 0) {
		generate(&b, ways_version(data[0]), ways_specs(), data + 4, size - 4);
		mutate_damage(&b, data + 1);
	} else {
		build_init(&b, ways_version(data[0]));
		build_bytes(&b, data + 4, size - 4);
	}
	flags = (data[0] & 8 ? TT_ANONYMIZE_PCS : 0u) | (data[0] & 16 ? TT_ANONYMIZE_LINES : 0u) |
		(data[0] & 32 ? TT_ANONYMIZE_CLOCK : 0u);
	REQUIRE(tt_names_new(&names, "a key of the target", 19, TT_NAMES_KEEP, &err) == 0);
	if (anonymize(&out, &b, names, flags))
		same_events(&b, &out);
	restore(&out, names, flags);
	tt_names_free(names);
	build_release(&out);
	build_release(&b);
	return 0;
}
