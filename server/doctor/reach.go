package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 1 << 20

// answer is what a request brought.
type answer struct {
	*http.Response
	body []byte
	sent time.Time // in the middle between asking and answering
	took time.Duration
}

// get asks, reads at most limit bytes of the body, and closes it.
func (e *examination) get(ctx context.Context, address string, limit int64, headers ...string) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, e.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", "parley-doctor")
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	begin := e.Now()
	response, err := e.client.Do(request)
	if err != nil {
		return nil, err
	}
	took := e.Now().Sub(begin)
	defer func() { _ = response.Body.Close() }() // it was only read
	body, err := io.ReadAll(io.LimitReader(response.Body, limit))
	if err != nil {
		return nil, err
	}
	return &answer{Response: response, body: body, sent: begin.Add(took / 2), took: took}, nil
}

// reach finds out whether the server answers at all, whether it is one of ours, and
// whether it is ready. It reports whether asking it more is worth while.
func (e *examination) reach(ctx context.Context) bool {
	got, err := e.get(ctx, e.at("/healthz"), maxAnswer)
	if err != nil {
		what, fix := unreachable(err, e.base.Scheme)
		e.fail("server", fix, "%s: %s", e.base, what)
		return false
	}
	var health struct{ Status string }
	switch {
	case got.StatusCode >= 300 && got.StatusCode < 400:
		e.fail("server", "use the address that it redirects to: WebSockets follow no redirect", "%s redirects to %s", e.at("/healthz"), got.Header.Get("Location"))
		return false
	case got.StatusCode == http.StatusBadGateway || got.StatusCode == http.StatusGatewayTimeout || got.StatusCode == http.StatusServiceUnavailable:
		e.fail("server", "start Parley behind the proxy, and check the address that the proxy passes to", "%s answers %s: a proxy is there, and nothing behind it", e.at("/healthz"), got.Status)
		return false
	case got.StatusCode != http.StatusOK || json.Unmarshal(got.body, &health) != nil || health.Status != "alive":
		e.fail("server", "check host and port, and that the proxy passes / and not only /ws", "%s answers %s, not as a Parley server does", e.at("/healthz"), got.Status)
		e.clock(got)
		return true // a proxy may pass /ws alone
	}
	e.ok("server", "%s answers in %d ms", e.base, got.took.Milliseconds())
	if ready, err := e.get(ctx, e.at("/readyz"), maxAnswer); err != nil {
		what, fix := unreachable(err, e.base.Scheme)
		e.fail("ready", fix, "/readyz: %s", what)
	} else if ready.StatusCode != http.StatusOK {
		var why struct{ Status string }
		_ = json.Unmarshal(ready.body, &why) // without words the status must do
		e.fail("ready", "read the server's log; balancers send nobody here", "/readyz answers %s %s", ready.Status, why.Status)
	} else {
		e.ok("ready", "/readyz answers 200")
	}
	e.clock(got)
	return true
}

// unreachable says what an error of the network means, and what to do.
func unreachable(err error, scheme string) (what, fix string) {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return "the name " + dns.Name + " is not known", "check the spelling, and the DNS record of the host"
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "nothing listens there", "start the server (parley serve --config FILE, or parley dev), and check the port; in a container, listen on 0.0.0.0 and publish the port"
	}
	if errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
		return "no answer in time", "check that a firewall lets the port through"
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "its certificate is of an authority that nobody here knows", "put the whole chain into tls.cert, leaf first, of an authority that browsers trust"
	}
	if wrong, ok := errors.AsType[x509.HostnameError](err); ok {
		return "its certificate is not for " + wrong.Host, "use a name that the certificate has, or get one for this name"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		if invalid.Reason == x509.Expired {
			return "its certificate has expired, or is not valid yet", "renew the certificate; the server reads its files again by itself"
		}
		return "its certificate is not valid: " + invalid.Error(), "get another one"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		return "it speaks no TLS", "use http:, or give the server tls.cert and tls.key"
	}
	if scheme == "http" && strings.Contains(err.Error(), "malformed HTTP response") {
		return "it answers, but not in HTTP", "use https: if it has TLS, and check the port"
	}
	return err.Error(), "check host and port"
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}
