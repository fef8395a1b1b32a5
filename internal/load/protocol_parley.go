package load

import (
	"fmt"
	"strconv"

	"parley/internal/wire"
)

const (
	parleyHelloID = 1
	parleyJoinID  = 2
	// Publishes count on from here.
	parleyFirstID = 3
)

// parley speaks what our SDK speaks: Hello and Join in one frame, publishes that
// want an answer and carry a client id.
func parley(run string, class wire.Class) *protocol {
	publish := wire.Publish{Class: class} // reused: a run has one thread
	return &protocol{
		path:        "/ws",
		subprotocol: wire.Subprotocol,
		op:          opBinary,
		mustJoin:    true,
		join: func(m member) ([]step, error) {
			frame := wire.AppendEnvelope(nil, parleyHelloID, &wire.Hello{
				Version: wire.Version, App: m.login.App, User: m.user, Token: m.login.Token,
				Device: "load", Client: "parley-load/1",
			})
			frame = wire.AppendEnvelope(frame, parleyJoinID, &wire.Join{Room: m.room})
			return []step{{send: frame, heard: parleyJoined}}, nil
		},
		publish: func(dst []byte, id uint64, room string, payload []byte) []byte {
			publish.Room, publish.Body = room, payload
			if class == wire.ClassReliable {
				publish.ClientID = run + "-" + strconv.FormatUint(id, 10)
			}
			return wire.AppendEnvelope(dst, parleyFirstID+id, &publish)
		},
		answer:  parleyPong,
		goodbye: wire.AppendEnvelope(nil, 0, &wire.Bye{}),
	}
}

// parleyJoined waits for the answer to Join. The answers to Hello and Join may
// come in one frame or in two, with pushes between them.
func parleyJoined(message []byte) (bool, error) {
	for rest := message; len(rest) > 0; {
		env, after, err := wire.NextEnvelope(rest)
		if err != nil {
			return false, fmt.Errorf("read the server's frame: %w", err)
		}
		rest = after
		switch env.Kind {
		case wire.IsRefusal:
			var refusal wire.Refusal
			if err := refusal.Decode(env.Body); err != nil {
				return false, fmt.Errorf("read a refusal: %w", err)
			}
			request := "Hello"
			if env.ID == parleyJoinID {
				request = "Join"
			}
			return false, fmt.Errorf("%s refused: %w", request, refusal.Error())
		case wire.IsJoined:
			return true, nil
		}
	}
	return false, nil
}

// parleyPong answers the server's Ping. A Ping comes alone in its frame: the
// server pings when it has had nothing to send for a while.
func parleyPong(dst, message []byte) []byte {
	const pingKey = byte(wire.IsPing)<<3 | 2
	body := 2 // behind the envelope's key and length
	if len(message) > 1 && message[1] >= 0x80 {
		body = 3
	}
	if len(message) <= body || message[body] != pingKey {
		return dst
	}
	env, _, err := wire.NextEnvelope(message)
	if err != nil {
		return dst
	}
	var ping wire.Ping
	if env.Kind != wire.IsPing || ping.Decode(env.Body) != nil {
		return dst
	}
	return wire.AppendEnvelope(dst, 0, &wire.Pong{Nonce: ping.Nonce})
}
