# SPDX-License-Identifier: MIT
"""What check-go and check-experiments share: they read a trace with Go's programs and
with tracetool, compare what both say, and print a table of it.

  go        dump --format=go against -d=parsed: bytes, exit status, error
  wire      dump --format=wire against -d=wire: the same where Go's succeeds, and what
            comes before the error where it fails
  validate  never valid where Go's dump fails, never broken where it succeeds, and the
            same first error
  json      dump --format=json has the same events: kind, time, context
  batches   extract-batches against `oracle verify`: the same batches, or as many of
            them as Go read

Our side reads the file mapped, through a pipe or compressed, in turn, and with some
time zone. Differences that are known and wanted are named rules, below; the page
tracetool-validate(1) tells of the same. Any other is printed and its trace kept in
WORK/differ.
"""
import argparse
import collections
import concurrent.futures
import gzip
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import damage

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Traces that are damaged are no larger.
LARGEST = 300 * 1000
ZONES = ("UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Europe/Dublin",
         "Africa/Monrovia")
# What an event's line of Go's text begins with.
GO_EVENT = re.compile(rb"^M=(-?\d+) P=(-?\d+) G=(-?\d+) ([A-Z]\w+) Time=(-?\d+)", re.M)
# What a reader's error carries at most.
MESSAGE = 2303
# Errors of Go's reader that an ordering handler of an experiment may have, too.
SHARED_WORDS = (b"broken trace", b"expected ", b"discovered event already in-flight", b"tried to end event",
                b"found named active range", b"resource is missing active range",
                b"encountered event of type")

Case = collections.namedtuple("Case", "check trace go ours findings")

# ---------------------------------------------------------------------- rules


def codes(case):
    return {finding["code"] for finding in case.findings}


def version(trace):
    match = re.match(rb"go\s+1\.\s*(\d+)\s+trace\0\0\0", trace)
    return int(match.group(1)) if match else None


def version_is_v1(trace):
    return version(trace) in (11, 19, 21)


def is_v1(case):
    return version_is_v1(case.trace)


def events_of(out):
    """The lines of events, sorted and without their times: those count up from event to event."""
    return sorted(re.sub(rb" Time=-?\d+", b"", line)
                  for line in out.split(b"\n") if line.startswith(b"M="))


def raw_v1(case):
    return case.check == "wire" and is_v1(case) and case.go.exit != 0


def order_v1(case):
    if not is_v1(case) or case.go.exit != case.ours.exit:
        return False
    if case.check == "json":
        return (sorted(event[:4] for event in json_events(case.ours.out)) ==
                sorted(event[:4] for event in GO_EVENT.findall(case.go.out)))
    return (case.check == "go" and case.go.err == case.ours.err and
            events_of(case.go.out) == events_of(case.ours.out))


def panic_v1(case):
    """Of the events before the panic, Go printed all."""
    return (case.check == "go" and is_v1(case) and case.go.exit == 2 and case.ours.exit == 1 and
            case.ours.out == case.go.out)


def experiment_raw(case):
    """Go's raw dump fails on experimental events before 1.26, on their batches before 1.23."""
    return (case.check == "wire" and (version(case.trace) or 26) < 26 and
            re.match(rb"invalid event type: (49|12[7-9]|1[3-9]\d|2\d\d)\n", case.go.err) and
            case.ours.out.startswith(case.go.out))


def unknown_experiment(case):
    return (case.check == "validate" and case.go.exit == 2 and case.ours.exit == 0 and
            "experiment-unknown" in codes(case) and b"index out of range" in case.go.err)


def only_printing_fails(case):
    return (case.check == "validate" and case.go.exit == 2 and case.ours.exit == 0 and
            codes(case) & {"sample-stack", "status-wide", "range-kind"})


def silent_end(case):
    after = any(f["code"] == "foreign-bytes" and "bytes after the trace" in f["message"]
                for f in case.findings)
    return (case.check == "validate" and case.go.exit == 0 and case.ours.exit == 1 and
            (after or codes(case) & {"cut-off", "table-cut"}))


UNFINISHED = re.compile(r"\Athe trace ends before (the clock and the tables|all tables) of its "
                        r"last generation: ")


def unfinished(case):
    """A cause, in front of what Go says."""
    error = next((f for f in case.findings if f["severity"] == "error"), {"message": ""})
    go_says = message(case.go.err).decode("utf-8", "replace").strip()
    return (case.check == "validate" and case.go.exit == case.ours.exit == 1 and
            UNFINISHED.match(error["message"]) and
            go_says.startswith(UNFINISHED.sub("", error["message"])))


