// SPDX-License-Identifier: MIT

//go:build go1.25

package main

import (
	"os"
	"runtime/trace"
	"time"
)

func init() {
	raw["flight"] = flight
}

// flight writes what a flight recorder holds after a few generations.
func flight() {
	fr := trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: time.Second})
	check(fr.Start())
	ticks := make(chan int, 1)
	go func() {
		for range ticks {
		}
	}()
	for i := 0; i < 8; i++ {
		ticks <- i
		time.Sleep(300 * time.Millisecond)
	}
	_, err := fr.WriteTo(os.Stdout)
	check(err)
}
