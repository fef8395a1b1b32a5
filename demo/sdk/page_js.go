//go:build js && wasm

package sdk

import (
	"context"
	"syscall/js"
	"time"
)

// Page is the SDK as this page's script tag loaded it.
type Page struct{}

// Ready waits until the SDK's own wasm runs, and returns why it doesn't.
func (Page) Ready(ctx context.Context) error {
	ready := property(js.Global().Get("Parley"), "ready")
	if ready.Type() != js.TypeObject {
		return &Error{What: "Parley.ready is missing", Fix: "Serve the parley.js that belongs to this demo."}
	}
	_, err := await(ctx, ready)
	return err
}

// Credentials asks the dev server for what user needs to log in under one of
// its apps, "" for the first. The token is good for every room.
func (Page) Credentials(ctx context.Context, app, user string) (Credentials, error) {
	request := object()
	request.Set("user", user)
	request.Set("dialect", "express")
	if app != "" {
		request.Set("app", app)
	}
	answer, err := dev(ctx, "credentials", request)
	if err != nil {
		return Credentials{}, err
	}
	c := Credentials{
		Server: text(answer, "server"),
		AppID:  number(answer, "appID"),
		Token:  text(answer, "token"),
	}
	if seconds := number(answer, "expires"); seconds > 0 {
		c.Expires = time.Unix(int64(seconds), 0)
	}
	if c.Server == "" || c.AppID == 0 || c.Token == "" {
		return Credentials{}, &Error{
			What: "the credentials lack server, appID or token",
			Fix:  "Serve the page, the SDK and the dev server from one build.",
		}
	}
	return c, nil
}

// Fault asks the dev server to script a fault and returns how many sessions
// it touched.
func (Page) Fault(ctx context.Context, f Fault) (affected int, err error) {
	request := object()
	for _, field := range [...]struct{ name, value string }{
		{"fault", f.Fault}, {"user", f.User}, {"room", f.Room}, {"reason", f.Reason},
	} {
		if field.value != "" {
			request.Set(field.name, field.value)
		}
	}
	if f.Seconds > 0 {
		request.Set("seconds", f.Seconds)
	}
	answer, err := dev(ctx, "fault", request)
	if err != nil {
		return 0, err
	}
	return number(answer, "affected"), nil
}

// dev calls one function of Parley.dev and waits for its promise.
func dev(ctx context.Context, name string, request js.Value) (js.Value, error) {
	return callAndAwait(ctx, property(js.Global().Get("Parley"), "dev"), name, request)
}
