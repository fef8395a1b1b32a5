package config

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Summary returns what the settings come to, in a few lines for a person.
func Summary(c Config, from Provenance) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		// tabwriter writes to a strings.Builder, which never fails.
		_, _ = fmt.Fprintf(w, "  %s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	transport := "without TLS"
	if c.TLS.Cert != "" {
		transport = "with TLS"
	}
	line("listen", "%s, %s", c.Listen, transport)
	for _, app := range c.Apps {
		tokens := "tokens checked"
		if !app.TokenAuth {
			tokens = "tokens not checked: anybody may be any user"
		}
		line("app", "%s, id %d, %s, %s", app.Name, app.AppID, count(len(app.ServerSecrets), "server secret"), tokens)
	}
	origins := strings.Join(append([]string{"the server's own"}, c.Origins...), ", ")
	line("origins", "%s", origins)
	if c.Data == "" {
		line("data", "in memory: lost when the server stops")
	} else {
		line("data", "%s", c.Data)
	}
	given := map[Layer]int{}
	for key, source := range from {
		if key == appsKey || strings.HasSuffix(key, "]") {
			continue // what holds settings is none
		}
		given[source.Layer]++
	}
	total := given[FromFile] + given[FromEnvironment] + given[FromFlag]
	line("given", "%s: %d by file, %d by environment, %d by flag", count(total, "setting"), given[FromFile], given[FromEnvironment], given[FromFlag])
	_ = w.Flush()
	return b.String()
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
