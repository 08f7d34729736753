# SPDX-License-Identifier: MIT
"""Invents Go execution traces.

invent(rng) gives the bytes of a trace that no program wrote: up to 150 threads whose
clocks are a little or far apart, coarse or too fine, so that many events have the same time
and many have to wait for others; several generations; now and then an event that
cannot be. A small model of the scheduler says what can happen next.
"""
from damage import SOME, leb

NOBODY = 2**64 - 1
RUNNABLE, RUNNING, SYSCALL, WAITING = 1, 2, 3, 4
P_RUNNING, P_IDLE, P_SYSCALL, P_ABANDONED = 1, 2, 3, 4
STRINGS, STACKS = 8, 5
# Events of a batch, which holds at most 64 KiB.
MOST = 2000


class Thread:
    def __init__(self, rng, m, apart=20):
        self.m, self.p, self.g = m, None, None
        self.skew, self.last = rng.choice((0, 0, rng.randrange(-apart, apart))), 0
        self.events, self.regions, self.ranges = [], [], []


class World:
    """What runs where, and what each thread has written of this generation."""

    def __init__(self, rng):
        self.rng = rng
        self.least, self.step = 0, rng.choice((0, 1, 3, 100))
        self.mistakes = rng.choice((0, 0, 0.002, 0.02))
        self.clock = 1000
        self.nobody = Thread(rng, NOBODY)
        apart = rng.choice((20, 20, 100 * self.step + 1))
        self.threads = [Thread(rng, 100 + i, apart) for i in range(rng.choice((1, 2, 4, 13, 14, 25, 40, 150)))]
        self.procs = {p: [P_IDLE, 0] for p in range(rng.choice((1, 2, 4, 16, 60)))}
        self.goroutines = {g: [RUNNABLE, 0] for g in range(1, rng.choice((2, 5, 30, 200)))}
        self.next_g, self.gc, self.gc_runs = 1000, rng.choice((0, 0, 1, 7)), False
        self.tasks = []
        self.strings = strings(rng) if rng.random() < 0.7 else None

    # Writing

    def write(self, thread, kind, *numbers):
        self.clock += self.rng.randrange(self.least, self.step + 1)
        now = max(thread.last, self.clock + thread.skew)
        thread.events.append((now, kind, numbers))
        thread.last = now

    def string(self):
        return self.rng.randrange(STRINGS + 1)

    def stack(self):
        return self.rng.randrange(STACKS + 1)

    def some(self, table, status):
        found = [i for i, state in table.items() if state[0] == status]
        return self.rng.choice(found) if found else None

    def new_g(self, status):
        self.next_g += 1
        self.goroutines[self.next_g] = [status, 0]
        return self.next_g

    def bump(self, table, i, status):
        table[i][0] = status
        table[i][1] += 1
        return table[i][1]

    # A generation's start: everybody says what is so

    def restate(self):
        for state in (*self.procs.values(), *self.goroutines.values()):
            state[1] = 0
        for t in self.threads:
            if t.p is not None:
                self.write(t, 13, t.p, self.procs[t.p][0])
            if t.g is not None:
                self.write(t, 25, t.g, t.m, self.goroutines[t.g][0])
        held = {t.p for t in self.threads}
        for p, (status, _) in self.procs.items():
            if p not in held:
                self.write(self.nobody, 13, p, status)
        held = {t.g for t in self.threads}
        for g, (status, _) in self.goroutines.items():
            if g not in held:
                self.write(self.nobody, *self.rng.choice(((25, g, NOBODY, status),
                                                          (48, g, NOBODY, status, self.stack()))))
        at_work = [t for t in self.threads if t.p is not None and t.g is not None and
                   self.goroutines[t.g][0] == RUNNING]
        if self.gc_runs and at_work:
            self.gc += 1
            self.write(self.rng.choice(at_work), 28, self.gc)
        for t in self.threads:
            for kind, what in t.ranges:
                if kind in (32, 35):
                    self.write(self.nobody, kind - 1, what)

    # One thing that happens

    def act(self):
        thread = self.rng.choice(self.threads)
        if self.rng.random() < self.mistakes:
            self.mistake(thread)
            return
        if thread.g is not None and self.goroutines[thread.g][0] == SYSCALL:
            self.in_syscall(thread)
        elif thread.p is None:
            self.without_p(thread)
        elif thread.g is None:
            self.idle(thread)
        else:
            self.running(thread)

    def mistake(self, thread):
        kind = self.rng.choice((*range(9, 49), 128, 131))
        count = {10: 2, 11: 0, 12: 3, 13: 2, 14: 3, 15: 1, 16: 2, 17: 0, 18: 0, 21: 3, 22: 2, 23: 0,
                 24: 0, 25: 3, 27: 0, 28: 1, 30: 1, 31: 1, 32: 1, 34: 1, 35: 1, 36: 0, 37: 1, 38: 1, 39: 1,
                 40: 4, 42: 3, 43: 3, 44: 4, 47: 3, 48: 4, 128: 3}.get(kind, 2)
        ids = [*self.goroutines, *self.procs, *SOME[:8], self.gc + 1, *(t.m for t in self.threads)]
        writer = self.nobody if self.rng.random() < 0.2 else thread
        self.write(writer, kind, *(self.rng.choice(ids) for _ in range(count)))

    def without_p(self, t):
        p = self.some(self.procs, P_IDLE)
        sort = self.rng.random()
        if sort < 0.1:
            self.steal(t)
        elif sort < 0.15 and t.g is None:
            t.g = self.new_g(SYSCALL)
            self.write(t, 15, t.g)
        elif p is not None:
            self.write(t, 10, p, self.bump(self.procs, p, P_RUNNING))
            t.p = p

    def steal(self, t):
        abandoned = self.some(self.procs, P_ABANDONED)
        victims = [v for v in self.threads if v.p is not None and self.procs[v.p][0] == P_SYSCALL]
        if abandoned is not None:
            self.write(t, 12, abandoned, self.bump(self.procs, abandoned, P_IDLE), NOBODY)
        elif victims:
            victim = self.rng.choice(victims)
            self.write(t, 12, victim.p, self.bump(self.procs, victim.p, P_IDLE), victim.m)
            victim.p = None

    def idle(self, t):
        g = self.some(self.goroutines, RUNNABLE)
        sort = self.rng.random()
        if sort < 0.6 and g is not None:
            self.write(t, 16, g, self.bump(self.goroutines, g, RUNNING))
            t.g = g
        elif sort < 0.75 and not t.ranges:
            self.write(t, 11)
            self.procs[t.p][0] = P_IDLE
            t.p = None
        else:
            self.anywhere(t)

    def anywhere(self, t):
        waiting = self.some(self.goroutines, WAITING)
        sort = self.rng.randrange(7)
        if sort == 0:
            self.write(t, 14, self.new_g(RUNNABLE), self.stack(), self.stack())
        elif sort == 1:
            self.write(t, 47, self.new_g(WAITING), self.stack(), self.stack())
        elif sort == 2:
            self.write(t, self.rng.choice((37, 38)), self.rng.randrange(2**40))
        elif sort == 3:
            self.write(t, *self.rng.choice(((128, 5, 1, 2), (132, 7, 1), (136, 9))))
        elif sort == 4:
            self.steal(t)
        elif sort == 5 and (32, t.p) in t.ranges:
            t.ranges.remove((32, t.p))
            self.write(t, 33, 1, 2)
        elif sort == 5 and not any(kind == 32 for kind, _ in t.ranges):
            t.ranges.append((32, t.p))
            self.write(t, 32, self.stack())
        elif waiting is not None:
            self.write(t, 21, waiting, self.bump(self.goroutines, waiting, RUNNABLE), self.stack())

    def running(self, t):
        sort = self.rng.random()
        if sort < 0.3:
            self.anywhere(t)
        elif sort < 0.6:
            self.annotate(t)
        elif not t.ranges and not t.regions:
            self.leave(t)

    def leave(self, t):
        g, waiting = t.g, self.some(self.goroutines, WAITING)
        sort = self.rng.randrange(8)
        if sort < 2:
            kind = 19 + sort
            self.write(t, kind, self.string(), self.stack())
            self.goroutines[g][0] = RUNNABLE if kind == 19 else WAITING
            t.g = None
        elif sort == 2:
            self.write(t, 17)
            del self.goroutines[g]
            t.g = None
        elif sort == 3 and waiting is not None:
            self.write(t, 45, waiting, self.bump(self.goroutines, waiting, RUNNING))
            self.goroutines[g][0] = WAITING
            t.g = waiting
        elif sort == 4 and waiting is not None:
            self.write(t, 46, waiting, self.bump(self.goroutines, waiting, RUNNING))
            del self.goroutines[g]
            t.g = waiting
        else:
            self.write(t, 22, self.bump(self.procs, t.p, P_SYSCALL), self.stack())
            self.goroutines[g][0] = SYSCALL

    def in_syscall(self, t):
        g, has_p = t.g, t.p is not None and self.procs[t.p][0] == P_SYSCALL
        sort = self.rng.random()
        if sort < 0.1 and g > 1000 and not t.ranges:
            self.write(t, 18)
            if has_p:
                self.procs[t.p][0] = P_ABANDONED
                t.p = None
            if t.p is None:
                del self.goroutines[g]
                t.g = None
            else:
                self.goroutines[g][0] = RUNNABLE
        elif has_p and sort < 0.5:
            self.write(t, 23)
            self.procs[t.p][0], self.goroutines[g][0] = P_RUNNING, RUNNING
        elif has_p and sort < 0.6:
            self.write(t, 11)
            self.procs[t.p][0] = P_IDLE
            t.p = None
        elif not has_p:
            self.write(t, 24)
            self.goroutines[g][0] = RUNNABLE
            t.g = None

    def annotate(self, t):
        sort = self.rng.randrange(10)
        if sort == 0:
            self.tasks.append(self.next_g + 7 * len(self.tasks))
            self.write(t, 40, self.tasks[-1], self.rng.choice((0, 0, *self.tasks)), self.string(), self.stack())
        elif sort == 1 and self.tasks:
            self.write(t, 41, self.rng.choice(self.tasks), self.stack())
        elif sort == 2 and len(t.regions) < 4:
            t.regions.append((self.rng.choice((0, 1, 2)), self.string()))
            self.write(t, 42, *t.regions[-1], self.stack())
        elif sort == 3 and t.regions:
            self.write(t, 43, *t.regions.pop(), self.stack())
        elif sort == 4:
            self.write(t, 44, 1, self.string(), self.string(), self.stack())
        elif sort == 5:
            self.write(t, 39, self.string())
        elif sort == 6:
            self.write(t, 9, self.rng.randrange(64), self.stack())
        elif sort == 7:
            self.collect(t)
        elif sort == 8 and (26, t.g) in t.ranges:
            t.ranges.remove((26, t.g))
            self.write(t, 27)
        elif sort == 8:
            t.ranges.append((26, t.g))
            self.write(t, 26, self.string(), self.stack())
        elif (35, t.g) in t.ranges:
            t.ranges.remove((35, t.g))
            self.write(t, 36)
        else:
            t.ranges.append((35, t.g))
            self.write(t, 35, self.stack())

    def collect(self, t):
        self.gc += 1
        self.write(t, *((30, self.gc) if self.gc_runs else (29, self.gc, self.stack())))
        self.gc_runs = not self.gc_runs

    # Bytes

    def take_batches(self, number):
        """The generation's thread batches; begins a new one."""
        batches = []
        for t in (self.nobody, *self.threads):
            while t.events:
                n = min(MOST, self.rng.choice((len(t.events), 1 + self.rng.randrange(len(t.events)))))
                batches.append((t.events[0][0], batch(number, t.m, t.events[0][0], pack(t.events[:n]))))
                t.events = t.events[n:]
        if self.rng.random() < 0.7:
            batches.sort(key=lambda b: b[0])
        return [data for _, data in batches]


