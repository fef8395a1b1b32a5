package gateway

import (
	"strconv"
	"time"

	"parley/internal/wire"
)

// roomRates are one session's rates in one room. Guarded by session.mu.
type roomRates struct {
	room                                     string
	messages, lossy, command, commands, data counter
	dataToOne, info                          counter
}

// maxRates bounds the rooms, and the users outside rooms, whose rates a session
// keeps. They outlive a leave: going out and in again gives nothing back.
const maxRates = 64

// rate returns the session's rates in a room. Callers hold mu.
func (s *session) rate(roomID string) *roomRates {
	for i := range s.rates {
		if s.rates[i].room == roomID {
			return &s.rates[i]
		}
	}
	if len(s.rates) == maxRates {
		s.rates = s.rates[1:]
	}
	s.rates = append(s.rates, roomRates{room: roomID})
	return &s.rates[len(s.rates)-1]
}

func (r *roomRates) publish(limits *Limits, p *wire.Publish, now time.Time) error {
	switch {
	case p.Class == wire.ClassLossy:
		return r.lossy.limit("lossy messages", limits.LossyPerSecond, lossyBurst, now)
	case p.Kind == wire.KindData && len(p.To) == 1 && limits.DataToOnePerSecond > 0:
		return r.dataToOne.limit("data messages to one user", limits.DataToOnePerSecond, reliableBurst, now)
	case p.Kind == wire.KindData:
		return r.data.limit("data messages", limits.DataPerSecond, reliableBurst, now)
	case p.Kind == wire.KindCommand && len(p.To) == 1:
		return r.command.limit("commands to one user", limits.CommandsPerSecond, reliableBurst, now)
	case p.Kind == wire.KindCommand:
		return r.commands.limit("commands to several users", limits.CommandsToManyPerSec, reliableBurst, now)
	}
	return r.messages.limit("messages", limits.MessagesPerSecond, reliableBurst, now)
}

// counter is a bucket that holds burst seconds' worth.
type counter struct{ bucket bucket }

// A client that was cut off sends what it kept all at once when it is back:
// reliable kinds may burst, as long as the mean holds.
const (
	reliableBurst = 10 // seconds' worth
	lossyBurst    = 1
)

func (c *counter) limit(what string, perSecond, burst int, now time.Time) error {
	if perSecond <= 0 || c.bucket.take(now, perSecond, perSecond*burst) {
		return nil
	}
	return &wire.Error{
		Code: wire.CodeRateLimited, What: "more than " + strconv.Itoa(perSecond) + " " + what + " per second",
		Fix: "Send less often; this one was not sent.", Limit: uint64(perSecond), Got: uint64(perSecond + 1),
		RetryAfterMS: uint32(c.bucket.wait(now, perSecond, perSecond*burst).Milliseconds()) + 1,
	}
}
