#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# random-specs.py - writes specs that are right but that nobody would write: names that
# mean something in C or differ in little, texts that would end a comment or a string,
# all types of arguments and fields in any number, and all clauses.
# usage: random-specs.py SEED COUNT FOLDER      (FOLDER/0.spec and on)
import pathlib
import random
import sys

WORDS = """auto break case char class const default delete do double else enum errno export
extern float for if inline int long namespace new not operator or private register return short
signed sizeof static struct switch template this throw try typedef union unsigned using virtual
void while wchar_t bool true false NULL EOF linux unix stdin environ e ev out args record r p n
from parts numbers tag err rc specs batch text index stat time read open data_seq a b A B aB AB
count Count COUNT count_string count_value count_stack p_string g m p stack string value task seq
gstatus pstatus new_g new_stack assert main printf size_t uint64_t tt_str tt_emit TT tt MAX static_assert""".split()
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
TYPES = ["seq", "pstatus", "gstatus", "g", "m", "p", "string", "stack", "value", "task"]
TEXTS = ["*/", "/*", "//", "/*/", "*//*", "??/", "??'", "\\", "\\n", '"', "'", "%s", "%n", "#if 0",
         "\u202e", "\u2066x", "\u061c", "\u00fc", "\U0001f980", "int x;", "*", "/", "?", "}", "a"]
WHOLE = ["varint", "zigzag"] + [f"{sign}{n}{end}" for sign in "ui" for n in (8, 16, 32, 64)
                                for end in ("", "be") if n > 8 or not end]
FIELDS = WHOLE + ["f32", "f64", "f32be", "f64be", "bool", "bytes", "string", "cstring",
                  "bytes 1", "bytes 65536", "string 1", "string 65536"]
FORMS = ["ns", "us", "ms", "s", "ticks", "bytes", "percent", "hex", "signed", "zigzag", "f64",
         "f32", "bool"]
FIELD_FORMS = ["ns", "us", "ms", "s", "ticks", "bytes", "percent", "hex"]
SUFFIXES = ["_ns", "_us", "_ms", "_ticks", "_bytes"]
RESERVED = {"dt", "data", "frames", "self", "was", "offset", "thread", "batch"}


def letters(rng):
    return "".join(rng.choice(LETTERS) for _ in range(rng.choice([1, 1, 2, 5, 30])))


def name(rng, taken):
    """Of an experiment, event or batch: other than those that are there."""
    while True:
        word = rng.choice(WORDS) if rng.random() < 0.6 else letters(rng)
        for _ in range(rng.randrange(3)):
            word += rng.choice(["_", "__", "2", "Is", "HTTP", "x", "_event", "_record"])
        if rng.random() < 0.3:
            word = rng.choice([word.upper(), word.lower(), word.capitalize()])
        if word not in taken and len(word) <= 64:
            taken.add(word)
            return word


def arguments(rng, most, reserved):
    found = []
    for _ in range(rng.choice([0, 1, 2, 3, most])):
        word = rng.choice(WORDS) if rng.random() < 0.6 else letters(rng)
        if "_" not in word and rng.random() < 0.5:
            word += "_" + rng.choice(TYPES + ["string", "value", "x"])
        plain = all(c in LETTERS + "_" for c in word)
        if plain and word not in found and word not in reserved:
            found.append(word)
    return found


def doc(rng):
    if rng.random() < 0.3:
        return ""
    join = rng.choice(["", " "])
    return "\tdoc " + join.join(rng.choice(TEXTS) for _ in range(rng.choice([1, 3, 40]))) + "\n"


def is_plain(word):
    return word.split("_")[-1] not in TYPES or word.split("_")[-1] == "value"


def values(rng, taken):
    """The names of blocks of named numbers, and their text."""
    found, text = [], ""
    for _ in range(rng.choice([0, 1, 3])):
        mine, kind, inside = name(rng, taken), rng.choice(["enum", "flags"]), set()
        text += f"{kind} {mine}\n" + doc(rng)
        numbers = rng.sample([0, 1, 2, 7, 2**31 - 1, 2**31, 2**64 - 1], rng.choice([1, 2, 5]))
        numbers = [n for n in numbers if n > 0 or kind == "enum"] or [1]
        for number in numbers:
            text += f"\tvalue {name(rng, inside)} {rng.choice([number, hex(number)])}\n"
        found.append(mine)
    return found, text


