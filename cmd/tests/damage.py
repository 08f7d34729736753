# SPDX-License-Identifier: MIT
"""Damages Go execution traces, reproducibly.

damage(rng, trace, other, table) gives (kind, bytes): one kind of damage, chosen and
done with the numbers of rng. Kinds are of three sorts: to the bytes, whatever they
mean; to whole batches; and to single events and records, whose batch is then written
anew with the size it needs, so that the damage gets as far as the ordering rules.

An event table (spec_table) says how many numbers follow an event's type.
"""
import re

HEADER = re.compile(rb"go 1\.(\d+) trace\0\0\0")
EVENTS, EXPERIMENT, END = 0x01, 0x31, 0x34
STRING, STACK = 5, 3
TABLES = (2, 4, 6, 8, 50)
SOME = (0, 1, 2, 3, 4, 5, 7, 8, 16, 127, 128, 255, 256, 257, 1024, 1025, 65535, 65536, 65537,
        2**31 - 1, 2**32 - 1, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 2, 2**64 - 1)
HEADERS = (b"go 1.22 trace\0\0\0", b"go 1.23 trace\0\0\0", b"go 1.25 trace\0\0\0",
           b"go 1.26 trace\0\0\0", b"go 1.24 trace\0\0\0", b"go 1.27 trace\0\0\0",
           b"go 1.21 trace\0\0\0", b"go 1.11 trace\0\0\0", b"go 1.0026 trace\0\0\0",
           b"go  1.23\ttrace\0\0\0", b"go 1.26 trace\0\0", b"go 1.26  trace\0\0\0", b"",
           b"go 2.26 trace\0\0\0", b"go 1.-26 trace\0\0\0", b"go 1.4294967322 trace\0\0\0")


def spec_words(paths):
    """The words of each line of the event specs, with the number of its event, or None."""
    number = None
    for path in paths:
        if path.endswith("v1.spec"):
            # another format
            continue
        with open(path, encoding="utf-8") as file:
            for line in file:
                words = line.split("#")[0].split()
                if words[:1] == ["event"]:
                    number = int(words[2])
                yield number, words


def spec_table(paths):
    """From the event specs: {type: numbers behind it, dt included}, {timed types}."""
    count, timed = {}, set()
    for number, words in spec_words(paths):
        if words[:1] == ["event"]:
            count[number] = 0
        elif words[:1] == ["args"] and number is not None:
            names = [w for w in words[1:] if w not in ("data", "frames")]
            count[number] = len(names)
            if names[:1] == ["dt"]:
                timed.add(number)
    return count, timed


def spec_names(paths):
    """From the event specs: of each timed type, which arguments after dt are strings."""
    names = {}
    for number, words in spec_words(paths):
        if words[:2] == ["args", "dt"] and number is not None:
            names[number] = [i for i, word in enumerate(words[2:]) if word.endswith("_string")]
    return names


def spec_sequences(paths):
    """From the event specs: of each timed type, which arguments after dt number a sequence of a
    goroutine or P. (repair lowers them where some are lost.)"""
    numbers = {}
    for number, words in spec_words(paths):
        if words[:2] == ["args", "dt"] and number is not None:
            numbers[number] = [i for i, word in enumerate(words[2:]) if word in ("g_seq", "p_seq")]
    return numbers


class Cut(Exception):
    """The bytes end or a number overflows."""


def number(data, at):
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Cut
        value |= (data[at] & 0x7f) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value & (2**64 - 1), at
        shift += 7


