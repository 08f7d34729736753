// SPDX-License-Identifier: MIT

// scenarios writes small execution traces for cmd/tests/check-go: each scenario
// makes the runtime emit one family of events, a few of each, so that the traces
// are short enough to be damaged and read thousands of times.
//
// usage: scenarios NAME >TRACE ; without a name it lists those of this Go version.
package main

import (
	"fmt"
	"os"
	"runtime/trace"
	"sort"
)

// Scenarios run inside a trace; those in raw start and stop it themselves.
var (
	scenarios = map[string]func(){}
	raw       = map[string]func(){}
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func list() {
	var names []string
	for _, m := range []map[string]func(){scenarios, raw} {
		for name := range m {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Println(name)
	}
}

func main() {
	if len(os.Args) != 2 {
		list()
		return
	}
	if f := raw[os.Args[1]]; f != nil {
		f()
		return
	}
	f := scenarios[os.Args[1]]
	if f == nil {
		fmt.Fprintln(os.Stderr, "no such scenario:", os.Args[1])
		os.Exit(2)
	}
	check(trace.Start(os.Stdout))
	f()
	trace.Stop()
}