def header_alone(case):
    return case.check == "validate" and len(case.trace) == 16 and codes(case) == {"cut-off"}


def gives_up(case):
    return case.check == "wire" and case.go.exit == 2 and case.ours.exit != 0


def cut_at_nul(case):
    """A region's name, in braces, up to its first NUL; all else is the same."""
    cut = re.sub(rb"\0[^}]*", b"", case.go.err)
    return case.check == "go" and case.go.exit == case.ours.exit == 1 and cut == case.ours.err != case.go.err


def handler_words(case):
    """An experiment's ordering handler says it in its own words."""
    error = next((f for f in case.findings if f["severity"] == "error"), {})
    return (case.go.exit == case.ours.exit == 1 and error.get("code") in ("resource", "context", "range") and
            (error.get("event_type") or 0) > 136 and not case.go.err.startswith(SHARED_WORDS) and
            (case.check == "validate" or case.check == "go" and case.go.out == case.ours.out))


def taken_apart(case):
    """The first thing that is found is said in words of ours: Go says that it is no batch."""
    return (case.check == "validate" and case.go.exit == case.ours.exit == 1 and
            bool(codes(case) & {"foreign-bytes", "another-trace", "re-encoded"}))


RULES = {
    "v1-raw": (raw_v1, "format v1: there is no raw dump in Go"),
    "v1-panic": (panic_v1, "format v1: an event names what there is not, and Go dies of it"),
    "v1-order": (order_v1, "format v1: the order of events of one time is random in Go"),
    "experiment-raw": (experiment_raw, "our raw dump knows the experiments of every version"),
    "experiment-unknown": (unknown_experiment, "an experiment that Go does not know is a warning"),
    "printing": (only_printing_fails, "the events are in order, but Go cannot print one: a warning"),
    "unfinished": (unfinished, "the last generation was not completed: this is the cause of what Go says"),
    "header-alone": (header_alone, "a header alone is cut off in each version"),
    "taken-apart": (taken_apart, "other bytes than the trace's are named as what they are"),
    "silent-end": (silent_end, "the file breaks off where Go takes it for the end"),
    "nul": (cut_at_nul, "an error shows a name up to its first NUL"),
    "words": (handler_words, "the ordering handler of an experiment has words of its own"),
    "raw-panic": (gives_up, "Go's raw reader dies of a length that cannot be"),
}


def explain(case):
    for name, (holds, _) in RULES.items():
        if holds(case):
            return name
    return None

# ------------------------------------------------------------------------ running


Run = collections.namedtuple("Run", "exit out err")


