// SPDX-License-Identifier: MIT

package main

import (
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

func init() {
	scenarios["gc"] = gc
	scenarios["assist"] = assist
}

type tree struct {
	left, right *tree
	payload     [2]uint64
}

func grow(depth int) *tree {
	if depth == 0 {
		return &tree{}
	}
	return &tree{left: grow(depth - 1), right: grow(depth - 1)}
}

// gc collects a few times with something to mark and to sweep. It does not ask for
// it: runtime.GC() yields in a loop until all is swept, 10,000 times and more.
func gc() {
	debug.SetGCPercent(5)
	keep := grow(5)
	for i := 0; i < 8; i++ {
		grow(11)
		time.Sleep(100 * time.Microsecond)
	}
	runtime.KeepAlive(keep)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
}

// assist makes goroutines pay for their allocation while a collection runs.
func assist() {
	debug.SetGCPercent(20)
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := 0; k < 2; k++ {
				keep := grow(12)
				runtime.KeepAlive(keep)
			}
		}()
	}
	wg.Wait()
}
