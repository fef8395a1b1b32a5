package gateway

import (
	"crypto/subtle"
	"slices"
	"strconv"
	"time"

	"parley/internal/wire"
	"parley/server/room"
)

// request carries out one envelope. An error ends the connection.
func (c *conn) request(env wire.Envelope) error {
	s := c.session.Load()
	if s == nil {
		if env.Kind != wire.IsHello {
			c.refuse(env.ID, &wire.Error{Code: wire.CodeHelloExpected, What: "the first envelope must be a Hello", Fix: "Log in first."})
			return &protocolError{wire.CloseHello, "the first envelope must be a Hello"}
		}
		var hello wire.Hello
		if err := hello.Decode(env.Body); err != nil {
			return malformed(err)
		}
		return c.helloRequest(env.ID, &hello)
	}
	if s.current() != c {
		return nil // a newer connection has taken the session over
	}
	switch env.Kind {
	case wire.IsPublish:
		return take(c, s, env, &wire.Publish{}, (*conn).publish)
	case wire.IsJoin:
		return take(c, s, env, &wire.Join{}, (*conn).join)
	case wire.IsLeave:
		return take(c, s, env, &wire.Leave{}, (*conn).leave)
	case wire.IsSetVisible:
		return take(c, s, env, &wire.SetVisible{}, (*conn).setVisible)
	case wire.IsSetRoomInfo:
		return take(c, s, env, &wire.SetRoomInfo{}, (*conn).setRoomInfo)
	case wire.IsRenew:
		return take(c, s, env, &wire.Renew{}, (*conn).renew)
	case wire.IsListen:
		return take(c, s, env, &wire.Listen{}, (*conn).listen)
	case wire.IsPing:
		return take(c, s, env, &wire.Ping{}, (*conn).ping)
	case wire.IsPong:
		return take(c, s, env, &wire.Pong{}, (*conn).pong)
	case wire.IsSendDirect:
		return take(c, s, env, &wire.SendDirect{}, (*conn).sendDirect)
	case wire.IsAskPresence:
		return take(c, s, env, &wire.AskPresence{}, (*conn).askPresence)
	case wire.IsSetBusinessServer:
		return take(c, s, env, &wire.SetBusinessServer{}, (*conn).setBusinessServer)
	case wire.IsAskBusinessServer:
		return take(c, s, env, &wire.AskBusinessServer{}, (*conn).askBusinessServer)
	case wire.IsHandled:
		return take(c, s, env, &wire.Handled{}, (*conn).handled)
	case wire.IsExplain:
		return take(c, s, env, &wire.Explain{}, (*conn).explain)
	case wire.IsDiagnose:
		return take(c, s, env, &wire.Diagnose{}, (*conn).diagnose)
	case wire.IsBye:
		s.end(room.ExitQuit)
		c.reply(env.ID, &wire.Done{})
		c.close(wire.CloseEnded, "goodbye")
	default:
		c.refuse(env.ID, &wire.Error{Code: wire.CodeUnsupported, What: "the server does not know this request", Fix: "Update the server, or don't use this feature."})
	}
	return nil
}

// body is a pointer to a generated message.
type body interface{ Decode(src []byte) error }

// take decodes a request and carries it out. An error of do is its refusal.
func take[B body](c *conn, s *session, env wire.Envelope, req B, do func(*conn, *session, uint64, B) error) error {
	if err := req.Decode(env.Body); err != nil {
		return malformed(err)
	}
	if err := do(c, s, env.ID, req); err != nil {
		c.refuse(env.ID, err)
	}
	return nil
}

func malformed(err error) error {
	return &protocolError{wire.CloseMalformed, "a request is malformed: " + err.Error()}
}

func (c *conn) publish(s *session, id uint64, p *wire.Publish) error {
	limits := s.limits()
	s.mu.Lock()
	m, _ := s.member(p.Room)
	var err error
	if m == nil {
		err = notJoined(p.Room)
	} else if err = publishError(limits, p); err == nil {
		err = s.rate(p.Room).publish(limits, p, time.Now())
	}
	s.mu.Unlock()
	if err != nil {
		c.gateway.cfg.Verdicts.RefusedSend(s.app.Name, s.user, p, err)
		return err
	}
	c.gateway.cfg.Metrics.Published(p.Class)
	s.trace(p)
	m.Publish(p, func(published *wire.Published, err error) {
		if err != nil {
			c.gateway.cfg.Verdicts.RefusedSend(s.app.Name, s.user, p, err)
			c.refuse(id, err)
			return
		}
		c.acknowledge(id, published)
	})
	c.published++
	return nil
}

func notJoined(roomID string) error {
	return &wire.Error{Code: wire.CodeNotJoined, What: "the session is not in room " + quoted(roomID), Fix: "Join the room first."}
}

