package node

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"sync/atomic"
	"time"

	"parley/server/config"
	"parley/server/gateway"
)

// certificate is what the node shows to clients. It may be replaced; connections
// keep the one that they were opened with.
type certificate struct {
	now atomic.Pointer[tls.Certificate]
}

// read returns the pair that the settings name.
func readCertificate(files config.TLS) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(files.Cert, files.Key)
	if err != nil {
		return nil, fmt.Errorf("read the TLS certificate: %w", err)
	}
	return &pair, nil
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.now.Load(), nil }

// Settings returns the settings in force.
func (n *Node) Settings() config.Config { return *n.settings.Load() }

// Reload puts the settings that load returns into force, as far as that goes
// without a restart, and returns what has changed. No connection is dropped. An
// error, load's or one of ours, leaves everything as it is.
//
// It also reads the certificate's files again.
func (n *Node) Reload(ctx context.Context, load func() (config.Config, error)) (changes []config.Change, err error) {
	n.reloading.Lock()
	defer n.reloading.Unlock()
	defer func() {
		switch {
		case err != nil:
			n.counts.reloads.WithLabelValues("refused").Inc()
		case changed(changes):
			n.counts.reloads.WithLabelValues("applied").Inc()
		default:
			n.counts.reloads.WithLabelValues("unchanged").Inc()
		}
	}()
	next, err := load()
	if err != nil {
		return nil, err
	}
	merged, changes := config.Merge(n.Settings(), next)
	// What is good beside the new address may not be beside the one in force.
	if err := merged.Validate(); err != nil {
		return nil, err
	}
	var pair *tls.Certificate
	if old := n.certificate.now.Load(); old != nil {
		if pair, err = readCertificate(merged.TLS); err != nil {
			return nil, err
		}
		if !bytes.Equal(pair.Certificate[0], old.Certificate[0]) {
			changes = append(changes, config.Change{Key: "the certificate in tls.cert", From: expiry(old), To: expiry(pair)})
		}
	}
	setApps, err := n.apps.prepare(merged)
	if err != nil {
		return nil, err
	}
	if err := n.hook.Configure(ctx, targetsOf(merged)); err != nil {
		return nil, err
	}
	// From here on nothing fails.
	setApps()
	if pair != nil {
		n.certificate.now.Store(pair)
	}
	n.origins.Set(n.originsOf(merged))
	n.gateway.SetBounds(n.boundsOf(merged))
	n.gateway.Refresh()
	if n.opts.Level != nil {
		n.opts.Level.Set(merged.Log.Level)
	}
	n.settings.Store(&merged)
	return changes, nil
}

// changed reports whether any change was taken over.
func changed(changes []config.Change) bool {
	for _, change := range changes {
		if !change.Restart {
			return true
		}
	}
	return false
}

func expiry(pair *tls.Certificate) string {
	if pair.Leaf == nil {
		return "one"
	}
	return "one until " + pair.Leaf.NotAfter.UTC().Format(time.RFC3339)
}

func (n *Node) originsOf(cfg config.Config) gateway.Origins {
	return gateway.Origins{Allowed: cfg.Origins, Loopback: n.opts.Dev && config.IsLoopback(cfg.Listen)}
}

func (n *Node) boundsOf(cfg config.Config) gateway.Bounds {
	bounds := gateway.Bounds{
		HelloTimeout: cfg.Limits.HelloTimeout, SendBytes: cfg.Limits.SendBufferBytes,
		FrameBytes: cfg.Limits.MaxFrameBytes, MaxConnections: cfg.Limits.MaxConnections,
	}
	if n.opts.Gateway.HelloTimeout != 0 {
		bounds.HelloTimeout = n.opts.Gateway.HelloTimeout
	}
	return bounds
}
