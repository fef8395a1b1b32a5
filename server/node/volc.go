package node

import (
	"context"
	"net/http"
	"time"

	"parley/internal/wire"
	"parley/server/api/volc"
	"parley/server/gateway"
	"parley/server/room"
)

// volcAPI answers the server API of the Volc dialect.
func (n *Node) volcAPI() http.Handler {
	return volc.New(volc.Config{
		Core: volcCore{n}, Unlimited: n.opts.LimitsOff, Log: n.log,
		Apps: func() []volc.App {
			var apps []volc.App
			for _, app := range n.Settings().Apps {
				if app.VolcAppID != "" {
					apps = append(apps, volc.App{
						ID: app.VolcAppID, AccessKeyID: app.AccessKeyID, SecretAccessKey: string(app.SecretAccessKey),
					})
				}
			}
			return apps
		},
	})
}

// volcCore is the node as that API acts on it.
type volcCore struct{ n *Node }

var _ volc.Core = volcCore{}

// app finds an app that the API has found in the settings just before.
func (c volcCore) app(id string) (*gateway.App, error) {
	if app, ok := c.n.apps.find(id); ok {
		return app, nil
	}
	return nil, &wire.Error{Code: wire.CodeUnknownApp, What: "app " + id + " is gone"}
}

// Publish goes past the limits of clients: the API has its own.
func (c volcCore) Publish(ctx context.Context, id, from string, p *wire.Publish) error {
	app, err := c.app(id)
	if err != nil {
		return err
	}
	stored := make(chan error, 1) // room for the one answer: the bus never waits
	author := room.Author{User: from, Name: from, ToOwn: true}
	c.n.hub.Publish(ctx, app.Name, author, p, func(_ *wire.Published, err error) { stored <- err })
	select {
	case err := <-stored:
		if err == nil {
			c.n.counts.Published(p.Class)
		}
		return err
	case <-ctx.Done():
		return &wire.Error{Code: wire.CodeOverloaded, What: "the room's log did not answer in time", Err: ctx.Err()}
	}
}

func (c volcCore) Direct(_ context.Context, id, from, to string, format wire.Format, body []byte) error {
	app, err := c.app(id)
	if err != nil {
		return err
	}
	return c.n.gateway.Direct(app.Name, from, to, format, body)
}

func (c volcCore) Expel(ctx context.Context, id, roomID, user string, closed bool) error {
	app, err := c.app(id)
	if err != nil {
		return err
	}
	if roomID == "" {
		c.n.gateway.Kick(app.Name, user, "", "")
		return nil
	}
	e := room.Expulsion{Why: room.ExitKicked}
	if closed {
		e.Why = room.ExitClosed
	}
	if user != "" {
		e.Users = []string{user}
	}
	_, err = c.n.gateway.Expel(ctx, app, roomID, e)
	return err
}

func (c volcCore) Ban(_ context.Context, id, roomID, user string, until time.Time) error {
	app, err := c.app(id)
	if err != nil {
		return err
	}
	if until.IsZero() {
		c.n.gateway.Unban(app, user, roomID)
		return nil
	}
	return c.n.gateway.Ban(app, gateway.Ban{User: user, Room: roomID, Until: until})
}
