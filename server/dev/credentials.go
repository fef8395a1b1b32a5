package dev

import (
	"net/http"
	"strconv"
	"time"

	"parley/internal/token"
	"parley/internal/wire"
)

// credentials is the answer of GET /dev/credentials: all that a dialect's login
// needs.
type credentials struct {
	Server         string `json:"server"`
	App            string `json:"app"`
	Dialect        string `json:"dialect"`
	User           string `json:"user"`
	AppID          uint32 `json:"appID"`
	Token          string `json:"token"`
	ServerSecret   string `json:"serverSecret"`
	CallbackSecret string `json:"callbackSecret"`
	Expires        int64  `json:"expires"` // unix seconds
}

const (
	defaultTTL = time.Hour
	maxTTL     = 30 * 24 * time.Hour
)

func (s Server) credentials(r *http.Request) (any, error) {
	query := r.URL.Query()
	if dialect := query.Get("dialect"); dialect != "" && dialect != "express" {
		return nil, &wire.Error{Code: wire.CodeUnsupported, What: "no dialect is called " + strconv.Quote(dialect), Fix: "Use dialect=express."}
	}
	app, err := s.app(query.Get("app"))
	if err != nil {
		return nil, err
	}
	user := query.Get("user")
	if user == "" {
		return nil, &wire.Error{Code: wire.CodeInvalid, What: "no user is given", Fix: "Add user=alice to the query."}
	}
	ttl := defaultTTL
	if text := query.Get("ttl"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil || seconds <= 0 || seconds > int64(maxTTL.Seconds()) {
			return nil, &wire.Error{Code: wire.CodeInvalid, What: "ttl is not a number of seconds", Fix: "Give whole seconds from 1 to " + strconv.Itoa(int(maxTTL.Seconds())) + "."}
		}
		ttl = time.Duration(seconds) * time.Second
	}
	payload := ""
	if room := query.Get("room"); room != "" {
		if payload, err = (token.Privilege04{RoomID: room, Rights: map[string]int{token.RightLogin: 1, token.RightPublish: 1}}).Payload(); err != nil {
			return nil, err
		}
	}
	now := time.Now()
	claims := token.Claims04{AppID: app.AppID, User: user, Created: now.Unix(), Expires: now.Add(ttl).Unix(), Payload: payload}
	text, err := token.Mint04(claims, string(app.ServerSecrets[0]), token.Options04{})
	if err != nil {
		return nil, &wire.Error{Code: wire.CodeInvalid, What: "no token can be made: " + err.Error(), Fix: "Check user and room."}
	}
	scheme := "ws://"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "wss://"
	}
	return credentials{
		Server: scheme + r.Host + "/ws", App: app.Name, Dialect: "express", User: user,
		AppID: app.AppID, Token: text, Expires: claims.Expires,
		ServerSecret: string(app.ServerSecrets[0]), CallbackSecret: string(app.CallbackSecret),
	}, nil
}
