package volc

import (
	"parley/internal/engine"
	"parley/internal/engine/moment"
)

// lostAfter is how long a plane is down before the page is told that it is
// lost, though it goes on trying (volc.md §2).
const lostAfter = 10 * moment.Second

// States of a connection (volc.md §2).
const (
	stateDisconnected = 1 + iota
	stateConnecting
	stateConnected
	stateReconnecting
	stateReconnected
	stateLost
)

// link is a plane's connection as the page is told of it.
type link struct {
	e      *Engine
	client *engine.Client
	online bool // has been once
	lost   engine.Timer
}

// changed tells what Online and Offline mean to the page.
func (l *link) changed(kind engine.EventKind) {
	l.stop()
	switch {
	case kind == engine.Offline:
		l.e.tellState(stateDisconnected)
		l.e.tellState(stateReconnecting)
		l.lost = l.e.world.Clock.AfterFunc(lostAfter, func() { l.e.tellState(stateLost) })
	case l.online:
		l.e.tellState(stateReconnected)
	default:
		l.online = true
		l.e.tellState(stateConnected)
	}
}

func (l *link) stop() {
	if l.lost != nil {
		l.lost.Stop()
		l.lost = nil
	}
}

// close ends the session; nothing more is told of it.
func (l *link) close() {
	l.stop()
	l.client.Close()
}
