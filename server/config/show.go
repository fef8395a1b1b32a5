package config

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Show returns a line per setting: key, value, and where it came from. Secrets are
// shown as fingerprints.
func Show(c Config, from Provenance) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	line := func(key, value string) {
		if value == "" {
			value = "-"
		}
		// tabwriter writes to a strings.Builder, which never fails.
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", key, value, from.shown(key))
	}
	for _, s := range settings {
		if s.key != appsKey {
			line(s.key, render(s.at(&c)))
		}
	}
	line(appsKey, render(&c.Apps))
	for i := range c.Apps {
		for _, s := range appSettings {
			line(appKey(i, s.key), render(s.at(&c.Apps[i])))
		}
	}
	_ = w.Flush()
	return b.String()
}

// shown is the source of exactly key: a field that its app doesn't name is a default,
// wherever the app came from. Apps that no layer gave came from the program.
func (p Provenance) shown(key string) string {
	if s, ok := p[key]; ok {
		return s.String()
	}
	if _, loaded := p[appsKey]; !loaded && strings.HasPrefix(key, appsKey+"[") {
		return "built in"
	}
	return string(FromDefault)
}

// Doc returns the reference of all settings as Markdown.
func Doc() string {
	var b strings.Builder
	b.WriteString("Defaults < file < environment < flag: the last that names a setting wins.\n\n")
	b.WriteString("On the command line: `--set KEY=VALUE`.\n\n| setting | default | range | variable | meaning |\n|---|---|---|---|---|\n")
	for _, s := range settings {
		fmt.Fprintf(&b, "| `%s` | %s | %s | `%s` | %s |\n", s.key, code(s.standard), s.span(), s.env(), s.doc)
	}
	b.WriteString("\nEach entry of `apps`:\n\n| setting | default | range | variable | meaning |\n|---|---|---|---|---|\n")
	for _, s := range appSettings {
		variable := ""
		switch s.at(new(App)).(type) {
		case *Secret, *[]Secret:
			variable = code(strings.Replace(secretEnv("%", s.key), "%", "<NAME>", 1))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", s.key, code(s.standard), s.span(), variable, s.doc)
	}
	b.WriteString(liveDoc())
	return b.String()
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}
