package load

import (
	"maps"
	"slices"

	"parley/internal/wire"
)

// protocol is how to join, publish and stay connected at one kind of server.
// Functions get and give WebSocket messages, without frame heads.
type protocol struct {
	path        string // where the server's URL names none
	subprotocol string
	op          byte // opText or opBinary, of what we send

	// join lists what to say after the upgrade, and how to know the answers.
	join func(m member) ([]step, error)
	// publish appends a message; id differs from all others of the run.
	publish func(dst []byte, id uint64, room string, payload []byte) []byte
	// answer appends what is due to message, a heartbeat perhaps, or nothing. It
	// sees every message, so it must be cheap for all others.
	answer func(dst, message []byte) []byte
	// goodbye is said before closing; nil = nothing.
	goodbye []byte

	// mustJoin: only members publish, so that the publisher of FanOut joins its room
	// and Pairs are rooms of two. Otherwise each user of Pairs has a room of its own
	// and others publish there.
	mustJoin bool
}

type member struct {
	user, room string
	login      Credentials
}

// step is one message of the join and what must come back before the next one.
type step struct {
	send []byte // nil = only wait
	// heard reports whether message completes the step. An error ends the run.
	heard func(message []byte) (done bool, err error)
}

// protocols makes a protocol for one run. run is 16 hex digits that no other run has.
var protocols = map[string]func(run string) *protocol{
	"parley":              func(run string) *protocol { return parley(run, wire.ClassReliable) },
	"parley-lossy":        func(run string) *protocol { return parley(run, wire.ClassLossy) },
	"centrifuge-json":     func(string) *protocol { return &centrifugeJSON },
	"centrifuge-protobuf": func(string) *protocol { return &centrifugeProtobuf },
	"socketio":            func(string) *protocol { return &socketIO },
	"nats":                func(string) *protocol { return &nats },
	"ws":                  func(string) *protocol { return &plainWS },
}

// Protocols lists the names that Options.Protocol may have.
func Protocols() []string { return slices.Sorted(maps.Keys(protocols)) }

// needsLogin reports whether a protocol's members log in with Options.Credentials.
func needsLogin(protocol string) bool { return protocol == "parley" || protocol == "parley-lossy" }
