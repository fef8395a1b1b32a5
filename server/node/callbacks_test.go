package node_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"parley/server/config"
	"parley/server/hook"
)

// TestCallbackEventNames: the settings know what the events are called.
func TestCallbackEventNames(t *testing.T) {
	var names []string
	for _, kind := range hook.Kinds() {
		names = append(names, string(kind))
	}
	if !slices.Equal(names, config.CallbackEventNames) {
		t.Errorf("settings know %v, events are %v", config.CallbackEventNames, names)
	}
}

// TestCallbacksAreSwitchedOn gives an app a business server while it runs.
func TestCallbacksAreSwitchedOn(t *testing.T) {
	s := start(t, true)
	came := make(chan string, 100)
	business := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { came <- r.Header.Get("X-Parley-Event-Id") }))
	t.Cleanup(business.Close)
	s.login("before")
	_, err := s.node.Reload(t.Context(), func() (config.Config, error) {
		next := s.node.Settings()
		next.Apps = slices.Clone(next.Apps)
		next.Apps[0].CallbackURL = business.URL
		return next, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.login("after")
	for range 2 {
		select {
		case <-came:
		case <-time.After(10 * time.Second):
			t.Fatal("the business server hears of nothing")
		}
	}
	for path, want := range map[string]int{
		"/api/callbacks/dead?app=demo": 200, "/api/callbacks/dead?app=1000000001": 200, "/api/callbacks/dead": 400, "/api/callbacks/dead?app=nope": 404,
	} {
		if status, body := s.object("GET", path, "", "Authorization", "Bearer "+string(config.DevAdminKey)); status != want {
			t.Errorf("%s: %d %v, want %d", path, status, body, want)
		}
	}
	for body, want := range map[string]int{`{"app":"demo"}`: 200, `{"app":"other"}`: 400, `{"ids":["x"]}`: 400, `[]`: 400, `{"app":"nope"}`: 404} {
		if status, answer := s.object("POST", "/api/callbacks/redrive", body, "Authorization", "Bearer "+string(config.DevAdminKey)); status != want {
			t.Errorf("%s: %d %v, want %d", body, status, answer, want)
		}
	}
}
