package node

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"parley/internal/token"
	"parley/internal/wire"
	"parley/server/config"
	"parley/server/gateway"
)

// directory finds apps by the ids that clients use.
type directory map[string]*gateway.App

func newDirectory(cfg config.Config, limitsOff bool) (directory, error) {
	apps := directory{}
	for _, app := range cfg.Apps {
		verifier, err := token.NewVerifier04(app.AppID, app.SecretTexts())
		if err != nil {
			return nil, fmt.Errorf("app %s: %w", app.Name, err)
		}
		made := &gateway.App{
			Name: app.Name, Limits: limitsOf(cfg.Limits),
			MultiRoom: app.MultiRoom, KickOnExpiry: app.KickOnExpiry,
		}
		if limitsOff {
			made.Limits = unlimited(made.Limits)
		}
		if app.TokenAuth {
			made.Verify = verify04(verifier)
		}
		apps[strconv.FormatUint(uint64(app.AppID), 10)] = made
	}
	return apps, nil
}

func (d directory) find(id string) (*gateway.App, bool) {
	app, ok := d[id]
	return app, ok
}

func limitsOf(l config.Limits) gateway.Limits {
	return gateway.Limits{
		FrameBytes: l.MaxFrameBytes, MessageBytes: l.MaxMessageBytes, DataBytes: l.MaxDataBytes,
		Rooms: l.MaxRoomsPerSession, InfoKeyBytes: l.MaxInfoKeyBytes, InfoValueBytes: l.MaxInfoValueBytes,
		MessagesPerSecond: l.BroadcastPerUserPerSecond, LossyPerSecond: l.BarragePerSecond,
		CommandsPerSecond: l.CommandOnePerSecond, CommandsToManyPerSec: l.CommandManyPerSecond,
		DataPerSecond: l.DataPerSecond, InfoPerSecond: l.InfoPerSecond, FramesPerSecond: l.FramesPerSecond,
	}
}

// unlimited takes the rates away, for load tests; sizes stay.
func unlimited(l gateway.Limits) gateway.Limits {
	l.MessagesPerSecond, l.LossyPerSecond, l.CommandsPerSecond, l.CommandsToManyPerSec = 0, 0, 0, 0
	l.DataPerSecond, l.InfoPerSecond, l.FramesPerSecond = 0, 0, 0
	return l
}

// verify04 judges logins with token04.
func verify04(verifier *token.Verifier04) func(user, text string, now time.Time) (gateway.Grant, error) {
	return func(user, text string, now time.Time) (gateway.Grant, error) {
		claims, err := verifier.Verify(text, user, now)
		if err != nil {
			return gateway.Grant{}, tokenError(err)
		}
		grant := gateway.Grant{Expires: time.Unix(claims.Expires, 0)}
		if claims.Payload != "" {
			grant.AllowsRoom = func(room string) error {
				if err := claims.AllowsLogin(room); err != nil {
					return tokenError(err)
				}
				return nil
			}
		}
		return grant, nil
	}
}

func tokenError(err error) error {
	refused, ok := errors.AsType[*token.Error](err)
	if !ok {
		return err
	}
	code := wire.CodeTokenInvalid
	switch refused.Reason {
	case token.Expired:
		code = wire.CodeTokenExpired
	case token.NoPrivilege, token.WrongRoom:
		code = wire.CodeForbidden
	}
	return &wire.Error{Code: code, What: refused.What, Fix: refused.Fix}
}
