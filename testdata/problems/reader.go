// SPDX-License-Identifier: MIT

// A slow reader: writers wait for it, and the lock lets no other reader pass a writer that waits.
// So quick readers wait for writers, which hold the lock for a moment only, and the cause is a
// third function.
package main

import (
	"os"
	"runtime/trace"
	"sync"
	"time"
)

var (
	lock  sync.RWMutex
	cache = map[int]int{}
)

func report() int {
	lock.RLock()
	defer lock.RUnlock()
	time.Sleep(6 * time.Millisecond)
	return len(cache)
}

func update(key int) {
	lock.Lock()
	defer lock.Unlock()
	cache[key]++
}

func get(key int) int {
	lock.RLock()
	defer lock.RUnlock()
	return cache[key]
}

func serve(id int) {
	for i := 0; i < 15; i++ {
		switch {
		case id == 0:
			report()
		case i%5 == 0:
			update(i)
		default:
			get(i)
		}
		time.Sleep(100 * time.Microsecond)
	}
}

func main() {
	trace.Start(os.Stdout)
	var wg sync.WaitGroup
	for id := 0; id < 8; id++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			serve(id)
		}()
	}
	wg.Wait()
	trace.Stop()
}
