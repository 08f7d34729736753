// SPDX-License-Identifier: MIT

// A pool that is too small: twelve goroutines share two connections. All take a lock, too, but
// only for a moment.
package main

import (
	"context"
	"os"
	"runtime/trace"
	"sync"
	"time"
)

type conn struct{}

var (
	pool  = make(chan *conn, 2)
	lock  sync.Mutex
	calls int
)

func count() {
	lock.Lock()
	defer lock.Unlock()
	calls++
}

func acquire(ctx context.Context) *conn {
	select {
	case c := <-pool:
		return c
	case <-ctx.Done():
		return nil
	}
}

func release(c *conn) {
	pool <- c
}

func query(*conn) {
	time.Sleep(2 * time.Millisecond)
}

func serve(ctx context.Context) {
	for i := 0; i < 10; i++ {
		count()
		c := acquire(ctx)
		query(c)
		count()
		release(c)
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	pool <- &conn{}
	pool <- &conn{}
	trace.Start(os.Stdout)
	var wg sync.WaitGroup
	for id := 0; id < 12; id++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			serve(ctx)
		}()
	}
	wg.Wait()
	cancel()
	trace.Stop()
}
