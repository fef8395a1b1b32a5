package engine

import (
	"parley/internal/engine/moment"
	"parley/internal/wire"
)

// Random gives random bits: math/rand/v2 sources are one.
type Random interface{ Uint64() uint64 }

// Config tells a Client where, who and how. Zero durations and limits mean the
// default that stands at the field.
type Config struct {
	URL    string // of the server's WebSocket: ws://host/ws
	App    string
	User   string
	Name   string // display name; empty = User
	Token  string
	Device string // sessions of one user and device replace each other
	Client string // SDK name and version, for the server's log
	// Profile names which of the app's limits apply: those of the pages that
	// this client serves. Empty = "express".
	Profile string
	// Direct: the session takes messages outside rooms.
	Direct bool

	Dialer  Dialer
	Clock   Clock
	Random  Random
	Handler Handler

	// Trace asks for a delivery trace of every message sent; see Client.Trace.
	Trace bool

	// ReconnectWindow is how long after a cut the client tries to come back,
	// and how long Connect tries; then the session is over. 300 s.
	ReconnectWindow moment.Duration
	// AnnounceAfter delays Reconnecting: a cut that heals before it stays
	// silent, however many attempts that took. 0 = announce at once.
	AnnounceAfter moment.Duration
	// ConnectTimeout bounds one attempt, from dial to Welcome. 10 s.
	ConnectTimeout moment.Duration
	// BackoffBase and BackoffCap: attempt n waits a uniformly random time
	// below min(BackoffCap, BackoffBase·2ⁿ), n from 0. 500 ms, 32 s.
	BackoffBase, BackoffCap moment.Duration
	// RequestTimeout bounds a request from the call to its answer, cuts
	// included. 60 s. The server's dedupe window must be longer.
	RequestTimeout moment.Duration
	// ProbeTimeout is how long a Probe waits for any byte. 5 s.
	ProbeTimeout moment.Duration
	// TokenWarning is how long before a token's expiry TokenExpiring is told. 30 s.
	TokenWarning moment.Duration
	// MaxPending and MaxPendingBytes bound the unanswered requests. 1024, 4 MiB.
	MaxPending, MaxPendingBytes int
}

// withDefaults returns cfg with its zero values replaced.
func (cfg Config) withDefaults() Config {
	orDefault(&cfg.ReconnectWindow, 300*moment.Second)
	orDefault(&cfg.ConnectTimeout, 10*moment.Second)
	orDefault(&cfg.BackoffBase, 500*moment.Millisecond)
	orDefault(&cfg.BackoffCap, 32*moment.Second)
	orDefault(&cfg.RequestTimeout, 60*moment.Second)
	orDefault(&cfg.ProbeTimeout, 5*moment.Second)
	orDefault(&cfg.TokenWarning, 30*moment.Second)
	orDefault(&cfg.MaxPending, 1024)
	orDefault(&cfg.MaxPendingBytes, 4<<20)
	return cfg
}

func orDefault[T ~int | ~int64](value *T, otherwise T) {
	if *value == 0 {
		*value = otherwise
	}
}

// check returns what makes cfg unusable, or nil.
func (cfg *Config) check() *wire.Error {
	missing := ""
	switch {
	case cfg.URL == "":
		missing = "URL"
	case cfg.App == "":
		missing = "App"
	case cfg.User == "":
		missing = "User"
	case cfg.Dialer == nil:
		missing = "Dialer"
	case cfg.Random == nil:
		missing = "Random"
	case cfg.Handler == nil:
		missing = "Handler"
	default:
		return nil
	}
	return &wire.Error{
		Code: wire.CodeInvalid,
		What: "Config." + missing + " is empty",
		Fix:  "Set Config." + missing + " before New.",
	}
}
