// SPDX-License-Identifier: MIT

package main

import (
	"context"
	"runtime/pprof"
	"runtime/trace"
	"strings"
	"sync"
	"time"
)

func init() {
	scenarios["annotations"] = annotations
	scenarios["labels"] = labels
	scenarios["odd-strings"] = oddStrings
	scenarios["generations"] = generations
}

// annotations nests tasks and regions, over several goroutines.
func annotations() {
	ctx, outer := trace.NewTask(context.Background(), "outer")
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			ctx, inner := trace.NewTask(ctx, "inner")
			trace.WithRegion(ctx, "first", func() {
				defer trace.StartRegion(ctx, "second").End()
				trace.Log(ctx, "category", "message")
				trace.Logf(ctx, "", "%d of %d", i, 3)
			})
			inner.End()
			inner.End()
		}()
	}
	wg.Wait()
	trace.WithRegion(context.Background(), "of no task", func() {})
	outer.End()
	never := trace.StartRegion(ctx, "never ended")
	_ = never
}

func labels() {
	pprof.Do(context.Background(), pprof.Labels("key", "value", "other", "label"), func(context.Context) {
		time.Sleep(100 * time.Microsecond)
	})
	var wg sync.WaitGroup
	wg.Add(1)
	go pprof.Do(context.Background(), pprof.Labels("who", "a goroutine"), func(context.Context) {
		defer wg.Done()
		time.Sleep(100 * time.Microsecond)
	})
	wg.Wait()
}

// oddStrings says things that a printer must quote.
func oddStrings() {
	ctx, task := trace.NewTask(context.Background(), "quote \" back \\ tick `")
	for _, s := range []string{
		"", "\x00\a\b\t\n\v\f\r\x1b\x7f", "\xff\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80", "caf\u00e9 \u2028\u00ad\ufeff",
		"\U0001f600\U000e0001\U0010ffff\ufffd", "cut \xe2\x82", strings.Repeat("long ", 500),
	} {
		trace.Log(ctx, s, s)
		trace.WithRegion(ctx, s, func() {})
	}
	task.End()
}

// generations lasts for several of them, with things that begin in one and end
// in another.
func generations() {
	ctx, task := trace.NewTask(context.Background(), "long")
	region := trace.StartRegion(ctx, "long region")
	r, w := pipe()
	waiting := make(chan bool)
	go func() {
		<-waiting
		readByte(r)
		waiting <- true
	}()
	for i := 0; i < 4; i++ {
		time.Sleep(600 * time.Millisecond)
		trace.Log(ctx, "tick", strings.Repeat("x", i))
		if i == 0 {
			waiting <- true
		}
	}
	writeByte(w)
	<-waiting
	region.End()
	task.End()
}