def leb(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class Batch:
    """One batch: its kind byte, its numbers, its data."""

    def __init__(self, kind, experiment=0, numbers=(), data=b""):
        self.kind, self.experiment, self.numbers, self.data = kind, experiment, list(numbers), data

    def copy(self):
        return Batch(self.kind, self.experiment, self.numbers, self.data)

    def bytes(self):
        if self.kind == END:
            return bytes((END,))
        head = bytes((self.kind, self.experiment)) if self.kind == EXPERIMENT else bytes((self.kind,))
        return head + b"".join(map(leb, self.numbers)) + leb(len(self.data)) + self.data

    def is_events(self):
        return self.kind == EVENTS and self.data[:1] and self.data[0] not in TABLES


def parse(trace):
    """(header, batches, rest that is no batch)."""
    match = HEADER.match(trace)
    at = match.end() if match else 0
    header, batches = trace[:at], []
    try:
        while at < len(trace):
            batch, at = parse_batch(trace, at)
            batches.append(batch)
    except Cut:
        pass
    return header, batches, trace[at:]


def parse_batch(trace, at):
    kind, start = trace[at], at
    if kind == END:
        return Batch(END), at + 1
    if kind not in (EVENTS, EXPERIMENT):
        raise Cut
    experiment = 0
    at += 1
    if kind == EXPERIMENT:
        if at >= len(trace):
            raise Cut
        experiment = trace[at]
        at += 1
    numbers = []
    for _ in range(4):
        value, at = number(trace, at)
        numbers.append(value)
    size = numbers.pop()
    if size > len(trace) - at:
        raise Cut
    assert at > start
    return Batch(kind, experiment, numbers, trace[at:at + size]), at + size


def join(header, batches, rest=b""):
    return header + b"".join(b.bytes() for b in batches) + rest


def items(data, table):
    """A batch's data as lists [type, numbers, bytes]; the rest goes into a last [None, [], bytes]."""
    count, _ = table
    at, found = 0, []
    while at < len(data):
        start, kind = at, data[at]
        try:
            if kind not in count:
                raise Cut
            at += 1
            values = []
            for _ in range(count[kind]):
                value, at = number(data, at)
                values.append(value)
            tail = b""
            if kind == STRING:
                size, at = number(data, at)
                tail = data[at:at + size]
                at += len(tail)
            elif kind == STACK:
                for _ in range(min(values[1], 128) * 4):
                    value, at = number(data, at)
                    values.append(value)
            found.append([kind, values, tail])
        except Cut:
            found.append([None, [], data[start:]])
            break
    return found


def pack(found):
    out = []
    for kind, values, tail in found:
        if kind is not None:
            out.append(bytes((kind,)) + b"".join(map(leb, values)))
        if kind == STRING:
            out.append(leb(len(tail)))
        out.append(tail)
    return b"".join(out)


# ------------------------------------------------------------------- to the bytes

def cut(rng, trace):
    return trace[:rng.randrange(len(trace))]


def flip(rng, trace):
    trace = bytearray(trace)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 8))):
        trace[rng.randrange(len(trace))] ^= 1 << rng.randrange(8)
    return bytes(trace)


def replace(rng, trace):
    trace = bytearray(trace)
    for _ in range(rng.choice((1, 1, 2, 3))):
        trace[rng.randrange(len(trace))] = rng.choice((0, 1, 0x31, 0x34, 0x7f, 0x80, 0xff, rng.randrange(256)))
    return bytes(trace)


def delete(rng, trace):
    at = rng.randrange(len(trace))
    return trace[:at] + trace[at + rng.choice((1, 1, 2, 3, 8, 100, 1000)):]


def insert(rng, trace):
    at = rng.randrange(len(trace) + 1)
    return trace[:at] + rng.randbytes(rng.choice((1, 1, 2, 3, 8, 100))) + trace[at:]


def repeat(rng, trace):
    at, size = rng.randrange(len(trace)), rng.choice((1, 4, 16, 64, 1000))
    to = rng.randrange(len(trace) + 1)
    return trace[:to] + trace[at:at + size] + trace[to:]


def other_header(rng, trace):
    header, _, _ = parse(trace)
    return rng.choice(HEADERS) + trace[len(header):]


# -------------------------------------------------------------------- to batches

def near(rng, n, i):
    """An index close to i as often as not."""
    return min(n - 1, i + 1) if rng.random() < 0.5 else rng.randrange(n)


def swap_batches(rng, header, batches, _other):
    i = rng.randrange(len(batches))
    k = near(rng, len(batches), i)
    batches[i], batches[k] = batches[k], batches[i]


def double_batch(rng, header, batches, _other):
    i = rng.randrange(len(batches))
    batches.insert(near(rng, len(batches), i), batches[i])


def drop_batch(rng, header, batches, _other):
    for _ in range(rng.choice((1, 1, 1, 3))):
        if len(batches) > 1:
            del batches[rng.randrange(len(batches))]


def foreign_batch(rng, header, batches, other):
    strangers = parse(other)[1]
    if strangers:
        stranger = rng.choice(strangers).copy()
        like = rng.choice(batches)
        if stranger.numbers and like.numbers:
            stranger.numbers[0] = like.numbers[0]
        batches.insert(rng.randrange(len(batches) + 1), stranger)


