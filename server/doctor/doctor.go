package doctor

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"parley/server/config"
)

// Options say what to look at. Only Server is needed; each other one allows more
// checks.
type Options struct {
	Server string // http(s)://host[:port]; ws(s)://host/ws is taken too
	SDK    string // where parley.js is; empty: at the server, /sdk/parley.js
	Page   string // of the page that uses the SDK
	Origin string // of the page; empty: that of Page

	App    string // id, or the name of a dev app
	User   string // who logs in; empty: From, or the token's user
	Token  string
	Secret string // the app's server secret, or its app key

	Room, From, To string // the message that was not told
	AdminKey       string // empty: that of the dev server, if the server is on this machine

	Timeout time.Duration    // of one request; 0 = 5 s
	Now     func() time.Time // nil = time.Now
	// HTTP sends the requests; nil = a client that trusts the system's roots.
	HTTP *http.Client
}

// examination is one run.
type examination struct {
	Options
	Report
	base   *url.URL // of the server, without a path
	page   *url.URL // nil when none is given
	origin string
	client *http.Client
	device string // of the logins
}

// Run carries all checks out that the options allow. The error says what is wrong
// with the options; what is wrong with the server is in the report.
func Run(ctx context.Context, opts Options) (*Report, error) {
	e := &examination{Options: opts, Report: Report{OK: true}, device: "parley-doctor"}
	if e.Timeout == 0 {
		e.Timeout = 5 * time.Second
	}
	if e.Now == nil {
		e.Now = time.Now
	}
	var err error
	if e.base, err = serverURL(opts.Server); err != nil {
		return nil, err
	}
	if opts.Page != "" {
		if e.page, err = url.Parse(opts.Page); err != nil || e.page.Scheme != "http" && e.page.Scheme != "https" || e.page.Host == "" {
			return nil, fmt.Errorf("%q is not a page's address: write it as https://app.example.com/chat", opts.Page)
		}
		e.origin = e.page.Scheme + "://" + e.page.Host
	}
	if opts.Origin != "" {
		at, err := url.Parse(opts.Origin)
		if err != nil || at.Scheme == "" || at.Host == "" || strings.Trim(at.Path, "/") != "" {
			return nil, fmt.Errorf("%q is not an origin: write it as https://app.example.com, without a path", opts.Origin)
		}
		e.origin = at.Scheme + "://" + at.Host
	}
	if (opts.From != "" || opts.To != "") && (opts.Room == "" || opts.From == "" || opts.To == "" || opts.App == "") {
		return nil, fmt.Errorf("why a message was not told needs all of --app, --room, --from and --to")
	}
	e.client = e.newClient(opts.HTTP)
	defer e.client.CloseIdleConnections()

	var told []Finding
	if e.reach(ctx) {
		told = e.causes(ctx)
		e.websocket(ctx)
		e.pageOrigin(ctx)
		e.login(ctx)
	} else {
		e.judgeToken()
		if e.From != "" {
			e.skip("causes", "see server above", "there is nobody to ask why %s was not told", e.To)
		}
	}
	e.transport()
	e.files(ctx)
	e.policy(ctx)
	e.Findings = append(e.Findings, told...)
	return &e.Report, nil
}

// serverURL reads the address of a server, in any of the spellings that a page uses.
func serverURL(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		scheme := "https://"
		if config.IsLoopback(text) || config.IsLoopback(text+":80") {
			scheme = "http://"
		}
		text = scheme + text
	}
	at, err := url.Parse(text)
	if err != nil || at.Host == "" {
		return nil, fmt.Errorf("%q is not a server's address: write it as https://chat.example.com", text)
	}
	switch at.Scheme {
	case "ws":
		at.Scheme = "http"
	case "wss":
		at.Scheme = "https"
	case "http", "https":
	default:
		return nil, fmt.Errorf("%q is not a server's address: write http:, https:, ws: or wss: in front of the host", text)
	}
	return &url.URL{Scheme: at.Scheme, Host: at.Host}, nil
}

// newClient returns the client of all requests: files arrive as they were sent, not
// decompressed, and a redirect is a finding, not followed.
func (e *examination) newClient(given *http.Client) *http.Client {
	client := &http.Client{}
	if given != nil {
		*client = *given
	}
	if client.Transport == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.DisableCompression = true
		client.Transport = transport
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client
}

// at is an address on the server.
func (e *examination) at(path string) string { return e.base.String() + path }

// socketURL is the address of the WebSocket.
func (e *examination) socketURL() string {
	return "ws" + strings.TrimPrefix(e.base.String(), "http") + "/ws"
}

// isNear reports whether host, with or without a port, is this machine, and whether
// it is in a network that the public internet does not reach.
func isNear(host string) (loopback, private bool) {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.Trim(name, "[]")
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true, true
	}
	ip, err := netip.ParseAddr(name)
	if err != nil {
		return false, strings.HasSuffix(name, ".local") || strings.HasSuffix(name, ".internal")
	}
	ip = ip.Unmap()
	return ip.IsLoopback(), ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
}