def pack(events):
    last, out = events[0][0], []
    for time, kind, numbers in events:
        out.append(bytes((kind,)) + b"".join(map(leb, (time - last, *numbers))))
        last = time
    return b"".join(out)


def batch(number, m, time, data):
    return b"\x01" + b"".join(map(leb, (number, m, time, len(data)))) + data


def sync(rng, version, frequency, world):
    data = b"\x08" + leb(frequency)
    if version < 25:
        return data
    clock = b"\x33" + b"".join(map(leb, (rng.randrange(9), world.clock * 3, 1700000000 + world.clock, rng.randrange(10**9))))
    return b"\x32" + (data + clock if rng.random() < 0.5 else clock + data)


def strings(rng):
    texts = [b"\x05" + leb(i + 1) + leb(len(text)) + text for i, text in
             enumerate(bytes(rng.choices(b"abc./\n\xc3\xa9", k=rng.randrange(9))) for _ in range(STRINGS))]
    return b"\x04" + b"".join(texts)


def stacks(rng):
    out = [b"\x02"]
    for i in range(STACKS):
        frames = [(rng.randrange(30), rng.randrange(STRINGS + 1), rng.randrange(STRINGS + 1), rng.randrange(99))
                  for _ in range(rng.randrange(4))]
        out.append(b"\x03" + leb(i + 1) + leb(len(frames)) + b"".join(leb(n) for f in frames for n in f))
    return b"".join(out)


