// SPDX-License-Identifier: MIT

package main

import (
	"runtime"
	"sync"
	"time"
)

func init() {
	scenarios["channels"] = channels
	scenarios["locks"] = locks
	scenarios["ends"] = ends
	scenarios["procs"] = procs
}

// channels blocks on sends, receives and selects, with and without partners.
func channels() {
	var wg sync.WaitGroup
	data, quit := make(chan int), make(chan bool)
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				select {
				case <-data:
					runtime.Gosched()
				case <-quit:
					return
				}
			}
		}()
	}
	for i := 0; i < 40; i++ {
		data <- i
	}
	close(quit)
	wg.Wait()
	go func() { select {} }()
	go func() { <-make(chan int) }()
	time.Sleep(time.Millisecond)
}

// locks waits for mutexes, conditions and timers.
func locks() {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var rw sync.RWMutex
	cond := sync.NewCond(&mu)
	ready := 0
	for i := 0; i < 5; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			rw.RLock()
			time.Sleep(200 * time.Microsecond)
			rw.RUnlock()
			mu.Lock()
			for ready == 0 {
				cond.Wait()
			}
			mu.Unlock()
		}()
	}
	rw.Lock()
	time.Sleep(time.Millisecond)
	rw.Unlock()
	mu.Lock()
	ready = 1
	cond.Broadcast()
	mu.Unlock()
	wg.Wait()
	<-time.After(time.Millisecond)
}

// ends has goroutines die in all ways.
func ends() {
	var wg sync.WaitGroup
	wg.Add(3)
	go func() { wg.Done() }()
	go func() { defer wg.Done(); runtime.Goexit() }()
	go func() {
		defer wg.Done()
		defer func() { _ = recover() }()
		panic("caught")
	}()
	wg.Wait()
	for i := 0; i < 20; i++ {
		wg.Add(1)
		go wg.Done()
	}
	wg.Wait()
}

// procs changes GOMAXPROCS, which stops the world each time.
func procs() {
	var wg sync.WaitGroup
	for i, n := range []int{1, 8, 2, 16, 3} {
		runtime.GOMAXPROCS(n)
		for k := 0; k < 2*i; k++ {
			wg.Add(1)
			go func() { defer wg.Done(); time.Sleep(100 * time.Microsecond) }()
		}
		wg.Wait()
	}
}
