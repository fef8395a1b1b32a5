package admin

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"parley/internal/wire"
	"parley/server/verdict"
)

// Verdicts answers what became of messages: the gateway.
type Verdicts interface {
	Knows(q verdict.Question) bool
	Explain(ctx context.Context, q verdict.Question) (*wire.Explained, error)
	Diagnose(p verdict.Pair) (*wire.Diagnosed, error)
}

// HandleVerdicts adds the routes about messages. app returns the name of the app
// that a text means.
func HandleVerdicts(d *Door, v Verdicts, app func(text string) (string, error)) {
	d.Handle("GET /api/explain", func(r *http.Request) (any, error) {
		query := r.URL.Query()
		name, err := app(query.Get("app"))
		if err != nil {
			return nil, err
		}
		q := verdict.Question{App: name, Room: query.Get("room"), From: query.Get("from"), Users: query["user"], Full: true}
		text := query.Get("message")
		switch {
		case q.Room == "" && q.From == "":
			return nil, &wire.Error{Code: wire.CodeInvalid, What: "neither room nor from is given", Fix: "Add room=…, or from=alice alone for a message of alice outside rooms."}
		case text == "" && q.From == "":
			return nil, &wire.Error{Code: wire.CodeInvalid, What: "neither message nor from is given", Fix: "Add from=alice for the last message of alice, or message=ID."}
		}
		if len(q.Users) > maxUsers {
			return nil, &wire.Error{Code: wire.CodeTooLarge, What: "more users than the limit", Fix: "Ask about fewer users.", Limit: maxUsers, Got: uint64(len(q.Users))}
		}
		explained, err := explain(r.Context(), v, q, text)
		if err != nil {
			return nil, err
		}
		return explanationOf(explained), nil
	})
	d.Handle("GET /api/diagnose", func(r *http.Request) (any, error) {
		query := r.URL.Query()
		name, err := app(query.Get("app"))
		if err != nil {
			return nil, err
		}
		if err := needs(query, "room", "from", "to"); err != nil {
			return nil, err
		}
		diagnosed, err := v.Diagnose(verdict.Pair{App: name, Room: query.Get("room"), From: query.Get("from"), To: query.Get("to"), Full: true})
		if err != nil {
			return nil, err
		}
		return diagnosisOf(diagnosed), nil
	})
}

const maxUsers = 1000

func needs(query url.Values, names ...string) error {
	for _, name := range names {
		if query.Get(name) == "" {
			return &wire.Error{Code: wire.CodeInvalid, What: name + " is not given", Fix: "Add " + name + "=… to the query."}
		}
	}
	return nil
}

// explain asks about the message that a text names: a position, an id, or a
// client id, in that order.
func explain(ctx context.Context, v Verdicts, q verdict.Question, text string) (*wire.Explained, error) {
	if text == "" {
		return v.Explain(ctx, q)
	}
	q.Seq, _ = strconv.ParseUint(text, 10, 64) // 0: it is no position
	if q.Seq != 0 && v.Knows(q) {
		return v.Explain(ctx, q)
	}
	q.Seq, q.ID = 0, text
	if v.Knows(q) {
		return v.Explain(ctx, q)
	}
	q.ID, q.ClientID = "", text
	return v.Explain(ctx, q)
}

type explanation struct {
	Message message        `json:"message"`
	Users   []outcome      `json:"users"`
	Counts  map[string]int `json:"counts"`
}

type message struct {
	Room    string     `json:"room"`
	Seq     uint64     `json:"seq"`
	ID      string     `json:"id"`
	From    string     `json:"from"`
	Channel string     `json:"channel"`
	Time    *time.Time `json:"time"`
	Bytes   uint32     `json:"bytes"`
	Trace   string     `json:"trace"`
}

type outcome struct {
	User         string     `json:"user"`
	Verdict      string     `json:"verdict"`
	Reason       string     `json:"reason"`
	Since        *time.Time `json:"since"`
	Fix          string     `json:"fix"`
	Handed       *time.Time `json:"handed"`
	Acknowledged *time.Time `json:"acknowledged"`
	Hops         []hop      `json:"hops"`
}

type hop struct {
	At   string    `json:"at"`
	Time time.Time `json:"time"`
}

func explanationOf(e *wire.Explained) explanation {
	made := explanation{
		Message: message{
			Room: e.Room, Seq: e.Seq, ID: e.ID, From: e.From, Channel: channelName(e.Channel), Time: timeOf(e.TimeMS), Bytes: e.Bytes, Trace: e.Trace,
		},
		Users: []outcome{}, Counts: map[string]int{},
	}
	for _, o := range e.Outcomes {
		row := outcome{
			User: o.User, Verdict: strings.ToLower(o.Verdict.String()), Reason: o.Reason, Since: timeOf(o.SinceMS), Fix: o.Fix,
			Handed: timeOf(o.HandedMS), Acknowledged: timeOf(o.AcknowledgedMS), Hops: []hop{},
		}
		for _, h := range o.Hops {
			row.Hops = append(row.Hops, hop{h.At, time.UnixMicro(int64(h.TimeUs)).UTC()})
		}
		made.Users = append(made.Users, row)
	}
	for _, t := range e.Tallies {
		made.Counts[strings.ToLower(t.Verdict.String())] = int(t.Users)
	}
	return made
}

// channelName is the wire's word without its beginning: "message", "lossy".
func channelName(c wire.Channel) string {
	return strings.ToLower(strings.TrimPrefix(c.String(), "ON_"))
}

type diagnosis struct {
	OK     bool    `json:"ok"`
	Checks []check `json:"checks"`
}

type check struct {
	Name   string     `json:"name"`
	OK     bool       `json:"ok"`
	Reason string     `json:"reason"`
	Fix    string     `json:"fix"`
	Since  *time.Time `json:"since"`
}

func diagnosisOf(d *wire.Diagnosed) diagnosis {
	made := diagnosis{OK: true, Checks: []check{}}
	for _, c := range d.Checks {
		made.OK = made.OK && c.OK
		made.Checks = append(made.Checks, check{c.Name, c.OK, c.Reason, c.Fix, timeOf(c.SinceMS)})
	}
	return made
}

// timeOf is a time in JSON: RFC 3339, or null for 0.
func timeOf(ms uint64) *time.Time {
	if ms == 0 {
		return nil
	}
	at := time.UnixMilli(int64(ms)).UTC()
	return &at
}
