package dev

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/internal/wire"
	"parley/server/gateway"
)

// faultRequest is the body of POST /dev/faults. Which fields count depends on
// Fault; docs/dev.md has the table.
type faultRequest struct {
	Fault   string  `json:"fault"`
	App     string  `json:"app"`
	User    string  `json:"user"`
	Room    string  `json:"room"`
	Seconds float64 `json:"seconds"`
	MS      float64 `json:"ms"`
	Percent float64 `json:"percent"`
	Code    string  `json:"code"`
	Reason  string  `json:"reason"`
}

// faultInForce is one row of GET /dev/faults.
type faultInForce struct {
	Fault   string `json:"fault"`
	App     string `json:"app"`
	User    string `json:"user,omitempty"`
	Until   int64  `json:"until"` // unix ms
	MS      int64  `json:"ms,omitempty"`
	Percent int    `json:"percent,omitempty"`
	Code    string `json:"code,omitempty"`
}

var faultNames = []string{"cut", "delay", "drop", "refuse", "restore", "expire", "kick", "restart", "clear"}

const (
	defaultFaultSeconds = 30
	maxFaultSeconds     = 24 * 3600
)

func (s Server) listFaults(*http.Request) (any, error) {
	list := []faultInForce{}
	for _, f := range s.Gateway.Faults() {
		row := faultInForce{Fault: string(f.Kind), App: f.App, User: f.User, Until: f.Until.UnixMilli(), MS: f.Delay.Milliseconds(), Percent: f.Percent}
		if f.Code != wire.CodeOK {
			row.Code = f.Code.String()
		}
		list = append(list, row)
	}
	return map[string]any{"faults": list}, nil
}

func (s Server) injectFault(r *http.Request) (any, error) {
	var req faultRequest
	if err := read(r, &req); err != nil {
		return nil, err
	}
	app, err := s.app(req.App)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(faultNames, req.Fault) {
		return nil, invalid("no fault is called "+strconv.Quote(req.Fault), "Use one of "+strings.Join(faultNames, ", ")+".")
	}
	if req.Seconds < 0 || req.Seconds > maxFaultSeconds || math.IsNaN(req.Seconds) {
		return nil, invalid("seconds is out of range", "Give 0 to "+strconv.Itoa(maxFaultSeconds)+".")
	}
	seconds := time.Duration(req.Seconds * float64(time.Second))
	lasting := seconds
	if lasting == 0 {
		lasting = defaultFaultSeconds * time.Second
	}
	fault := gateway.Fault{App: app.Name, User: req.User, Until: time.Now().Add(lasting)}
	affected := 0
	switch req.Fault {
	case "cut":
		fault.Kind, fault.Until = gateway.FaultCut, time.Now().Add(seconds)
		affected = s.Gateway.Inject(fault)
	case "delay":
		if req.MS <= 0 || req.MS > 60_000 {
			return nil, invalid("ms is out of range", "Give 1 to 60000.")
		}
		fault.Kind, fault.Delay = gateway.FaultDelay, time.Duration(req.MS*float64(time.Millisecond))
		affected = s.Gateway.Inject(fault)
	case "drop":
		if req.Percent <= 0 || req.Percent > 100 {
			return nil, invalid("percent is out of range", "Give 1 to 100.")
		}
		fault.Kind, fault.Percent = gateway.FaultDrop, int(req.Percent)
		affected = s.Gateway.Inject(fault)
	case "refuse":
		code, ok := wire.CodeByName(req.Code)
		if !ok || code == wire.CodeOK || code >= 64 {
			return nil, invalid("no code is called "+strconv.Quote(req.Code), "Use a code that a server gives, such as TOKEN_EXPIRED.")
		}
		fault.Kind, fault.Code = gateway.FaultRefuse, code
		affected = s.Gateway.Inject(fault)
	case "expire":
		affected = s.Gateway.ExpireToken(app.Name, req.User, time.Now().Add(seconds))
	case "kick":
		affected = s.Gateway.Kick(app.Name, req.User, req.Room, req.Reason)
	case "restart":
		room, ok := s.Hub.Find(app.Name, req.Room)
		if !ok {
			return nil, invalid("nobody is in room "+strconv.Quote(req.Room), "Name a room that has members.")
		}
		affected = len(room.Members())
		room.Restart()
	case "restore", "clear":
		user := req.User
		if req.Fault == "clear" {
			user = ""
		}
		affected = s.Gateway.Restore(app.Name, user)
	}
	return map[string]int{"affected": affected}, nil
}

func invalid(what, fix string) error {
	return &wire.Error{Code: wire.CodeInvalid, What: what, Fix: fix}
}
