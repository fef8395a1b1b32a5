package hook_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"

	"parley/server/bus"
	"parley/server/hook"
)

// BenchmarkEnter is what a join of an app with callbacks waits for, with many
// at a time, and a business server that takes nothing.
func BenchmarkEnter(b *testing.B) {
	for _, where := range []string{"memory", "disk"} {
		b.Run(where, func(b *testing.B) {
			var carrier bus.Bus = bus.NewMemory(bus.Options{})
			if where == "disk" {
				onDisk, err := bus.OpenNATS(b.Context(), bus.Options{DataDir: b.TempDir(), Log: slog.New(slog.DiscardHandler)})
				if err != nil {
					b.Fatal(err)
				}
				carrier = onDisk
			}
			h := hook.New(hook.Options{Bus: carrier, Queue: bus.QueueOptions{MaxBytes: 1 << 30}})
			if err := h.Configure(b.Context(), map[string]hook.Target{"demo": {URL: "http://127.0.0.1:1/", Kinds: hook.Kinds(), Render: render}}); err != nil {
				b.Fatal(err)
			}
			var n atomic.Int64
			b.SetParallelism(64)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := n.Add(1)
					user := fmt.Sprint(i)
					if err := h.Enter(context.Background(), "demo", fmt.Sprint("r", i%16), user, hook.Login{User: user}); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.StopTimer()
			done, cancel := context.WithCancel(context.Background())
			cancel()
			h.Close(done)
			if err := carrier.Close(context.Background()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
