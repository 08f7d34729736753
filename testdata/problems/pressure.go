// SPDX-License-Identifier: MIT

// Collector pressure: a parser makes so much garbage that the collector hardly ever rests.
package main

import (
	"os"
	"runtime/debug"
	"runtime/trace"
	"strings"
	"sync"
)

var keep [][]byte

// parse allocates a slice for each word.
func parse(text string) (n int) {
	for i := 0; i < 300; i++ {
		words := strings.Split(text, " ")
		for j := range words {
			words[j] = strings.Repeat(words[j], 3)
		}
		n += len(words)
	}
	return n
}

func main() {
	debug.SetGCPercent(20)
	for i := 0; i < 200; i++ {
		keep = append(keep, make([]byte, 16<<10))
	}
	text := strings.Repeat("word and word ", 200)
	trace.Start(os.Stdout)
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			parse(text)
		}()
	}
	wg.Wait()
	trace.Stop()
}