def resources(rng, taken):
    """(the arguments that name one, its states) of each, and their text."""
    found, text = [], ""
    for _ in range(rng.choice([0, 1, 2])):
        mine, inside = name(rng, taken), set()
        names = [n for n in arguments(rng, 4, RESERVED | {"res"}) if is_plain(n)]
        names = [n for n in names if not any(n in old for old, _ in found)]
        if not names:
            continue
        states = [name(rng, inside) for _ in range(rng.choice([0, 1, 3, 16]))]
        states = [s for s in states if s not in ("if", "else")]
        text += f"resource {mine}\n" + doc(rng) + f"\tnames {' '.join(names)}\n"
        if states:
            text += f"\tstates {' '.join(states)}\n"
        for clause in ["unknown error", "misuse warning", "reused"]:
            text += f"\t{clause}\n" if rng.random() < 0.3 else ""
        found.append((names, states))
    return found, text


def field(rng, mine, before, records, is_key):
    """The line of a field; `before` are the fields of whole numbers that are always there."""
    kind = mine[1]
    text = f"\tfield {mine[0]} "
    if not is_key and rng.random() < 0.2:
        text += rng.choice(["list of ", "list 3 of "] + [f"list {n} of " for n in before[-1:]])
        mine[2] = False
    text += kind
    if before and not is_key and rng.random() < 0.2:
        text += f" if {rng.choice(before)}{rng.choice(['', ' has 1', ' is 1', ' is 0'])}"
        mine[2] = False
    return text + (" key\n" if is_key else "\n")


def fields(rng, records, named, keyed):
    """The names of whole numbers that are always there, whether there is a key, and the text."""
    text, whole, has_key = "", [], False
    for word in arguments(rng, 16, RESERVED) or ["id"]:
        mine = [word, rng.choice(FIELDS + records), True]
        is_whole = mine[1] in WHOLE
        is_key = is_whole and keyed and not has_key and rng.random() < 0.5
        has_key = has_key or is_key
        text += field(rng, mine, whole, records, is_key)
        if is_whole and is_plain(word) and rng.random() < 0.2 and not is_form(word):
            text += f"\tmeans {word} {rng.choice(FIELD_FORMS + named)}\n"
        if is_whole and mine[2]:
            whole.append(word)
    return whole, has_key, text


def is_form(word):
    return any(word.endswith(suffix) for suffix in SUFFIXES)


def records(rng, taken):
    found, text = [], ""
    for _ in range(rng.choice([0, 1, 3])):
        mine = name(rng, taken)
        if mine in FIELDS or mine == "list":
            continue
        text += f"record {mine}\n" + doc(rng) + fields(rng, found[:], [], False)[2]
        found.append(mine)
    return found, text


def batches(rng, taken, inside, named):
    """(name, has a key, fields that are numbers, once) of each, and their text."""
    found, text = [], ""
    for tag in rng.sample(range(256), rng.choice([0, 1, 2, 6])):
        mine = name(rng, taken)
        once = rng.random() < 0.3
        text += f"batch {mine} tag {tag}{' once' if once else ''}\n" + doc(rng)
        numbers, key, lines = fields(rng, inside, named, not once)
        text += lines
        found.append((mine, key, numbers, once))
    return found, text


def means(rng, args, named):
    text = ""
    for arg in filter(is_plain, args):
        if rng.random() < 0.3 and not is_form(arg):
            text += f"\tmeans {arg} {rng.choice(FORMS + named)}\n"
    return text


def of_type(args, word):
    return [arg for arg in args if arg.split("_")[-1] == word]


def needs(rng, args):
    said = []
    for word, kind in [("thread", "m"), ("proc", "p"), ("goroutine", "g")]:
        same = [f"{word} {arg}" for arg in of_type(args, kind)[:1]]
        said.append(rng.choice([word, "no " + word, ""] + same))
    return f"\tneeds {', '.join(filter(None, said)) or 'nothing'}\n"


