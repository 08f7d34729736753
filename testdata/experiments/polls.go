// SPDX-License-Identifier: MIT

// polls makes all events of PollExp: descriptors of the network poller that are opened,
// waited on, given deadlines, evicted and closed, in a trace or in a flight recording.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/trace"
	"sync"
	"time"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "polls:", err)
		os.Exit(1)
	}
}

// echo gives each connection back what it sends.
func echo(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			io.Copy(c, c)
			c.Close()
		}()
	}
}

// talk waits for answers, for a time that is over, and for one that is not.
func talk(address string, n int) {
	c, err := net.Dial("tcp", address)
	check(err)
	defer c.Close()
	b := make([]byte, 16)
	for i := 0; i < n; i++ {
		c.SetDeadline(time.Now().Add(time.Second))
		c.Write(b)
		io.ReadFull(c, b)
	}
	c.SetReadDeadline(time.Now().Add(-time.Second))
	_, err = c.Read(b)
	c.SetReadDeadline(time.Now().Add(2 * time.Millisecond))
	_, late := c.Read(b)
	if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.Is(late, os.ErrDeadlineExceeded) {
		fmt.Fprintln(os.Stderr, "polls: no timeout:", err, late)
	}
	c.SetWriteDeadline(time.Time{})
}

// fill writes into a pipe until another goroutine reads it, then closes it under a reader.
func fill() {
	r, w, err := os.Pipe()
	check(err)
	var both sync.WaitGroup
	both.Go(func() {
		time.Sleep(time.Millisecond)
		io.CopyN(io.Discard, r, 100<<10)
		io.Copy(io.Discard, r)
	})
	w.Write(make([]byte, 100<<10))
	time.Sleep(time.Millisecond)
	r.SetReadDeadline(time.Now().Add(time.Hour))
	r.Close()
	w.Close()
	both.Wait()
}

func main() {
	d := flag.Duration("d", 0, "at least so long")
	pause := flag.Duration("p", 50*time.Millisecond, "pause between rounds")
	n := flag.Int("n", 3, "messages of a connection")
	w := flag.Int("w", 2, "connections at once")
	out := flag.String("o", "out.trace", "file")
	flight := flag.Bool("flight", false, "record the flight, and write its end")
	flag.Parse()
	// Older than the trace.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go echo(l)
	r, hold, err := os.Pipe()
	check(err)
	go io.Copy(io.Discard, r)
	quiet, err := net.ListenTCP("tcp", nil)
	check(err)
	check(quiet.SetDeadline(time.Now().Add(time.Hour)))
	go quiet.Accept()
	time.Sleep(time.Millisecond)
	f, err := os.Create(*out)
	check(err)
	var recorder *trace.FlightRecorder
	if *flight {
		recorder = trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: time.Second})
		check(recorder.Start())
	} else {
		check(trace.Start(f))
	}
	start := time.Now()
	for {
		var all sync.WaitGroup
		for i := 0; i < *w; i++ {
			all.Go(func() { talk(l.Addr().String(), *n) })
		}
		all.Go(fill)
		all.Wait()
		hold.Write([]byte("x"))
		if time.Since(start) >= *d {
			break
		}
		time.Sleep(*pause)
	}
	hold.Close()
	l.Close()
	quiet.Close()
	if *flight {
		_, err := recorder.WriteTo(f)
		check(err)
		recorder.Stop()
	} else {
		trace.Stop()
	}
	check(f.Close())
}
