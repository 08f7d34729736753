// SPDX-License-Identifier: MIT

// A slow system call that holds a processor: there is one, and a goroutine that has work each
// millisecond cannot run until the runtime takes the processor away.
package main

import (
	"os"
	"runtime"
	"runtime/trace"
	"syscall"
	"time"
)

// flush waits for a device.
func flush() {
	t := syscall.Timespec{Nsec: 15e6}
	syscall.Nanosleep(&t, nil)
}

func logger(stop chan bool) {
	for i := 0; i < 10; i++ {
		flush()
		time.Sleep(5 * time.Millisecond)
	}
	close(stop)
}

func main() {
	runtime.GOMAXPROCS(1)
	trace.Start(os.Stdout)
	stop := make(chan bool)
	go logger(stop)
	for tick := time.NewTicker(time.Millisecond); ; {
		select {
		case <-tick.C:
		case <-stop:
			trace.Stop()
			return
		}
	}
}
