# SPDX-License-Identifier: MIT
# Writes bytes from words, so that a test can hold a damaged trace as readable
# text. Usage: LC_ALL=C awk -f bytes.awk specs/*.spec INPUT >TRACE
#
#	go1.26       the file header of that version
#	Sync         the type byte of an event, by its name in the specs
#	GoStart:3    the first byte of a record in format v1 that has so many numbers;
#	GoStart:     of one whose numbers come after their length: write [ ... ] next
#	300  -1      a number as the format writes it (LEB128); -1 is 2^64-1
#	0x31ff00     bytes
#	"text"       bytes; \xNN gives any byte, no other escapes
#	[ ... ]      the length of what stands inside, then that
#	3*[ ... ]    the same with 3 bytes of what it says missing
#	rep 128 WORD the word so many times
#	# comment    to the end of the line
#
# A blank ends a word, also in a text: \x20 writes one.

BEGIN {
	for (i = 0; i < 256; i++)
		byte[sprintf("%02x", i)] = i
	depth = 0
	out[0] = ""
}

FILENAME ~ /\.spec$/ {
	if ($1 == "event" && FILENAME ~ /v1\.spec$/)
		record[$2] = $3
	else if ($1 == "event")
		type[$2] = $3
	next
}

{
	sub(/(^|[ \t])#.*/, "")
	for (i = 1; i <= NF; i++) {
		if ($i == "rep") {
			for (k = 0; k < $(i + 1); k++)
				word($(i + 2))
			i += 2
		} else
			word($i)
	}
}

END {
	if (depth != 0)
		die("a [ without its ]")
	flush(out[0])
}

function word(w)
{
	if (w in type)
		add(hex(type[w]))
	else if (w ~ /^[A-Za-z]+:[1-3]?$/ && substr(w, 1, index(w, ":") - 1) in record)
		add(hex(record[substr(w, 1, index(w, ":") - 1)] + 64 * ((substr(w, index(w, ":") + 1) + 3) % 4)))
	else if (w ~ /^go1\.[0-9]+$/)
		add(text("go\\x201." substr(w, 5) "\\x20trace\\x00\\x00\\x00"))
	else if (w ~ /^[0-9]+$/)
		add(number(w + 0))
	else if (w == "-1")
		add("ffffffffffffffffff01")
	else if (w ~ /^0x([0-9a-f][0-9a-f])+$/)
		add(substr(w, 3))
	else if (w ~ /^".*"$/)
		add(text(substr(w, 2, length(w) - 2)))
	else if (w ~ /^([0-9]+\*)?\[$/) {
		out[++depth] = ""
		lie[depth] = w + 0
	} else if (w == "]" && depth > 0) {
		add(number(length(out[depth--]) / 2 + lie[depth + 1]) out[depth + 1])
	} else
		die("what is " w "?")
}

function add(h)
{
	out[depth] = out[depth] h
}

function hex(n)
{
	return sprintf("%02x", n)
}

function number(n,    h)
{
	h = ""
	for (; n >= 128; n = int(n / 128))
		h = h hex(n % 128 + 128)
	return h hex(n)
}

function text(s,    h, j)
{
	h = ""
	for (j = 1; j <= length(s); j++) {
		if (substr(s, j, 2) == "\\x") {
			h = h substr(s, j + 2, 2)
			j += 3
		} else
			h = h ordinal(substr(s, j, 1))
	}
	return h
}

function ordinal(c,    j)
{
	if (!("a" in ord))
		for (j = 1; j < 256; j++)
			ord[sprintf("%c", j)] = hex(j)
	return ord[c]
}

function flush(h,    j)
{
	for (j = 1; j < length(h); j += 2)
		printf "%c", byte[substr(h, j, 2)]
}

function die(why)
{
	printf "%s:%d: %s\n", FILENAME, FNR, why >"/dev/stderr"
	depth = 0
	exit 2
}
