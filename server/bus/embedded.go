package bus

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"

	"github.com/nats-io/nats-server/v2/server"
)

// embedded is a NATS server in this process, without a listener.
type embedded struct {
	server *server.Server
	temp   string // directory to remove, if any
}

// leaseBytes bounds the leases of all rooms; at the bound PutLease has no
// effect, which is logged.
const leaseBytes = 64 << 20

// queueRoom is what the server sets aside for a queue. It is an account, not
// memory or disk in use.
const queueRoom = maxQueueBytes + maxNoteBytes + maxDeadBytes

func startEmbedded(o Options) (*embedded, error) {
	e := &embedded{}
	dir := o.DataDir
	if dir == "" {
		// JetStream insists on a directory even if all is in memory.
		var err error
		if dir, err = os.MkdirTemp("", "parley-bus-"); err != nil {
			return nil, fmt.Errorf("bus: directory for NATS: %w", err)
		}
		e.temp = dir
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("bus: data directory: %w", err)
	}
	srv, err := server.NewServer(&server.Options{
		ServerName:             "parley-" + o.Node,
		DontListen:             true,
		NoSigs:                 true,
		NoSystemAccount:        true,
		JetStream:              true,
		DisableJetStreamBanner: true,
		StoreDir:               dir,
		JetStreamMaxMemory:     o.MaxBytes + 2*leaseBytes + queueRoom,
		JetStreamMaxStore:      2*o.MaxBytes + leaseBytes + queueRoom,
		SyncAlways:             o.DataDir != "" && !o.NoSync,
		MaxPayload:             8 << 20,
		MaxPending:             256 << 20,
		MaxControlLine:         32 << 10,
		NoFastProducerStall:    true, // a stalled producer would be Append
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("bus: set up NATS: %w", err), e.removeTemp())
	}
	e.server = srv
	log := &bridge{log: o.Log.With("part", "nats")}
	srv.SetLoggerV2(log, false, false, false)
	srv.Start()
	if reason := log.fatal.Load(); reason != nil {
		return nil, errors.Join(fmt.Errorf("bus: NATS did not start: %s", *reason), e.stop())
	}
	if !srv.ReadyForConnections(callTimeout) || !srv.JetStreamEnabled() {
		return nil, errors.Join(errors.New("bus: NATS did not start in "+callTimeout.String()), e.stop())
	}
	return e, nil
}

// stop ends the server and leaves no temporary file behind.
func (e *embedded) stop() error {
	e.server.Shutdown()
	e.server.WaitForShutdown()
	return e.removeTemp()
}

func (e *embedded) removeTemp() error {
	if e.temp == "" {
		return nil
	}
	if err := os.RemoveAll(e.temp); err != nil {
		return fmt.Errorf("bus: remove the directory of NATS: %w", err)
	}
	return nil
}

// bridge hands the server's warnings and errors to slog, and its notices at
// debug level: they speak of starting and stopping, which we log ourselves. A
// fatal error becomes the error of the start.
type bridge struct {
	log   *slog.Logger
	fatal atomic.Pointer[string]
}

func (b *bridge) Noticef(format string, v ...any) {
	b.log.Debug("nats notice", "text", fmt.Sprintf(format, v...))
}

func (b *bridge) Warnf(format string, v ...any) {
	b.log.Warn("nats warning", "text", fmt.Sprintf(format, v...))
}

func (b *bridge) Errorf(format string, v ...any) {
	b.log.Error("nats error", "text", fmt.Sprintf(format, v...))
}

func (b *bridge) Fatalf(format string, v ...any) {
	reason := fmt.Sprintf(format, v...)
	b.fatal.Store(&reason)
}

func (b *bridge) Debugf(string, ...any) {}
func (b *bridge) Tracef(string, ...any) {}
