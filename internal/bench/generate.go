package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime/debug"

	"parley/internal/load"
)

// order is what the runner writes to a generator process: generators run in
// processes of their own, so that they can be pinned.
type order struct {
	load.Options
	AppID  uint32 `json:"appID,omitempty"`
	Secret string `json:"secret,omitempty"`
}

// generate reads one order and writes its result, one JSON object on one line.
func generate(ctx context.Context, in io.Reader, out io.Writer) error {
	debug.SetGCPercent(400) // the measured loop makes little garbage; the joins should not be held up by it
	var o order
	if err := json.NewDecoder(in).Decode(&o); err != nil {
		return fmt.Errorf("read order: %w", err)
	}
	if o.Secret != "" {
		o.Credentials = load.MintWith(o.AppID, o.Secret)
	}
	result, err := load.Run(ctx, o.Options)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(out).Encode(result); err != nil {
		return fmt.Errorf("write result: %w", err)
	}
	return nil
}
