package engine

import (
	"parley/internal/engine/moment"
	"parley/internal/wire"
)

// longestAlarm bounds one setting of an expiry's alarm; browsers take a wait
// of more than 24.8 days for none.
const longestAlarm = 24 * moment.Hour

// expiry is when a token ends. Times are the server's: the client's own clock
// may be off by years.
type expiry struct {
	atMS uint64 // unix ms; 0 = never, or not known
	told bool   // TokenExpiring was told for this atMS
	alarm
}

// expires sets e to atMS and tells TokenExpiring in time, or at once when it
// is time already.
func (c *Client) expires(e *expiry, room string, atMS uint64) {
	e.stop()
	if atMS != e.atMS {
		e.atMS, e.told = atMS, false
	}
	if atMS == 0 || e.told || c.state == StateClosed {
		return
	}
	now, known := c.serverTime()
	if !known {
		return
	}
	left := moment.Duration(0)
	if nowMS := uint64(now.UnixMilli()); atMS > nowMS {
		left = moment.Duration(min(atMS-nowMS, uint64(1000*moment.Hour/moment.Millisecond))) * moment.Millisecond
	}
	if left <= c.cfg.TokenWarning {
		e.told = true
		c.tell(Event{Kind: TokenExpiring, Room: room, Time: moment.UnixMilli(int64(atMS))})
		return
	}
	c.set(&e.alarm, min(left-c.cfg.TokenWarning, longestAlarm), func() { c.expires(e, room, atMS) })
}

// tokenExpires notes the expiry of a room's token, or with an empty room of
// the session's and of all rooms that were opened with it.
func (c *Client) tokenExpires(name string, atMS uint64) {
	if name != "" {
		if room := c.rooms.byName[name]; room != nil {
			c.expires(&room.expiry, name, atMS)
		}
		return
	}
	c.expires(&c.expiry, "", atMS)
	for _, room := range c.rooms.order {
		if room.options.Token == "" && room.joined {
			c.expires(&room.expiry, room.name, atMS)
		}
	}
}

// setServerTime starts the server's clock: at was its time when now was ours.
// From there it goes on by ours, which in a page is monotonic: a user who sets the
// machine's clock changes nothing.
func (c *Client) setServerTime(at, now moment.Time) { c.serverAt, c.serverNow = at, now }

func (c *Client) serverTime() (moment.Time, bool) {
	if c.serverNow.IsZero() {
		return moment.Time{}, false
	}
	return c.serverAt.Add(c.cfg.Clock.Now().Sub(c.serverNow)), true
}

// renewal remembers which token a Renew replaced, so that a refused one is not
// what the next login is tried with.
type renewal struct {
	token    *string // where it stands: the session's or a room's
	old, new string
}

func (r *renewal) undo() {
	if *r.token == r.new {
		*r.token = r.old
	}
}

// renew puts token in the place of the session's or the room's, and tells the
// server.
func (c *Client) renew(name, token string, done func(error)) *wire.Error {
	if err := c.notLoggedIn(); err != nil {
		return err
	}
	if token == "" {
		return &wire.Error{Code: wire.CodeEmpty, What: "the token is empty", Fix: "Pass the new token."}
	}
	place := &c.cfg.Token
	if name != "" {
		switch r := c.rooms.byName[name]; {
		case r == nil:
			return notJoined(name)
		case r.options.Token == "":
			name = "" // the room was opened with the session's
		default:
			place = &r.options.Token
		}
	}
	q := &request{kind: wire.IsRenew, room: name, done: done, renewal: &renewal{token: place, old: *place, new: token}}
	if err := c.add(q, &wire.Renew{Token: token, Room: name}); err != nil {
		return err
	}
	*place = token
	c.flush()
	return nil
}
