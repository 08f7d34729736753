// SPDX-License-Identifier: MIT

//go:build go1.23

package main

import "iter"

func init() {
	scenarios["switches"] = switches
}

// switches hands control from goroutine to goroutine as iter.Pull does.
func switches() {
	next, stop := iter.Pull(func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
		}
	})
	for i := 0; i < 10; i++ {
		next()
	}
	stop()
	next, stop = iter.Pull(func(yield func(int) bool) { yield(1) })
	for i := 0; i < 3; i++ {
		next()
	}
	stop()
}
