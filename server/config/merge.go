package config

import (
	"reflect"
	"slices"
	"strings"
)

// live are the settings that a running server takes over. A name that ends in a
// dot stands for all below it. Every other setting needs a restart.
var live = []string{appsKey, "origins", "limits.", "drain", "log.level"}

// liveOfApp are the same among an app's settings; its name is what it is known by.
var liveOfApp = []string{"appID", "serverSecrets", "callbackURL", "callbackEvents", "callbackSecret", "tokenAuth", "multiRoom", "kickOnExpiry", "diagnostics", "volcAppID", "volcAppKey", "accessKeyID", "secretAccessKey"}

func isLive(key string, among []string) bool {
	return slices.ContainsFunc(among, func(name string) bool {
		return key == name || strings.HasSuffix(name, ".") && strings.HasPrefix(key, name)
	})
}

// Change is one setting that Merge found changed.
type Change struct {
	Key      string // "limits.maxMessageBytes", "apps.shop.serverSecrets"
	From, To string // as Show prints them, secrets as fingerprints
	Restart  bool   // it is not taken over: that needs a restart
}

// String is the change in words.
func (c Change) String() string {
	shown := func(value string) string {
		if value == "" {
			return "none"
		}
		return value
	}
	return c.Key + " from " + shown(c.From) + " to " + shown(c.To)
}

// Merge returns what a server that runs with now has to run with when its settings
// say next, and the changes. Where a change needs a restart the value of now stays.
// Apps are the same app when they have the same name. AllowDevSecrets stays.
func Merge(now, next Config) (Config, []Change) {
	merged, changes := now, []Change(nil)
	for _, s := range settings {
		if s.key == appsKey {
			continue
		}
		changes = append(changes, s.merge(&merged, &next, "", isLive(s.key, live))...)
	}
	merged.Apps = make([]App, len(next.Apps))
	known := map[string]App{}
	for _, app := range now.Apps {
		known[app.Name] = app
	}
	for i, app := range next.Apps {
		old, here := known[app.Name]
		delete(known, app.Name)
		if !here {
			merged.Apps[i] = app
			changes = append(changes, Change{Key: appsKey + "." + app.Name, To: "added"})
			continue
		}
		merged.Apps[i] = old
		for _, s := range appSettings {
			changes = append(changes, s.merge(&merged.Apps[i], &app, appsKey+"."+app.Name+".", isLive(s.key, liveOfApp))...)
		}
	}
	for _, app := range now.Apps {
		if _, gone := known[app.Name]; gone {
			changes = append(changes, Change{Key: appsKey + "." + app.Name, From: "present", To: "removed"})
		}
	}
	return merged, changes
}

// merge takes one setting of next over into now, if it is live, and reports a
// difference.
func (s setting[T]) merge(now, next *T, prefix string, live bool) []Change {
	old, wanted := s.at(now), s.at(next)
	if reflect.DeepEqual(old, wanted) {
		return nil
	}
	change := Change{Key: prefix + s.key, From: render(old), To: render(wanted), Restart: !live}
	if live {
		reflect.ValueOf(old).Elem().Set(reflect.ValueOf(wanted).Elem())
	}
	return []Change{change}
}

// liveDoc says in the reference which settings Merge takes over.
func liveDoc() string {
	quoted := func(names []string) string {
		shown := make([]string, len(names))
		for i, name := range names {
			if strings.HasSuffix(name, ".") {
				name += "*"
			}
			shown[i] = code(name)
		}
		return strings.Join(shown, ", ")
	}
	return "\nTaken over while the server runs: " + quoted(live) + "; of an app " + quoted(liveOfApp) + ". All else needs a restart.\n"
}
