package doctor

import (
	"context"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// policy judges the content security policy of the page: it must let the script load,
// the wasm run, and the WebSocket open.
func (e *examination) policy(ctx context.Context) {
	const check = "csp"
	if e.page == nil {
		e.skip(check, "name the page: --page https://app.example.com/chat", "the page's policy is not looked at")
		return
	}
	got, err := e.get(ctx, e.page.String(), maxAnswer, "Accept", "text/html")
	if err != nil {
		what, fix := unreachable(err, e.page.Scheme)
		e.fail(check, fix, "%s: %s", e.page, what)
		return
	}
	if got.StatusCode != 200 {
		e.warn(check, "name a page that answers 200 without a login", "%s answers %s: its policy can't be judged", e.page, got.Status)
		return
	}
	var policies []csp
	for _, header := range got.Header.Values("Content-Security-Policy") {
		for text := range strings.SplitSeq(header, ",") {
			policies = append(policies, parseCSP(text))
		}
	}
	for _, text := range metaPolicies(string(got.body)) {
		policies = append(policies, parseCSP(text))
	}
	script, err := e.sdkURL()
	if err != nil {
		return // said by files
	}
	socket, err := url.Parse(e.socketURL())
	if err != nil {
		return // made of the server's address
	}
	missing := map[string][]string{} // directive: sources
	need := func(directive, source string, has bool) {
		if !has && !slices.Contains(missing[directive], source) {
			missing[directive] = append(missing[directive], source)
		}
	}
	self := &url.URL{Scheme: e.page.Scheme, Host: e.page.Host}
	originOf := func(at *url.URL) string {
		if at.Scheme == self.Scheme && at.Host == self.Host {
			return "'self'"
		}
		return at.Scheme + "://" + at.Host
	}
	for _, p := range policies {
		if sources, has := p.sources("script-src"); has {
			need("script-src", "'wasm-unsafe-eval'", slices.Contains(sources, "'wasm-unsafe-eval'") || slices.Contains(sources, "'unsafe-eval'"))
			if elem, own := p["script-src-elem"]; own {
				need("script-src-elem", originOf(script), allows(elem, script, self))
			} else {
				need("script-src", originOf(script), allows(sources, script, self))
			}
		}
		if sources, has := p.sources("connect-src"); has {
			need("connect-src", originOf(script), allows(sources, script, self))
			need("connect-src", socket.Scheme+"://"+socket.Host, allows(sources, socket, self))
		}
	}
	switch {
	case len(policies) == 0:
		e.ok(check, "%s has no content security policy", e.page)
	case len(missing) == 0:
		e.ok(check, "the policy of %s lets the SDK load, run and connect", e.page)
	default:
		e.fail(check, "add these sources to the page's Content-Security-Policy", "the policy of %s keeps the SDK from working", e.page)
		for _, directive := range []string{"script-src", "script-src-elem", "connect-src"} {
			if sources := missing[directive]; len(sources) > 0 {
				e.write(directive + " " + strings.Join(sources, " ") + ";")
			}
		}
	}
}

// csp is one policy: sources by directive.
type csp map[string][]string

// parseCSP reads a policy. The first directive of a name counts, as in browsers.
func parseCSP(text string) csp {
	p := csp{}
	for directive := range strings.SplitSeq(text, ";") {
		words := strings.Fields(directive)
		if len(words) == 0 {
			continue
		}
		name := strings.ToLower(words[0])
		if _, doubled := p[name]; !doubled {
			p[name] = words[1:]
		}
	}
	return p
}

// sources returns those of a directive, or of default-src where it is not given.
func (p csp) sources(directive string) (sources []string, limited bool) {
	if sources, limited = p[directive]; limited {
		return sources, true
	}
	sources, limited = p["default-src"]
	return sources, limited
}

// allows reports whether sources let at be fetched by a page of self. What nonces and
// hashes allow can't be seen from outside and counts as allowed.
func allows(sources []string, at, self *url.URL) bool {
	for _, source := range sources {
		source = strings.ToLower(source)
		if source == "'self'" && at.Host == self.Host && isSelf(self.Scheme, at.Scheme) {
			return true
		}
		if strings.HasPrefix(source, "'nonce-") || strings.HasPrefix(source, "'sha") || source == "'strict-dynamic'" {
			return true
		}
		if strings.HasPrefix(source, "'") {
			continue
		}
		if source == "*" && (at.Scheme == "http" || at.Scheme == "https" || at.Scheme == "ws" || at.Scheme == "wss") {
			return true
		}
		if scheme, isScheme := strings.CutSuffix(source, ":"); isScheme {
			if upgrades(scheme, at.Scheme) {
				return true
			}
			continue
		}
		scheme, rest, named := strings.Cut(source, "://")
		if !named {
			scheme, rest = self.Scheme, source
		}
		host, path, _ := strings.Cut(rest, "/")
		if upgrades(scheme, at.Scheme) && hostMatches(host, scheme, at) && (path == "" || strings.HasPrefix(at.Path, "/"+path)) {
			return true
		}
	}
	return false
}

// isSelf reports whether 'self' of a page means addresses of wanted at its own host:
// WebSockets too, and never less secure ones.
func isSelf(page, wanted string) bool {
	return wanted == "https" || wanted == "wss" || page == "http"
}

// upgrades reports whether a source of scheme also means addresses of wanted: its
// secure form. One of http: is no leave for ws:, though browsers differ there.
func upgrades(scheme, wanted string) bool {
	return scheme == wanted || scheme == "http" && wanted == "https" || scheme == "ws" && wanted == "wss"
}

func hostMatches(pattern, scheme string, at *url.URL) bool {
	host, port := pattern, ""
	if i := strings.LastIndexByte(pattern, ':'); i > strings.LastIndexByte(pattern, ']') {
		host, port = pattern[:i], pattern[i+1:]
	}
	host = strings.ToLower(host)
	standard := map[string]string{"http": "80", "ws": "80", "https": "443", "wss": "443"}
	wanted := at.Port()
	if wanted == "" {
		wanted = standard[at.Scheme]
	}
	if port == "" {
		port = standard[scheme]
		if wanted == standard[at.Scheme] { // the standard port of the secure form will do
			port = wanted
		}
	}
	if port != "*" && port != wanted {
		return false
	}
	name := strings.ToLower(at.Hostname())
	if tail, wild := strings.CutPrefix(host, "*"); wild {
		return strings.HasSuffix(name, tail) && name != strings.TrimPrefix(tail, ".")
	}
	return strings.Trim(host, "[]") == name
}

var (
	metaTag  = regexp.MustCompile(`(?is)<meta\s[^>]*http-equiv\s*=\s*["']?content-security-policy["'\s>][^>]*>`)
	metaText = regexp.MustCompile(`(?is)\scontent\s*=\s*(?:"([^"]*)"|'([^']*)')`)
)

// metaPolicies returns the policies that stand in the page itself.
func metaPolicies(page string) []string {
	var texts []string
	for _, tag := range metaTag.FindAllString(page, -1) {
		if found := metaText.FindStringSubmatch(tag); found != nil {
			texts = append(texts, html.UnescapeString(found[1]+found[2]))
		}
	}
	return texts
}
