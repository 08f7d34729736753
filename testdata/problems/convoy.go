// SPDX-License-Identifier: MIT

// A lock convoy: all workers need one lock, and one of their calls holds it for long.
package main

import (
	"os"
	"runtime/trace"
	"sync"
	"time"
)

var (
	lock  sync.Mutex
	cache = map[int]int{}
)

func work(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
	}
}

// get holds the lock only for a moment.
func get(key int) int {
	lock.Lock()
	defer lock.Unlock()
	return cache[key]
}

// refill holds it while it computes.
func refill(key int) {
	lock.Lock()
	defer lock.Unlock()
	work(2 * time.Millisecond)
	cache[key]++
}

func serve(id int) {
	for i := 0; i < 20; i++ {
		if (i+id)%5 == 0 {
			refill(i)
		} else {
			get(i)
		}
		time.Sleep(200 * time.Microsecond)
	}
}

func main() {
	var wg sync.WaitGroup
	trace.Start(os.Stdout)
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
