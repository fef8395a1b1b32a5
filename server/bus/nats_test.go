package bus_test

import (
	"context"
	"fmt"
	"testing"

	"parley/server/bus"
)

func openNATS(tb testing.TB, n int, options bus.Options) []node {
	tb.Helper()
	var nodes []node
	keep := func(b *bus.NATS, err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() {
			if err := b.Close(context.Background()); err != nil {
				tb.Errorf("close: %v", err)
			}
		})
		nodes = append(nodes, b)
	}
	if n == 1 {
		keep(bus.OpenNATS(tb.Context(), options))
		return nodes
	}
	srv := bus.StartServer(tb, options)
	for i := range n {
		options.Node = fmt.Sprint("node ", i)
		keep(bus.Connect(tb.Context(), srv, options))
	}
	return nodes
}

func TestNATS(t *testing.T) { conform(t, openNATS) }
