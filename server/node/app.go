package node

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"parley/internal/wire"
	"parley/server/config"
	"parley/server/gateway"
)

// directory finds apps by the ids that clients use. An app keeps its identity, and
// with it its sessions, for as long as its name is the same; ids and rules may
// change, and apps come and go, while clients connect.
type directory struct {
	limitsOff bool
	named     map[string]*gateway.App // all that ever were; only what prepare returns changes it
	byID      atomic.Pointer[map[string]*gateway.App]
}

// prepare judges the apps of cfg and returns what puts them into force. Those that
// it lacks let nobody in any more then; their sessions stay until they go.
func (d *directory) prepare(cfg config.Config) (set func(), err error) {
	type change struct {
		name  string
		ids   []string
		rules gateway.Rules
	}
	var changes []change
	for _, app := range cfg.Apps {
		verify, err := verifyTokens(app)
		if err != nil {
			return nil, fmt.Errorf("app %s: %w", app.Name, err)
		}
		limits, volc := limitsOf(cfg.Limits), volcLimitsOf(cfg.Limits)
		rules := gateway.Rules{Limits: limits, Profiles: map[string]*gateway.Limits{"volc": &volc}, MultiRoom: app.MultiRoom, KickOnExpiry: app.KickOnExpiry, Diagnostics: diagnostics[app.Diagnostics]}
		if d.limitsOff {
			rules.Limits, volc = unlimited(limits), unlimited(volc)
		}
		if app.TokenAuth {
			rules.Verify = verify
		}
		ids := []string{strconv.FormatUint(uint64(app.AppID), 10)}
		if app.VolcAppID != "" {
			ids = append(ids, app.VolcAppID)
		}
		changes = append(changes, change{app.Name, ids, rules})
	}
	return func() {
		if d.named == nil {
			d.named = map[string]*gateway.App{}
		}
		byID := make(map[string]*gateway.App, len(changes))
		for _, c := range changes {
			app := d.named[c.name]
			if app == nil {
				app = gateway.NewApp(c.name, c.rules)
				d.named[c.name] = app
			} else {
				app.SetRules(c.rules)
			}
			for _, id := range c.ids {
				byID[id] = app
			}
		}
		d.byID.Store(&byID)
	}, nil
}

func (d *directory) find(id string) (*gateway.App, bool) {
	app, ok := (*d.byID.Load())[id]
	return app, ok
}

// diagnostics are the settings' words.
var diagnostics = map[string]gateway.Diagnostics{
	"off": gateway.DiagnosticsOff, "own": gateway.DiagnosticsOwn, "full": gateway.DiagnosticsFull,
}

// named returns the name of the app that a person means by a text: its name or
// one of its ids. An empty one means the only app.
func (n *Node) named(text string) (string, error) {
	apps := n.Settings().Apps
	var names []string
	for _, app := range apps {
		if app.Name == text || len(apps) == 1 && text == "" {
			return app.Name, nil
		}
		names = append(names, app.Name)
	}
	if app, ok := n.apps.find(text); ok {
		return app.Name, nil
	}
	what := "no app is called " + strconv.Quote(text)
	if text == "" {
		what = "no app is named, and there are several"
	}
	return "", &wire.Error{Code: wire.CodeUnknownApp, What: what, Fix: "Use one of " + strings.Join(names, ", ") + "."}
}

func limitsOf(l config.Limits) gateway.Limits {
	return gateway.Limits{
		FrameBytes: l.MaxFrameBytes, MessageBytes: l.MaxMessageBytes, DataBytes: l.MaxDataBytes,
		Rooms: l.MaxRoomsPerSession, InfoKeyBytes: l.MaxInfoKeyBytes, InfoValueBytes: l.MaxInfoValueBytes,
		MessagesPerSecond: l.BroadcastPerUserPerSecond, LossyPerSecond: l.BarragePerSecond,
		CommandsPerSecond: l.CommandOnePerSecond, CommandsToManyPerSec: l.CommandManyPerSecond,
		DataPerSecond: l.DataPerSecond, InfoPerSecond: l.InfoPerSecond, FramesPerSecond: l.FramesPerSecond,
		DirectPerSecond: l.Volc.ToOnePerSecond, BusinessPerSecond: l.Volc.BusinessPerSecond,
	}
}

// volcLimitsOf are those of clients whose profile is "volc".
func volcLimitsOf(l config.Limits) gateway.Limits {
	limits := limitsOf(l)
	limits.FrameBytes = l.Volc.MaxFrameBytes
	limits.MessageBytes, limits.DataBytes = l.Volc.MaxMessageBytes, l.Volc.MaxMessageBytes
	limits.MessagesPerSecond, limits.DataPerSecond = l.Volc.BroadcastPerSecond, l.Volc.BroadcastPerSecond
	limits.CommandsPerSecond, limits.DataToOnePerSecond = l.Volc.ToOnePerSecond, l.Volc.ToOnePerSecond
	return limits
}

// unlimited takes the rates away, for load tests; sizes stay.
func unlimited(l gateway.Limits) gateway.Limits {
	l.MessagesPerSecond, l.LossyPerSecond, l.CommandsPerSecond, l.CommandsToManyPerSec = 0, 0, 0, 0
	l.DataPerSecond, l.DataToOnePerSecond, l.InfoPerSecond, l.FramesPerSecond = 0, 0, 0, 0
	l.DirectPerSecond, l.BusinessPerSecond = 0, 0
	return l
}
