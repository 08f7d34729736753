#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""live-objects.py - what lives on the heap at the end of a trace, by type, straight
from `tracetool dump --format=wire`: nothing of lib/ but its raw text is used, so
that `tracetool heap` can be held against it.

usage: tracetool dump --format=wire TRACE | live-objects.py >ROWS

A row is type name, size of the type, objects, bytes, parted by tabs; sorted.
"""
import bisect
import collections
import re
import sys

# class_to_size of Go 1.23 to 1.27
SIZES = [int(n) for n in """0 8 16 24 32 48 64 80 96 112 128 144 160 176 192 208 224 240 256
288 320 352 384 416 448 480 512 576 640 704 768 896 1024 1152 1280 1408 1536 1792 2048 2304 2688
3072 3200 3456 4096 4864 5376 6144 6528 6784 6912 8192 9472 9728 10240 10880 12288 13568 14336
16384 18432 19072 20480 21760 24576 27264 28672 32768""".split()]
ACTS = ("Span", "SpanAlloc", "SpanFree", "HeapObject", "HeapObjectAlloc", "HeapObjectFree")
ESCAPES = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, '"': 34}


def unquote(text):
    out = bytearray()
    i = 1
    while i < len(text) - 1:
        if text[i] != "\\":
            out += text[i].encode()
            i += 1
            continue
        c = text[i + 1]
        if c in ESCAPES:
            out.append(ESCAPES[c])
            i += 2
            continue
        n = {"x": 2, "u": 4, "U": 8}[c]
        value = int(text[i + 2:i + 2 + n], 16)
        out += bytes([value]) if c == "x" else chr(value).encode()
        i += 2 + n
    return bytes(out)


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def read(lines):
    """Generations: events as (time, place, name, arguments), types by id, info or None."""
    number = re.compile(r"(\w+)=(\d+)")
    generations = []
    key, current, now, batch, place = None, None, 0, None, 0
    for line in lines:
        if line.startswith("\tdata=") and batch is not None:
            data, at = unquote(line[6:].strip()), 1
            if data[:1] == b"\1":
                fields = []
                while at < len(data):
                    value, at = varint(data, at)
                    fields.append(value)
                current["info"] = fields
            while data[:1] == b"\0" and at < len(data):
                ident, at = varint(data, at)
                _, at = varint(data, at)
                size, at = varint(data, at)
                _, at = varint(data, at)
                length, at = varint(data, at)
                current["types"].setdefault(ident, (data[at:at + length], size))
                at += length
            batch = None
            continue
        if line.startswith("\t") or not line.strip():
            continue
        name = line.split(None, 1)[0]
        args = {k: int(v) for k, v in number.findall(line)}
        if name == "EndOfGeneration":
            key = None
        elif name in ("EventBatch", "ExperimentalBatch"):
            if args["gen"] != key:
                key = args["gen"]
                current = {"events": [], "types": {}, "info": None}
                generations.append(current)
            now = args["time"]
            batch = current if name[1] == "x" and args.get("exp") == 1 else None
        elif "dt" in args:
            now += args["dt"]
            if name in ACTS:
                place += 1
                current["events"].append((now, place, name, args))
    return generations


class Heap:
    def __init__(self):
        self.base, self.page, self.unit = 0, 8192, 8
        self.starts, self.spans, self.live = [], {}, {}
        self.twice, self.spans_twice = set(), set()

    def span_of(self, address):
        i = bisect.bisect_right(self.starts, address) - 1
        if i < 0:
            return None
        start = self.starts[i]
        nbytes, kindclass = self.spans[start]
        return (start, nbytes, kindclass) if address < start + nbytes else None

    def spot(self, address):
        """Address and size of the slot; whether small objects share it."""
        span = self.span_of(address)
        if span is None or span[2] & 1 or span[2] >> 2 >= len(SIZES):
            return address, 0, False
        start, nbytes, kindclass = span
        size = SIZES[kindclass >> 2] or nbytes
        slot = min((address - start) // size, max(nbytes // size, 1) - 1)
        return start + slot * size, size, kindclass >> 1 == 5

    def remove(self, start):
        del self.spans[start]
        self.starts.remove(start)

    def span(self, args):
        start = (self.base + args["id"] * self.page) % 2**64
        nbytes = args["npages_value"] * self.page
        i = bisect.bisect_left(self.starts, start)
        gone = self.starts[i:bisect.bisect_left(self.starts, start + nbytes)]
        if i > 0 and self.starts[i - 1] + self.spans[self.starts[i - 1]][0] > start:
            gone.append(self.starts[i - 1])
        for old in gone:
            if old == start and old not in self.spans_twice:
                self.spans_twice.add(start)
            self.remove(old)
        self.spans[start] = (nbytes, args["kindclass"])
        bisect.insort(self.starts, start)

    def span_free(self, args):
        start = (self.base + args["id"] * self.page) % 2**64
        if start in self.spans_twice:
            self.spans_twice.discard(start)
        elif start in self.spans:
            self.remove(start)

    def alloc(self, args, types):
        address, size, tiny = self.spot((self.base + args["id"] * self.unit) % 2**64)
        if address in self.live:
            if tiny:
                return
            self.twice.add(address)
        self.live[address] = types.get(args["type"], (b"", 0)) + (size,)

    def free(self, args):
        address = self.spot((self.base + args["id"] * self.unit) % 2**64)[0]
        if address in self.twice:
            self.twice.discard(address)
        else:
            self.live.pop(address, None)


def main():
    heap = Heap()
    lines = sys.stdin.buffer.read().decode("utf-8", "surrogateescape").split("\n")
    for generation in read(lines):
        if generation["info"] and not heap.live and not heap.spans:
            heap.base, heap.page, heap.unit = generation["info"][:3]
        for _, _, name, args in sorted(generation["events"], key=lambda e: e[:2]):
            if name in ("Span", "SpanAlloc"):
                heap.span(args)
            elif name == "SpanFree":
                heap.span_free(args)
            elif name == "HeapObjectFree":
                heap.free(args)
            else:
                heap.alloc(args, generation["types"])
    count = collections.Counter()
    nbytes = collections.Counter()
    for name, size, slot in heap.live.values():
        count[name, size] += 1
        nbytes[name, size] += slot
    for (name, size), n in sorted(count.items()):
        print(name.decode("utf-8", "replace"), size, n, nbytes[name, size], sep="\t")


main()