def batch_number(rng, header, batches, _other):
    batch = rng.choice(batches)
    if batch.kind == END:
        batch.kind = EVENTS
        batch.numbers = [1, 2**64 - 1, 1]
        batch.data = bytes((END,))
        return
    i = rng.randrange(5)
    if i < 3:
        batch.numbers[i] = close_or_odd(rng, batch.numbers[i])
    elif i == 3:
        batch.kind = EXPERIMENT if batch.kind == EVENTS else EVENTS
        batch.experiment = rng.choice((0, 1, 1, 2, 127, 128, 255))
    else:
        batch.data = rng.choice((b"", batch.data[:rng.randrange(len(batch.data) + 1)],
                                 batch.data + rng.randbytes(3), bytes(65537)))


def renumber(rng, header, batches, _other):
    """All generations moved, or one of them."""
    by, only = rng.choice((1, 5, -1, 2**64 - 3)), rng.choice((None, rng.choice(batches).numbers[:1]))
    for batch in batches:
        if batch.numbers and only in (None, batch.numbers[:1]):
            batch.numbers[0] = (batch.numbers[0] + by) % 2**64


def append_trace(rng, header, batches, other):
    """Another trace's generations behind these."""
    more = [b.copy() for b in parse(other)[1]]
    last = max((b.numbers[0] for b in batches if b.numbers), default=0)
    first = min((b.numbers[0] for b in more if b.numbers), default=0)
    for batch in more:
        if batch.numbers:
            batch.numbers[0] = (batch.numbers[0] - first + last + rng.choice((1,) * 200 + (0, 2))) % 2**64
    if header.startswith(b"go 1.26"):
        if not any(b.kind == END for b in more):
            more.append(Batch(END))
    else:
        more = [b for b in more if b.kind != END]
    batches.extend(more)


# --------------------------------------------------------------------- to events

def close_or_odd(rng, value, pool=()):
    """Another number in the place of one: near it, out of the pool, or an odd one."""
    sort = rng.random()
    if sort < 0.4:
        return (value + rng.choice((1, -1, 2, -2, 1000, -1000))) % 2**64
    if sort < 0.8 and pool:
        return rng.choice(pool)
    return rng.choice(SOME)


def event_batches(batches):
    return [b for b in batches if b.is_events()] or batches


def one_events(rng, batches, table, sort):
    """A batch that holds events (or a table) and its items."""
    pool = event_batches(batches) if sort == "event" else [
        b for b in batches if b.kind == EVENTS and b.data[:1] and b.data[0] in TABLES] or batches
    batch = rng.choice(pool)
    return batch, items(batch.data, table)


def change_argument(rng, batches, table):
    batch, found = one_events(rng, batches, table, "event")
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        event = rng.choice([e for e in found if e[1]] or [[None, [0], b""]])
        i = rng.randrange(len(event[1]))
        pool = [e[1][i] for e in found if e[0] == event[0] and len(e[1]) > i]
        event[1][i] = close_or_odd(rng, event[1][i], pool)
    batch.data = pack(found)


def drop_event(rng, batches, table):
    batch, found = one_events(rng, batches, table, "event")
    for _ in range(rng.choice((1, 1, 2))):
        if found:
            del found[rng.randrange(len(found))]
    batch.data = pack(found)


def double_event(rng, batches, table):
    batch, found = one_events(rng, batches, table, "event")
    if found:
        i = rng.randrange(len(found))
        found.insert(near(rng, len(found), i), found[i])
    batch.data = pack(found)


def swap_events(rng, batches, table):
    batch, found = one_events(rng, batches, table, "event")
    if found:
        i = rng.randrange(len(found))
        k = near(rng, len(found), i)
        found[i], found[k] = found[k], found[i]
    batch.data = pack(found)


def change_type(rng, batches, table):
    batch, found = one_events(rng, batches, table, "event")
    event = rng.choice(found) if found else [None, [], b""]
    if event[0] is not None:
        event[0] = rng.choice(sorted(table[1]))
        want = table[0][event[0]]
        event[1] = (event[1] + [rng.choice(SOME[:6]) for _ in range(want)])[:want]
    batch.data = pack(found)


def new_event(rng, batches, table):
    """An event that was not there, with numbers of its neighbours."""
    batch, found = one_events(rng, batches, table, "event")
    values = [v for e in found for v in e[1]] or [0]
    kind = rng.choice(sorted(table[1]))
    event = [kind, [rng.choice((0, 1, 100))] +
             [close_or_odd(rng, 0, values) for _ in range(table[0][kind] - 1)], b""]
    found.insert(rng.randrange(len(found) + 1), event)
    batch.data = pack(found)


def coarse_clock(rng, batches, table):
    """Many equal times: each dt is cut to a multiple of a step."""
    step = rng.choice((2, 16, 256, 4096, 10**9))
    for batch in batches:
        if batch.numbers and rng.random() < 0.9:
            batch.numbers[2] = batch.numbers[2] // step * step
        if batch.is_events():
            found = items(batch.data, table)
            for event in found:
                if event[0] in table[1]:
                    event[1][0] = event[1][0] // step * step
            batch.data = pack(found)


