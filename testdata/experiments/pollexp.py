#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Adds PollExp, an experiment about the network poller, to a copy of Go 1.27.

usage: pollexp.py TREE

TREE already has the experiments TimerExp (2, events 137 to 143) and LockExp (3, events
144 to 149) and the setting GODEBUG=tracetimer=BITS; this adds the bit 4. It does what
Go's guide src/internal/trace/tracev2/EXPERIMENTS.md says: the enum, the specs, the table
of kinds, the ordering handlers; helpers and calls in the runtime; batches.
"""
import sys

TREE = sys.argv[1] + "/src/"


def substitute(name, old, new):
    with open(TREE + name, encoding="utf-8") as file:
        text = file.read()
    assert text.count(old) == 1, (name, old, text.count(old))
    write(name, text.replace(old, new))


def write(name, text):
    with open(TREE + name, "w", encoding="utf-8") as file:
        file.write(text)


# (name, arguments, stack, string, start of the range)
EVENTS = (
    ("PollOpen", "dt poll poll_seq fd stack", 4, None, None),
    ("PollExists", "dt poll poll_seq state", None, None, None),
    ("PollWait", "dt poll poll_seq slot stack", 4, None, None),
    ("PollWaiting", "dt poll poll_seq slot", None, None, "PollWait"),
    ("PollWake", "dt poll poll_seq slot result", None, None, "PollWait"),
    ("PollReady", "dt poll poll_seq g mode", None, None, None),
    ("PollDeadline", "dt poll poll_seq delay modestring", None, 4, None),
    ("PollEvict", "dt poll poll_seq p g", None, None, None),
    ("PollClose", "dt poll poll_seq used", None, None, None),
    ("PollBlock", "dt m block_seq delay", None, None, None),
    ("PollBlocking", "dt m block_seq", None, None, "PollBlock"),
    ("PollBlocked", "dt m block_seq delta", None, None, "PollBlock"),
)


def spec(name, args, stack, string, start):
    lines = [f"\tEv{name}: {{", f'\t\tName: "{name}",',
             "\t\tArgs: []string{" + ", ".join(f'"{a}"' for a in args.split()) + "},",
             "\t\tIsTimedEvent: true,", "\t\tExperiment: PollExp,"]
    if stack:
        lines.append(f"\t\tStackIDs: []int{{{stack}}},")
    if string:
        lines.append(f"\t\tStringIDs: []int{{{string}}},")
    if start:
        lines.append(f"\t\tStartEv: Ev{start},")
    return "\n".join(lines) + "\n\t},\n"


# ------------------------------------------------------------------ the format

EVENTS_GO = "internal/trace/tracev2/events.go"
substitute(EVENTS_GO, "\tLockExp\n\n\tNumExperiments",
           "\tLockExp\n\n\t// PollExp is the experiment about the network poller.\n\tPollExp\n\n\tNumExperiments")
substitute(EVENTS_GO, '\tLockExp:      "LockExp",\n', '\tLockExp:      "LockExp",\n\tPollExp:      "PollExp",\n')
LAST = "\tEvSysmonTick // sysmon round [timestamp, idle, delay us, why string]\n"
substitute(EVENTS_GO, LAST, LAST + "\n" + "".join(f"\tEv{event[0]}\n" for event in EVENTS))
with open(TREE + EVENTS_GO, encoding="utf-8") as events_go:
    TEXT = events_go.read()
END = TEXT.index("\t},\n}\n", TEXT.index("\tEvSysmonTick: {")) + len("\t},\n")
write(EVENTS_GO, TEXT[:END] + "".join(spec(*event) for event in EVENTS) + TEXT[END:])
SYNC = "\tevSync:                        EventSync,"
substitute("internal/trace/event.go", SYNC,
           "".join(f"\ttracev2.Ev{event[0]}: EventExperimental,\n" for event in EVENTS) + SYNC)

# ------------------------------------------------------------------- the reader

ORDER = "internal/trace/order.go"
HANDLERS = {"PollBlock": "advancePollBlock", "PollBlocking": "advancePollBlock", "PollBlocked": "advancePollBlock"}
TICK = "\ttracev2.EvSysmonTick: (*ordering).advanceSysmonTick,\n"
substitute(ORDER, TICK, TICK + "".join(
    f"\ttracev2.Ev{event[0]}: (*ordering).{HANDLERS.get(event[0], 'advancePoll')},\n" for event in EVENTS))
substitute(ORDER, "\tchans       map[uint64]*expState\n", "\tchans       map[uint64]*expState\n\tpoller      pollOrder\n")
write("internal/trace/orderpoll.go", '''package trace

import (
	"fmt"
	"internal/trace/tracev2"
)

// pollOrder is what the ordering knows of the network poller.
type pollOrder struct {
	seq    uint64 // of the event before; goes on over generations
	seqSet bool
	polls  map[uint64]*pollState
	slots  map[uint64]bool // on which a goroutine waits
	blocks map[ThreadID]*pollBlock
}

// pollState is a descriptor. Those that are closed are forgotten with their generation.
type pollState struct {
	state pollLife
	gen   uint64 // of the closing
}

type pollLife uint8

const (
	pollIsOpen    pollLife = iota // PollExists writes this number, and
	pollIsClosing                 // this one
	pollIsGone
)

// pollBlock is a thread that may be in the poller.
type pollBlock struct {
	gen, seq uint64
	in       bool
}

func (o *ordering) advancePoll(ev *baseEvent, evt *evTable, m ThreadID, gen uint64, curCtx schedCtx) (schedCtx, bool, error) {
	p := &o.poller
	if p.polls == nil {
		p.polls = make(map[uint64]*pollState)
		p.slots = make(map[uint64]bool)
	}
	id, seq := ev.args[0], ev.args[1]
	if p.seqSet && seq != p.seq+1 {
		return curCtx, false, nil
	}
	reqs := userGoReqs
	switch ev.typ {
	case tracev2.EvPollExists, tracev2.EvPollReady:
		// The scheduler polls, with and without a P.
		reqs = schedReqs{M: mustHave, P: mayHave, G: mayHave}
	}
	if err := validateCtx(curCtx, reqs); err != nil {
		return curCtx, false, err
	}
	if ev.typ == tracev2.EvPollEvict {
		if ProcID(ev.args[2]) != curCtx.P {
			return curCtx, false, fmt.Errorf("poll %d evicted by proc %d on proc %d", id, ev.args[2], curCtx.P)
		}
		if GoID(ev.args[3]) != curCtx.G {
			return curCtx, false, fmt.Errorf("poll %d evicted by goroutine %d on goroutine %d", id, ev.args[3], curCtx.G)
		}
	}
	if err := p.live(ev, id, gen); err != nil {
		return curCtx, false, err
	}
	if err := p.wait(ev, gen == o.initialGen); err != nil {
		return curCtx, false, err
	}
	p.seq, p.seqSet = seq, true
	o.queue.push(Event{table: evt, ctx: curCtx, base: *ev})
	return curCtx, true, nil
}

// live checks the life of a descriptor.
func (p *pollOrder) live(ev *baseEvent, id, gen uint64) error {
	s := p.polls[id]
	if s != nil && s.state == pollIsGone && s.gen != gen {
		delete(p.polls, id)
		s = nil
	}
	if ev.typ == tracev2.EvPollExists {
		if ev.args[2] > uint64(pollIsClosing) {
			return fmt.Errorf("poll %d has no state %d", id, ev.args[2])
		}
		if s != nil && s.state == pollIsGone {
			return fmt.Errorf("poll %d exists after it was closed", id)
		}
		p.polls[id] = &pollState{state: pollLife(ev.args[2])}
		return nil
	}
	if ev.typ == tracev2.EvPollOpen {
		if s != nil && s.state != pollIsGone {
			return fmt.Errorf("poll %d opened twice", id)
		}
		p.polls[id] = &pollState{}
		return nil
	}
	if s == nil {
		return fmt.Errorf("%s of unknown poll %d", tracev2.Specs()[ev.typ].Name, id)
	}
	if s.state == pollIsGone {
		return fmt.Errorf("%s of closed poll %d", tracev2.Specs()[ev.typ].Name, id)
	}
	switch ev.typ {
	case tracev2.EvPollDeadline, tracev2.EvPollEvict:
		if s.state != pollIsOpen {
			return fmt.Errorf("%s of poll %d, which is closing", tracev2.Specs()[ev.typ].Name, id)
		}
		if ev.typ == tracev2.EvPollEvict {
			s.state = pollIsClosing
		}
	case tracev2.EvPollClose:
		if s.state != pollIsClosing {
			return fmt.Errorf("poll %d is closed and was not evicted", id)
		}
		s.state, s.gen = pollIsGone, gen
	}
	return nil
}

// wait checks the ranges in which a goroutine waits on a slot, wherever they begin and end.
func (p *pollOrder) wait(ev *baseEvent, initial bool) error {
	slot := ev.args[2]
	switch ev.typ {
	case tracev2.EvPollWait:
		if p.slots[slot] {
			return fmt.Errorf("slot %d is waited on twice", slot)
		}
		p.slots[slot] = true
	case tracev2.EvPollWaiting:
		if p.slots[slot] == initial {
			return fmt.Errorf("slot %d cannot be waited on here", slot)
		}
		p.slots[slot] = true
	case tracev2.EvPollWake:
		if !p.slots[slot] {
			return fmt.Errorf("slot %d is not waited on", slot)
		}
		delete(p.slots, slot)
	}
	return nil
}

func (o *ordering) advancePollBlock(ev *baseEvent, evt *evTable, m ThreadID, gen uint64, curCtx schedCtx) (schedCtx, bool, error) {
	p := &o.poller
	if p.blocks == nil {
		p.blocks = make(map[ThreadID]*pollBlock)
	}
	reqs := schedReqs{M: mustHave, P: mustNotHave, G: mustNotHave}
	if curCtx.M == NoThread {
		// Nothing has numbers here.
		return curCtx, false, validateCtx(curCtx, reqs)
	}
	b := p.blocks[curCtx.M]
	if b == nil {
		b = &pollBlock{}
		p.blocks[curCtx.M] = b
	}
	last := b.seq
	if b.gen != gen {
		last = 0
	}
	if ev.args[1] != last+1 {
		return curCtx, false, nil
	}
	if err := validateCtx(curCtx, reqs); err != nil {
		return curCtx, false, err
	}
	if ThreadID(ev.args[0]) != curCtx.M {
		return curCtx, false, fmt.Errorf("thread %d is in the poller on thread %d", ev.args[0], curCtx.M)
	}
	switch ev.typ {
	case tracev2.EvPollBlock:
		if b.in {
			return curCtx, false, fmt.Errorf("thread %d enters the poller twice", curCtx.M)
		}
		b.in = true
	case tracev2.EvPollBlocking:
		if b.in == (gen == o.initialGen) {
			return curCtx, false, fmt.Errorf("thread %d cannot be in the poller here", curCtx.M)
		}
		b.in = true
	case tracev2.EvPollBlocked:
		if !b.in {
			return curCtx, false, fmt.Errorf("thread %d leaves the poller and was not in it", curCtx.M)
		}
		b.in = false
	}
	b.gen, b.seq = gen, ev.args[1]
	o.queue.push(Event{table: evt, ctx: curCtx, base: *ev})
	return curCtx, true, nil
}
''')

# ------------------------------------------------------------------ the runtime

substitute("runtime/runtime1.go", "	// tracetimer: 1 turns the timer experiment on, 2 that of channels and semaphores.\n",
           "	// tracetimer: 1 turns the timer experiment on, 2 that of channels and semaphores,\n"
           "	// 4 that of the network poller.\n")
substitute("runtime/trace.go", "\ttraceTimerDump(gen)\n", "\ttraceTimerDump(gen)\n\ttracePollDump(gen)\n")
TABLE = "\tlockInit(&trace.typeTab[0].tab.mem.lock, lockRankTraceTypeTab)"
substitute("runtime/traceruntime.go", TABLE, "\tlockInit(&tracePoller.lock, lockRankLeafRank)\n" + TABLE)
write("runtime/tracepoll.go", '''// Runtime -> tracer API for the network poller.

package runtime

import (
	"internal/trace/tracev2"
	"unsafe"
)

// Batches of PollExp.
const (
	// [{id, fd (4 bytes BE), flags (byte), read deadline (8 bytes LE, if flags&2),
	//   write deadline (8 bytes LE, if flags&4), n, n * {mode (byte), goroutine}} ...], by each thread
	tracePollPolls = 1 + iota
	// waiters (4 bytes BE), inited (byte), kind (NUL-terminated),
	// 3 * goroutines made ready (4 bytes BE), share of reads (float32 LE)
	tracePollStats
)

const (
	tracePollClosing = 1 << iota
	tracePollRead
	tracePollWrite
)

// tracePollDesc is what tracing knows of a pollDesc; protected by tracePoller.lock.
type tracePollDesc struct {
	id      uint64
	gen     uintptr // in which it was last described
	evicted bool
	used    bool
}

// tracePollWaiter is a range that has begun: when, or nothing.
type tracePollRange struct {
	sess uint64
	gen  uintptr
}

// tracePoller gives the events of all descriptors one order, from generation to generation.
var tracePoller struct {
	lock  mutex
	seq   uint64
	gen   uintptr
	ids   uint64
	ready [3]uint32 // reads, writes, both
}

//go:nosplit
func tracePollEnabled() bool { return trace.enabledExp&4 != 0 && trace.enabled }

// tracePollAcquire is traceAcquire for events that have a number of tracePoller: they
// are written in the order of their numbers, and none is in an older generation than
// the one before it.
func tracePollAcquire() traceLocker {
	if !tracePollEnabled() {
		return traceLocker{}
	}
	for i := 0; i < 8; i++ {
		tl := traceAcquire()
		if !tl.ok() {
			return tl
		}
		lock(&tracePoller.lock)
		if tl.gen >= tracePoller.gen {
			tracePoller.gen = tl.gen
			return tl
		}
		unlock(&tracePoller.lock)
		traceRelease(tl)
	}
	return traceLocker{}
}

func tracePollRelease(tl traceLocker) {
	unlock(&tracePoller.lock)
	traceRelease(tl)
}

func tracePollSeq() traceArg {
	tracePoller.seq++
	return traceArg(tracePoller.seq)
}

func tracePollSlot(pd *pollDesc, mode int) traceArg {
	slot := pd.texp.id * 2
	if mode == 'w' {
		slot++
	}
	return traceArg(slot)
}

func (tl traceLocker) pollEvent(typ tracev2.EventType, pd *pollDesc, args ...traceArg) {
	var all [5]traceArg
	all[0], all[1] = traceArg(pd.texp.id), tracePollSeq()
	n := 2 + copy(all[2:], args)
	tl.eventWriter(tracev2.GoRunning, tracev2.ProcRunning).event(typ, all[:n]...)
}

// pollKnown makes sure that the generation knows pd.
func (tl traceLocker) pollKnown(pd *pollDesc) {
	if pd.texp.gen == tl.gen {
		return
	}
	if pd.texp.id == 0 {
		tracePoller.ids++
		pd.texp.id = tracePoller.ids
	}
	var state traceArg
	if pd.texp.evicted {
		state = 1
	}
	tl.pollEvent(tracev2.EvPollExists, pd, state)
	tl.pollRecord(pd)
}

// pollRecord describes pd to this generation.
func (tl traceLocker) pollRecord(pd *pollDesc) {
	pd.texp.gen = tl.gen
	w := tl.expWriter(tracev2.PollExp)
	w, flushed := w.ensure(1 + 4 + 1 + 8 + 8 + 2 + 4*traceBytesPerNumber)
	if flushed {
		w.byte(tracePollPolls)
	}
	w.varint(pd.texp.id)
	w.u32be(uint32(pd.fd))
	was := byte(0)
	rd, wd := pd.rd, pd.wd
	if pd.texp.evicted {
		was |= tracePollClosing
	}
	if rd != 0 {
		was |= tracePollRead
	}
	if wd != 0 {
		was |= tracePollWrite
	}
	w.byte(was)
	if rd != 0 {
		w.u64(uint64(rd))
	}
	if wd != 0 {
		w.u64(uint64(wd))
	}
	rg, wg := pd.rg.Load(), pd.wg.Load()
	n := uint64(0)
	if rg > pdWait {
		n++
	}
	if wg > pdWait {
		n++
	}
	w.varint(n)
	if rg > pdWait {
		w.byte('r')
		w.varint((*g)(unsafe.Pointer(rg)).goid)
	}
	if wg > pdWait {
		w.byte('w')
		w.varint((*g)(unsafe.Pointer(wg)).goid)
	}
	w.end()
}

func (buf *traceBuf) u32be(v uint32) {
	for i := 24; i >= 0; i -= 8 {
		buf.byte(byte(v >> i))
	}
}

func tracePollOpen(pd *pollDesc) {
	pd.texp = tracePollDesc{}
	tl := tracePollAcquire()
	if tl.ok() {
		tracePoller.ids++
		pd.texp.id = tracePoller.ids
		tl.pollEvent(tracev2.EvPollOpen, pd, traceArg(pd.fd), tl.stack(2))
		tl.pollRecord(pd)
		tracePollRelease(tl)
	}
}

func tracePollClose(pd *pollDesc) {
	tl := tracePollAcquire()
	if tl.ok() {
		tl.pollKnown(pd)
		var used traceArg
		if pd.texp.used {
			used = 1
		}
		tl.pollEvent(tracev2.EvPollClose, pd, used)
		tracePollRelease(tl)
	}
}

// tracePollWait begins the range in which a goroutine waits.
func tracePollWait(pd *pollDesc, mode int) (began tracePollRange) {
	tl := tracePollAcquire()
	if tl.ok() {
		tl.pollKnown(pd)
		pd.texp.used = true
		tl.pollEvent(tracev2.EvPollWait, pd, tracePollSlot(pd, mode), tl.stack(2))
		began = tracePollRange{trace.expSession, tl.gen}
		tracePollRelease(tl)
	}
	return began
}

// tracePollWake ends it, if it began in this trace.
func tracePollWake(pd *pollDesc, mode int, began tracePollRange, result int) {
	if began.sess != trace.expSession {
		return
	}
	tl := tracePollAcquire()
	if tl.ok() {
		tl.pollKnown(pd)
		if began.gen != tl.gen {
			tl.pollEvent(tracev2.EvPollWaiting, pd, tracePollSlot(pd, mode))
		}
		tl.pollEvent(tracev2.EvPollWake, pd, tracePollSlot(pd, mode), traceArg(result))
		tracePollRelease(tl)
	}
}

// tracePollReady is called when gp, which waits on pd, will be made runnable.
func tracePollReady(pd *pollDesc, gp *g, mode int) {
	tl := tracePollAcquire()
	if tl.ok() {
		tl.pollKnown(pd)
		tl.pollEvent(tracev2.EvPollReady, pd, traceArg(gp.goid), traceArg(mode))
		switch mode {
		case 'r':
			tracePoller.ready[0]++
		case 'w':
			tracePoller.ready[1]++
		default:
			tracePoller.ready[2]++
		}
		tracePollRelease(tl)
	}
}

// tracePollDeadline is called with pd locked, as tracePollEvict is.
func tracePollDeadline(pd *pollDesc, delay int64, mode int) {
	tl := tracePollAcquire()
	if tl.ok() {
		tl.pollKnown(pd)
		what := "read and write"
		switch mode {
		case 'r':
			what = "read"
		case 'w':
			what = "write"
		}
		tl.pollEvent(tracev2.EvPollDeadline, pd, traceArg(zigzag(delay)), tl.string(what))
		tracePollRelease(tl)
	}
}

func tracePollEvict(pd *pollDesc) {
	tl := tracePollAcquire()
	if tl.ok() {
		tl.pollKnown(pd)
		tl.pollEvent(tracev2.EvPollEvict, pd, traceArg(tl.mp.p.ptr().id), traceArg(tl.mp.curg.goid))
		pd.texp.evicted = true
		tracePollRelease(tl)
		return
	}
	pd.texp.evicted = true
}

// tracePollBlock begins the range in which this thread is in the poller.
func tracePollBlock(delay int64) (began tracePollRange) {
	if !tracePollEnabled() {
		return
	}
	tl := traceAcquire()
	if tl.ok() {
		tl.pollThread(tracev2.EvPollBlock, traceArg(delay))
		began = tracePollRange{trace.expSession, tl.gen}
		traceRelease(tl)
	}
	return began
}

func tracePollBlocked(began tracePollRange, delta int32) {
	if !tracePollEnabled() || began.sess != trace.expSession {
		return
	}
	tl := traceAcquire()
	if tl.ok() {
		if began.gen != tl.gen {
			tl.pollThread(tracev2.EvPollBlocking)
		}
		tl.pollThread(tracev2.EvPollBlocked, traceArg(zigzag(int64(delta))))
		traceRelease(tl)
	}
}

func (tl traceLocker) pollThread(typ tracev2.EventType, args ...traceArg) {
	var all [3]traceArg
	all[0], all[1] = traceArg(tl.mp.procid), tl.mp.texp.next(tl.gen)
	n := 2 + copy(all[2:], args)
	tl.eventWriter(tracev2.GoRunning, tracev2.ProcRunning).event(typ, all[:n]...)
}

// tracePollDump writes the statistics of a generation that has ended.
func tracePollDump(gen uintptr) {
	if trace.enabledExp&4 == 0 {
		return
	}
	w := unsafeTraceExpWriter(gen, nil, tracev2.PollExp)
	w, _ = w.ensure(64)
	w.byte(tracePollStats)
	w.u32be(uint32(netpollWaiters.Load()))
	inited := byte(0)
	if netpollinited() {
		inited = 1
	}
	w.byte(inited)
	w.stringData("epoll\\x00")
	lock(&tracePoller.lock)
	ready := tracePoller.ready
	unlock(&tracePoller.lock)
	for _, n := range ready {
		w.u32be(n)
	}
	share := float32(0)
	if all := ready[0] + ready[1] + ready[2]; all != 0 {
		share = float32(ready[0]) / float32(all)
	}
	bits := *(*uint32)(unsafe.Pointer(&share))
	for i := 0; i < 32; i += 8 {
		w.byte(byte(bits >> i))
	}
	w.flush().end()
}
''')
TRACE_STATE = "\ttrace       mTraceState\n"
substitute("runtime/runtime2.go", TRACE_STATE, TRACE_STATE + "\ttexp expSeq // its events of the network poller\n")
POLL = "runtime/netpoll.go"
SELF = "	self    *pollDesc // storage for indirect interface. See (*pollDesc).makeArg.\n"
substitute(POLL, SELF, SELF + "	texp    tracePollDesc\n")
substitute(POLL, "		pollcache.free(pd)\n		return nil, int(errno)\n	}\n	return pd, 0\n",
           "		pollcache.free(pd)\n		return nil, int(errno)\n	}\n	tracePollOpen(pd)\n	return pd, 0\n")
substitute(POLL, "	netpollclose(pd.fd)\n	pollcache.free(pd)\n",
           "	tracePollClose(pd)\n	netpollclose(pd.fd)\n	pollcache.free(pd)\n")
substitute(POLL, """	for !netpollblock(pd, int32(mode), false) {
		errcode = netpollcheckerr(pd, int32(mode))
		if errcode != pollNoError {
			return errcode
		}
""", """	began := tracePollWait(pd, mode)
	defer func() { tracePollWake(pd, mode, began, errcode) }()
	for !netpollblock(pd, int32(mode), false) {
		errcode = netpollcheckerr(pd, int32(mode))
		if errcode != pollNoError {
			return errcode
		}
""")
substitute(POLL, """		unlock(&pd.lock)
		return
	}
	rd0, wd0 := pd.rd, pd.wd
""", """		unlock(&pd.lock)
		return
	}
	tracePollDeadline(pd, d, mode)
	rd0, wd0 := pd.rd, pd.wd
""")
substitute(POLL, "	pd.closing = true\n", "	pd.closing = true\n	tracePollEvict(pd)\n")
substitute(POLL, """	if rg != nil {
		toRun.push(rg)
	}
	if wg != nil {
		toRun.push(wg)
	}
""", """	if rg != nil {
		tracePollReady(pd, rg, int(mode))
		toRun.push(rg)
	}
	if wg != nil {
		tracePollReady(pd, wg, int(mode))
		toRun.push(wg)
	}
""")
substitute("runtime/proc.go", "		list, delta := netpoll(delay) // block until new work is available\n",
           "		began := tracePollBlock(delay)\n"
           "		list, delta := netpoll(delay) // block until new work is available\n"
           "		tracePollBlocked(began, delta)\n")
