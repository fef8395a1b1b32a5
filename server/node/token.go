package node

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"parley/internal/token"
	"parley/internal/wire"
	"parley/server/config"
	"parley/server/gateway"
)

// verifyFunc judges the token of a login, or of a join that brings its own.
type verifyFunc = func(user, text string, now time.Time) (gateway.Grant, error)

// verifyTokens judges the tokens of an app by their format: all its users share
// its rooms, whatever dialect their pages speak.
func verifyTokens(app config.App) (verifyFunc, error) {
	verifier, err := token.NewVerifier04(app.AppID, app.SecretTexts())
	if err != nil {
		return nil, err
	}
	by04 := verify04(verifier)
	if app.VolcAppID == "" || app.VolcAppKey == "" {
		return by04, nil
	}
	verifier001, err := token.NewVerifier001(app.VolcAppID, []string{string(app.VolcAppKey)})
	if err != nil {
		return nil, fmt.Errorf("volc: %w", err)
	}
	by001 := verify001(verifier001)
	return func(user, text string, now time.Time) (gateway.Grant, error) {
		if strings.HasPrefix(text, "001") {
			return by001(user, text, now)
		}
		return by04(user, text, now)
	}, nil
}

// verify04 judges token04s.
func verify04(verifier *token.Verifier04) verifyFunc {
	return func(user, text string, now time.Time) (gateway.Grant, error) {
		claims, err := verifier.Verify(text, user, now)
		if err != nil {
			return gateway.Grant{}, tokenError(err)
		}
		grant := gateway.Grant{Expires: time.Unix(claims.Expires, 0), TokenVersion: 4}
		if claims.Payload != "" {
			grant.AllowsRoom = func(room string) error { return tokenError(claims.AllowsLogin(room)) }
		}
		return grant, nil
	}
}

// verify001 judges token001s. Which room one is for counts at a join only: pages
// log in with tokens that name none.
func verify001(verifier *token.Verifier001) verifyFunc {
	return func(user, text string, now time.Time) (gateway.Grant, error) {
		claims, err := verifier.Verify(text, user, now)
		if err != nil {
			return gateway.Grant{}, tokenError(err)
		}
		grant := gateway.Grant{TokenVersion: 1, AllowsRoom: func(room string) error { return tokenError(claims.AllowsRoom(room)) }}
		if claims.Expires > 0 {
			grant.Expires = time.Unix(claims.Expires, 0)
		}
		return grant, nil
	}
}

// tokenError is a refusal as a client gets it; nil for nil.
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
