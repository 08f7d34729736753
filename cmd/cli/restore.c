/* SPDX-License-Identifier: MIT */
/* restore.c - an anonymized trace with its old names. Command layer. */
#include "restore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the list */

/* All of a file, to be freed. NULL with errno. */
static char *read_file(FILE *file, size_t *size)
{
	char *data = NULL, *more;
	size_t cap = 0;

	for (*size = 0; !feof(file) && !ferror(file);) {
		if (*size == cap) {
			cap = cap == 0 ? 65536 : 2 * cap;
			more = realloc(data, cap);
			if (!more)
				break;
			data = more;
		}
		*size += fread(data + *size, 1, cap - *size, file);
	}
	if (feof(file) && data)
		return data;
	free(data);
	return NULL;
}

static int load_names(struct cmd_restored *r, const char *path)
{
	FILE *file = fopen(path, "rbe");
	struct tt_error err;
	size_t size = 0;
	char *list = file ? read_file(file, &size) : NULL;
	int status = STATUS_TROUBLE;

	if (!list) {
		cmd_error(path, "the list of names cannot be read: %s", strerror(errno));
	} else if (tt_names_load(&r->names, list, size, &err) < 0) {
		cmd_report(path, &err);
	} else {
		status = STATUS_FINE;
	}
	if (file)
		fclose(file);
	free(list);
	return status;
}

/* ---- the trace */

static bool write_data(void *arg, const void *data, size_t nbytes)
{
	struct cmd_restored *r = arg;
	size_t cap = r->cap;
	char *more;

	while (cap - r->len < nbytes) {
		if (__builtin_mul_overflow(cap == 0 ? 32768 : cap, 2, &cap)) {
			errno = ENOMEM;
			return false;
		}
	}
	if (cap != r->cap) {
		more = realloc(r->data, cap);
		if (!more)
			return false;
		r->data = more;
		r->cap = cap;
	}
	memcpy(r->data + r->len, data, nbytes);
	r->len += nbytes;
	return true;
}

static int64_t read_data(void *arg, void *buf, size_t room)
{
	struct cmd_restored *r = arg;
	size_t n;
	int rc = 0;

	while (r->at == r->len && rc == 0) {
		r->at = r->len = 0;
		rc = tt_anonymizer_next(r->anonymizer);
	}
	/* (what was written before an error is part of the trace) */
	if (r->at == r->len && rc < 0) {
		const struct tt_error *err = tt_anonymizer_error(r->anonymizer);

		errno = err->code == TT_E_IO && err->system_errno != 0 ? err->system_errno : ENOMEM;
		return -1;
	}
	n = r->len - r->at < room ? r->len - r->at : room;
	if (n != 0)
		memcpy(buf, r->data + r->at, n);
	r->at += n;
	return (int64_t)n;
}

int cmd_restored_open(struct cmd_restored *r, const struct cmd_input *in, const char *path,
		      const char *list)
{
	const struct tt_sink sink = { .write = write_data, .arg = r };
	struct tt_anonymizer_options opt = { .size = sizeof(opt),
					     .flags = TT_ANONYMIZE_KEEP_BATCHES };
	struct tt_error err;
	int status;

	*r = (struct cmd_restored){ .input = { .read = read_data, .arg = r } };
	status = load_names(r, list);
	if (status != STATUS_FINE)
		return status;
	opt.names = r->names;
	if (cmd_open_reader(&r->reader, in, path, &err) < 0 ||
	    tt_anonymizer_new(&r->anonymizer, r->reader, &sink, &opt, &err) < 0) {
		cmd_report(cmd_input_name(path), &err);
		return cmd_status(&err);
	}
	return STATUS_FINE;
}

void cmd_restored_release(struct cmd_restored *r)
{
	tt_anonymizer_free(r->anonymizer);
	tt_names_free(r->names);
	tt_reader_close(r->reader);
	free(r->data);
	*r = (struct cmd_restored){ 0 };
}
