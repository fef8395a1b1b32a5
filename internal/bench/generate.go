package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"syscall"
	"time"

	"parley/internal/load"
)

// generateCommand makes this program a generator: generators run in processes of
// their own, so that they can be pinned.
const generateCommand = "generate"

// generatorTimeout is longer than any run that the plan has.
const generatorTimeout = 3 * time.Minute

// order is what the runner writes to a generator.
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

// generator runs an order in a pinned process.
func (b *bench) generator(ctx context.Context, o order) (load.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, generatorTimeout)
	defer cancel()
	self, err := os.Executable()
	if err != nil {
		return load.Result{}, fmt.Errorf("find this program: %w", err)
	}
	text, err := json.Marshal(o)
	if err != nil {
		return load.Result{}, fmt.Errorf("write order: %w", err)
	}
	var out, said bytes.Buffer
	command := exec.CommandContext(ctx, "taskset", "-c", generatorCore, self, generateCommand)
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(text), &out, &said
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := command.Run(); err != nil {
		return load.Result{}, fmt.Errorf("generator: %w: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	var result load.Result
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		return load.Result{}, fmt.Errorf("read result: %w", err)
	}
	return result, nil
}
