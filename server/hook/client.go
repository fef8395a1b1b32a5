package hook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"parley/internal/wire"
)

// ClientOptions configures a client. The zero value works.
type ClientOptions struct {
	// Timeout bounds a whole request, from the resolving of the name to the
	// last byte of the answer; 5 s if 0.
	Timeout time.Duration
	// AnswerBytes bounds what is read of an answer's body; 64 KiB if 0.
	AnswerBytes int
	// AllowPrivate lets requests go to addresses that are not public.
	AllowPrivate bool
	// PerHost bounds the connections to one host; 8 if 0.
	PerHost int
	// UserAgent names the sender; "Parley" if empty.
	UserAgent string
	// Dial replaces the network, for tests. It is not asked where it leads.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client posts to servers that others name, and can't be led by them to where
// only this machine may go. Addresses are judged when they are dialled, after
// the name was resolved, so that no name can change its meaning in between. It follows
// no redirect and heeds no proxy.
type Client struct {
	options   ClientOptions
	http      http.Client
	transport *http.Transport
}

// NewClient returns a client. Close it.
func NewClient(o ClientOptions) *Client {
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Second
	}
	if o.AnswerBytes <= 0 {
		o.AnswerBytes = 64 << 10
	}
	if o.PerHost <= 0 {
		o.PerHost = 8
	}
	if o.UserAgent == "" {
		o.UserAgent = "Parley"
	}
	dialer := &net.Dialer{}
	if !o.AllowPrivate {
		dialer.Control = func(_, address string, _ syscall.RawConn) error { return addressError(address) }
	}
	if o.Dial == nil {
		o.Dial = dialer.DialContext
	}
	transport := &http.Transport{
		DialContext:            o.Dial,
		MaxConnsPerHost:        o.PerHost,
		MaxIdleConnsPerHost:    o.PerHost,
		MaxIdleConns:           256,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 32 << 10,
		DisableCompression:     true, // an answer has the size that it has
		ForceAttemptHTTP2:      true,
	}
	return &Client{
		options: o, transport: transport,
		http: http.Client{
			Transport: transport, Timeout: o.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Post sends body and returns the answer. The status is 0 if there was none. An answer
// longer than the bound comes cut off, with ErrAnswerTooLong; so does one that
// broke off, with what broke it.
func (c *Client) Post(ctx context.Context, target string, header http.Header, body []byte) (status int, answer []byte, err error) {
	if err := URLError(target); err != nil {
		return 0, nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("hook: make a request: %w", err)
	}
	maps.Copy(request.Header, header)
	request.Header.Set("User-Agent", c.options.UserAgent)
	response, err := c.http.Do(request)
	if err != nil {
		return 0, nil, requestError(err)
	}
	defer func() { _ = response.Body.Close() }() // read as far as it is of interest
	answer, err = io.ReadAll(io.LimitReader(response.Body, int64(c.options.AnswerBytes)+1))
	if len(answer) > c.options.AnswerBytes {
		answer, err = answer[:c.options.AnswerBytes], ErrAnswerTooLong
	}
	return response.StatusCode, answer, err
}

// Close ends the connections that are kept for further requests.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// ErrAnswerTooLong says that an answer's body was cut off at the bound.
var ErrAnswerTooLong = errors.New("hook: the answer is longer than the bound")

// requestError leaves out of net/http's error what may be secret: a URL may
// hold a key.
func requestError(err error) error {
	if refused, ok := errors.AsType[*wire.Error](err); ok {
		return refused
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		if wrapped.Timeout() {
			return errTimeout
		}
		return wrapped.Err
	}
	return err
}

var errTimeout = errors.New("no complete answer in time")

// URLError judges whether text is a URL that requests can go to.
func URLError(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return &wire.Error{Code: wire.CodeInvalid, What: "the target is not a URL", Fix: "Give one such as https://example.com/callbacks."} // not err: it quotes the URL, which may hold a key
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return &wire.Error{Code: wire.CodeInvalid, What: "the target is not a URL of a web server", Fix: "Give one such as https://example.com/callbacks."}
	case u.User != nil:
		return &wire.Error{Code: wire.CodeInvalid, What: "the target names a user", Fix: "Take the part before the @ away; callbacks are signed."}
	}
	return nil
}