def samples(rng, world, start):
    out = [b"\x06"]
    for _ in range(rng.choice((0, 3, 12, 13, 60))):
        time = rng.randrange(start, world.clock + 2)
        out.append(b"\x07" + b"".join(map(leb, (time, 100, rng.choice((0, NOBODY)), rng.randrange(3),
                                                rng.randrange(STACKS + 1)))))
    return b"".join(out)


def generation(rng, version, number, world, frequency, acts):
    start = world.clock
    for _ in range(acts):
        world.act()
    at_start = batch(number, NOBODY, start, sync(rng, version, frequency, world))
    tables = [batch(number, NOBODY, world.clock, table) for table in
              (world.strings or strings(rng), stacks(rng), samples(rng, world, start)) if len(table) > 1]
    if rng.random() < 0.5:
        tables.append(b"\x31\x01" + batch(number, NOBODY, world.clock, rng.randbytes(9))[1:])
    events = world.take_batches(number)
    rng.shuffle(tables)
    return at_start + b"".join(events + tables) + (b"\x34" if version >= 26 else b"")


def invent(rng):
    version, number = rng.choice((22, 23, 25, 26)), rng.choice((1, 1, 3))
    world, frequency = World(rng), rng.choice((15625000, 10**9, 10**10, 15234375, 1000))
    out = [f"go 1.{version} trace\0\0\0".encode()]
    for i in range(rng.choice((1, 1, 2, 4))):
        world.restate()
        acts = rng.choice((5, 50, 300, 2000))
        out.append(generation(rng, version, number + i, world, frequency, acts))
    return b"".join(out)


def invent_long(rng, generations, acts):
    """A good trace of 8 threads, to measure with."""
    world = World(rng)
    world.mistakes, world.least, world.step, world.strings = 0, 1, 9, strings(rng)
    world.threads = [Thread(rng, 100 + i) for i in range(8)]
    for thread in (world.nobody, *world.threads):
        thread.skew = 0
    world.procs = {p: [P_IDLE, 0] for p in range(4)}
    out = [b"go 1.26 trace\0\0\0"]
    for i in range(generations):
        world.restate()
        out.append(generation(rng, 26, 1 + i, world, 15625000, acts))
    return b"".join(out)