func publishError(limits *Limits, p *wire.Publish) error {
	limit := limits.MessageBytes
	if p.Kind == wire.KindData {
		limit = limits.DataBytes
	}
	switch {
	case len(p.Body) == 0:
		return &wire.Error{Code: wire.CodeEmpty, What: "the message is empty", Fix: "Send at least one byte."}
	case limit > 0 && len(p.Body) > limit:
		return &wire.Error{
			Code: wire.CodeTooLarge, What: "message is " + strconv.Itoa(len(p.Body)) + " bytes, limit " + strconv.Itoa(limit),
			Fix: "Send less, or raise the app's limit.", Limit: uint64(limit), Got: uint64(len(p.Body)),
		}
	case len(p.To) > maxTargets:
		return &wire.Error{Code: wire.CodeTooLarge, What: "more receivers than the limit", Fix: "Send to fewer users, or to everyone.", Limit: maxTargets, Got: uint64(len(p.To))}
	case p.Class > wire.ClassLossy || p.Kind > wire.KindData || p.Format > wire.FormatBytes:
		return &wire.Error{Code: wire.CodeUnsupported, What: "the server does not know this kind of message", Fix: "Update the server, or don't use this feature."}
	case len(p.ClientID) > maxClientID:
		return &wire.Error{Code: wire.CodeInvalid, What: "client id is too long", Fix: "Use a shorter one.", Limit: maxClientID, Got: uint64(len(p.ClientID))}
	}
	return nil
}