def run(argv, data=None, zone="UTC"):
    env = dict(os.environ, TZ=zone)
    try:
        done = subprocess.run(argv, input=data, stdin=None if data is not None else subprocess.DEVNULL,
                              capture_output=True, env=env, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return Run("timeout", b"", b"")
    return Run(done.returncode, done.stdout, done.stderr)


class Pair:
    """One trace, read by Go's programs and by ours, the latter in one of several ways."""

    def __init__(self, go, specs, path, trace, way, zone):
        self.go_folder, self.path, self.trace, self.way, self.zone = go, path, trace, way, zone
        self.specs = [f"--spec={spec}" for spec in specs]
        self.data, self.operand = None, path
        if way == "pipe":
            self.data, self.operand = trace, "-"
        elif way == "gzip":
            self.data, self.operand = gzip.compress(trace, 1), "-"

    def go(self, mode):
        return run([self.go_folder + "/gotrace", "-d=" + mode, self.path], zone=self.zone)

    def oracle(self):
        return run([self.go_folder + "/oracle", "verify", self.path])

    def ours(self, *args):
        return run(["tracetool", *args, *self.specs, self.operand], self.data, self.zone)


def first_line(text):
    return text.split(b"\n", 1)[0]


STUCK = b"broken trace: failed to advance"


def message(text):
    """An error text in an order that does not change from run to run."""
    if text.startswith(STUCK):
        # after the threads come all goroutines, Ps and threads in random order
        head, threads, *states = text.split(b"\n\n")
        states = [b"\n".join(sorted(part.split(b"\n"))) for part in states]
        return b"\n\n".join([head, threads, *states])
    return text


def gist(go):
    """What Go said, without its numbers and names."""
    line = first_line(go.err).decode("utf-8", "replace")
    line = re.sub(r"0x[0-9a-f]+|-?\d+", "N", line)
    line = re.sub(r"\{.*\}|(new|existing)=.*", "...", line)
    return f"exit {go.exit} {line}".strip()


def text_difference(go, ours):
    if go.exit == 2:
        # Go's runtime goes on with the goroutines
        if first_line(go.err) != first_line(ours.err):
            return f"says {first_line(ours.err)!r}, Go {first_line(go.err)!r}"
        return None
    want, got = message(go.err), message(ours.err)
    if not want.startswith(STUCK) and (len(want) > MESSAGE or b"\0" in want):
        want, got = want[:MESSAGE].split(b"\0")[0], got[:MESSAGE].split(b"\0")[0]
        want, got = want[:len(got)], got[:max(len(got), 1000)]
    if want != got:
        return f"says {got[:300]!r}, Go {want[:300]!r}"
    return None


def difference(go, ours):
    if go.out != ours.out:
        at = len(os.path.commonprefix((go.out, ours.out)))
        return f"other bytes from {at} of {len(go.out)} on, Go exit {go.exit}, ours {ours.exit}"
    if go.exit != ours.exit:
        return f"exit {ours.exit}, Go {go.exit}: {first_line(ours.err)!r}, Go {first_line(go.err)!r}"
    return text_difference(go, ours)

# ----------------------------------------------------------------------- comparing


def compare_go(pair):
    go, ours = pair.go("parsed"), pair.ours("dump", "--format=go")
    what = difference(go, ours)
    for _ in range(8):
        # Go walks some of its tables in random order: any of its answers will do
        if what is None or (go.exit == 0 and not version_is_v1(pair.trace)):
            break
        what = difference(pair.go("parsed"), ours) and what
    return what, Case("go", pair.trace, go, ours, [])


def compare_wire(pair):
    go, ours = pair.go("wire"), pair.ours("dump", "-q", "--format=wire")
    return difference(go, ours), Case("wire", pair.trace, go, ours, [])


def verdict_difference(go, ours, findings):
    if ours.exit not in (0, 1):
        return f"exit {ours.exit}: {first_line(ours.err)!r}"
    if (go.exit != 0) != (ours.exit != 0):
        return f"exit {ours.exit}, Go {go.exit}: {first_line(go.err)!r}"
    errors = [f for f in findings if f["severity"] == "error"]
    line = first_line(go.err).decode("utf-8", "replace")
    if go.exit == 1 and line.isascii() and line.isprintable() and not re.search(r'["\\]', line):
        said = [f["message"] for f in errors[:2]]
        if errors and errors[0]["code"].startswith("batch-"):
            # damage goes before what it cost the generation, which Go finds first
            said = [text for text in said if text.startswith(line)] or said
        elif errors and errors[0]["code"] == "cut-off":
            # so does the end of the file
            said[0] = UNFINISHED.sub("", said[0])
        if not said or not said[0].startswith(line):
            return f"finds {errors[0]['message'] if errors else None!r}, Go {line!r}"
    return None


def compare_validate(pair, go):
    ours = pair.ours("validate", "--format=json")
    try:
        report = json.loads(ours.out)["files"][0]
    except (ValueError, LookupError):
        return "no report", Case("validate", pair.trace, go, ours, [])
    findings = report["findings"]
    return verdict_difference(go, ours, findings), Case("validate", pair.trace, go, ours, findings)


def json_events(out):
    """As GO_EVENT finds them; errors have a line of their own."""
    for event in map(json.loads, out.splitlines()):
        if event["kind"] == "Error":
            continue
        context = (event.get(name) for name in ("thread", "proc", "goroutine"))
        yield (*(b"-1" if i is None else b"%d" % i for i in context), event["kind"].encode(),
               b"%d" % event["time_ns"])


def compare_json(pair, go):
    ours = pair.ours("dump", "--format=json")
    case = Case("json", pair.trace, go, ours, [])
    try:
        events = list(json_events(ours.out))
    except (ValueError, LookupError) as error:
        return f"no JSON: {error}", case
    wanted = GO_EVENT.findall(go.out)
    if go.exit == 2:
        events = events[:len(wanted)]
    if events != wanted:
        at = len(os.path.commonprefix((events, wanted)))
        return f"event {at} of {len(wanted)}: {events[at:at + 1]}, Go {wanted[at:at + 1]}", case
    return None, case


def batch_rows(folder):
    """The batches that extract-batches wrote: (ordinal, experiment, thread, size, SHA-256)."""
    manifest = os.path.join(folder, "manifest.json")
    if not os.path.exists(manifest):
        return []
    with open(manifest, encoding="utf-8") as file:
        return [batch_row(folder, batch) for batch in json.load(file)["batches"]]


def batch_row(folder, batch):
    """A manifest's entry, but size and hash are those of the file itself."""
    with open(os.path.join(folder, batch["path"]), "rb") as file:
        data = file.read()
    if len(data) != batch["size"] or hashlib.sha256(data).hexdigest() != batch["sha256"]:
        return (0, batch["path"] + " is not what the manifest says")
    thread = -1 if batch["thread"] is None else batch["thread"]
    return (batch["ordinal"], batch["experiment"], thread, len(data), batch["sha256"])


def wanted_rows(report):
    """The same of what the oracle said."""
    return [(b["sync"], b["experiment"], b["thread"], b["size"], b["sha256"])
            for b in report.get("batches") or []]


def compare_batches(pair, _go):
    go = pair.oracle()
    with tempfile.TemporaryDirectory() as folder:
        ours = pair.ours("extract-batches", "-q", "-o", folder)
        got = batch_rows(folder)
    case = Case("batches", pair.trace, go, ours, [])
    try:
        report = json.loads(go.out)
    except ValueError:
        return None, case  # it panicked
    wanted = wanted_rows(report)
    if not report["ok"]:
        last = max((row[0] for row in wanted), default=0)
        got = [row for row in got if row[0] <= last]
    # Go has those of each experiment in a list, and the lists in no order
    got, wanted = (sorted(rows, key=lambda row: row[:2]) for rows in (got, wanted))
    if got != wanted:
        at = len(os.path.commonprefix((got, wanted)))
        return f"batch {at} of {len(wanted)}: {got[at:at + 1]}, Go {wanted[at:at + 1]}", case
    return None, case


COMPARE = {"validate": compare_validate, "json": compare_json, "batches": compare_batches}


class Judge:
    """Compares one trace in all ways. Copied to each worker. Who derives from it says in
    mutant() which traces there are, and in CHECKS what is compared besides dumps."""

    CHECKS = ()

    def __init__(self, args, specs, sources):
        self.go, self.work, self.seed = os.path.abspath(args.go), args.work, args.seed
        self.specs, self.sources = specs, sources
        own = [os.path.join(TOP, "specs", name) for name in sorted(os.listdir(TOP + "/specs"))]
        self.table = damage.spec_table(own + list(specs))
        self.names = sorted(sources)
        self.weights = [1 / (1 + len(sources[name]) / 8000) for name in self.names]

    def mutant(self, i):
        """(kind, source, bytes, random numbers) of mutant i; those below 0 are the sources."""
        rng = random.Random(f"{self.seed}/{i}")
        if i < 0:
            name = self.names[-1 - i]
            return "none", name, self.sources[name], rng
        return self.damaged(rng)

    def damaged(self, rng):
        raise NotImplementedError

    def judge(self, i):
        """(kind, {check: (verdict, what)}, gist); verdict is same, differ or a rule's name."""
        kind, name, trace, rng = self.mutant(i)
        way = rng.choice(("map", "map", "map", "pipe", "gzip"))
        with tempfile.NamedTemporaryFile(dir=self.work, suffix=".trace") as file:
            file.write(trace)
            file.flush()
            pair = Pair(self.go, self.specs, file.name, trace, way, rng.choice(ZONES))
            found, cases = {}, {}
            found["go"], cases["go"] = compare_go(pair)
            found["wire"], cases["wire"] = compare_wire(pair)
            for check in self.CHECKS:
                found[check], cases[check] = COMPARE[check](pair, cases["go"].go)
        if "validate" in cases and self.specs:
            cases["go"] = cases["go"]._replace(findings=cases["validate"].findings)
        result = {}
        for check, what in found.items():
            rule = explain(cases[check]) if what else "same"
            result[check] = (rule or "differ", f"{name}, read by {way}, TZ={pair.zone}: {what}")
        if any(verdict == "differ" for verdict, _ in result.values()):
            self.keep(i, kind, trace)
        return kind, result, gist(cases["go"].go)

    def keep(self, i, kind, trace):
        path = f"{self.work}/differ/{i:06}-{kind.replace(' ', '-')}.trace"
        with open(path, "wb") as file:
            file.write(trace)
        return path

# ------------------------------------------------------------------------- sources


def is_v2(trace):
    return (version(trace) or 0) >= 22


def read_trace(path, largest=LARGEST):
    """The bytes of a trace that may be compressed; None: too large, or no trace."""
    if os.path.getsize(path) > largest:
        return None
    if path.endswith(".zst"):
        data = subprocess.run(["zstd", "-dc", path], capture_output=True, check=True).stdout
    else:
        with open(path, "rb") as file:
            data = file.read()
    return data if len(data) <= largest and (is_v2(data) or version_is_v1(data)) else None

# -------------------------------------------------------------------------- report


class Report:
    def __init__(self, order, checks):
        self.order, self.checks = order, ("go", "wire", *checks)
        self.kinds, self.rules, self.differ = {}, collections.Counter(), []
        self.said = collections.Counter()

    def add(self, i, kind, result, said):
        row = self.kinds.setdefault(kind, collections.Counter())
        row["all"] += 1
        self.said[said] += 1
        for check, (verdict, what) in result.items():
            sort = verdict if verdict in ("same", "differ") else "explained"
            row[check, sort] += 1
            if sort == "explained":
                self.rules[verdict] += 1
            elif sort == "differ":
                self.differ.append((i, kind, check, what))

    def print(self, work, verbose):
        order = sorted(self.kinds, key=self.order.index)
        print("\nsame / explained / differ:")
        print(f"{'damage':16} {'traces':>6}" + "".join(f"  {check:>14}" for check in self.checks))
        total = collections.Counter()
        for kind in order:
            self.print_row(kind, self.kinds[kind])
            total.update(self.kinds[kind])
        self.print_row("all", total)
        print(f"Go had {len(self.said)} different things to say")
        for said, count in self.said.most_common(None if verbose else 0):
            print(f"{count:6} x {said}")
        for name, count in sorted(self.rules.items()):
            print(f"explained {count:5} x {name}: {RULES[name][1]}")
        for i, kind, check, what in sorted(self.differ):
            print(f"DIFFERS {i} ({kind}), {check}: {what}")
        if self.differ:
            print(f"the traces lie in {work}/differ")
        print(f"{total['all']} traces, {len({d[0] for d in self.differ})} with differences")

    def print_row(self, kind, row):
        cells = ("/".join(str(row[check, sort]) for sort in ("same", "explained", "differ"))
                 for check in self.checks)
        print(f"{kind:16} {row['all']:6}" + "".join(f"  {cell:>14}" for cell in cells))


# --------------------------------------------------------------------------- main

JUDGE = None


def start(judge):
    global JUDGE
    JUDGE = judge


def one(i):
    return i, *JUDGE.judge(i)


def options(text, mutants):
    """The options that all have."""
    parser = argparse.ArgumentParser(description=text.split("\n")[0])
    parser.add_argument("-n", type=int, default=mutants, metavar="N", help=f"mutants ({mutants})")
    parser.add_argument("--seed", default="1", help="another seed gives other mutants")
    parser.add_argument("-j", type=int, default=os.cpu_count(), metavar="J", help="at once")
    parser.add_argument("--only", type=int, metavar="I", help="this mutant alone")
    parser.add_argument("-v", action="store_true", help="list what Go said of the traces")
    parser.add_argument("go", metavar="GO-FOLDER")
    return parser


def prepare(args):
    args.work = os.path.abspath(args.work)
    if shutil.which("tracetool") is None:
        sys.exit("no tracetool on PATH")
    os.makedirs(args.work + "/differ", exist_ok=True)


def compare_all(args, judge, order):
    """Has all traces compared and prints what came of it; the exit status."""
    numbers = range(-len(judge.sources), args.n) if args.only is None else [args.only]
    if args.only is not None:
        kind, _, trace, _ = judge.mutant(args.only)
        print(judge.keep(args.only, kind, trace))
    print(f"{len(judge.sources)} sources, {len(numbers)} traces to read, seed {args.seed}", flush=True)
    report = Report(order, judge.CHECKS)
    with concurrent.futures.ProcessPoolExecutor(args.j, initializer=start, initargs=(judge,)) as pool:
        for done in pool.map(one, numbers, chunksize=8):
            report.add(*done)
    report.print(args.work, args.v)
    return 1 if report.differ else 0
