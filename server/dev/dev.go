package dev

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"parley/internal/wire"
	"parley/server/config"
	"parley/server/gateway"
	"parley/server/room"
)

// Server is what the endpoints act on.
type Server struct {
	Gateway *gateway.Gateway
	Hub     *room.Hub
	Apps    []config.App
	Origins gateway.OriginRule
}

// Handler serves /dev/….
func Handler(s Server) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /dev/credentials", handle(s.credentials))
	mux.HandleFunc("GET /dev/faults", handle(s.listFaults))
	mux.HandleFunc("POST /dev/faults", handle(s.injectFault))
	mux.Handle("POST /dev/business", &business{server: s})
	return s.crossOrigin(mux)
}

// crossOrigin lets the pages that may connect call the endpoints, and no others.
func (s Server) crossOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if !s.Origins.Allow(origin, r.Host) {
			refuse(w, http.StatusForbidden, &wire.Error{
				Code: wire.CodeForbidden, What: "origin " + origin + " is not allowed", Fix: "Start the server with --origin " + origin + ".",
			})
			return
		}
		if origin != "" {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
			w.Header().Set("Vary", "Origin")
		}
		if r.Method == http.MethodOptions {
			w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
			w.Header().Set("Access-Control-Allow-Private-Network", "true")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func handle(do func(r *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := do(r)
		if err != nil {
			refuse(w, http.StatusBadRequest, err)
			return
		}
		write(w, http.StatusOK, body)
	}
}

func refuse(w http.ResponseWriter, status int, err error) {
	refused, ok := errors.AsType[*wire.Error](err)
	if !ok {
		status, refused = http.StatusInternalServerError, &wire.Error{Code: wire.CodeInternal, What: err.Error()}
	}
	write(w, status, map[string]string{"code": refused.Code.String(), "what": refused.What, "fix": refused.Fix})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client hung up: nobody is left to tell
}

// maxBody bounds a request's body.
const maxBody = 64 << 10

// read decodes a JSON body strictly.
func read(r *http.Request, into any) error {
	decoder := json.NewDecoder(io.LimitReader(r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return &wire.Error{Code: wire.CodeInvalid, What: "the body is not the JSON that is wanted: " + err.Error(), Fix: `Send something like {"fault":"cut","user":"alice"}.`}
	}
	return nil
}

func (s Server) app(name string) (config.App, error) {
	if name == "" {
		name = s.Apps[0].Name
	}
	var names []string
	for _, app := range s.Apps {
		if app.Name == name {
			return app, nil
		}
		names = append(names, app.Name)
	}
	return config.App{}, &wire.Error{Code: wire.CodeUnknownApp, What: "no app is called " + name, Fix: "Use one of " + strings.Join(names, ", ") + "."}
}
