package config

import "strings"

// Read is Load and Check in one: settings that are good, or every mistake in them.
// Check's word is left out where Load has complained already: what a misspelt
// setting of an app leaves missing is no second mistake.
func Read(path string, environ []string, flags map[string]string) (Config, Provenance, error) {
	cfg, from, err := Load(path, environ, flags)
	wrong := mistakes{}
	var told []string
	for _, bad := range Errors(err) {
		wrong.add(bad)
		told = append(told, bad.Key)
		if bad.Key == "" && bad.Err != nil {
			return cfg, from, err // the file is not there, or no YAML: nothing was read of it
		}
	}
	for _, bad := range Errors(Check(cfg, from)) {
		if !follows(bad.Key, told) {
			wrong.add(bad)
		}
	}
	return cfg, from, wrong.join()
}

// follows reports whether a mistake at key may come from one of those told: at the
// same key, around it, or in the same app.
func follows(key string, told []string) bool {
	app := func(key string) string {
		if before, _, inside := strings.Cut(key, "]."); inside {
			return before
		}
		return key
	}
	for _, other := range told {
		if other != "" && (app(key) == app(other) || strings.HasPrefix(key, other)) {
			return true
		}
	}
	return false
}
