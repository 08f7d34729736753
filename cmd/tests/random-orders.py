#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# random-orders.py - writes random specs and, for each, a trace that obeys it or breaks one
# rule of it. A model of the rules runs along: it knows what may happen next, and so
# what must not. judge-orders.py, which shares nothing with this file, decides the same
# from the files alone.
# usage: random-orders.py SEED COUNT FOLDER
# FOLDER/N.spec, FOLDER/N.txt (for `tracetool assemble`), FOLDER/N.verdict: "good"; "bad" or
# "warning", and the rule that was broken.
import copy
import pathlib
import random
import sys

FIRST_TYPE = 140
GENERATIONS = 3
# What threads have, all the time: (thread, P, goroutine).
THREADS = [(10, 0, 100), (11, 1, 101), (12, 2, None), (13, None, None), (14, None, None)]
NO_THREAD = (-1, None, None)
WORDS = {"m": "thread", "p": "proc", "g": "goroutine"}


class Resource:
    def __init__(self, rng, number):
        self.name = "r" + "abc"[number]
        self.args = [self.name] + (["other" + self.name] if rng.random() < 0.4 else [])
        self.states = rng.sample(["idle", "armed", "open", "held"], rng.choice([0, 0, 2, 3, 4]))
        self.unknown = rng.choice(["error", "nothing", "warning", None])
        self.misuse = rng.choice(["error", "warning", None, None])
        self.reused = rng.random() < 0.3
        self.continues = rng.random() < 0.3

    def text(self):
        lines = ["resource " + self.name, "\tnames " + " ".join(self.args)]
        if self.states:
            lines.append("\tstates " + " ".join(self.states))
        if self.unknown:
            lines.append("\tunknown " + self.unknown)
        if self.misuse:
            lines.append("\tmisuse " + self.misuse)
        if self.reused:
            lines.append("\treused")
        return "\n".join(lines)


class Event:
    """What the spec says of an event, as data: clauses are made of it, and arguments."""

    def __init__(self, name, kind):
        self.name, self.type = name, kind
        self.args = []          # names, in wire order
        self.needs = {}         # "m p g" -> True, False
        self.same = {}          # "m p g" -> argument
        self.numbers = []       # (scope, argument or None, seq argument, continues)
        self.lives = []         # (resource, argument, role, from states, to, condition, else)
        self.range = None       # (role, scope, argument or None, key argument or None, nested)
        self.pair = None

    def text(self):
        lines = ["event %s %d since 1.26" % (self.name, self.type)]
        lines.append("\targs dt " + " ".join(self.args))
        needs = [("" if self.needs[k] else "no ") + WORDS[k] +
                 (" " + self.same[k] if k in self.same else "") for k in "mpg" if k in self.needs]
        lines.append("\tneeds " + (", ".join(needs) if needs else "nothing"))
        for scope, arg, seq, continues in self.numbers:
            which = {"resource": arg, "global": "global"}.get(scope) or scope + " " + (arg or "self")
            lines.append("\torders %s %s%s" % (which, seq, " continues" if continues else ""))
        for _, arg, role, before, to, condition, other in self.lives:
            line = "\t%s %s" % (role, arg)
            if before:
                line += " " + ", ".join(before)
            if to:
                line += " -> " + to + (" if %s else %s" % (condition, other) if condition else "")
            lines.append(line)
        if self.range:
            role, scope, arg, key, nested = self.range
            if self.pair:
                lines.append("\tpair " + self.pair)
            lines.append("\trange %s %s%s%s%s" % (
                role, scope, "" if scope == "global" else " " + (arg or "self"),
                " by " + key if key else "", " nested" if nested and role == "begin" else ""))
        return "\n".join(lines)