func (c *conn) join(s *session, id uint64, req *wire.Join) error {
	if err := idError("room id", req.Room); err != nil {
		return err
	}
	if len(req.Extra) > maxExtraBytes {
		return &wire.Error{Code: wire.CodeInvalid, What: "what others are told of the member is too long", Fix: "Use a shorter one.", Limit: maxExtraBytes, Got: uint64(len(req.Extra))}
	}
	grant, err := s.grantFor(req)
	if err != nil {
		return err
	}
	if err := c.expelledFrom(s, req); err != nil {
		return err
	}
	rules, limits := s.app.Rules(), s.limits()
	banned := c.gateway.bans.refuses(s.app.Name, s.user, req.Room, time.Now())
	s.mu.Lock()
	if m, _ := s.member(req.Room); m == nil {
		switch n := len(s.members); {
		case banned != nil:
			err = banned
		case !grant.Expires.IsZero() && !time.Now().Before(grant.Expires):
			err = &wire.Error{Code: wire.CodeTokenExpired, What: "the session's token has expired", Fix: "Renew the token, or join with a new one."}
		case n > 0 && !rules.MultiRoom:
			err = &wire.Error{Code: wire.CodeSingleRoom, What: "the session is in a room already, and the app allows one", Fix: "Leave the other room first.", Limit: 1, Got: 2}
		case limits.Rooms > 0 && n >= limits.Rooms:
			err = &wire.Error{Code: wire.CodeTooManyRooms, What: "the session is in as many rooms as the app allows", Fix: "Leave a room first.", Limit: uint64(limits.Rooms), Got: uint64(n + 1)}
		}
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	ctx, cancel := background()
	defer cancel()
	s.begin(req.Room)
	m, joined, err := c.gateway.hub.Join(ctx, s.app.Name, req, s.identity())
	if err != nil {
		s.mu.Lock()
		s.entered(req.Room)
		s.mu.Unlock()
		return err
	}
	if !joined.Resumed {
		// A ban that came before the room had the session found nobody to put out.
		err = c.gateway.bans.refuses(s.app.Name, s.user, req.Room, time.Now())
	}
	if err == nil {
		// Before anything can take the session out of the room again: the roll
		// hears of the entry first.
		err = s.enter(ctx, req, &grant)
	}
	s.mu.Lock()
	order := s.entered(req.Room)
	if err != nil {
		s.mu.Unlock()
		if !joined.Resumed {
			m.Leave(room.ExitQuit)
			s.depart(req.Room, room.ExitQuit)
		}
		return err
	}
	if order != nil {
		s.mu.Unlock()
		m.Leave(order.why)
		s.depart(req.Room, order.why)
		c.push(s.removed(order.expulsion))
		return kicked(req.Room)
	}
	if s.ended {
		s.mu.Unlock()
		m.Leave(room.ExitQuit)
		s.depart(req.Room, room.ExitQuit)
		return nil
	}
	if m.Left() { // while it took its place up again
		expelled := slices.ContainsFunc(s.expelled, func(e expulsion) bool { return e.room == req.Room })
		s.mu.Unlock()
		s.depart(req.Room, room.ExitKicked) // the roll may have taken it for a new entry
		if expelled {
			return kicked(req.Room)
		}
		return notJoined(req.Room)
	}
	// A newer connection may have taken the session over meanwhile, and joined
	// the same room: it is the session that is in it.
	if known, i := s.member(req.Room); known == nil {
		s.members = append(s.members, m)
	} else {
		s.members[i] = m
	}
	if req.Token != "" {
		if s.grants == nil {
			s.grants = map[string]Grant{}
		}
		s.grants[req.Room] = grant
	}
	s.mu.Unlock()
	joined.TokenExpiresMS = grant.expiresMS()
	c.gateway.faults.applyToMember(s, m)
	c.mu.Lock()
	c.attach = append(c.attach, m)
	c.mu.Unlock()
	c.reply(id, joined)
	return nil
}

// grantFor judges whether the session may enter the room of req.
func (s *session) grantFor(req *wire.Join) (Grant, error) {
	s.mu.Lock()
	grant := s.grant
	s.mu.Unlock()
	if verify := s.app.Rules().Verify; req.Token != "" && verify != nil {
		if len(req.Token) > maxTokenBytes {
			return Grant{}, &wire.Error{Code: wire.CodeTokenInvalid, What: "token is too long", Fix: "Give the token as it was made.", Limit: maxTokenBytes, Got: uint64(len(req.Token))}
		}
		var err error
		if grant, err = verify(s.user, req.Token, time.Now()); err != nil {
			// A session that resumes within its window was admitted before.
			if kept, known := s.admitted(req.Room); known && wire.CodeOf(err) == wire.CodeTokenExpired {
				return kept, nil
			}
			return Grant{}, err
		}
	}
	return grant, grant.allows(req.Room)
}

// admitted returns the grant under which the session is in the room.
func (s *session) admitted(roomID string) (Grant, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m, _ := s.member(roomID); m == nil {
		return Grant{}, false
	}
	if grant, own := s.grants[roomID]; own {
		return grant, true
	}
	return s.grant, true
}

func (c *conn) leave(s *session, id uint64, req *wire.Leave) error {
	stored := s.leaveStored(req.Room, room.ExitQuit)
	if stored == nil {
		return notJoined(req.Room)
	}
	if err := departed(stored); err != nil {
		return err
	}
	c.reply(id, &wire.Done{})
	return nil
}

func (c *conn) setVisible(s *session, id uint64, req *wire.SetVisible) error {
	s.mu.Lock()
	m, _ := s.member(req.Room)
	s.mu.Unlock()
	if m == nil {
		return notJoined(req.Room)
	}
	if err := m.SetVisible(req.Visible); err != nil {
		return err
	}
	c.reply(id, &wire.Done{})
	return nil
}

func (c *conn) setRoomInfo(s *session, id uint64, req *wire.SetRoomInfo) error {
	limits := s.limits()
	tooLarge := func(what string, got, limit int) error {
		return &wire.Error{
			Code: wire.CodeTooLarge, What: what + " is " + strconv.Itoa(got) + " bytes, limit " + strconv.Itoa(limit),
			Fix: "Use a shorter " + what + ".", Limit: uint64(limit), Got: uint64(got),
		}
	}
	s.mu.Lock()
	m, _ := s.member(req.Room)
	var err error
	switch {
	case m == nil:
		err = notJoined(req.Room)
	case req.Key == "":
		err = &wire.Error{Code: wire.CodeEmpty, What: "the key is empty", Fix: "Give a key."}
	case len(req.Key) > limits.InfoKeyBytes:
		err = tooLarge("key", len(req.Key), limits.InfoKeyBytes)
	case len(req.Value) > limits.InfoValueBytes:
		err = tooLarge("value", len(req.Value), limits.InfoValueBytes)
	default:
		err = s.rate(req.Room).info.limit("changes of extra information", limits.InfoPerSecond, lossyBurst, time.Now())
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	m.SetInfo(req.Key, req.Value, func(seq uint64, err error) {
		if err != nil {
			c.refuse(id, err)
			return
		}
		c.reply(id, &wire.Done{Seq: seq})
	})
	return nil
}

func (c *conn) renew(s *session, id uint64, req *wire.Renew) error {
	grant := Grant{}
	if verify := s.app.Rules().Verify; verify != nil {
		var err error
		if grant, err = verify(s.user, req.Token, time.Now()); err != nil {
			return err
		}
		if req.Room != "" {
			if err := grant.allows(req.Room); err != nil {
				return err
			}
		}
	}
	s.mu.Lock()
	if req.Room == "" || s.grants[req.Room].Expires.IsZero() {
		s.grant = grant
		s.armExpiry()
	} else {
		s.grants[req.Room] = grant
	}
	s.mu.Unlock()
	c.reply(id, &wire.Done{TokenExpiresMS: grant.expiresMS()})
	return nil
}

func (c *conn) listen(s *session, _ uint64, req *wire.Listen) error {
	if err := listenError(req); err != nil {
		return err
	}
	s.facts.Listen(req)
	return nil
}

func (c *conn) ping(_ *session, _ uint64, req *wire.Ping) error {
	c.push(&wire.Pong{Nonce: req.Nonce})
	return nil
}

func quoted(id string) string {
	return strconv.Quote(id[:min(len(id), maxIDBytes)])
}

func sameSecret(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
