// SPDX-License-Identifier: MIT

package main

import (
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
)

func init() {
	scenarios["syscalls"] = syscalls
	scenarios["threads"] = threads
	raw["stopped"] = stopped
}

// pipe gives two descriptors whose reads block a thread, not only a goroutine.
func pipe() (r, w int) {
	var p [2]int
	check(syscall.Pipe(p[:]))
	return p[0], p[1]
}

// syscalls makes short ones, and long ones that lose their P to somebody else.
func syscalls() {
	r, w := pipe()
	done := make(chan bool)
	go func() {
		b := make([]byte, 1)
		for i := 0; i < 5; i++ {
			syscall.Read(r, b)
		}
		close(done)
	}()
	for i := 0; i < 5; i++ {
		time.Sleep(500 * time.Microsecond)
		for k := 0; k < 5; k++ {
			os.Getppid()
			_, _ = os.Stat("/")
		}
		syscall.Write(w, []byte("x"))
	}
	<-done
}

// threads keeps more threads alive than fit a small heap or a short sort.
func threads() {
	var wg sync.WaitGroup
	r, w := pipe()
	for i := 0; i < 20; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			runtime.LockOSThread()
			for k := 0; k < 4; k++ {
				syscall.Read(r, make([]byte, 1))
				runtime.Gosched()
			}
		}()
	}
	for i := 0; i < 80; i++ {
		syscall.Write(w, []byte("x"))
		if i%16 == 0 {
			time.Sleep(200 * time.Microsecond)
		}
	}
	wg.Wait()
}

// stopped begins the trace while others are in all kinds of states.
func stopped() {
	r, w := pipe()
	stop := make(chan bool)
	for i := 0; i < 3; i++ {
		go func() { syscall.Read(r, make([]byte, 1)) }()
		go func() { <-stop }()
		go func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
			}
		}()
	}
	time.Sleep(time.Millisecond)
	traced(func() {
		time.Sleep(time.Millisecond)
		syscall.Write(w, []byte("xx"))
		time.Sleep(time.Millisecond)
		close(stop)
	})
}