def life(rng, arg, states):
    clauses = [f"creates {arg}", f"uses {arg}", f"destroys {arg}"]
    if states:
        some = ", ".join(rng.sample(states, min(2, len(states))))
        clauses += [f"creates {arg} -> {states[-1]}", f"uses {arg} {some}",
                    f"uses {arg} {some} -> {states[0]} if {arg} else {states[-1]}"]
    return f"\t{rng.choice(clauses)}\n"


def continues(word):
    """All numbers of a sequence continue, or none does."""
    return " continues" if len(word) % 2 else ""


def orders(rng, args, kinds):
    """Numbers and lives, at most four in all."""
    text, seqs, left = "", of_type(args, "seq"), 4
    for names, states in kinds:
        for arg in [n for n in names if n in args][:2]:
            if left == 0 or rng.random() < 0.3:
                continue
            left -= 1
            if seqs and rng.random() < 0.6:
                text += f"\torders {arg} {rng.choice(seqs)}{continues(names[0])}\n"
            text += life(rng, arg, states)
    for scope in ["global", "goroutine self", "proc self", "thread self"]:
        if left > 0 and seqs and rng.random() < 0.2 and scope.split()[0] not in args:
            left -= 1
            seq = rng.choice(seqs)
            text += f"\torders {scope} {seq}{continues(seq)}\n"
    return text


def event(rng, type_, taken, tables, kinds, named):
    mine, args = name(rng, taken), arguments(rng, 16, RESERVED)
    for word in [rng.choice(names) for names, _ in kinds] + ["number_seq", "other_seq"]:
        if word not in args and len(args) < 16 and rng.random() < 0.5:
            args.insert(rng.randrange(len(args) + 1), word)
    text = f"event {mine} {type_} since 1.26\n" + doc(rng)
    text += f"\targs dt {' '.join(args)}\n" + needs(rng, args)
    for arg in filter(is_plain, args):
        if rng.random() < 0.1:
            text += f"\tscales {arg} {rng.choice([0, 2**64 - 1])} {rng.choice([1, 4096])}\n"
            continue
        if not tables or rng.random() < 0.5:
            continue
        table, key, numbers, once = rng.choice(tables)
        if key:
            text += f"\trefers {arg} {table}\n"
        elif once and numbers:
            text += f"\tscales {arg} {table} {rng.choice(numbers)} {rng.choice([1] + numbers)}\n"
    return text + means(rng, args, named) + orders(rng, args, kinds)


def ranges(rng, taken):
    """Two events that begin and end a range."""
    begin, end = name(rng, taken), name(rng, taken)
    scope = rng.choice(["goroutine self", "proc self", "thread self", "global"])
    key = rng.choice(["", " by lock"])
    return (f"event {begin} 138 since 1.26\n\targs dt lock\n\tneeds thread, proc, goroutine\n"
            f"\trange begin {scope}{key}{rng.choice(['', ' nested'])}\n"
            f"event {end} 139 since 1.26\n\targs dt lock\n\tneeds thread, proc, goroutine\n"
            f"\tpair {begin}\n\trange {rng.choice(['end', 'active'])} {scope}{key}\n")


def spec(rng):
    taken, blocks = {"AllocFree"}, set(FORMS)
    head = f"experiment {name(rng, taken)} {rng.randrange(2, 256)}\n" + doc(rng)
    named, text = values(rng, blocks)
    kinds, more = resources(rng, set())
    inside, nested = records(rng, blocks)
    tables, last = batches(rng, blocks, inside, named)
    text = head + text + more + nested + last
    # the names of events that are there begin with a large letter
    events = {"Stack", "String"}
    for type_ in rng.sample(range(140, 256), rng.choice([0, 1, 3, 12])):
        text += event(rng, type_, events, tables, kinds, named)
    return text + (ranges(rng, events) if rng.random() < 0.5 else "")


def main():
    seed, count, folder = int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
    rng = random.Random(seed)
    for i in range(count):
        (folder / f"{i}.spec").write_text(spec(rng), encoding="utf-8")


main()
