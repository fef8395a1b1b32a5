package config

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// CallbackEventNames are what a business server may be told of.
var CallbackEventNames = []string{"room_create", "room_close", "room_login", "room_logout"}

const (
	maxRetries = 20
	maxRetry   = time.Hour
	minRetry   = time.Millisecond
)

func (k *checker) retries() {
	all := k.c.Callbacks.Retry
	if len(all) > maxRetries {
		k.refuse("callbacks.retry", "remove some", "has %d entries, limit %d", len(all), maxRetries)
	}
	for _, wait := range all {
		if wait < minRetry || wait > maxRetry {
			k.refuse("callbacks.retry", "choose from 1ms to 1h", "%v is out of range", wait)
		}
	}
}

// callbacks judges one app's.
func (k *checker) callbacks(i int, app App) {
	for _, name := range app.CallbackEvents {
		if !slices.Contains(CallbackEventNames, name) {
			k.refuse(appKey(i, "callbackEvents"), didYouMean(name, CallbackEventNames), "%q is not an event", name)
		}
	}
	if app.CallbackURL == "" {
		return
	}
	key := appKey(i, "callbackURL")
	// Not quoted: it may hold a key.
	if u, err := url.Parse(app.CallbackURL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.ContainsAny(app.CallbackURL, " \t\r\n") {
		k.refuse(key, "write one such as https://example.com/callbacks", "is not the URL of a web server")
	} else if u.User != nil {
		k.refuse(key, "take the part before the @ away, and check signatures", "names a user")
	}
	if app.CallbackSecret == "" {
		k.refuse(key, "set callbackSecret, here or in "+secretEnv(app.Name, "callbackSecret"), "is given without a secret to sign with")
	}
	if len(app.CallbackEvents) == 0 {
		k.refuse(appKey(i, "callbackEvents"), "name some, or leave callbackURL out", "is empty, and nothing would be told")
	}
}