def random_needs(rng, event, scopes):
    event.needs = {}
    for k in "mpg":
        roll = rng.random()
        if WORDS[k] in scopes:
            event.needs[k] = True
        elif roll < 0.35:
            event.needs[k] = True
        elif roll < 0.42:
            event.needs[k] = False
    # such that some thread has it
    if not any(fits(event, c) for c in THREADS + [NO_THREAD]):
        event.needs = {k: True for k in "mpg" if event.needs.get(k)}
    for k in "mpg":
        if event.needs.get(k) and rng.random() < 0.2:
            arg = "cur_" + k
            event.args.append(arg)
            event.same[k] = arg


def fits(event, context):
    for k, wanted in event.needs.items():
        has = context[0] != -1 if k == "m" else context["mpg".index(k)] is not None
        if has != wanted:
            return False
    return True


def random_life(rng, resource, arg, role):
    before, to, condition, other = [], None, None, None
    if resource.states:
        if role in ("uses", "destroys") and rng.random() < 0.5:
            before = rng.sample(resource.states, rng.randrange(1, len(resource.states)))
        if role != "destroys" and rng.random() < 0.7:
            to = rng.choice(resource.states)
            if role == "uses" and rng.random() < 0.4:
                condition, other = "flag_value", rng.choice(resource.states)
    return (resource, arg, role, before, to, condition, other)


def random_spec(rng):
    resources = [Resource(rng, i) for i in range(rng.randrange(1, 4))]
    events = []
    scope_seqs = [s for s in ("global", "thread", "proc", "goroutine") if rng.random() < 0.3]
    scope_continues = {s: rng.random() < 0.5 for s in scope_seqs}
    for resource in resources:
        numbered = rng.random() < 0.8
        roles = ["creates", "uses"] + [r for r in ("destroys", "restates", "uses") if rng.random() < 0.6]
        for role in roles:
            event = Event("E%d" % len(events), FIRST_TYPE + len(events))
            arg = rng.choice(resource.args)
            event.args.append(arg)
            life = random_life(rng, resource, arg, role)
            if life[5]:
                event.args.append(life[5])
            event.lives.append(life)
            if numbered:
                seq = arg + "_seq"
                event.args.append(seq)
                event.numbers.append(("resource", arg, seq, resource.continues))
            events.append(event)
        if len(resources) > 1 and rng.random() < 0.3:
            # one more resource in the same event, by another of its arguments
            event = rng.choice(events)
            if all(life[0] is not resource for life in event.lives):
                arg = resource.args[0]
                event.args.append(arg)
                event.lives.append(random_life(rng, resource, arg, "uses"))
                if event.lives[-1][5] and "flag_value" not in event.args:
                    event.args.append("flag_value")
                if numbered:
                    event.args.append(arg + "_seq")
                    event.numbers.append(("resource", arg, arg + "_seq", resource.continues))
    for i in range(rng.randrange(0, 3)):
        scope = rng.choice(["goroutine", "proc", "thread", "global"])
        keyed, nested = rng.random() < 0.5, rng.random() < 0.3
        begin, end = Event("B%d" % i, FIRST_TYPE + len(events)), Event("F%d" % i, FIRST_TYPE + len(events) + 1)
        for event, role in ((begin, "begin"), (end, "end")):
            if keyed:
                event.args.append("key")
            event.range = (role, scope, None, "key" if keyed else None, nested)
        end.pair = begin.name
        events += [begin, end]
    if not events or rng.random() < 0.3:
        events.append(Event("N", FIRST_TYPE + len(events)))
    always = ["global"] if "global" in scope_seqs and rng.random() < 0.7 else []
    for event in events:
        for scope in scope_seqs:
            # (an event has to do with four at most; a number goes with its resource's life)
            if len(event.lives) + sum(n[0] != "resource" for n in event.numbers) == 4:
                continue
            if scope in always or rng.random() < 0.4:
                seq = scope[:2] + "x_seq"
                event.args.append(seq)
                event.numbers.append((scope, None, seq, scope_continues[scope]))
        scopes = [n[0] for n in event.numbers] + ([event.range[1]] if event.range else [])
        random_needs(rng, event, scopes)
        rng.shuffle(event.args)
    text = "experiment Random 9\n" + "".join(r.text() + "\n" for r in resources) + \
        "".join(e.text() + "\n" for e in events)
    return resources, events, text


