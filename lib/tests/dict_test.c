/* SPDX-License-Identifier: MIT */
/*
 * dict_test.c - the fuzz dictionary lib/fuzz/fuzz.dict, held against the specs: each
 * event stands there under its name, with its type byte and, if it is timed, a dt
 * of 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/suites.h"
#include "tracetool.h"

/* The file, from the top folder, where tests are run; to be freed. */
static char *read_dictionary(void)
{
	FILE *f = fopen("lib/fuzz/fuzz.dict", "r");
	char *text = calloc(1, 65536);

	ck_assert_msg(f != NULL, "no lib/fuzz/fuzz.dict here");
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_lt(fread(text, 1, 65535, f), 65535);
	fclose(f);
	return text;
}

START_TEST(the_dictionary_has_each_event_of_the_specs)
{
	char *text = read_dictionary();
	struct tt_specs *specs;
	struct tt_error err;
	unsigned n = 0;

	ck_assert_int_eq(tt_specs_new(&specs, &err), 0);
	for (unsigned type = 0; type < 256; type++) {
		const struct tt_event_spec *spec = tt_specs_event(specs, type);
		char line[128];

		if (spec == NULL)
			continue;
		snprintf(line, sizeof(line), "\n%s=\"\\x%02x%s\"\n", spec->name, type,
			 spec->timed ? "\\x01" : "");
		ck_assert_msg(strstr(text, line) != NULL, "it lacks the line%s", line);
		n++;
	}
	ck_assert_uint_gt(n, 50);
	tt_specs_free(specs);
	free(text);
}
END_TEST

Suite *dict_suite(void)
{
	Suite *suite = suite_create("dict");
	TCase *tc = tcase_create("dictionary");

	tcase_add_test(tc, the_dictionary_has_each_event_of_the_specs);
	suite_add_tcase(suite, tc);
	return suite;
}
