// Package api is what the server-to-server APIs of the dialects share: how a
// request finds the API that it is for. Each dialect's own is a package below.
package api

import "net/http"

// Actions are the server APIs that take all their requests at "/" and name what
// is wanted in the query, as Action. A nil one answers nothing.
type Actions struct {
	Plain     http.Handler // Action alone
	Versioned http.Handler // Action and Version; signed in a header, or as X-Signature
}

// ByAction hands GET and POST requests for "/" with the query parameter Action
// to its API, and everything else to other. A request that is signed as those of
// the versioned API are gets to it without Action or Version too: it is told so. It allows no page of another origin
// to read an answer: these APIs are for servers.
func ByAction(actions Actions, other http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		chosen := other
		if r.URL.Path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodPost) {
			query := r.URL.Query()
			signed := r.Header.Get("Authorization") != "" || query.Has("X-Signature")
			switch {
			case query.Has("Action") && query.Has("Version"), signed && (query.Has("Action") || query.Has("Version")):
				if actions.Versioned != nil {
					chosen = actions.Versioned
				}
			case query.Has("Action") && actions.Plain != nil:
				chosen = actions.Plain
			}
		}
		chosen.ServeHTTP(w, r)
	})
}
