package config

import (
	"slices"
	"strings"
	"testing"
)

// TestLiveNamesAreSettings finds names in the lists that no setting has: such a
// setting would silently need a restart.
func TestLiveNamesAreSettings(t *testing.T) {
	var all, ofApp []string
	for _, s := range settings {
		all = append(all, s.key)
	}
	for _, s := range appSettings {
		ofApp = append(ofApp, s.key)
	}
	for _, c := range []struct {
		names, settings []string
	}{{live, all}, {liveOfApp, ofApp}} {
		for _, name := range c.names {
			known := slices.ContainsFunc(c.settings, func(key string) bool {
				return key == name || strings.HasSuffix(name, ".") && strings.HasPrefix(key, name)
			})
			if !known {
				t.Errorf("no setting is called %s", name)
			}
		}
	}
}
