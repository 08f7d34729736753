#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# random-specs.py - writes specs that are right but that nobody would write: names that
# mean something in C or differ in little, texts that would end a comment or a string,
# all types of arguments and fields in any number.
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
FIELDS = ["varint", "u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "bytes", "string",
          "bytes 1", "bytes 65536"]
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


def batches(rng, taken):
    """(name, has a key, fields that are numbers, once) of each, and their text."""
    found, text = [], ""
    for tag in rng.sample(range(256), rng.choice([0, 1, 2, 6])):
        mine, numbers = name(rng, taken), []
        once = rng.random() < 0.3
        key = False
        text += f"batch {mine} tag {tag}{' once' if once else ''}\n" + doc(rng)
        for field in arguments(rng, 16, RESERVED) or ["id"]:
            kind = rng.choice(FIELDS)
            is_number = "bytes" not in kind and kind != "string"
            is_key = is_number and not once and not key and rng.random() < 0.5
            key = key or is_key
            text += f"\tfield {field} {kind}{' key' if is_key else ''}\n"
            if is_number:
                numbers.append(field)
        found.append((mine, key, numbers, once))
    return found, text


def event(rng, type_, taken, tables):
    mine, args = name(rng, taken), arguments(rng, 16, RESERVED)
    text = f"event {mine} {type_} since 1.26\n" + doc(rng)
    text += f"\targs dt {' '.join(args)}\n\tneeds {rng.choice(['thread', 'nothing'])}\n"
    for arg in filter(is_plain, args):
        if not tables or rng.random() < 0.5:
            continue
        table, key, numbers, once = rng.choice(tables)
        if key:
            text += f"\trefers {arg} {table}\n"
        elif once and numbers:
            text += f"\tscales {arg} {table} {rng.choice(numbers)} {rng.choice(numbers)}\n"
    return text


def spec(rng):
    taken = {"AllocFree"}
    tables, text = batches(rng, set())
    # the names of events that are there begin with a large letter
    text = f"experiment {name(rng, taken)} {rng.randrange(2, 256)}\n" + doc(rng) + text
    events = set()
    for type_ in rng.sample(range(140, 256), rng.choice([0, 1, 3, 12])):
        text += event(rng, type_, events, tables)
    return text


def main():
    seed, count, folder = int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
    rng = random.Random(seed)
    for i in range(count):
        (folder / f"{i}.spec").write_text(spec(rng), encoding="utf-8")


main()
