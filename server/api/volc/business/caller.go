package business

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"parley/internal/wire"
	"parley/server/gateway"
)

// Poster sends requests to servers that others name, and goes only where it may.
// The status is 0 if there was no answer; what there was of a body comes with an
// error too. An error that says why an address is refused is a *wire.Error.
type Poster interface {
	Post(ctx context.Context, target string, header http.Header, body []byte) (status int, answer []byte, err error)
}

// maxPerHost bounds the requests to one host that are under way or wait for a
// connection.
const maxPerHost = 256

// Caller sends what clients say to their business servers as this dialect
// words it (volc.md §4).
type Caller struct {
	poster Poster

	mu    sync.Mutex
	hosts map[string]int // requests under way
}

var _ gateway.BusinessServer = (*Caller)(nil)

// New returns a Caller that sends by poster.
func New(poster Poster) *Caller {
	return &Caller{poster: poster, hosts: map[string]int{}}
}

// Check implements gateway.BusinessServer.
func (c *Caller) Check(address string) error {
	u, err := url.Parse(address)
	const fix = "Give one such as https://example.com/in."
	switch {
	case err != nil: // not quoted: it may hold a key
		return &wire.Error{Code: wire.CodeInvalid, What: "the business server's URL is not a URL", Fix: fix}
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return &wire.Error{Code: wire.CodeInvalid, What: "the business server's URL is not that of a web server", Fix: fix}
	case u.User != nil:
		return &wire.Error{Code: wire.CodeInvalid, What: "the business server's URL names a user", Fix: "Take the part before the @ away; the signature says who asks."}
	}
	return nil
}

// request is the body of the POST, no field more and none less.
type request struct {
	Message   string `json:"message"`
	Binary    bool   `json:"binary"`
	Signature string `json:"signature"`
}

// Ask implements gateway.BusinessServer.
func (c *Caller) Ask(ctx context.Context, q gateway.Question) ([]byte, error) {
	r := request{Message: string(q.Body), Binary: q.Format == wire.FormatBytes, Signature: q.Signature}
	if r.Binary {
		r.Message = base64.StdEncoding.EncodeToString(q.Body)
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r); err != nil {
		return nil, err
	}
	host := hostOf(q.URL)
	if !c.enter(host) {
		return nil, &wire.Error{
			Code: wire.CodeOverloaded, What: "too many messages to this business server are under way",
			Fix: "Try again in a moment, and let the business server answer faster.", Limit: maxPerHost, Got: maxPerHost + 1,
		}
	}
	defer c.leave(host)
	// No Content-Type: the original has none of JSON either.
	status, answer, err := c.poster.Post(ctx, q.URL, nil, bytes.TrimSuffix(body.Bytes(), []byte("\n")))
	switch {
	case status == http.StatusOK:
		return answer, nil // what is missing of its body was not asked for
	case status != 0:
		return nil, &wire.Error{
			Code: wire.CodeBusinessServerFailed, What: "the business server answered with status " + strconv.Itoa(status),
			Fix: "Let it answer with status 200; its log may say what was wrong.", Limit: http.StatusOK, Got: uint64(status),
		}
	}
	return nil, unreachable(err)
}

// unreachable says why there was no answer, but not what only this server can
// see: the address that a name has inside.
func unreachable(err error) error {
	refused, isRefusal := errors.AsType[*wire.Error](err)
	switch {
	case isRefusal && refused.Code == wire.CodeForbidden:
		return &wire.Error{
			Code: wire.CodeBusinessServerUnreachable, What: "the business server is at an address that this server does not call: it is not public",
			Fix: "Use a public address, or let the operator set callbacks.allowPrivate.", Err: err,
		}
	case isRefusal:
		return &wire.Error{Code: wire.CodeBusinessServerUnreachable, What: refused.What, Fix: refused.Fix, Err: err}
	}
	return &wire.Error{
		Code: wire.CodeBusinessServerUnreachable, What: "the business server gave no answer",
		Fix: "Check its URL and that it answers within 5 seconds.", Err: err,
	}
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// enter counts a request to a host, unless there are too many.
func (c *Caller) enter(host string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hosts[host] == maxPerHost {
		return false
	}
	c.hosts[host]++
	return true
}

func (c *Caller) leave(host string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hosts[host]--; c.hosts[host] == 0 {
		delete(c.hosts, host)
	}
}
