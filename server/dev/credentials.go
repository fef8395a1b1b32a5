package dev

import (
	"net/http"
	"strconv"
	"time"

	"parley/internal/token"
	"parley/internal/wire"
	"parley/server/config"
)

// login is what the answers of GET /dev/credentials have in common.
type login struct {
	Server  string `json:"server"`
	App     string `json:"app"`
	Dialect string `json:"dialect"`
	User    string `json:"user"`
	Expires int64  `json:"expires"` // unix seconds
}

// expressLogin is all that a login of the Express dialect needs.
type expressLogin struct {
	login
	AppID          uint32 `json:"appID"`
	Token          string `json:"token"`
	ServerSecret   string `json:"serverSecret"`
	CallbackSecret string `json:"callbackSecret"`
}

// volcLogin is all that a login and a join of the Volc dialect need, and a business
// server's calls.
type volcLogin struct {
	login
	AppID           string `json:"appID"`
	Token           string `json:"token"`               // for login; opens no room
	RoomToken       string `json:"roomToken,omitempty"` // for joinRoom, when a room was named
	AppKey          string `json:"appKey"`
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
}

const (
	defaultTTL = time.Hour
	maxTTL     = 30 * 24 * time.Hour
)

func (s Server) credentials(r *http.Request) (any, error) {
	query := r.URL.Query()
	app, err := s.app(query.Get("app"))
	if err != nil {
		return nil, err
	}
	user, room := query.Get("user"), query.Get("room")
	if user == "" {
		return nil, invalid("no user is given", "Add user=alice to the query.")
	}
	ttl := defaultTTL
	if text := query.Get("ttl"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		if err != nil || seconds <= 0 || seconds > int64(maxTTL.Seconds()) {
			return nil, invalid("ttl is not a number of seconds", "Give whole seconds from 1 to "+strconv.Itoa(int(maxTTL.Seconds()))+".")
		}
		ttl = time.Duration(seconds) * time.Second
	}
	scheme := "ws://"
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		scheme = "wss://"
	}
	now := time.Now()
	common := login{Server: scheme + r.Host + "/ws", App: app.Name, User: user, Expires: now.Add(ttl).Unix()}
	var made any
	switch dialect := query.Get("dialect"); dialect {
	case "", "express":
		common.Dialect = "express"
		made, err = expressCredentials(app, common, room, now)
	case "volc":
		common.Dialect = "volc"
		made, err = volcCredentials(app, common, room, now)
	default:
		return nil, &wire.Error{Code: wire.CodeUnsupported, What: "no dialect is called " + strconv.Quote(dialect), Fix: "Use dialect=express or dialect=volc."}
	}
	if err != nil {
		return nil, &wire.Error{Code: wire.CodeInvalid, What: "no token can be made: " + err.Error(), Fix: "Check user and room."}
	}
	return made, nil
}

func expressCredentials(app config.App, common login, room string, now time.Time) (any, error) {
	payload := ""
	if room != "" {
		var err error
		if payload, err = (token.Privilege04{RoomID: room, Rights: map[string]int{token.RightLogin: 1, token.RightPublish: 1}}).Payload(); err != nil {
			return nil, err
		}
	}
	claims := token.Claims04{AppID: app.AppID, User: common.User, Created: now.Unix(), Expires: common.Expires, Payload: payload}
	text, err := token.Mint04(claims, string(app.ServerSecrets[0]), token.Options04{})
	return expressLogin{common, app.AppID, text, string(app.ServerSecrets[0]), string(app.CallbackSecret)}, err
}

func volcCredentials(app config.App, common login, room string, now time.Time) (any, error) {
	made := volcLogin{
		login: common, AppID: app.VolcAppID, AppKey: string(app.VolcAppKey),
		AccessKeyID: app.AccessKeyID, SecretAccessKey: string(app.SecretAccessKey),
	}
	claims := token.Claims001{AppID: app.VolcAppID, User: common.User, Issued: now.Unix(), Expires: common.Expires}
	var err error
	if made.Token, err = token.Mint001(claims, made.AppKey, token.Options001{}); err != nil || room == "" {
		return made, err
	}
	claims.Room = room
	claims.Rights = map[token.Right001]int64{token.PublishStream: claims.Expires, token.SubscribeStream: claims.Expires}
	made.RoomToken, err = token.Mint001(claims, made.AppKey, token.Options001{})
	return made, err
}
