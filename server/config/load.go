package config

import (
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
)

// maxFileBytes bounds the file; a longer one is refused.
const maxFileBytes = 1 << 20

// Load returns the settings that path (a YAML or JSON file; "" for none), environ
// ("NAME=value", as os.Environ gives) and flags make together, and where each came
// from. A flag's name is without dashes, "limits.max-frame-bytes", or the key,
// "limits.maxFrameBytes". The error joins *Error of every unknown name and
// unreadable value; the settings are then not to be used.
//
// Load judges each value by itself. What must fit together is Check's: call it
// next, after filling in Apps where that is wanted.
func Load(path string, environ []string, flags map[string]string) (Config, Provenance, error) {
	l := loader{cfg: Defaults(), from: Provenance{}}
	if path != "" {
		l.readFile(path)
	}
	l.environment(environ)
	l.flags(flags)
	return l.cfg, l.from, l.wrong.join()
}

type loader struct {
	cfg   Config
	from  Provenance
	wrong mistakes
}

func (l *loader) readFile(path string) {
	file, err := os.Open(path)
	if err != nil {
		l.wrong.add(&Error{Where: path, What: "the file can't be opened: " + err.Error(), Fix: "name a file that this user may read", Err: err})
		return
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	_ = file.Close() // only read
	if err != nil {
		l.wrong.add(&Error{Where: path, What: "the file can't be read: " + err.Error(), Err: err})
		return
	}
	if len(text) > maxFileBytes {
		l.wrong.say(path, "", "", "the file is longer than %d bytes", maxFileBytes)
		return
	}
	l.file(path, text)
}

// set parses text into the setting s.
func (l *loader) set(s setting[Config], text string, source Source) {
	if bad := s.parse(s.at(&l.cfg), text); bad != nil {
		bad.Where, bad.Key = source.Where, s.key
		l.wrong.add(bad)
		return
	}
	l.from[s.key] = source
}

// linked matches what Kubernetes puts into every container of a namespace that has
// a service called "parley" or "parley-…": not meant for us, and no mistake.
var linked = regexp.MustCompile(`^PARLEY_(.*_)?(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_.*)?)?)$`)

// TokenSecretVariable is not a setting: commands that mint tokens read it.
const TokenSecretVariable = "PARLEY_TOKEN_SECRET"

func (l *loader) environment(environ []string) {
	vars := map[string]string{}
	for _, entry := range environ {
		name, value, ok := strings.Cut(entry, "=")
		if ok && strings.HasPrefix(name, "PARLEY_") && !linked.MatchString(name) && name != TokenSecretVariable {
			vars[name] = value
		}
	}
	known := make([]string, 0, len(settings)+8)
	for _, s := range settings {
		name := s.env()
		known = append(known, name)
		value, given := vars[name]
		if !given {
			continue
		}
		delete(vars, name)
		source := Source{FromEnvironment, name}
		if s.key == appsKey {
			l.appsText(value, source)
			continue
		}
		l.set(s, value, source)
	}
	for i := range l.cfg.Apps {
		for _, s := range appSettings {
			switch s.at(&l.cfg.Apps[i]).(type) {
			case *Secret, *[]Secret:
			default:
				continue
			}
			name := secretEnv(l.cfg.Apps[i].Name, s.key)
			known = append(known, name)
			if value, given := vars[name]; given {
				delete(vars, name)
				_ = s.parse(s.at(&l.cfg.Apps[i]), value) // any text is a secret; Check judges it
				l.from[appKey(i, s.key)] = Source{FromEnvironment, name}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		l.wrong.say(name, "", didYouMean(name, known), "no setting has this variable")
	}
}

func (l *loader) flags(flags map[string]string) {
	left := maps.Clone(flags)
	known := make([]string, 0, len(settings))
	for _, s := range settings {
		known = append(known, s.flag())
		for _, name := range slices.Compact([]string{s.key, s.flag()}) { // the flag wins over the key
			value, given := left[name]
			if !given {
				continue
			}
			delete(left, name)
			source := Source{FromFlag, "--" + name}
			if s.key == appsKey {
				l.appsText(value, source)
				continue
			}
			l.set(s, value, source)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		l.wrong.say("--"+name, "", didYouMean(name, known), "no setting has this flag")
	}
}

func didYouMean(name string, known []string) string {
	return fmt.Sprintf("did you mean %q?", nearest(name, known))
}

func appKey(i int, key string) string { return fmt.Sprintf("apps[%d].%s", i, key) }
