package volc

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"parley/internal/wire"
)

// Core is the server as the API acts on it, for its operator. Apps are named by
// their ids in this dialect. Errors are *wire.Error; CodeNoReceiver means that
// nobody was there.
type Core interface {
	// Publish sends into a room under the user id from. Every receiver gets it,
	// a member with that very id too. The API has checked sizes.
	Publish(ctx context.Context, app, from string, p *wire.Publish) error
	// Direct sends to a user outside rooms.
	Direct(ctx context.Context, app, from, to string, format wire.Format, body []byte) error
	// Expel takes a user, or everybody when user is empty, out of a room, or out
	// of all rooms when room is empty. closed says that the room was closed.
	Expel(ctx context.Context, app, room, user string, closed bool) error
	// Ban keeps a user, or everybody when user is empty, out of a room, or out
	// of all rooms when room is empty, until then. The zero time lifts the ban.
	Ban(ctx context.Context, app, room, user string, until time.Time) error
}

// App is an app that the API can reach.
type App struct {
	ID              string // 24 characters
	AccessKeyID     string
	SecretAccessKey string
}

// Config is what the API needs.
type Config struct {
	Core Core
	// Apps returns the apps that speak the dialect. Several may have the same
	// access key, and some none.
	Apps func() []App
	// Unlimited takes the rate away, for load tests.
	Unlimited bool
	Log       *slog.Logger
	Now       func() time.Time // time.Now when nil
}

// API answers the calls. It is an [http.Handler].
type API struct {
	cfg Config

	mu    sync.Mutex
	rates map[string]*bucket // by access key id; only known ones have one
}

// New returns the API.
func New(cfg Config) *API {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &API{cfg: cfg, rates: map[string]*bucket{}}
}

const (
	service       = "rtc"
	defaultRegion = "cn-north-1"
	// maxBody holds the longest message with every character escaped, and the
	// most receivers.
	maxBody = 1 << 20
	// timeout bounds how long a call waits for the server's core.
	timeout = 8 * time.Second
)

// metadata leads every response.
type metadata struct {
	RequestID string `json:"RequestId"`
	Action    string
	Version   string
	Service   string
	Region    string
	Error     *refusal `json:",omitempty"`
}

type response struct {
	ResponseMetadata metadata
	Result           any `json:",omitempty"`
}

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	now := a.cfg.Now()
	body := response{ResponseMetadata: metadata{RequestID: requestID(now), Service: service, Region: defaultRegion}}
	meta, status := &body.ResponseMetadata, http.StatusOK
	result, err := a.carryOut(ctx, r, now, meta)
	if err != nil {
		meta.Error = refusalOf(err)
		status = meta.Error.status
		if meta.Error.Code == internalError.Code {
			a.cfg.Log.Error("server API call failed", "request", meta.RequestID, "action", meta.Action, "err", err)
		}
	} else {
		body.Result = result
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller hung up: nobody is left to tell
}

// requestID names a call, in the answer and in the log.
func requestID(now time.Time) string {
	return now.UTC().Format("20060102150405") + strings.ToUpper(rand.Text()[:18])
}

// call is a call that was let in.
type call struct {
	params
	api     *API
	account string // the caller's access key id
	version string
	now     time.Time
}

// action is one thing that the API does.
type action struct {
	versions []string
	limited  bool // counts against the rate of an account
	do       func(context.Context, *call) (any, error)
}

var (
	versionsOfSends = []string{"2020-12-01", "2023-07-20"}
	versionsOfRooms = []string{"2020-12-01"}
	versionsOfBans  = []string{"2020-12-01", "2023-11-01"}
)

var actions = map[string]action{
	"SendUnicast":          {versionsOfSends, true, sendUnicast},
	"SendRoomUnicast":      {versionsOfSends, true, sendRoomUnicast},
	"BatchSendRoomUnicast": {versionsOfSends, true, batchSendRoomUnicast},
	"SendBroadcast":        {versionsOfSends, true, sendBroadcast},
	"KickUser":             {versionsOfRooms, false, kickUser},
	"DismissRoom":          {versionsOfRooms, false, dismissRoom},
	"BanRoomUser":          {versionsOfBans, false, banRoomUser},
}

// carryOut judges a request and does what it asks. What it learns on the way is
// told in meta, of refused ones too.
func (a *API) carryOut(ctx context.Context, r *http.Request, now time.Time, meta *metadata) (any, error) {
	query, ok := parseQuery(r.URL.RawQuery)
	if !ok {
		return nil, invalidParameter.because("the query can't be decoded")
	}
	meta.Action, meta.Version = query.get("Action"), query.get("Version")
	if meta.Action == "" || meta.Version == "" {
		return nil, missingParameter.because("the query names no Action or no Version")
	}
	auth, err := readAuthorization(r, query)
	if err != nil {
		return nil, err
	}
	if auth.region != "" {
		meta.Region = auth.region
	}
	if err := auth.judgeTime(now); err != nil {
		return nil, err
	}
	if auth.service != service {
		return nil, serviceNotFound.because("the credential's service is not " + service)
	}
	secret, ok := a.secretOf(auth.accessKeyID)
	if !ok {
		return nil, invalidAccessKey.because("no app of this server has the access key id " + quote(auth.accessKeyID))
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
			return nil, sizeOverLimit.because("the body is longer than 1 MiB")
		}
		return nil, unmarshal.because("the body could not be read")
	}
	if err := auth.judgeSignature(r, query, body, secret); err != nil {
		return nil, err
	}
	todo, ok := actions[meta.Action]
	if !ok || !slices.Contains(todo.versions, meta.Version) {
		return nil, invalidActionOrVersion.because("there is no " + quote(meta.Action) + " of version " + quote(meta.Version))
	}
	if todo.limited && !a.cfg.Unlimited && !a.pass(auth.accessKeyID, now) {
		return nil, overQPS.because("more than 500 calls per second")
	}
	c := &call{api: a, account: auth.accessKeyID, version: meta.Version, now: now}
	if c.params, err = readParams(body); err != nil {
		return nil, err
	}
	return todo.do(ctx, c)
}

// secretOf returns what an access key's calls are signed with.
func (a *API) secretOf(accessKeyID string) (string, bool) {
	for _, app := range a.cfg.Apps() {
		if app.AccessKeyID != "" && app.AccessKeyID == accessKeyID {
			return app.SecretAccessKey, true
		}
	}
	return "", false
}
