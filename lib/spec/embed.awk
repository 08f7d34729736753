# SPDX-License-Identifier: MIT
# embed.awk - writes C made from the spec files given as arguments on standard output.
# Build step of lib/spec; any POSIX awk.
#
#	part=types.h    a header with a constant for each event, experiment and tag of a batch
#	part=builtin.c  the built-in specs of the library, and the names in them
#
# v1.spec describes another format: its records get constants of their own, and its text is
# none of the built-in specs.
#
# The texts become arrays of character codes, since a string literal may hold no
# more than 4095 characters in C11. Bytes beyond ASCII are written as character
# constants, which fit a char whether it is signed or not.

BEGIN {
	ntexts = nevents = nexperiments = ntags = nrecords = 0
	texts = part == "builtin.c"
	for (i = 1; i < 128; i++)
		code[sprintf("%c", i)] = i
	for (i = 128; i < 256; i++)
		code[sprintf("%c", i)] = sprintf("'\\%o'", i)
	print "/* Made by lib/spec/embed.awk from specs/. */"
	if (texts)
		print "#include \"spec/spec.h\"\n#include \"spec/types.h\""
}

FNR == 1 {
	close_text()
	file[ntexts] = FILENAME
	sub(/.*\//, "", file[ntexts])
	if (texts)
		printf "\nstatic const char text_%d[] = {\n", ntexts
	v1 = file[ntexts] == "v1.spec"
	ntexts++
	experiment = ""
}

$1 == "experiment" {
	experiment = $2
	take("experiment", "TT_EXPERIMENT_" constant($2), $3)
	experiments[nexperiments++] = $2
	id[$2] = $3
}

$1 == "batch" && $3 == "tag" {
	tags[ntags++] = constant(experiment) "_" constant($2) " = " $4
}

$1 == "event" && v1 {
	take("record", "TT_V1_" constant($2), $3)
	records[nrecords++] = constant($2) " = " $3
}

$1 == "event" && !v1 {
	take("event", "TT_EV_" constant($2), $3)
	events[nevents++] = $2
	type[$2] = $3
	experiment_of[$2] = experiment
}

texts {
	out = ""
	for (i = 1; i <= length($0); i++)
		out = out code[substr($0, i, 1)] ","
	print out "10,"
}

END {
	if (failed)
		exit 1
	close_text()
	if (texts)
		print_texts()
	else
		print_types()
}

function close_text() {
	if (texts && ntexts > 0)
		print "0};"
}

# GoStart: GO_START, CPUSample: CPU_SAMPLE
function constant(name,    i, c, before, after, out) {
	out = ""
	for (i = 1; i <= length(name); i++) {
		c = substr(name, i, 1)
		before = substr(name, i - 1, i > 1)
		after = substr(name, i + 1, 1)
		if (c ~ /[A-Z]/ && before != "" && (before !~ /[A-Z]/ || after ~ /[a-z]/))
			out = out "_"
		out = out toupper(c)
	}
	return out
}

# Two events of one type or one name would pass the compiler.
function take(what, name, number) {
	if (name in taken || (what, number + 0) in taken) {
		printf "%s:%d: %s %s %s: name or number is taken\n", FILENAME, FNR, what, $2, number | "cat >&2"
		failed = 1
		exit 1
	}
	taken[name] = taken[what, number + 0] = 1
}

function print_types(    i) {
	print "#ifndef TT_SPEC_TYPES_H\n#define TT_SPEC_TYPES_H\n"
	print "/*\n * Those of the core are the format's. Specs that a program reads may replace an" \
		"\n * experiment and its events: tt_specs_builtin() finds what they have instead.\n */"
	print "enum tt_event_type {"
	experiment = ""
	for (i = 0; i < nevents; i++) {
		if (experiment_of[events[i]] != experiment) {
			experiment = experiment_of[events[i]]
			printf "\n\t/* of the experiment %s */\n", experiment
		}
		printf "\tTT_EV_%s = %s,\n", constant(events[i]), type[events[i]]
	}
	print "};\n\n/* The records of format v1. */\nenum tt_v1_type {"
	for (i = 0; i < nrecords; i++)
		printf "\tTT_V1_%s,\n", records[i]
	print "};\n\nenum tt_experiment {"
	for (i = 0; i < nexperiments; i++)
		printf "\tTT_EXPERIMENT_%s = %s,\n", constant(experiments[i]), id[experiments[i]]
	print "};\n\n/* What the data of an experiment's batches begins with. */\nenum tt_batch_tag {"
	for (i = 0; i < ntags; i++)
		printf "\tTT_TAG_%s,\n", tags[i]
	print "};\n\n#endif"
}

function print_texts(    i) {
	print "\nconst struct tt_builtin_spec tt_builtin_specs[] = {"
	for (i = 0; i < ntexts; i++)
		if (file[i] != "v1.spec")
			printf "\t{\"%s\", text_%d},\n", file[i], i
	print "\t{NULL, NULL},"
	print "};"
	for (i = 0; i < ntexts; i++)
		if (file[i] == "v1.spec")
			printf "\nconst struct tt_builtin_spec tt_v1_spec = {\"%s\", text_%d};\n", file[i], i
	print "\nconst char *const tt_builtin_event_names[256] = {"
	for (i = 0; i < nevents; i++)
		printf "\t[TT_EV_%s] = \"%s\",\n", constant(events[i]), events[i]
	print "};"
	print "\nconst char *const tt_builtin_experiment_names[256] = {"
	for (i = 0; i < nexperiments; i++)
		printf "\t[TT_EXPERIMENT_%s] = \"%s\",\n", constant(experiments[i]), experiments[i]
	print "};"
}
