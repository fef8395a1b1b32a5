package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"parley/internal/wire"
)

// MaxBody bounds a request's body.
const MaxBody = 64 << 10

// Door checks the key and answers the routes. It is an [http.Handler] for all
// below /api/.
type Door struct {
	key [sha256.Size]byte // hashed: of one length, compared in constant time
	has bool
	mux *http.ServeMux
	log *slog.Logger
	// methods of each path, for the answer to any other.
	methods map[string][]string
}

// New returns a door without routes. With an empty key it stays closed.
func New(key string, log *slog.Logger) *Door {
	d := &Door{key: sha256.Sum256([]byte(key)), has: key != "", mux: http.NewServeMux(), log: log, methods: map[string][]string{}}
	d.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		d.refuse(w, &wire.Error{Code: wire.CodeUnsupported, What: "there is no " + r.URL.Path + " here", Fix: "See the list of routes in docs/admin.md."})
	})
	return d
}

// Handle adds a route: a method, a space, a path, as in "GET /api/explain". Call
// it before the door serves.
func (d *Door) Handle(pattern string, do func(r *http.Request) (any, error)) {
	d.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		body, err := do(r)
		if err != nil {
			d.refuse(w, err)
			return
		}
		answer(w, http.StatusOK, body)
	})
	method, path, _ := strings.Cut(pattern, " ")
	d.methods[path] = append(d.methods[path], method)
	if len(d.methods[path]) == 1 {
		d.mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			allowed := strings.Join(d.methods[path], ", ")
			w.Header().Set("Allow", allowed)
			refuseWith(w, http.StatusMethodNotAllowed, &wire.Error{Code: wire.CodeUnsupported, What: "this route takes " + allowed + " only", Fix: "Use one of " + allowed + "."})
		})
	}
}

// ServeHTTP implements [http.Handler].
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !d.has {
		d.refuse(w, &wire.Error{Code: wire.CodeForbidden, What: "the admin API is closed: the server has no admin key", Fix: "Set adminKey (PARLEY_ADMIN_KEY) to at least 32 characters and start the server again."})
		return
	}
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	given := sha256.Sum256([]byte(strings.TrimSpace(key)))
	if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(given[:], d.key[:]) != 1 {
		w.Header().Set("WWW-Authenticate", `Bearer realm="parley"`)
		d.refuse(w, &wire.Error{Code: wire.CodeTokenInvalid, What: "the request has no good admin key", Fix: "Send the header Authorization: Bearer, a space, and the server's adminKey."})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
	d.mux.ServeHTTP(w, r)
}

// statuses maps the codes that routes give; any other is 400.
var statuses = map[wire.Code]int{
	wire.CodeInternal:     http.StatusInternalServerError,
	wire.CodeUnsupported:  http.StatusNotFound,
	wire.CodeUnknownApp:   http.StatusNotFound,
	wire.CodeNoReceiver:   http.StatusNotFound,
	wire.CodeTokenInvalid: http.StatusUnauthorized,
	wire.CodeForbidden:    http.StatusForbidden,
	wire.CodeTooLarge:     http.StatusRequestEntityTooLarge,
	wire.CodeOverloaded:   http.StatusServiceUnavailable,
}

// refuse answers with an error. What nobody classified is logged, not told.
func (d *Door) refuse(w http.ResponseWriter, err error) {
	refused, ok := errors.AsType[*wire.Error](err)
	if !ok {
		d.log.Error("admin request failed", "err", err)
		refused = &wire.Error{Code: wire.CodeInternal, What: "the server failed; its log says why"}
	}
	status, known := statuses[refused.Code]
	if !known {
		status = http.StatusBadRequest
	}
	refuseWith(w, status, refused)
}

func refuseWith(w http.ResponseWriter, status int, err *wire.Error) {
	answer(w, status, map[string]string{"code": err.Code.String(), "what": err.What, "fix": err.Fix})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client hung up: nobody is left to tell
}

// Read decodes a JSON body strictly, for routes that take one.
func Read(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil && decoder.Decode(new(json.RawMessage)) != io.EOF {
		err = errors.New("something follows the object")
	}
	if tooLarge, over := errors.AsType[*http.MaxBytesError](err); over {
		return &wire.Error{Code: wire.CodeTooLarge, What: "the body is too large", Fix: "Send less at a time.", Limit: uint64(tooLarge.Limit)}
	}
	if err != nil {
		return &wire.Error{Code: wire.CodeInvalid, What: "the body is not the JSON that is wanted: " + err.Error(), Fix: "See the route in docs/admin.md."}
	}
	return nil
}
