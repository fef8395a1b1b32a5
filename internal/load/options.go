package load

import (
	"errors"
	"fmt"
	"time"
)

// Mode says what a run does after all have joined.
type Mode string

const (
	// FanOut has one room with all members and one publisher beside them.
	FanOut Mode = "fanout"
	// Pairs has messages from one user to one other, chosen at random.
	Pairs Mode = "pairs"
	// Idle has rooms in which nobody says anything, and reads the server's memory.
	Idle Mode = "idle"
)

// Limits of what a run may ask for.
const (
	MaxMembers  = 100_000
	MaxDuration = 10 * time.Minute // of one Load, warm-up included
	MinPayload  = 40               // marker, send time and sender take 29
	MaxPayload  = 16 << 10
	MaxWindow   = 1 << 14
)

// Options say what to run. The zero value of a field means its default.
type Options struct {
	// Server is a ws: URL: "ws://127.0.0.1:8080/ws". The path may be left out where
	// the protocol has a usual one. wss: is refused: this generator has no TLS.
	Server string `json:"server"`
	// Protocol is one of Protocols; default "parley".
	Protocol string `json:"protocol"`
	// Mode defaults to FanOut.
	Mode Mode `json:"mode"`
	// Members is the number of connections that join; default 1,000 for FanOut (the
	// publisher is one more), 100 for Pairs (must be even), 10,000 for Idle.
	Members int `json:"members"`
	// Rooms is over how many rooms Idle spreads the members; default 100.
	Rooms int `json:"rooms,omitempty"`
	// PayloadBytes is the length of a message; default 128.
	PayloadBytes int `json:"payloadBytes"`
	// Loads run one after the other on the same connections. Idle has none.
	// Default: one with 128 outstanding, in Pairs one of 100 messages/s.
	Loads []Load `json:"loads,omitempty"`
	// SkipUnreachable leaves out a Load with a rate above what an earlier closed
	// loop of the same run reached, which would only show a growing queue.
	SkipUnreachable bool `json:"skipUnreachable,omitempty"`
	// JoinsInFlight is how many connections join at once; default 64.
	JoinsInFlight int `json:"joinsInFlight"`
	// JoinTimeout ends a run in which not all have joined; default 60 s.
	JoinTimeout time.Duration `json:"joinTimeout"`
	// Hold is how long Idle waits before it reads the memory; default 4 s.
	Hold time.Duration `json:"hold,omitempty"`
	// DrainTimeout ends the wait for what is missing at the end of a Load, when
	// nothing has come for so long; default 3 s. A minute is the most.
	DrainTimeout time.Duration `json:"drainTimeout"`
	// Prefix starts the names of all users and rooms; default "load". Two runs at the
	// same server at once need different ones.
	Prefix string `json:"prefix"`
	// Origin is sent as the Origin header; default: the server's own.
	Origin string `json:"origin,omitempty"`
	// ServerPID is the server's process on this machine, whose CPU time and memory
	// are read; 0 = unknown, and the figures that need it stay 0.
	ServerPID int `json:"serverPid,omitempty"`
	// ServerCore is the core that the server is pinned to, for telling how much
	// others used it; -1 = not pinned. Only looked at when ServerPID is set.
	ServerCore int `json:"serverCore,omitempty"`
	// Seed chooses pairs; the same seed gives the same choice.
	Seed uint64 `json:"seed,omitempty"`
	// Credentials gives what a user logs in with; needed for "parley" only. It is
	// called before the clock starts, once for each member.
	Credentials func(user string) (Credentials, error) `json:"-"`
}

// Credentials are what a user of Parley logs in with.
type Credentials struct {
	App   string // the app's id in any of its spellings
	Token string
}

// Load is one measured stretch: closed loop (Window) or at a rate (Rate). Exactly
// one of both is set.
type Load struct {
	// Window is how many publishes are outstanding at any time. A publish is over
	// when all members have it.
	Window int `json:"window,omitempty"`
	// Rate is deliveries per second, over all members.
	Rate float64 `json:"rate,omitempty"`
	// Warm is run before the measurement; default 500 ms.
	Warm time.Duration `json:"warm"`
	// Duration of the measurement; default 3 s.
	Duration time.Duration `json:"duration"`
}

func (o Options) withDefaults() (Options, error) {
	if o.Protocol == "" {
		o.Protocol = "parley"
	}
	if o.Mode == "" {
		o.Mode = FanOut
	}
	setDefault(&o.Members, map[Mode]int{FanOut: 1000, Pairs: 100, Idle: 10_000}[o.Mode])
	setDefault(&o.Rooms, 100)
	setDefault(&o.PayloadBytes, 128)
	setDefault(&o.JoinsInFlight, 64)
	setDefault(&o.JoinTimeout, time.Minute)
	setDefault(&o.Hold, 4*time.Second)
	setDefault(&o.DrainTimeout, 3*time.Second)
	setDefault(&o.Prefix, "load")
	if len(o.Loads) == 0 {
		switch o.Mode {
		case FanOut:
			o.Loads = []Load{{Window: 128}}
		case Pairs:
			o.Loads = []Load{{Rate: 100}}
		}
	}
	loads := make([]Load, len(o.Loads))
	for i, l := range o.Loads {
		setDefault(&l.Warm, 500*time.Millisecond)
		setDefault(&l.Duration, 3*time.Second)
		loads[i] = l
	}
	o.Loads = loads
	return o, o.check()
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (o Options) check() error {
	switch {
	case o.Mode != FanOut && o.Mode != Pairs && o.Mode != Idle:
		return fmt.Errorf("load: mode %q is none of fanout, pairs, idle", o.Mode)
	case protocols[o.Protocol] == nil:
		return fmt.Errorf("load: protocol %q is none of %v", o.Protocol, Protocols())
	case o.Members < 1 || o.Members > MaxMembers:
		return fmt.Errorf("load: %d members, must be 1 to %d", o.Members, MaxMembers)
	case o.Mode == Pairs && o.Members%2 != 0:
		return fmt.Errorf("load: %d members do not make pairs, use an even number", o.Members)
	case o.PayloadBytes < MinPayload || o.PayloadBytes > MaxPayload:
		return fmt.Errorf("load: payload of %d bytes, must be %d to %d", o.PayloadBytes, MinPayload, MaxPayload)
	case o.Rooms < 1 || o.JoinsInFlight < 1:
		return errors.New("load: rooms and joins in flight must be at least 1")
	case o.Mode == Idle && len(o.Loads) > 0:
		return errors.New("load: an idle run has no loads")
	case needsLogin(o.Protocol) && o.Credentials == nil:
		return errors.New("load: the parley protocol needs Credentials")
	}
	for _, l := range o.Loads {
		switch {
		case (l.Window > 0) == (l.Rate > 0):
			return errors.New("load: set either a window or a rate")
		case l.Window < 0 || l.Rate < 0 || l.Window > MaxWindow:
			return fmt.Errorf("load: window %d, rate %g: must be above 0, and the window at most %d", l.Window, l.Rate, MaxWindow)
		case l.Warm < 0 || l.Duration < 0 || l.Warm+l.Duration > MaxDuration:
			return fmt.Errorf("load: duration %s with warm-up %s, limit %s", l.Duration, l.Warm, MaxDuration)
		case l.Window > 0 && o.Mode == Pairs:
			return errors.New("load: pairs run at a rate only")
		}
	}
	return nil
}
