#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""options-agree.py PROGRAM VERB PAGE - holds what `PROGRAM VERB --help` says of each option
against the man page, which may say more, in other words, but nothing less:

- the option has the same letter, name and value in both;
- both have each word that the option takes, where it takes no others;
- the page has each sign, number and example of --help (none, *, 10ms), and says what the
  default is and that an option may be repeated if --help does.

It may say that beside the options of a section, or refer to the same option of another verb, as
with `tracetool-dump(1)`.
Prints a line per difference, and how many options it compared.
"""
import functools
import re
import subprocess
import sys

# `  -g, --generation=N  text`, or the text on the next line; an option without a help is none
HELP_OPTION = re.compile(r"^(?:  (-\w)|     )(?:, | )?(--[a-z0-9-]+)?((?:=| )[^ ]+)?(?:  +(.*))?$")
PAGE_OPTION = re.compile(r"^     (-.*?)(?:  +(.*))?$")
# What is to be in both: numbers with their units, signs of patterns, texts in quotes.
FACT = re.compile(r"(?<!\w)'[^']+'|(?<![\w.%-])-?\d+(?:\.\d+)?[A-Za-z%]*|(?<!\w)\*\*?|(?<!\w)\?|\bnone\b|\bdefault\b|\brepeated\b|@NS")


def items(lines, is_begin):
    """{option as it begins: its text, then that of its section beside options}"""
    found, now, beside = {}, None, []
    for line in lines:
        begin = is_begin(line)
        if begin:
            now, text = begin
            found[now] = ([text or ""], beside)
        elif now and line.startswith("      "):
            found[now][0].append(line.strip())
        elif line.startswith("     "):
            now = None
            beside.append(line.strip())
        elif line.strip():
            now, beside = None, []
    return {key: " ".join(own + beside) for key, (own, beside) in found.items()}


def begin_of_help(line):
    match = HELP_OPTION.match(line)
    if not match or not (match.group(1) or match.group(2)):
        return None
    letter, name, value, text = match.groups()
    return ((letter, name, (value or "").strip("= ") or None), text)


def one_of_page(text):
    """Of `--task=ID[,...]`: its name and value."""
    match = re.match(r"(--?[A-Za-z0-9-]+)(?:[= ] ?(.*))?$", text.strip())
    return match.groups() if match else (text, None)


def begin_of_page(line):
    match = PAGE_OPTION.match(line)
    if not match:
        return None
    return match.groups()


@functools.cache
def page(path):
    """{name or letter: (value, text, all names of the item)}"""
    plain = subprocess.run(["mandoc", "-T", "ascii", "-O", "width=1000", path],
                           capture_output=True, text=True, check=True).stdout
    plain = re.sub(".\b", "", plain).expandtabs()
    options = re.search(r"^OPTIONS\n(.*?)(?=^[A-Z])", plain, re.MULTILINE | re.DOTALL)
    found = {}
    for begin, text in items(options.group(1).splitlines() if options else [], begin_of_page).items():
        for name, value in map(one_of_page, re.split(", (?=-)", begin)):
            found[name] = (value, text, begin)
    return found


def text_of(path, name):
    value, text, begin = page(path)[name]
    text = begin + " " + text
    for verb in re.findall(r"(tracetool-[a-z-]+)\(1\)", text):
        other = f"man/{verb}.1"
        if other != path and name in page(other):
            text += " " + " ".join(page(other)[name][1:])
    return text


def plain(text):
    """Without what a page and --help set in other ways."""
    return re.sub(r"[\s`'\"]", "", text).lower()


def choices(program, verb, option):
    """The words that an option takes, as its error says them."""
    said = subprocess.run([program, verb, f"{option}=@"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False).stderr
    found = re.search(r"'@' is not one of ([^;(]*)", said)
    return found.group(1).strip().split(", ") if found else []


def compare(helped, path, words):
    for (letter, name, value), text in helped.items():
        say = f"{path}: {name or letter}"
        for one in filter(None, (letter, name)):
            if one not in page(path):
                yield f"{say}: is not in the page"
                return
            if (page(path)[one][0] or "").replace(" ", "") != (value or ""):
                yield f"{say}: --help has {one} {value}, the page {page(path)[one][0]}"
        there = text_of(path, name or letter)
        for fact in FACT.findall(text):
            if any(plain(word) not in plain(there) for word in fact.split()):
                yield f"{say}: --help says {fact}"
        for word in words(name) if name and value else []:
            for where, said in ("--help", text), ("the page", there):
                if not re.search(rf"\b{re.escape(word)}\b", said):
                    yield f"{say}: {where} lacks the value {word}"


def main():
    program, verb, path = sys.argv[1:]
    shown = subprocess.run([program, verb, "--help"], capture_output=True, text=True, check=True)
    helped = items(shown.stdout.splitlines(), begin_of_help)
    faults = list(compare(helped, path, lambda option: choices(program, verb, option)))
    for fault in faults:
        print(fault)
    print(f"{len(helped)} options")
    sys.exit(bool(faults))


main()
