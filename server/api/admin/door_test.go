package admin_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/internal/wire"
	"parley/server/api/admin"
)

const key = "a-key-of-more-than-thirty-two-characters"

// ask sends one request and returns status, headers and the JSON object.
func ask(t *testing.T, d *admin.Door, method, target, body string, headers ...string) (int, http.Header, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	var into map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &into); err != nil {
		t.Fatalf("%s %s: %q is no JSON object", method, target, w.Body)
	}
	return w.Code, w.Result().Header, into
}

func TestKey(t *testing.T) {
	reached := 0
	open := func(key string) *admin.Door {
		d := admin.New(key, slog.New(slog.DiscardHandler))
		d.Handle("GET /api/x", func(*http.Request) (any, error) {
			reached++
			return map[string]bool{"fine": true}, nil
		})
		return d
	}
	for name, row := range map[string]struct {
		key, header string
		status      int
		code        string
	}{
		"closed":           {"", "Bearer ", 403, "FORBIDDEN"},
		"closed, any key":  {"", "Bearer " + key, 403, "FORBIDDEN"},
		"no header":        {key, "", 401, "TOKEN_INVALID"},
		"empty key":        {key, "Bearer ", 401, "TOKEN_INVALID"},
		"another key":      {key, "Bearer " + key + "x", 401, "TOKEN_INVALID"},
		"beginning of key": {key, "Bearer " + key[:32], 401, "TOKEN_INVALID"},
		"another scheme":   {key, "Basic " + key, 401, "TOKEN_INVALID"},
	} {
		status, headers, body := ask(t, open(row.key), "GET", "/api/x", "", "Authorization", row.header)
		if status != row.status || body["code"] != row.code || body["fix"] == "" || headers.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v, want %d %s", name, status, body, row.status, row.code)
		}
		if (status == 401) != (headers.Get("WWW-Authenticate") != "") {
			t.Errorf("%s: WWW-Authenticate %q at status %d", name, headers.Get("WWW-Authenticate"), status)
		}
	}
	if reached != 0 {
		t.Fatalf("%d requests passed a closed door", reached)
	}
	status, headers, body := ask(t, open(key), "GET", "/api/x", "", "Authorization", "bearer "+key, "Origin", "https://page.example")
	if status != 200 || body["fine"] != true || reached != 1 || headers.Get("Cache-Control") != "no-store" {
		t.Errorf("with the key: %d %v", status, body)
	}
	for name := range headers {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("pages of other origins are let in: %s", name)
		}
	}
	if status, _, _ := ask(t, open(key), "OPTIONS", "/api/x", "", "Origin", "https://page.example"); status != 401 {
		t.Errorf("a preflight got %d, want 401", status)
	}
}

func TestRoutes(t *testing.T) {
	d := admin.New(key, slog.New(slog.DiscardHandler))
	d.Handle("GET /api/refused", func(*http.Request) (any, error) {
		return nil, &wire.Error{Code: wire.CodeUnknownApp, What: "no app", Fix: "Name one."}
	})
	d.Handle("GET /api/broken", func(*http.Request) (any, error) { return nil, errors.New("secret detail") })
	d.Handle("POST /api/body", func(r *http.Request) (any, error) {
		var into struct {
			App string `json:"app"`
		}
		return into, admin.Read(r, &into)
	})
	d.Handle("PUT /api/body", func(*http.Request) (any, error) { return "put", nil })
	for _, row := range []struct {
		method, path, body string
		status             int
		code               string
	}{
		{"GET", "/api/refused", "", 404, "UNKNOWN_APP"},
		{"GET", "/api/broken", "", 500, "INTERNAL"},
		{"GET", "/api/nothing", "", 404, "UNSUPPORTED"},
		{"POST", "/api/refused", "", 405, "UNSUPPORTED"},
		{"GET", "/api/body", "", 405, "UNSUPPORTED"},
		{"POST", "/api/body", "", 400, "INVALID"},
		{"POST", "/api/body", `{"app":"x","more":1}`, 400, "INVALID"},
		{"POST", "/api/body", `{"app":"x"} {}`, 400, "INVALID"},
		{"POST", "/api/body", `{"app":"` + strings.Repeat("x", admin.MaxBody) + `"}`, 413, "TOO_LARGE"},
	} {
		status, _, body := ask(t, d, row.method, row.path, row.body, "Authorization", "Bearer "+key)
		if status != row.status || body["code"] != row.code {
			t.Errorf("%s %s: %d %v, want %d %s", row.method, row.path, status, body, row.status, row.code)
		}
		if text, _ := body["what"].(string); strings.Contains(text, "secret") {
			t.Errorf("%s tells a cause that is for the log: %q", row.path, text)
		}
	}
	if status, _, _ := ask(t, d, "POST", "/api/body", `{"app":"x"}`, "Authorization", "Bearer "+key); status != 200 {
		t.Errorf("a good body: %d", status)
	}
}
