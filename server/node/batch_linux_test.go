package node_test

import (
	"testing"
	"time"

	"parley/internal/load"
	"parley/server/config"
	"parley/server/node"
)

// TestBatchesFormUnderLoad: what is published while a pass runs goes out
// together. Without batches a write carries one message, and a room is twenty
// times slower under load: nothing else in the tests would show it.
func TestBatchesFormUnderLoad(t *testing.T) {
	cfg := config.Defaults()
	cfg.Listen, cfg.Apps, cfg.AllowDevSecrets = "127.0.0.1:0", config.DevApps(), true
	n, err := node.Start(t.Context(), cfg, node.Options{LimitsOff: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := n.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	app := cfg.Apps[0]
	result, err := load.Run(t.Context(), load.Options{
		Server: "ws://" + n.Addr().String() + "/ws", Mode: load.FanOut, Members: 100, ServerCore: -1,
		Credentials: load.MintWith(app.AppID, string(app.ServerSecrets[0])),
		Loads:       []load.Load{{Window: 512, Warm: 50 * time.Millisecond, Duration: 500 * time.Millisecond}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := result.Loads[0]; got.DeliveriesPerRead < 50 || got.Missing > 0 || got.Doubled > 0 {
		t.Errorf("%.1f deliveries a read, %d missing, %d doubled; want at least 50 and none", got.DeliveriesPerRead, got.Missing, got.Doubled)
	} else {
		t.Logf("%.1f deliveries a read", got.DeliveriesPerRead)
	}
}
