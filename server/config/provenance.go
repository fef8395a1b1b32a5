package config

import "strings"

// Layer is a place that settings come from; a later one wins.
type Layer string

// The layers, in their order.
const (
	FromDefault     Layer = "default"
	FromFile        Layer = "file"
	FromEnvironment Layer = "environment"
	FromFlag        Layer = "flag"
)

// Source says where a value came from.
type Source struct {
	Layer Layer
	Where string // "parley.yaml:12", "PARLEY_LISTEN", "--listen"; empty for a default
}

// String is Where, or the layer for a default.
func (s Source) String() string {
	if s.Where == "" {
		return string(s.Layer)
	}
	return s.Where
}

// Provenance maps keys, "limits.maxFrameBytes" or "apps[0].appID", to the sources
// of their values. A key that isn't there has its parent's or the default.
type Provenance map[string]Source

// Of returns the source of key. A nil Provenance knows none.
func (p Provenance) Of(key string) Source {
	for key != "" {
		if s, ok := p[key]; ok {
			return s
		}
		// A field that its app doesn't name is a default, placed where the app is.
		if cut := strings.LastIndexAny(key, "[."); cut > 0 {
			key = key[:cut]
			continue
		}
		break
	}
	return Source{Layer: FromDefault}
}
