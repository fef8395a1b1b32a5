package express

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"parley/server/gateway"
)

// API answers the requests of all apps. It is an [http.Handler].
type API struct {
	cfg Config

	mu    sync.Mutex
	gates map[uint32]*gate // of the apps that have called
}

// Config is what the API acts on.
type Config struct {
	Gateway *gateway.Gateway
	// Secrets returns an app's server secrets; any of them may sign.
	Secrets func(appID uint32) (secrets []string, ok bool)
	// Unlimited takes the rates away, for load tests.
	Unlimited bool
	Log       *slog.Logger
	Now       func() time.Time // time.Now when nil
}

// New returns the API.
func New(cfg Config) *API {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &API{cfg: cfg, gates: map[uint32]*gate{}}
}

// answer is the body of every response.
type answer struct {
	Code      int
	Message   string
	RequestID string `json:"RequestId"`
	Data      any    `json:",omitempty"`
}

// timeout bounds how long a request waits for the room's log.
const timeout = 10 * time.Second

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	body := answer{Message: messageOfSuccess, RequestID: rand.Text()}
	data, err := a.carryOut(ctx, r)
	if err != nil {
		refused, ok := errors.AsType[*refusal](err)
		if !ok {
			refused = &refusal{codeFailed, "the server failed", err}
		}
		if refused.cause != nil {
			a.cfg.Log.Error("server API request failed", "request", body.RequestID, "code", refused.code, "err", refused.cause)
		}
		body.Code, body.Message = refused.code, refused.what
	}
	body.Data = data
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(body) // the client hung up: nobody is left to tell
}

// call is a request that was let in.
type call struct {
	params
	ctx context.Context
	api *API
	app *gateway.App
	// gate is the app's.
	gate *gate
	now  time.Time
}

// action is one thing that the API does.
type action struct {
	perSecond int // of an app
	do        func(*call) (any, error)
}

// actions and their rates are those of express.md §7.2.
var actions = map[string]action{
	"SendBroadcastMessage":    {100, sendBroadcast},
	"SendBarrageMessage":      {100, sendBarrage},
	"SendCustomCommand":       {100, sendCommand},
	"KickoutUser":             {50, kickUsers},
	"CloseRoom":               {1, closeRoom},
	"DescribeUserNum":         {10, countUsers},
	"DescribeUserList":        {200, listUsers},
	"DescribeUsers":           {10, findUsers},
	"SetForbidUserRule":       {10, setBan},
	"DelForbidUserRule":       {10, liftBan},
	"DescribeForbidUserRules": {10, listBans},
}

func (a *API) carryOut(ctx context.Context, r *http.Request) (any, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, refuse(codeDecode, "the query can't be decoded")
	}
	c := &call{params: fromQuery(query), ctx: ctx, api: a, now: a.cfg.Now()}
	todo, err := a.admit(c)
	if err != nil {
		return nil, err
	}
	if r.Method == http.MethodPost {
		if err := c.withBody(r); err != nil {
			return nil, err
		}
	}
	for name, values := range c.params {
		if name != "MessageContent" && slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) }) {
			return nil, refuse(codeDecode, strconv.QuoteToASCII(name)+" is not UTF-8") // of a message the core says so
		}
	}
	return todo.do(c)
}

// admit judges the common parameters. What is wrong with their form is told
// first, in the order of the codes; only then is anything looked up.
func (a *API) admit(c *call) (action, error) {
	var none action
	given := c.text("AppId")
	appID, err := strconv.ParseUint(given, 10, 32)
	if err != nil {
		return none, refuse(codeAppIDFormat, "AppId is no number")
	}
	if c.text("Timestamp") == "" {
		return none, refuse(codeTimestampEmpty, "Timestamp is missing")
	}
	timestamp, err := strconv.ParseInt(c.text("Timestamp"), 10, 64)
	if err != nil {
		return none, refuse(codeTimestampFormat, "Timestamp is no number of seconds")
	}
	for _, needed := range []struct {
		name string
		code int
	}{
		{"Action", codeActionEmpty}, {"SignatureNonce", codeNonceEmpty}, {"Signature", codeSignatureEmpty}, {"SignatureVersion", codeVersionEmpty},
	} {
		if c.text(needed.name) == "" {
			return none, refuse(needed.code, needed.name+" is missing")
		}
	}
	if c.text("SignatureVersion") != signatureVersion {
		return none, refuse(codeVersionUnknown, "SignatureVersion is not "+signatureVersion)
	}
	todo, ok := actions[c.text("Action")]
	if !ok {
		return none, refuse(codeActionUnknown, "there is no such Action")
	}
	secrets, ok := a.cfg.Secrets(uint32(appID))
	if ok {
		c.app, ok = a.cfg.Gateway.App(strconv.FormatUint(appID, 10))
	}
	if !ok {
		return none, refuse(codeAppUnknown, "no app has this AppId")
	}
	if off := c.now.Sub(time.Unix(timestamp, 0)); off > window || off < -window {
		return none, refuse(codeSignatureExpired, "Timestamp is more than 10 minutes off the server's clock")
	}
	nonce := c.text("SignatureNonce")
	if !signed(c.text("Signature"), uint32(appID), nonce, secrets, timestamp) {
		return none, refuse(codeSignatureWrong, "Signature is not that of AppId, SignatureNonce, a server secret and Timestamp")
	}
	perSecond := todo.perSecond
	if a.cfg.Unlimited {
		perSecond = 0
	}
	c.gate = a.gate(uint32(appID))
	return todo, c.gate.pass(nonce, c.text("Action"), perSecond, c.now)
}

// gate returns an app's gate. Only apps that exist have one.
func (a *API) gate(appID uint32) *gate {
	a.mu.Lock()
	defer a.mu.Unlock()
	g := a.gates[appID]
	if g == nil {
		g = newGate()
		a.gates[appID] = g
	}
	return g
}
