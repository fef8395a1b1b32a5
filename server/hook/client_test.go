package hook_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parley/internal/wire"
	"parley/server/hook"
)

// TestAddresses: where requests of a server may go that others give targets to.
func TestAddresses(t *testing.T) {
	for address, public := range map[string]bool{
		"8.8.8.8": true, "1.1.1.1": true, "172.15.255.255": true, "172.32.0.1": true, "100.63.255.255": true, "100.128.0.1": true,
		"2606:4700:4700::1111": true, "2a00:1450:4001:80b::200e": true,

		"127.0.0.1": false, "127.255.255.254": false, "::1": false, // loopback
		"0.0.0.0": false, "0.1.2.3": false, "::": false, // unspecified
		"10.0.0.1": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.0.1": false, "fc00::1": false, "fd12:3456::1": false, "fec0::1": false, // private
		"169.254.0.1": false, "169.254.169.254": false, "fe80::1": false, "fe80::1%eth0": false, // link-local
		"100.64.0.1": false, "100.127.255.254": false, "100.100.100.200": false, // carrier-grade NAT
		"224.0.0.1": false, "239.255.255.255": false, "ff02::1": false, // multicast
		"168.63.129.16": false, "192.0.0.192": false, "fd00:ec2::254": false, // metadata
		"192.0.2.1": false, "198.51.100.1": false, "203.0.113.1": false, "2001:db8::1": false, // documentation
		"198.18.0.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:169.254.169.254": false, "::ffff:8.8.8.8": true, // IPv4-mapped
		"::127.0.0.1": false, "64:ff9b::7f00:1": false, "64:ff9b:1::1": false, "2002:7f00:1::": false, "2001:0:7f00:1::": false, // IPv4 in disguise
	} {
		err := hook.AddressError(net.JoinHostPort(address, "80"))
		if public != (err == nil) {
			t.Errorf("%s: %v, want public %v", address, err, public)
		}
		if err != nil && wire.CodeOf(err) != wire.CodeForbidden {
			t.Errorf("%s: %v, want FORBIDDEN", address, err)
		}
	}
	for _, bad := range []string{"", "localhost:80", "10.0.0.1", "1.2.3.4:x"} {
		if hook.AddressError(bad) == nil {
			t.Errorf("%q is allowed", bad)
		}
	}
}

func client(t *testing.T, o hook.ClientOptions) *hook.Client {
	t.Helper()
	c := hook.NewClient(o)
	t.Cleanup(c.Close)
	return c
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// TestRefusedTargets: nothing is sent, whatever way the target is written.
func TestRefusedTargets(t *testing.T) {
	url := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the request arrived") })
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(url, "http://"))
	c := client(t, hook.ClientOptions{})
	for _, target := range []string{
		url, "http://localhost:" + port, "http://127.1:" + port, "http://0:" + port, "http://0.0.0.0:" + port, "http://2130706433:" + port,
		"http://0x7f000001:" + port, "http://[::1]:" + port, "http://[::ffff:127.0.0.1]:" + port, "http://[::]:" + port,
		"http://user:password@127.0.0.1:" + port, "ftp://127.0.0.1:" + port, "file:///etc/passwd", "//127.0.0.1:" + port, "", "http://", "http://%zz",
	} {
		status, _, err := c.Post(t.Context(), target, nil, nil)
		if status != 0 || err == nil {
			t.Errorf("%s: status %d, error %v", target, status, err)
		}
		if err != nil && strings.Contains(err.Error(), "password") {
			t.Errorf("%s: the error tells what may be secret: %v", target, err)
		}
	}
	// The same client, allowed to, and with a target that answers.
	ok := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	if status, _, err := client(t, hook.ClientOptions{AllowPrivate: true}).Post(t.Context(), ok, nil, nil); status != 202 || err != nil {
		t.Errorf("allowed: %d, %v", status, err)
	}
}

func TestPost(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	var agent, header string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		agent, header = r.UserAgent(), r.Header.Get("X-Own")
		switch r.URL.Path {
		case "/echo":
			buffer := make([]byte, 100)
			n, _ := r.Body.Read(buffer)
			_, _ = w.Write(buffer[:n])
		case "/move":
			http.Redirect(w, r, "/echo", http.StatusTemporaryRedirect)
		case "/long":
			_, _ = w.Write(make([]byte, 100_000))
		case "/exact":
			_, _ = w.Write(make([]byte, 64<<10))
		case "/slow":
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		case "/cut":
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("short"))
		}
	})
	c := client(t, hook.ClientOptions{AllowPrivate: true, Timeout: 300 * time.Millisecond, UserAgent: "Own/1"})
	for _, row := range []struct {
		path   string
		status int
		length int
		failed func(error) bool
	}{
		{"/echo", 200, 4, func(err error) bool { return err == nil }},
		{"/move", 307, 0, func(err error) bool { return err == nil }},
		{"/exact", 200, 64 << 10, func(err error) bool { return err == nil }},
		{"/long", 200, 64 << 10, func(err error) bool { return errors.Is(err, hook.ErrAnswerTooLong) }},
		{"/slow", 200, 0, func(err error) bool { return err != nil }},
		{"/cut", 200, 5, func(err error) bool { return err != nil }},
	} {
		begin := time.Now()
		status, answer, err := c.Post(t.Context(), url+row.path, http.Header{"X-Own": {"yes"}}, []byte("body"))
		if status != row.status || len(answer) != row.length || !row.failed(err) {
			t.Errorf("%s: status %d, %d bytes, error %v", row.path, status, len(answer), err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%s took %v", row.path, took)
		}
		if agent != "Own/1" || header != "yes" {
			t.Errorf("%s: sent as %q, header %q", row.path, agent, header)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if status, _, err := c.Post(ended, url+"/echo", nil, nil); status != 0 || err == nil {
		t.Errorf("after its context: %d, %v", status, err)
	}
}
