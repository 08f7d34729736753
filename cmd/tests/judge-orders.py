#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# judge-orders.py - says whether a trace, as text for `tracetool assemble`, obeys the orders,
# lives, states and ranges of a spec: "good", "warning" or "bad", and why. Written from
# tracetool-spec(5) alone; it shares nothing with the reader or with random-orders.py.
# usage: judge-orders.py FOLDER COUNT      (FOLDER/N.spec, FOLDER/N.txt; a line each)
import sys
from collections import defaultdict

WORD = {"thread": 0, "proc": 1, "goroutine": 2}


class Bad(Exception):
    pass


class Wait(Exception):
    pass


def read_spec(path):
    """Blocks of the spec: resources by argument name, and events."""
    named, events, block = {}, {}, None
    for line in open(path):
        words = line.replace(",", " , ").split()
        if not words:
            continue
        if words[0] == "resource":
            block = {"name": words[1], "states": [], "unknown": None, "misuse": "error", "reused": False}
            named[words[1]] = block
        elif words[0] == "event":
            block = {"name": words[1], "clauses": []}
            events[words[1]] = block
        elif words[0] == "names":
            named.pop(block["name"], None)
            for word in words[1:]:
                named[word] = block
        elif words[0] == "states":
            block["states"] = words[1:]
        elif words[0] in ("unknown", "misuse"):
            block[words[0]] = words[1]
        elif words[0] == "reused":
            block["reused"] = True
        elif words[0] != "experiment":
            block["clauses"].append(words)
    for event in events.values():
        for words in event["clauses"]:
            if words[0] == "restates":
                named[words[1]]["announced"] = True
    return named, events


def read_trace(path):
    """Generations, each a list of threads, each with its (time, event, arguments)."""
    generations = []
    for line in open(path):
        words = line.split()
        name, args = words[0], dict((k, int(v)) for k, v in (w.split("=") for w in words[1:] if "=" in w))
        if name == "Trace" or name in ("Sync", "Frequency", "ClockSnapshot", "EndOfGeneration"):
            continue
        if name == "EventBatch":
            if len(generations) < args["gen"]:
                generations.append(defaultdict(list))
            thread, now = args["m"], args["time"]
            continue
        now += args.pop("dt")
        generations[-1][thread].append((now, name, args))
    return generations


