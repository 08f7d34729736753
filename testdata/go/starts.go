// SPDX-License-Identifier: MIT

package main

import (
	"bytes"
	"io"
	"os"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"syscall"
	"time"
)

func init() {
	raw["cpu"] = cpu
	raw["restarted"] = restarted
}

func traced(f func()) {
	check(trace.Start(os.Stdout))
	f()
	trace.Stop()
}

func readByte(fd int)  { syscall.Read(fd, make([]byte, 1)) }
func writeByte(fd int) { syscall.Write(fd, []byte("x")) }

func spin(d time.Duration) (n int) {
	for stop := time.Now().Add(d); time.Now().Before(stop); n++ {
	}
	return n
}

// cpu has the CPU profiler add its samples.
func cpu() {
	check(pprof.StartCPUProfile(io.Discard))
	traced(func() {
		var wg sync.WaitGroup
		for i := 0; i < 3; i++ {
			wg.Add(1)
			go func() { defer wg.Done(); spin(60 * time.Millisecond) }()
		}
		wg.Wait()
	})
	pprof.StopCPUProfile()
}

// restarted is not the process's first trace: its generations do not begin at 1.
func restarted() {
	for i := 0; i < 2; i++ {
		var b bytes.Buffer
		check(trace.Start(&b))
		time.Sleep(time.Millisecond)
		trace.Stop()
	}
	traced(channels)
}
