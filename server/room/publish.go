package room

import (
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"parley/internal/wire"
)

// Publish sends a message to the room, at the next Hub.Deliver. done is called
// once, from any goroutine, when the message is kept as its class promises, or with a
// *wire.Error. The caller has checked sizes, rates and the trace.
func (m *Member) Publish(p *wire.Publish, done func(*wire.Published, error)) {
	r := m.room
	if p.Format != wire.FormatBytes && !utf8.Valid(p.Body) {
		done(nil, &wire.Error{Code: wire.CodeInvalid, What: "the message is not UTF-8 text", Fix: "Send text, or send bytes as data."})
		return
	}
	if p.NeedReceiver && !r.hasReceiver(m.user, p.To) {
		done(nil, &wire.Error{Code: wire.CodeNoReceiver, What: "none of the receivers is in room " + strconv.Quote(r.key.ID), Fix: "Send when they have joined the room."})
		return
	}
	now := time.Now().UnixMilli()
	message := wire.RoomMessage{
		Room: r.key.ID, Class: p.Class, Kind: p.Kind, Format: p.Format,
		From: m.user, TimeMS: uint64(now), Body: p.Body, Targeted: len(p.To) > 0, Trace: p.Trace,
	}
	if m.name != m.user {
		message.Name = m.name
	}
	rec := record{kind: recordMessage, from: m.user, to: p.To}
	published := &wire.Published{TimeMS: uint64(now)}
	if p.ServerOnly {
		// Members get nothing; without a business server nobody does.
		done(published, nil)
		return
	}
	if p.Class == wire.ClassLossy {
		r.publishLossy(&rec, &message, published)
		done(published, nil)
		return
	}
	body := message.Append(rec.appendHead(make([]byte, 0, rec.size()+message.Size())))
	r.hub.bus.Append(r.key, p.ClientID, body, func(seq uint64, duplicate bool, err error) {
		if err != nil {
			done(nil, notStored(err))
			return
		}
		published.Seq, published.Duplicate = seq, duplicate
		r.facts.Answered(seq, p.ClientID)
		done(published, nil)
	})
}

// hasReceiver reports whether anybody in the room would get a message of from to
// these users; none: to everyone.
func (r *Room) hasReceiver(from string, to []string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(to) > 0 {
		return slices.ContainsFunc(to, func(user string) bool { return user != from && r.present(user) })
	}
	for user := range r.members {
		if user != from {
			return true
		}
	}
	for _, other := range r.remote {
		if other.user != from {
			return true
		}
	}
	return false
}

// notStored is the refusal for what the bus did not take.
func notStored(err error) error {
	if wire.CodeOf(err) != wire.CodeInternal {
		return err
	}
	return &wire.Error{Code: wire.CodeOverloaded, What: "the room's log did not take the message", Fix: "Send it again with the same id.", Err: err}
}

func (r *Room) publishLossy(rec *record, message *wire.RoomMessage, published *wire.Published) {
	r.mu.Lock()
	defer r.release()
	r.hurry(true)
	r.lossyCount++
	published.ID = "1_" + strconv.FormatUint(published.TimeMS, 10) + "_" + strconv.FormatUint(r.lossyCount, 10)
	message.ID = published.ID
	rec.kind, rec.body = recordLossy, message.Append(make([]byte, 0, message.Size()))
	if e, err := rec.entry(r.key.ID, 0); err == nil { // a record that was just made is well formed
		index := r.push(e)
		if r.facts != nil {
			head := wire.MessageHead{Class: message.Class, Kind: message.Kind, TimeMS: message.TimeMS, BodyBytes: len(message.Body), Trace: []byte(message.Trace)}
			r.remember(index, rec, message.From, message.ID, head)
		}
	}
	_ = r.hub.bus.PublishLossy(r.key, rec.encode()) // lossy
}

// SetInfo sets the room's one piece of extra information. done as for Publish.
func (m *Member) SetInfo(key, value string, done func(seq uint64, err error)) {
	r := m.room
	if err := r.holdsOther(key); err != nil {
		done(0, err)
		return
	}
	info := wire.RoomInfoEntry{Key: key, Value: value, User: m.user, Name: m.name, TimeMS: uint64(time.Now().UnixMilli())}
	rec := record{kind: recordInfo, from: m.user, body: info.Append(nil)}
	r.hub.append(r.key, "", rec.encode(), func(seq uint64, _ bool, err error) {
		if err == nil {
			// Another key may have been on its way first; this record is ignored then.
			err = r.holdsOther(key)
		}
		done(seq, err)
	})
}

// holdsOther returns the refusal of a second key.
func (r *Room) holdsOther(key string) error {
	r.mu.Lock()
	held := r.info.Key
	r.mu.Unlock()
	if held == "" || held == key {
		return nil
	}
	return &wire.Error{
		Code: wire.CodeInfoKeyLimit, What: "the room already has a value under another key: " + strconv.Quote(held),
		Fix: "Use that key: a room holds one.", Limit: 1, Got: 2,
	}
}

// setInfo takes over a record of the room's stream. It reports false for a
// second key, which the order of the stream makes the later one everywhere.
// Callers hold mu.
func (r *Room) setInfo(body []byte) bool {
	var info wire.RoomInfoEntry
	if info.Decode(body) != nil || r.info.Key != "" && r.info.Key != info.Key {
		return false
	}
	r.info = info
	_ = r.hub.bus.PutLease(r.key, infoLease, body) // for nodes that come later
	return true
}

// Restart makes the room lose its log, as a scripted fault: all members are
// told of a gap and go on in a new epoch.
func (r *Room) Restart() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.restarts++
	r.epoch = r.hub.bus.Epoch() + "." + strconv.Itoa(r.restarts)
	head := r.log.head
	r.begin = head
	r.older = backlog{}
	r.push(entry{env: wire.AppendEnvelope(nil, 0, &wire.Gap{Room: r.key.ID, AfterSeq: head, NextSeq: head, Epoch: r.epoch})})
}
