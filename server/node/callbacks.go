package node

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"parley/internal/wire"
	"parley/server/api/admin"
	"parley/server/api/express/callback"
	"parley/server/bus"
	"parley/server/config"
	"parley/server/hook"
)

func (n *Node) newHook(cfg config.Config, window time.Duration) *hook.Hook {
	c := cfg.Callbacks
	return hook.New(hook.Options{
		Bus:     n.bus,
		Queue:   bus.QueueOptions{MaxBytes: int64(c.QueueBytes), DeadKept: c.DeadKept, DeadAge: c.DeadAge},
		Client:  hook.ClientOptions{Timeout: c.Timeout, AnswerBytes: c.AnswerBytes, AllowPrivate: c.AllowPrivate, UserAgent: "Parley"},
		Retries: append([]time.Duration{}, c.Retry...), Concurrency: c.Concurrency, Window: window, Log: n.log, Metrics: n.counts,
	})
}

// newBusinessClient makes the way to the servers that clients name. Its bounds
// are for one host; what one session may have under way is the gateway's.
func newBusinessClient(cfg config.Config) *hook.Client {
	return hook.NewClient(hook.ClientOptions{AllowPrivate: cfg.Callbacks.AllowPrivate, PerHost: 64, UserAgent: "Parley"})
}

// targetsOf says where each app's callbacks go.
func targetsOf(cfg config.Config) map[string]hook.Target {
	targets := map[string]hook.Target{}
	for _, app := range cfg.Apps {
		if app.CallbackURL == "" {
			continue
		}
		kinds := make([]hook.Kind, len(app.CallbackEvents))
		for i, name := range app.CallbackEvents {
			kinds[i] = hook.Kind(name)
		}
		targets[app.Name] = hook.Target{
			URL: app.CallbackURL, Secret: string(app.CallbackSecret), Kinds: kinds, Render: callback.Renderer(app.AppID),
		}
	}
	return targets
}

// callbackRoutes lets the operator see and send again what was given up.
func (n *Node) callbackRoutes() {
	n.api.Handle("GET /api/callbacks/dead", func(r *http.Request) (any, error) {
		name, err := n.appName(r.URL.Query().Get("app"))
		if err != nil {
			return nil, err
		}
		dead, err := n.hook.Dead(r.Context(), name)
		if err != nil {
			return nil, err
		}
		list := make([]deadLetter, len(dead))
		for i := range dead {
			d := &dead[i]
			list[i] = deadLetter{
				ID: d.Event.ID, Event: string(d.Event.Kind), Room: d.Event.Room, User: d.Event.Login.User,
				Time: moment(time.UnixMilli(d.Event.AtMS)), Died: moment(d.Died), Tries: d.Tries, Status: d.Status, Error: d.Error,
			}
		}
		return map[string]any{"app": name, "dead": list}, nil
	})
	n.api.Handle("POST /api/callbacks/redrive", func(r *http.Request) (any, error) {
		var wanted struct {
			App string   `json:"app"`
			IDs []string `json:"ids"`
		}
		if err := admin.Read(r, &wanted); err != nil {
			return nil, err
		}
		name, err := n.appName(wanted.App)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
		defer cancel()
		redriven, err := n.hook.Redrive(ctx, name, wanted.IDs)
		if err != nil {
			return nil, err
		}
		return map[string]any{"app": name, "redriven": redriven}, nil
	})
}

// deadLetter is one event that was given up, as the operator sees it.
type deadLetter struct {
	ID     string `json:"id"`
	Event  string `json:"event"`
	Room   string `json:"room"`
	User   string `json:"user"`
	Time   string `json:"time"`
	Died   string `json:"died"`
	Tries  int    `json:"tries"`
	Status int    `json:"status,omitempty"`
	Error  string `json:"error"`
}

func moment(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// appName finds an app by its name or one of its ids.
func (n *Node) appName(id string) (string, error) {
	if id == "" {
		return "", &wire.Error{Code: wire.CodeInvalid, What: "no app is given", Fix: "Give app, a name or an id."}
	}
	for _, app := range n.Settings().Apps {
		if app.Name == id || strconv.FormatUint(uint64(app.AppID), 10) == id {
			return app.Name, nil
		}
	}
	return "", &wire.Error{Code: wire.CodeUnknownApp, What: "no app is called " + strconv.Quote(id[:min(len(id), 64)]), Fix: "Give the name or an id of an app of this server."}
}