def move_clock(rng, batches, table):
    """Some batches, or one thread's, at another time."""
    one = rng.choice(batches)
    by = rng.choice((1, -1, 100, -100, 10**5, -10**5, 10**9, 2**63))
    for batch in batches:
        if batch.numbers and one.numbers and batch.numbers[1] == one.numbers[1]:
            batch.numbers[2] = (batch.numbers[2] + by) % 2**64


def change_record(rng, batches, table):
    batch, found = one_events(rng, batches, table, "table")
    record = rng.choice(found or [[None, [], b""]])
    if record[0] == STRING and rng.random() < 0.6:
        record[2] = odd_text(rng)
    elif record[1]:
        i = rng.randrange(len(record[1]))
        pool = [r[1][i] for r in found if r[0] == record[0] and len(r[1]) > i]
        record[1][i] = close_or_odd(rng, record[1][i], pool)
    batch.data = pack(found)


def drop_record(rng, batches, table):
    batch, found = one_events(rng, batches, table, "table")
    if len(found) > 1:
        i = rng.randrange(1, len(found))
        if rng.random() < 0.5:
            del found[i]
        else:
            found.insert(i, found[i])
    batch.data = pack(found)


def change_clock(rng, batches, table):
    syncs = [b for b in batches if b.kind == EVENTS and b.data[:1] in (b"\x08", b"\x32")]
    if not syncs:
        return
    batch = rng.choice(syncs)
    found = items(batch.data, table)
    record = rng.choice([r for r in found if r[1]] or [[None, [0], b""]])
    i = rng.randrange(len(record[1]))
    record[1][i] = rng.choice((close_or_odd(rng, record[1][i]), rng.randrange(2**34), rng.randrange(2**64),
                               rng.randrange(10**9)))
    batch.data = pack(found)


def sample_ties(rng, batches, table):
    """CPU samples that are many and at the same few times."""
    for batch in batches:
        if batch.kind == EVENTS and batch.data[:1] == b"\x06":
            found = items(batch.data, table)
            samples = [r for r in found if r[0] == 7]
            times = [r[1][0] for r in samples[:4]]
            for record in samples:
                record[1][0] = rng.choice(times)
            batch.data = pack(found + rng.sample(samples, len(samples)))


def odd_text(rng):
    def char():
        sort = rng.random()
        if sort < 0.4:
            return rng.randbytes(1)
        if sort < 0.7:
            return chr(rng.randrange(0x20, 0x3000)).encode()
        return chr(rng.choice((rng.randrange(0x3000, 0xd800), rng.randrange(0xe000, 0x110000)))).encode()
    return b"".join(char() for _ in range(rng.choice((0, 1, 3, 10, 250))))[:1030]


# --------------------------------------------------------------------------- all

BYTES = {"cut": cut, "flip": flip, "replace": replace, "delete": delete, "insert": insert,
         "repeat": repeat, "header": other_header}
BATCHES = {"batch swapped": swap_batches, "batch doubled": double_batch, "batch dropped": drop_batch,
           "batch foreign": foreign_batch, "batch number": batch_number, "renumbered": renumber,
           "appended": append_trace}
EVENT = {"argument": change_argument, "event dropped": drop_event, "event doubled": double_event,
         "event swapped": swap_events, "event type": change_type, "event new": new_event,
         "coarse clock": coarse_clock, "clock moved": move_clock, "record": change_record,
         "record dropped": drop_record, "clock record": change_clock, "sample ties": sample_ties}
KINDS = (*BYTES, *BATCHES, *EVENT)


def damage_once(rng, kind, trace, other, table):
    if kind in BYTES:
        return BYTES[kind](rng, trace) if trace else trace
    header, batches, rest = parse(trace)
    batches = [b.copy() for b in batches]
    if not batches:
        return trace
    if kind in BATCHES:
        BATCHES[kind](rng, header, batches, other)
    else:
        EVENT[kind](rng, batches, table)
    return join(header, batches, rest)


def damage(rng, trace, other, table):
    """One kind of damage; now and then several ("several")."""
    if rng.random() < 0.1:
        for _ in range(rng.randrange(2, 5)):
            trace = damage_once(rng, rng.choice(KINDS), trace, other, table)
        return "several", trace
    kind = rng.choice(KINDS)
    return kind, damage_once(rng, kind, trace, other, table)
