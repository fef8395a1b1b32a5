package gateway

import (
	"sync/atomic"
	"time"

	"parley/internal/wire"
)

// App is what the gateway knows of an app. Sessions hold it for as long as they
// live; what may change meanwhile is in its Rules.
type App struct {
	Name  string // in logs and as the rooms' namespace
	rules atomic.Pointer[Rules]
}

// NewApp returns an app with these rules.
func NewApp(name string, rules Rules) *App {
	a := &App{Name: name}
	a.SetRules(rules)
	return a
}

// Rules returns the rules in force. Load them once per request: two calls may
// give two answers.
func (a *App) Rules() *Rules { return a.rules.Load() }

// SetRules puts other rules into force, at once and for live sessions too. Call
// [Gateway.Refresh] next, which looks at the sessions' expiry again.
func (a *App) SetRules(rules Rules) { a.rules.Store(&rules) }

// Rules are how an app treats its sessions. They are not changed, but replaced.
type Rules struct {
	Limits Limits
	// Profiles are the limits of clients that name one in their Hello. A client
	// that names none, or none of these, has Limits.
	Profiles map[string]*Limits
	// Verify judges a login. A nil Verify lets everybody in.
	Verify func(user, token string, now time.Time) (Grant, error)
	// MultiRoom: a session may be in several rooms.
	MultiRoom bool
	// KickOnExpiry: an expired token ends the session, not only the next login.
	KickOnExpiry bool
	// Diagnostics says what clients may ask about messages.
	Diagnostics Diagnostics
}

func (r *Rules) limitsOf(profile string) *Limits {
	if limits, ok := r.Profiles[profile]; ok {
		return limits
	}
	return &r.Limits
}

// Diagnostics is what clients of an app may ask the server about messages.
type Diagnostics uint8

const (
	// DiagnosticsOwn: about what the asking user has sent, without the names of
	// other rooms and apps that a receiver is in.
	DiagnosticsOwn Diagnostics = iota
	// DiagnosticsOff: nothing, and no traces.
	DiagnosticsOff
	// DiagnosticsFull: about all messages of the app, and everything.
	DiagnosticsFull
)

// Grant is what a good token allows.
type Grant struct {
	Expires time.Time // zero: never
	// TokenVersion is that of the token's format; 0: there was no token.
	TokenVersion int
	// AllowsRoom returns nil or a *wire.Error; nil AllowsRoom allows all.
	AllowsRoom func(room string) error
}

func (g *Grant) allows(room string) error {
	if g.AllowsRoom == nil {
		return nil
	}
	return g.AllowsRoom(room)
}

func (g *Grant) expiresMS() uint64 {
	if g.Expires.IsZero() {
		return 0
	}
	return uint64(g.Expires.UnixMilli())
}

// Limits bound what one client may do. A rate of 0 is no limit.
type Limits struct {
	FrameBytes                   int // one WebSocket frame from a client
	MessageBytes                 int // one message's text
	DataBytes                    int // one message of kind DATA
	Rooms                        int // of one session
	InfoKeyBytes, InfoValueBytes int

	// Messages per second of one user in one room, and as many at once.
	MessagesPerSecond    int // reliable, to everyone
	LossyPerSecond       int
	CommandsPerSecond    int // to one user
	CommandsToManyPerSec int // to several, or to all
	DataPerSecond        int
	DataToOnePerSecond   int // to one user; 0: counted with the rest
	InfoPerSecond        int
	// Messages per second of one session: to one user outside rooms, and to its
	// business server.
	DirectPerSecond   int
	BusinessPerSecond int
	// Frames per second of one connection; beyond it, it is closed.
	FramesPerSecond int
}

// UserID and room id bounds, in bytes, for all dialects. A dialect may be stricter.
const (
	maxIDBytes      = 256
	maxNameBytes    = 1024
	maxExtraBytes   = 1024
	maxTokenBytes   = 8192
	maxTargets      = 1000
	maxReasonBytes  = 1024
	maxClientID     = 128
	maxListeners    = 64
	maxListenerText = 256
)

// idError checks a user or room id: not empty, not too long, no control
// characters.
func idError(what, id string) *wire.Error {
	switch {
	case id == "":
		return &wire.Error{Code: wire.CodeEmpty, What: what + " is empty", Fix: "Give the " + what + "."}
	case len(id) > maxIDBytes:
		return &wire.Error{Code: wire.CodeInvalid, What: what + " is too long", Fix: "Use a shorter " + what + ".", Limit: maxIDBytes, Got: uint64(len(id))}
	}
	for i := range len(id) {
		if id[i] < 0x20 || id[i] == 0x7f {
			return &wire.Error{Code: wire.CodeInvalid, What: what + " has a control character", Fix: "Use printable characters."}
		}
	}
	return nil
}