class Model:
    """What has happened, and so what may happen next."""

    def __init__(self, resources, events):
        self.resources = resources
        self.life = {}          # (resource, id) -> "live", "dead"
        self.state = {}         # (resource, id) -> state or None: not known
        self.count = {}         # sequence -> last number
        self.ranges = {}        # (begin event, whose, key) -> depth
        self.restated = {r for r in resources for e in events for life in e.lives
                         if life[0] is r and life[2] == "restates"}

    def begin_generation(self):
        self.count = {k: n for k, n in self.count.items() if k[-1]}
        self.life = {k: v for k, v in self.life.items() if v == "live"}
        self.state = {k: v for k, v in self.state.items() if k in self.life}

    @staticmethod
    def own(scope, context):
        return {"global": 0, "thread": context[0], "proc": context[1], "goroutine": context[2]}[scope]

    def sequence(self, event, number, args, context):
        scope, arg, seq, continues = number
        if scope == "resource":
            resource = next(life[0] for life in event.lives if life[1] == arg)
            return (resource.name, args[arg], continues)
        return (scope, seq, self.own(scope, context), continues)

    def fault(self, event, args, context):
        """The rule that the event would break (its numbers left out), or None."""
        for rule, resource in self.faults(event, args, context):
            return rule
        return None

    def is_warning(self, event, args, context):
        """Whether no rule is broken that makes the trace bad."""
        for rule, resource in self.faults(event, args, context):
            if resource is None:
                return False
            how = resource.unknown if rule == "unknown" else resource.misuse
            if how != "warning" and not (rule == "unknown" and how is None and
                                         resource not in self.restated):
                return False
        return True

    def faults(self, event, args, context):
        for resource, arg, role, before, _, _, _ in event.lives:
            key = (resource, args[arg])
            life = self.life.get(key)
            if role == "creates":
                if life == "live":
                    yield "twice", resource
            elif role == "restates":
                if life == "dead":
                    yield "gone", resource
            elif life == "dead":
                yield "gone", resource
            elif life is None and resource.unknown != "nothing":
                yield "unknown", resource
            state = self.state.get(key)
            if before and life == "live" and state is not None and state not in before:
                yield "state", resource
        if event.range:
            role, scope, _, key, nested = event.range
            where = (event.pair or event.name, self.own(scope, context), args[key] if key else None)
            if role == "begin" and self.ranges.get(where, 0) > 0 and not nested:
                yield "begin-twice", None
            if role == "end" and self.ranges.get(where, 0) == 0:
                yield "end-alone", None

    def apply(self, event, args, context):
        for resource, arg, role, before, to, condition, other in event.lives:
            key = (resource, args[arg])
            if role == "destroys":
                self.life[key] = "dead"
                self.state.pop(key, None)
                continue
            if role != "uses" or key in self.life:
                if role in ("creates", "restates"):
                    if role == "creates":
                        self.state[key] = resource.states[0] if resource.states else None
                    self.life[key] = "live"
            else:
                self.life[key] = "live" if resource.unknown == "nothing" else "seen"
            if to:
                self.state[key] = other if condition and args[condition] == 0 else to
        if event.range:
            role, scope, _, key, _ = event.range
            where = (event.pair or event.name, self.own(scope, context), args[key] if key else None)
            self.ranges[where] = self.ranges.get(where, 0) + (1 if role == "begin" else -1)


def random_args(rng, event, context):
    args = {}
    for name in event.args:
        args[name] = rng.randrange(1, 5)
    for resource, arg, _, _, _, _, _ in event.lives:
        args[arg] = rng.randrange(1, 4)
    if "flag_value" in args:
        args["flag_value"] = rng.choice([0, 1, 7])
    for k, arg in event.same.items():
        args[arg] = context["mpg".index(k)]
    return args


