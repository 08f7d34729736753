# SPDX-License-Identifier: MIT
"""Reads profiles of google/pprof (profile.proto) without any library: a second reader for
what `tracetool export` writes. As a program: prints a profile's samples, a line each."""
import gzip
import sys
from collections import Counter


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """Yields (number, value): an int, or bytes."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        elif tag & 7 == 2:
            size, at = varint(data, at)
            if at + size > len(data):
                raise ValueError("a field reaches past the end")
            value = data[at:at + size]
            at += size
        else:
            raise ValueError(f"wire type {tag & 7}")
        yield tag >> 3, value


def numbers(value):
    """A repeated number: packed, or one of them."""
    if isinstance(value, int):
        return [value]
    found, at = [], 0
    while at < len(value):
        number, at = varint(value, at)
        found.append(number)
    return found


def signed(value):
    return value - (1 << 64) if value >> 63 else value


class Profile:
    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        self.message = list(fields(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data))
        self.strings = [value.decode("utf-8", "replace") for number, value in self.message if number == 6]
        assert self.strings and self.strings[0] == "", "the first string is not empty"
        self.functions = self.records(5)
        self.locations = self.records(4)
        self.numbers = {number: value for number, value in self.message if isinstance(value, int)}
        self.sample_types = [self.value_type(value) for number, value in self.message if number == 1]

    def records(self, number):
        found = {}
        for at, value in self.message:
            if at == number:
                record = list(fields(value))
                found[dict(record)[1]] = record
        return found

    def value_type(self, value):
        record = dict(fields(value))
        return self.strings[record.get(1, 0)], self.strings[record.get(2, 0)]

    def frames(self, location):
        """(function, file, line) of a location, innermost first."""
        for number, value in self.locations[location]:
            if number == 4:
                line = dict(fields(value))
                function = dict(self.functions[line[1]])
                yield (self.strings[function.get(2, 0)], self.strings[function.get(4, 0)], line.get(2, 0))

    def samples(self):
        """Yields (stack, values, labels), the stack innermost first."""
        for at, value in self.message:
            if at != 2:
                continue
            stack, values, labels = [], [], []
            for number, item in fields(value):
                if number == 1:
                    for location in numbers(item):
                        stack.extend(self.frames(location))
                elif number == 2:
                    values.extend(signed(n) for n in numbers(item))
                elif number == 3:
                    label = dict(fields(item))
                    labels.append((self.strings[label[1]],
                                   self.strings[label[2]] if 2 in label else signed(label.get(3, 0))))
            yield tuple(stack), tuple(values), tuple(sorted(labels, key=str))

    def multiset(self):
        return Counter((stack, values) for stack, values, _ in self.samples())


def main():
    profile = Profile(sys.argv[1])
    print("types", " ".join("/".join(t) for t in profile.sample_types))
    for stack, values, labels in sorted(profile.samples(), key=str):
        print(*values, ";".join(name for name, _, _ in reversed(stack)) or "(no stack)",
              " ".join(f"{key}={value}" for key, value in labels), sep=" ")


if __name__ == "__main__":
    main()
