# SPDX-License-Identifier: MIT
"""The events that `dump --format=go` prints of a trace, as one text: traces may be long.

A text of a hundred million lines is not taken apart: parts of it are compared as they are.
"""
import re
import subprocess
import tempfile

EVENT = re.compile(rb"M=\S+ P=\S+ G=\S+ \S+ Time=(-?\d+)")
GOROUTINE = re.compile(rb" GoID=(\d+)")
SYNC = re.compile(rb"M=\S+ P=\S+ G=\S+ Sync Time=")
CONTEXT = re.compile(rb"^M=\S+ P=\S+ G=\S+ ", re.M)
TASK_END = re.compile(rb"^(M= TaskEnd .* Parent=)\d+", re.M)
MEANING = re.compile(rb'"event":"(\w+)","time_ns":(-?\d+),.*"means":(.*)')
RENUMBERED = re.compile(rb'"stack_id":\d+|("batch":"\w+",)"id":\d+')
COUNTED = re.compile(rb"(\w*(?:seq|stack)=Value\{)[^}]*\}")
SPECS = [] # options for all verbs: experiments that Go does not have
SHORTEST_RUN, LONGEST_RUN = 256, 1 << 20


def next_event(text, at):
    """Where the event after the one at a place begins."""
    return text.find(b"\nM=", at) + 1 or len(text)


def without_syncs(text):
    kept, begin, at = [], 0, text.find(b" Sync Time=")
    while at >= 0:
        line = text.rfind(b"\n", 0, at) + 1
        end = next_event(text, at)
        if SYNC.match(text, line):
            kept.append(text[begin:line])
            begin = end
        at = text.find(b" Sync Time=", end)
    return b"".join(kept) + text[begin:] if kept else text


def dump(path, *selection):
    """The events without Syncs, each with its stacks. Numbers of an experiment's events and ids of
    their stacks are others in each trace."""
    with tempfile.TemporaryFile() as file:
        subprocess.run(("tracetool", "dump", "--format=go", *SPECS, *selection, path),
                       stdout=file, stderr=subprocess.DEVNULL, check=False)
        file.seek(0)
        text = without_syncs(file.read())
    return COUNTED.sub(rb"\1?}", text) if SPECS else text


def meanings(path, *selection):
    """What the experimental events say whose arguments mean more than their numbers: with the
    records that the tables of their experiment have of them."""
    with subprocess.Popen(("tracetool", "dump", "-q", "--format=json", "-k", "Experimental",
                           *SPECS, *selection, path),
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as rows:
        for row in rows.stdout:
            said = MEANING.search(row)
            if said:
                yield said.group(1), said.group(2), RENUMBERED.sub(rb"\1", said.group(3))


def without_context(text):
    """What the events of format v1 have in common with what becomes of them."""
    return TASK_END.sub(rb"\1?", CONTEXT.sub(b"M= ", text))


def events(text):
    """Each event with its time."""
    at = 0
    while at < len(text):
        time, end = EVENT.match(text, at), next_event(text, at)
        yield int(time.group(1)), text[at:time.start(1)] + text[time.end(1):end]
        at = end


def place_of(event, text, at):
    """Where a whole event is next found, or -1."""
    while True:
        at = text.find(event, at)
        after = at + len(event)
        if at < 0 or text[at - 1:at] in (b"", b"\n") and text[after:after + 2] in (b"", b"M="):
            return at
        at += 1


def first_missing(want, got):
    """The first event that is not found in `got` in this order, as (number, event), or None.

    Runs of bytes that both texts have are skipped as a whole, each longer than the one before.
    """
    i, j, run = 0, 0, SHORTEST_RUN
    while i < len(want):
        if want[i:i + run] == got[j:j + run]:
            begun = want.rfind(b"\nM=", i, i + run) + 1
            if begun > i:
                i, j, run = begun, j + begun - i, min(2 * run, LONGEST_RUN)
                continue
        event = want[i:next_event(want, i)]
        there = place_of(event, got, j)
        if there < 0:
            return want.count(b"\nM=", 0, i) + 1 + (i > 0), event
        i, j, run = i + len(event), there + len(event), SHORTEST_RUN
    return None


class Dump:
    """The dump of a source. An event is found by the place in the text at which it begins."""

    def __init__(self, path):
        self.text = dump(path)
        self.count = self.text.count(b"\nM=") + bool(self.text)

    def goroutines(self):
        return sorted({int(g) for g in GOROUTINE.findall(self.text)})

    def event_at(self, at):
        """Where the event begins of which a byte is at a place."""
        return self.text.rfind(b"\nM=", 0, at + 2) + 1

    def time(self, at):
        return int(EVENT.match(self.text, at).group(1))

    def window(self, first, last):
        """All events of the times of two events, and of those between: where they begin and end.

        Also gives the two times.
        """
        begin, end = self.time(first), self.time(last)
        while first > 0 and self.time(self.event_at(first - 1)) == begin:
            first = self.event_at(first - 1)
        last = next_event(self.text, last)
        while last < len(self.text) and self.time(last) == end:
            last = next_event(self.text, last)
        return first, last, begin, end