def number_it(model, event, args, context):
    """Gives the event its numbers."""
    for number in event.numbers:
        sequence = model.sequence(event, number, args, context)
        last = model.count.get(sequence, 0)
        args[number[2]] = last + 1
        model.count[sequence] = last + 1


def usable(model, event, args):
    """Leaves out what the page does not settle, or what two rules would say of one event."""
    ids = [(life[0], args[life[1]]) for life in event.lives]
    if len(set(ids)) < len(ids):
        return False
    for resource, arg, role, _, _, _, _ in event.lives:
        key = (resource, args[arg])
        if model.life.get(key) == "seen" or (key not in model.life and role in ("uses", "destroys")):
            return False
    return True


def random_trace(rng, resources, events, want_bad):
    model = Model(resources, events)
    out, broken = [], None
    when = 1000
    for _ in range(GENERATIONS):
        model.begin_generation()
        rows = []
        for _ in range(rng.randrange(5, 30)):
            event = rng.choice(events)
            contexts = [c for c in THREADS + [NO_THREAD] if fits(event, c)]
            context = rng.choice(contexts)
            args = random_args(rng, event, context)
            if not usable(model, event, args) or model.fault(event, args, context):
                continue
            number_it(model, event, args, context)
            when += rng.randrange(10, 100)
            rows.append((when, context, event, args))
            model.apply(event, args, context)
        out.append(rows)
    if want_bad:
        broken = break_one(rng, resources, events, out)
    return out, broken


def replay(resources, events, out, generation, row):
    """The model as it is before that row."""
    model = Model(resources, events)
    for g in range(generation + 1):
        model.begin_generation()
        for i, (_, context, event, args) in enumerate(out[g]):
            if (g, i) == (generation, row):
                return model
            for number in event.numbers:
                model.count[model.sequence(event, number, args, context)] = args[number[2]]
            model.apply(event, args, context)
    return model


def break_one(rng, resources, events, out):
    """Changes the trace so that one event breaks one rule; the rule, or None."""
    rows = [(g, i) for g in range(len(out)) for i in range(len(out[g]))]
    rng.shuffle(rows)
    for g, i in rows:
        when, context, event, args = out[g][i]
        way = rng.choice(["number", "context", "insert", "insert", "insert"])
        if way == "number" and event.numbers:
            number = rng.choice(event.numbers)
            if number[3] and model_before(resources, events, out, g, i, number) is None:
                continue        # the first number of those that continue may be any
            changed = dict(args)
            if rng.random() < 0.5 or number[3]:
                changed[number[2]] = 0
            else:
                changed[number[2]] += rng.choice([1000, 5000])
            out[g][i] = (when, context, event, changed)
            return "number"
        if way == "context" and event.same:
            k = rng.choice(sorted(event.same))
            changed = dict(args)
            changed[event.same[k]] += 50
            out[g][i] = (when, context, event, changed)
            return "same"
        if way == "context" and event.needs:
            others = [c for c in THREADS + [NO_THREAD] if not fits(event, c)
                      and not any(c["mpg".index(k)] is None for k in event.same)]
            scoped = [n for n in event.numbers if n[0] not in ("resource", "global")]
            if others and not scoped and not event.same:
                out[g][i] = (when, rng.choice(others), event, args)
                return "context"
        if way == "insert":
            model = replay(resources, events, out, g, i)
            bad = rng.choice(events)
            contexts = [c for c in THREADS + [NO_THREAD] if fits(bad, c)]
            bad_context = rng.choice(contexts)
            bad_args = random_args(rng, bad, bad_context)
            ids = [(life[0], bad_args[life[1]]) for life in bad.lives]
            rule = model.fault(bad, bad_args, bad_context)
            if rule is None or len(set(ids)) < len(ids):
                continue
            if any(model.life.get(k) == "seen" for k in ids):
                continue
            warning = model.is_warning(bad, bad_args, bad_context)
            before = copy.deepcopy([[row[3] for row in rows] for rows in out])
            number_it(model, bad, bad_args, bad_context)
            out[g].insert(i, (when - 5, bad_context, bad, bad_args))
            renumber(model, out, g, i, bad, bad_args, bad_context)
            if not warning or only_warns(resources, events, out):
                return "warning " + rule if warning else rule
            del out[g][i]
            for rows, kept in zip(out, before):
                rows[:] = [row[:3] + (args,) for row, args in zip(rows, kept)]
    return None


