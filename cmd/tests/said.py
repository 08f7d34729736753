# SPDX-License-Identifier: MIT
"""What verbs say of a trace beside its events: of the heap at a moment, and in views of stat."""
import json
import subprocess

from dumped import SPECS


def run(*args):
    return subprocess.run(args, capture_output=True, text=True, errors="replace", check=False)


def tool(verb, *args):
    return run("tracetool", verb, "-q", *SPECS, *args)


def heap(path, at):
    """What lives at a moment by type, and the oldest objects."""
    types, objects = {}, []
    found = tool("heap", "--format=json", "--oldest=50", "--at=" + at, path).stdout
    for line in found.splitlines():
        row = json.loads(line)
        if row["row"] == "object":
            objects.append((row["address"], row["bytes"], row["type"]))
        elif row["live"]:
            types[row["row"], row.get("type"), row.get("size")] = row["live"], row["live_bytes"]
    return types, objects


# The views of stat that hold in a window, and by what. (The result does not say for what a
# goroutine waits where the window begins, so that reasons differ, nor which regions are open
# there.)
VIEWS = (("goroutines", "goroutine"), ("sched", "goroutine"), ("blocks", "goroutine"),
         ("syscalls", "goroutine"), ("gc", "reason"), ("stw", "reason"), ("tasks", "reason"),
         ("procs", "proc"), ("threads", "thread"), ("mmu", None))


def statistics(path, view, window):
    """How many intervals of each kind there are and how long they are, by the view's key; or how
    much is left to the program in windows of each length."""
    by = ["--by=" + view[1]] if view[1] else []
    rows = json.loads(tool("stat", view[0], "--format=json", *by, *window, path).stdout)["rows"]
    if not by:
        return {row["window_ns"]: (row["utilization"], row["time_ns"]) for row in rows}
    return {row["key"]: {name: (m["n"], m["sum_ns"]) for name, m in row.items() if name != "key"}
            for row in rows}
