# SPDX-License-Identifier: MIT
# embed.awk - writes the spec files given as arguments into a C file on standard
# output: the built-in specs of the library. Build step of lib/spec; any POSIX awk.
#
# The texts become arrays of character codes, since a string literal may hold no
# more than 4095 characters in C11. Bytes beyond ASCII are written as character
# constants, which fit a char whether it is signed or not.

BEGIN {
	n = 0
	for (i = 1; i < 128; i++)
		code[sprintf("%c", i)] = i
	for (i = 128; i < 256; i++)
		code[sprintf("%c", i)] = sprintf("'\\%o'", i)
	print "/* Made by lib/spec/embed.awk from specs/. */"
	print "#include \"spec/spec.h\""
}

FNR == 1 {
	close_text()
	name[n] = FILENAME
	sub(/.*\//, "", name[n])
	printf "\nstatic const char text_%d[] = {\n", n
	n++
}

{
	out = ""
	for (i = 1; i <= length($0); i++)
		out = out code[substr($0, i, 1)] ","
	print out "10,"
}

END {
	close_text()
	print "\nconst struct tt_builtin_spec tt_builtin_specs[] = {"
	for (i = 0; i < n; i++)
		printf "\t{\"%s\", text_%d},\n", name[i], i
	print "\t{NULL, NULL},"
	print "};"
}

function close_text() {
	if (n > 0)
		print "0};"
}