def model_before(resources, events, out, g, i, number):
    """The last number of a sequence before that row, or None."""
    _, context, event, args = out[g][i]
    model = replay(resources, events, out, g, i)
    return model.count.get(model.sequence(event, number, args, context))


def renumber(model, out, g, i, bad, bad_args, bad_context):
    """Counts the row that was inserted in what comes after it."""
    taken = [model.sequence(bad, n, bad_args, bad_context) for n in bad.numbers]
    for later in range(g, len(out)):
        for row in range(i + 1 if later == g else 0, len(out[later])):
            _, context, event, args = out[later][row]
            for number in event.numbers:
                sequence = model.sequence(event, number, args, context)
                if sequence in taken and (later == g or sequence[-1]):
                    args[number[2]] += 1


def clocks(rng, events):
    """How far each thread's clock is off: where one sequence orders all, that changes nothing."""
    ordered = all(("global", False) in [(n[0], n[3]) for n in e.numbers] for e in events)
    return {c: rng.randrange(-500, 500) if ordered else 0 for c in THREADS + [NO_THREAD]}


def only_warns(resources, events, out):
    """Whether what comes after a warning is not worse."""
    model = Model(resources, events)
    for rows in out:
        model.begin_generation()
        for _, context, event, args in rows:
            if not model.is_warning(event, args, context):
                return False
            model.apply(event, args, context)
    return True


def write_trace(out, clock):
    lines = ["Trace Go1.26"]
    for generation, rows in enumerate(out, 1):
        start = generation * 10000000
        lines += ["EventBatch gen=%d m=-1 time=%d" % (generation, start), "Sync",
                  "Frequency freq=1000000000",
                  "ClockSnapshot dt=0 mono=%d sec=1700000000 nsec=%d" % (generation * 1000, generation)]
        for context in THREADS + [NO_THREAD]:
            mine = [r for r in rows if r[1] == context]
            thread, proc, goroutine = context
            last = start + 10
            batch = ["EventBatch gen=%d m=%d time=%d" % (generation, thread, last)]
            if proc is not None:
                batch.append("ProcStatus dt=1 p=%d pstatus=1" % proc)
                last += 1
            if goroutine is not None:
                batch.append("GoStatus dt=1 g=%d m=%d gstatus=2" % (goroutine, thread))
                last += 1
            for when, _, event, args in mine:
                at = start + when + clock[context]
                batch.append("%s dt=%d %s" % (event.name, at - last, " ".join(
                    "%s=%d" % (a, args[a]) for a in event.args)))
                last = at
            if len(batch) > 1:
                lines += batch
        lines.append("EndOfGeneration")
    return "\n".join(lines) + "\n"


def main():
    seed, count, folder = int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    for n in range(count):
        rng = random.Random("%d %d" % (seed, n))
        resources, events, text = random_spec(rng)
        out, broken = random_trace(rng, resources, events, rng.random() < 0.6)
        (folder / ("%d.spec" % n)).write_text(text)
        (folder / ("%d.txt" % n)).write_text(write_trace(out, clocks(rng, events)))
        (folder / ("%d.verdict" % n)).write_text(
            "good\n" if not broken else broken + "\n" if " " in broken else "bad %s\n" % broken)


if __name__ == "__main__":
    main()