class Judge:
    def __init__(self, named, events):
        self.named, self.events = named, events
        self.warnings = []
        self.numbers, self.lives, self.states, self.open = {}, {}, {}, defaultdict(int)

    def sequence(self, words, args, context):
        """The key of an `orders` line's sequence, and the argument with the number."""
        rest = words[1:]
        continues = rest[-1] == "continues"
        if continues:
            rest = rest[:-1]
        if rest[0] == "global":
            return ("global", rest[1], 0), rest[1], continues
        if rest[0] in WORD:
            whose = context[WORD[rest[0]]] if rest[1] == "self" else args[rest[1]]
            return (rest[0], rest[2], whose), rest[2], continues
        return ("resource", self.named[rest[0]]["name"], args[rest[0]]), rest[1], continues

    def role(self, resource, event):
        """What the event does to the resource: it uses it if it does not say so."""
        return next((w[0] for w in self.events[event]["clauses"]
                     if w[0] in ("creates", "destroys", "restates") and
                     self.named[w[1]]["name"] == resource), "uses")

    def may_be_older(self, key, event, args):
        """Whether a resource that was not seen before may have had any number of events."""
        resource = next(r for r in self.named.values() if r["name"] == key[1])
        role = self.role(key[1], event)
        how = resource["unknown"] or ("error" if resource.get("announced") else "warning")
        return role == "restates" or (role != "creates" and how != "error")

    def check_number(self, words, args, context, event):
        key, seq, continues = self.sequence(words, args, context)
        number, last = args[seq], self.numbers.get(key)
        if last is not None:
            last = last[0]
        elif continues and key[0] != "resource":
            return      # the first of those that continue counts as it is
        elif continues and self.may_be_older(key, event, args):
            return
        if number == (last or 0) + 1:
            return
        if number == 1 and key[0] == "resource":
            creates = any(w[0] == "creates" and self.named[w[1]]["name"] == key[1] and
                          args[w[1]] == key[2] for w in self.events[event]["clauses"])
            resource = next(r for r in self.named.values() if r["name"] == key[1])
            if creates and resource["reused"] and self.lives.get(key[1:]) != "live":
                return
        raise Wait("number")

    def check_context(self, words, args, context):
        needs = " ".join(words[1:]).split(" , ")
        for need in needs:
            parts = need.split()
            if parts == ["nothing"]:
                continue
            if parts[0] == "no":
                if context[WORD[parts[1]]] is not None:
                    raise Bad("context")
                continue
            has = context[WORD[parts[0]]]
            if has is None:
                raise Bad("context")
            if len(parts) > 1 and args[parts[1]] != has:
                raise Bad("same")

    def complain(self, how, what):
        if how == "error":
            raise Bad(what)
        if how == "warning":
            self.warnings.append(what)

    def check_life(self, words, args):
        resource = self.named[words[1]]
        key = (resource["name"], args[words[1]])
        before = [w for w in words[2:(words.index("->") if "->" in words else None)] if w != ","]
        life, role = self.lives.get(key), words[0]
        if role == "creates" and life == "live":
            self.complain(resource["misuse"], "twice")
        elif role != "creates" and life == "dead":
            self.complain(resource["misuse"], "gone")
        elif role in ("uses", "destroys") and life is None:
            self.complain(resource["unknown"] or
                          ("error" if resource.get("announced") else "warning"), "unknown")
        state = self.states.get(key)
        if before and life == "live" and state is not None and state not in before:
            self.complain(resource["misuse"], "state")

    def do_life(self, words, args):
        resource = self.named[words[1]]
        key, role = (resource["name"], args[words[1]]), words[0]
        if role == "destroys":
            self.lives[key] = "dead"
            self.states.pop(key, None)
            return
        if role == "creates":
            self.states[key] = resource["states"][0] if resource["states"] else None
        if role in ("creates", "restates"):
            self.lives[key] = "live"
        if "->" in words:
            to = words[words.index("->") + 1:]
            self.states[key] = to[0] if len(to) == 1 or args[to[2]] != 0 else to[4]

    def range_key(self, event, words, args, context):
        pair = next((w[1] for w in self.events[event]["clauses"] if w[0] == "pair"), event)
        whose = 0 if words[2] == "global" else context[WORD[words[2]]]
        key = args[words[words.index("by") + 1]] if "by" in words else None
        return pair, whose, key

    def event(self, name, args, context):
        clauses = self.events[name]["clauses"]
        for words in clauses:
            if words[0] == "orders":
                self.check_number(words, args, context, name)
        for words in clauses:
            if words[0] == "needs":
                self.check_context(words, args, context)
        for words in clauses:
            if words[0] in ("creates", "uses", "destroys", "restates"):
                self.check_life(words, args)
        for words in clauses:
            if words[0] != "range":
                continue
            key = self.range_key(name, words, args, context)
            nested = any(w[0] == "range" and "nested" in w for w in self.events[key[0]]["clauses"])
            if words[1] == "begin" and self.open[key] > 0 and not nested:
                raise Bad("begin-twice")
            if words[1] == "end" and self.open[key] == 0:
                raise Bad("end-alone")
            self.open[key] += 1 if words[1] == "begin" else -1
        for words in clauses:
            if words[0] == "orders":
                key, seq, continues = self.sequence(words, args, context)
                self.numbers[key] = (args[seq], continues)
            elif words[0] in ("creates", "uses", "destroys", "restates"):
                self.do_life(words, args)

    def generation(self, threads):
        self.numbers = {k: v for k, v in self.numbers.items() if v[1]}
        self.lives = {k: v for k, v in self.lives.items() if v == "live"}
        contexts = {m: [None if m == -1 else m, None, None] for m in threads}
        at = {m: 0 for m in threads}
        while True:
            heads = sorted((threads[m][at[m]][0], m) for m in threads if at[m] < len(threads[m]))
            if not heads:
                return
            for _, m in heads:
                _, name, args = threads[m][at[m]]
                if name == "ProcStatus":
                    contexts[m][1] = args["p"]
                elif name == "GoStatus":
                    contexts[m][2] = args["g"]
                else:
                    try:
                        self.event(name, args, contexts[m])
                    except Wait:
                        continue
                at[m] += 1
                break
            else:
                raise Bad("number")


def judge(spec, trace):
    named, events = read_spec(spec)
    state = Judge(named, events)
    try:
        for threads in read_trace(trace):
            state.generation(threads)
    except Bad as why:
        return "bad %s" % why
    return "warning " + state.warnings[0] if state.warnings else "good"


def main():
    for n in range(int(sys.argv[2])):
        print(judge("%s/%d.spec" % (sys.argv[1], n), "%s/%d.txt" % (sys.argv[1], n)))


if __name__ == "__main__":
    main()
