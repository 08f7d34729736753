// SPDX-License-Identifier: MIT

// Goroutines that leak: each request asks two backends and waits for the faster one; nobody
// receives what the slower one sends.
package main

import (
	"os"
	"runtime/trace"
	"time"
)

func ask(d time.Duration, answer chan int) {
	time.Sleep(d)
	answer <- 1
}

func handle() int {
	answer := make(chan int)
	go ask(100*time.Microsecond, answer)
	go ask(300*time.Microsecond, answer)
	return <-answer
}

func main() {
	trace.Start(os.Stdout)
	for i := 0; i < 200; i++ {
		handle()
	}
	time.Sleep(time.Millisecond)
	trace.Stop()
}
