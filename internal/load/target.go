package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// target is where a run's connections go.
type target struct {
	ip      net.IP
	port    int
	upgrade []byte // the HTTP request
}

func newTarget(ctx context.Context, o Options, p *protocol) (target, error) {
	u, err := url.Parse(o.Server)
	if err != nil {
		return target{}, fmt.Errorf("load: server address: %w", err)
	}
	if u.Scheme == "wss" {
		return target{}, errors.New("load: wss: is not supported, point at the server's listener without TLS")
	}
	if u.Scheme != "ws" || u.Hostname() == "" {
		return target{}, fmt.Errorf("load: server %q is not of the form ws://host:port/path", o.Server)
	}
	port := 80
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil {
			return target{}, fmt.Errorf("load: port of %q: %w", o.Server, err)
		}
	}
	ips, err := net.DefaultResolver.LookupIP(ctx, "ip", u.Hostname())
	if err != nil {
		return target{}, fmt.Errorf("load: find %s: %w", u.Hostname(), err)
	}
	path := u.RequestURI()
	if u.Path == "" && u.RawQuery == "" {
		path = p.path
	}
	origin := o.Origin
	if origin == "" {
		origin = "http://" + u.Host
	}
	if strings.ContainsAny(origin, "\r\n") {
		return target{}, errors.New("load: origin holds a line break")
	}
	// The key is any 16 bytes in Base64; the server's answer to it is not checked:
	// here is no proxy that could have answered from a cache.
	request := "GET " + path + " HTTP/1.1\r\nHost: " + u.Host + "\r\nOrigin: " + origin +
		"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: cGFybGV5LWxvYWQtMDAwMQ==\r\n"
	if p.subprotocol != "" {
		request += "Sec-WebSocket-Protocol: " + p.subprotocol + "\r\n"
	}
	return target{ip: ips[0], port: port, upgrade: []byte(request + "\r\n")}, nil
}
