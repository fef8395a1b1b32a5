package volc

import (
	"context"
	"encoding/base64"
	"fmt"

	"parley/internal/wire"
)

// Bounds of messages (volc.md §5.2).
const (
	maxMessageBytes = 64 << 10
	maxBatchBytes   = 20 << 10
	maxReceivers    = 600
)

// outcome is the Result of a call that has one word to say.
type outcome struct{ Message string }

// accepted is the Result of a sent message. The older version writes it small.
func (c *call) accepted() outcome {
	if c.version == "2020-12-01" {
		return outcome{"success"}
	}
	return outcome{"Success"}
}

// delivered is the error of a send: that nobody was there is none.
func delivered(err error) error {
	if wire.CodeOf(err) == wire.CodeNoReceiver {
		return nil
	}
	return err
}

// sendUnicast sends to a user outside rooms.
func sendUnicast(ctx context.Context, c *call) (any, error) {
	app, err := c.app()
	if err != nil {
		return nil, err
	}
	from, err := c.id("From", illegalFrom)
	if err != nil {
		return nil, err
	}
	to, err := c.id("To", illegalTo)
	if err != nil {
		return nil, err
	}
	format, body, err := c.message(maxMessageBytes)
	if err != nil {
		return nil, err
	}
	return c.accepted(), delivered(c.api.cfg.Core.Direct(ctx, app, from, to, format, body))
}

// sendRoomUnicast sends to one user in a room.
func sendRoomUnicast(ctx context.Context, c *call) (any, error) {
	return c.accepted(), c.publish(ctx, maxMessageBytes, func() ([]string, error) {
		to, err := c.id("To", illegalTo)
		return []string{to}, err
	})
}

// batchSendRoomUnicast sends to several users in a room; who isn't in it gets
// nothing.
func batchSendRoomUnicast(ctx context.Context, c *call) (any, error) {
	return outcome{"success"}, c.publish(ctx, maxBatchBytes, func() ([]string, error) {
		var list []string
		switch given, err := c.read("To", &list); {
		case err != nil:
			return nil, err
		case !given || len(list) == 0:
			return nil, illegalTo.because("To names nobody")
		case len(list) > maxReceivers:
			return nil, userCountOver.because(fmt.Sprintf("To names %d users, limit %d", len(list), maxReceivers))
		}
		known := make(map[string]bool, len(list))
		var to []string
		for _, id := range list {
			if !goodID.MatchString(id) {
				return nil, illegalTo.because("To holds " + quote(id) + ", which is no user id")
			}
			if !known[id] {
				known[id] = true
				to = append(to, id)
			}
		}
		return to, nil
	})
}

// sendBroadcast sends to everyone in a room.
func sendBroadcast(ctx context.Context, c *call) (any, error) {
	return c.accepted(), c.publish(ctx, maxMessageBytes, func() ([]string, error) { return nil, nil })
}

// publish sends into a room. Text to everyone is a message, text to some is a
// command, bytes are data.
func (c *call) publish(ctx context.Context, limit int, receivers func() ([]string, error)) error {
	app, err := c.app()
	if err != nil {
		return err
	}
	p := &wire.Publish{Class: wire.ClassReliable}
	if p.Room, err = c.id("RoomId", illegalRoomID); err != nil {
		return err
	}
	from, err := c.id("From", illegalFrom)
	if err != nil {
		return err
	}
	if p.To, err = receivers(); err != nil {
		return err
	}
	if p.Format, p.Body, err = c.message(limit); err != nil {
		return err
	}
	switch {
	case p.Format == wire.FormatBytes:
		p.Kind = wire.KindData
	case len(p.To) > 0:
		p.Kind = wire.KindCommand
	default:
		p.Kind = wire.KindMessage
	}
	return delivered(c.api.cfg.Core.Publish(ctx, app, from, p))
}

// message reads Binary and Message. The limit counts what receivers get: bytes
// of UTF-8, or bytes after decoding.
func (c *call) message(limit int) (wire.Format, []byte, error) {
	var binary bool
	if given, err := c.read("Binary", &binary); err != nil {
		return 0, nil, err
	} else if !given {
		return 0, nil, unmarshal.because("Binary is missing")
	}
	text, err := c.text("Message")
	if err != nil {
		return 0, nil, err
	}
	format, body := wire.FormatText, []byte(text)
	if binary {
		format = wire.FormatBytes
		if body, err = base64.StdEncoding.DecodeString(text); err != nil {
			return 0, nil, unmarshal.because("Message is not Base64 with padding, and Binary is true")
		}
	}
	switch {
	case len(body) == 0:
		return 0, nil, invalidParameter.because("Message is empty")
	case len(body) > limit:
		return 0, nil, sizeOverLimit.because(fmt.Sprintf("Message is %d bytes, limit %d", len(body), limit))
	}
	return format, body, nil
}
