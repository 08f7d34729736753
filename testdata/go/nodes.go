// SPDX-License-Identifier: MIT

//go:build ignore

// Nodes allocates a known number of objects of a known type and lets go of most:
// 1000 of main.Node (96 bytes, all in one class), of which 300 stay, and says so.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/trace"
)

// Node has a pointer, so it is no tiny object, and 96 bytes, a size of a class.
type Node struct {
	next *Node
	data [88]byte
}

var kept, dropped *Node

//go:noinline
func push(list **Node) {
	*list = &Node{next: *list}
}

//go:noinline
func build() {
	for i := 0; i < 300; i++ {
		push(&kept)
	}
	for i := 0; i < 700; i++ {
		push(&dropped)
	}
	dropped = nil
}

func main() {
	f, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	if err := trace.Start(f); err != nil {
		panic(err)
	}
	build()
	runtime.GC()
	runtime.GC()
	trace.Stop()
	runtime.KeepAlive(kept)
	fmt.Println("300 of 1000 live")
}
