package browser

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"parley/internal/wire"
)

const (
	pourBytes = 64 << 10
	// floodTime is how long a page may take for a stream.
	floodTime = time.Minute
)

// floodPlain pours a stream of a kind, as the query asks for it: per, n.
func (s *Server) floodPlain(kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		stream, err := s.asked(kind, floodRoom, r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		conn, _, _, err := ws.UpgradeHTTP(r, w)
		if err != nil {
			return
		}
		defer conn.Close()
		if pour(conn, stream) == nil {
			untilClosed(conn)
		}
	}
}

// floodCentrifuge answers connect and subscribe and then pours into the channel.
func (s *Server) floodCentrifuge(w http.ResponseWriter, r *http.Request) {
	stream, err := s.asked("centrifuge", floodRoom, r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	conn, _, _, err := ws.UpgradeHTTP(r, w)
	if err != nil {
		return
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(floodTime))
	for {
		said, err := wsutil.ReadClientText(conn)
		if err != nil {
			return
		}
		for line := range bytes.Lines(said) {
			var command struct {
				ID        int             `json:"id"`
				Connect   json.RawMessage `json:"connect"`
				Subscribe json.RawMessage `json:"subscribe"`
			}
			if err := json.Unmarshal(line, &command); err != nil {
				return
			}
			switch {
			case command.Connect != nil:
				if wsutil.WriteServerText(conn, fmt.Appendf(nil, `{"id":%d,"connect":{"client":"page","version":"bench","ping":25,"pong":true}}`, command.ID)) != nil {
					return
				}
			case command.Subscribe != nil:
				if wsutil.WriteServerText(conn, fmt.Appendf(nil, `{"id":%d,"subscribe":{}}`, command.ID)) != nil {
					return
				}
				if pour(conn, stream) == nil {
					untilClosed(conn)
				}
				return
			}
		}
	}
}

// floodParley welcomes the real SDK, lets it join any room, and pours into that
// one what its name asks for: "flood-PER-N".
func (s *Server) floodParley(w http.ResponseWriter, r *http.Request) {
	upgrader := ws.HTTPUpgrader{Protocol: func(p string) bool { return p == wire.Subprotocol }}
	conn, _, _, err := upgrader.Upgrade(r, w)
	if err != nil {
		return
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(floodTime))
	for {
		frame, err := wsutil.ReadClientBinary(conn)
		if err != nil {
			return
		}
		var answers, stream []byte
		for len(frame) > 0 {
			env, rest, err := wire.NextEnvelope(frame)
			if err != nil {
				return
			}
			frame = rest
			var asked []byte
			if answers, asked, err = s.answerParley(answers, env); err != nil {
				return
			}
			if asked != nil {
				stream = asked
			}
		}
		if len(answers) > 0 && wsutil.WriteServerBinary(conn, answers) != nil {
			return
		}
		if stream != nil && pour(conn, stream) != nil {
			return
		}
	}
}

// answerParley appends the answer to one envelope; stream is what a Join asks for.
func (s *Server) answerParley(answers []byte, env wire.Envelope) (_, stream []byte, err error) {
	switch env.Kind {
	case wire.IsHello:
		answers = wire.AppendEnvelope(answers, env.ID, &wire.Welcome{
			Session: "page", Resume: "page", Generation: 1, ResumeWindowMS: 60_000,
			PingIntervalMS: 60_000, PingTimeoutMS: 60_000, ServerTimeMS: uint64(time.Now().UnixMilli()),
		})
	case wire.IsJoin:
		var join wire.Join
		if err := join.Decode(env.Body); err != nil {
			return nil, nil, err
		}
		answers = wire.AppendEnvelope(answers, env.ID, &wire.Joined{Room: join.Room, Epoch: "flood", Count: 2})
		var per, n int
		if _, err := fmt.Sscanf(join.Room, "flood-%d-%d", &per, &n); err == nil {
			if stream, err = s.streams.get("parley", join.Room, per, n); err != nil {
				return nil, nil, err
			}
		}
	case wire.IsPing:
		var ping wire.Ping
		if err := ping.Decode(env.Body); err != nil {
			return nil, nil, err
		}
		answers = wire.AppendEnvelope(answers, 0, &wire.Pong{Nonce: ping.Nonce})
	default:
		if env.ID != 0 {
			answers = wire.AppendEnvelope(answers, env.ID, &wire.Done{})
		}
	}
	return answers, stream, nil
}

// asked returns the stream that a query asks for. A raw one has objects when each
// is alone in its frame, and otherwise arrays.
func (s *Server) asked(kind, room string, r *http.Request) ([]byte, error) {
	var per, n int
	q := r.URL.Query()
	if _, err := fmt.Sscan(q.Get("per"), &per); err != nil {
		return nil, fmt.Errorf("per: %w", err)
	}
	if _, err := fmt.Sscan(q.Get("n"), &n); err != nil {
		return nil, fmt.Errorf("n: %w", err)
	}
	if kind == "raw" {
		if kind = "array"; per == 1 {
			kind = "object"
		}
	}
	return s.streams.get(kind, room, per, n)
}

func pour(conn net.Conn, stream []byte) error {
	if err := conn.SetDeadline(time.Now().Add(floodTime)); err != nil {
		return err
	}
	for len(stream) > 0 {
		n, err := conn.Write(stream[:min(len(stream), pourBytes)])
		if err != nil {
			return err
		}
		stream = stream[n:]
	}
	return nil
}

// untilClosed reads until the page has had enough.
func untilClosed(conn net.Conn) {
	for {
		if _, _, err := wsutil.ReadClientData(conn); err != nil {
			return
		}
	}
}
