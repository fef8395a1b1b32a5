package engine_test

import (
	"regexp"
	"strconv"
	"testing"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/wire"
)

func TestTracesOfSends(t *testing.T) {
	s := newScript(t)
	config := s.config(&record{})
	config.Trace = true
	c := engine.New(config)
	socket := s.online(c, "red")
	send := func(body string) {
		p := text("red", body)
		p.Trace, p.SentMS = "of the caller", 1
		c.Publish(p, nil)
	}
	send("one")
	send("two")
	c.SendDirect(wire.SendDirect{To: "bob", Body: []byte("direct")}, nil)
	c.Trace(false)
	send("untraced")
	c.Trace(true)
	send("three")
	form := regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-01$`)
	seen := map[string]bool{}
	check := func(body, trace string, ms uint64) {
		t.Helper()
		if body == "untraced" {
			if trace != "" || ms != 0 {
				t.Errorf("%s has trace %q, sent %d", body, trace, ms)
			}
			return
		}
		if !form.MatchString(trace) || seen[trace] || ms != uint64(s.clock.Now().UnixMilli()) {
			t.Errorf("%s has trace %q, sent %d", body, trace, ms)
		}
		seen[trace] = true
	}
	sent := of(wire.IsPublish, socket.envelopes(t))
	for _, e := range sent {
		m := decoded(t, e, &wire.Publish{})
		check(string(m.Body), m.Trace, m.SentMS)
	}
	direct := decoded(t, of(wire.IsSendDirect, socket.envelopes(t))[0], &wire.SendDirect{})
	check("direct", direct.Trace, direct.SentMS)
	if len(sent) != 4 || len(seen) != 4 {
		t.Errorf("%d messages, %d traces", len(sent), len(seen))
	}
}

// late is a handler that takes its time.
type late struct {
	record
	s *script
}

func (l *late) Messages(views []wire.RoomMessageView) {
	l.s.clock.Run(3 * moment.Millisecond)
	l.record.Messages(views)
}

// Each traced message is reported once, with the time at which it came and, if
// the page has a listener for what it becomes, the time at which it was told.
func TestReportsOfTracedMessages(t *testing.T) {
	s := newScript(t)
	told := &late{s: s}
	c := engine.New(s.config(told))
	socket := s.online(c, "red")
	c.Listen([]wire.Listener{
		{Channels: 1 << wire.ChannelOnMessage, Event: "message", Present: true},
		{Channels: 1 << wire.ChannelOnCommand, Event: "command"},
		{Channels: 1<<wire.ChannelOnTargetedData | 1<<wire.ChannelOnDirect, Event: "data", Present: true},
	})
	socket.frames = nil
	came := s.clock.Now()
	socket.push(0,
		&wire.RoomMessage{Room: "red", Seq: 1, From: "bob", Trace: "text"},
		&wire.RoomMessage{Room: "red", Seq: 2, From: "bob"},
		&wire.RoomMessage{Room: "red", Seq: 3, From: "alice", Trace: "own"},
		&wire.RoomMessage{Room: "red", Seq: 4, From: "bob", Kind: wire.KindCommand, Trace: "command"},
		&wire.RoomMessage{Room: "red", Class: wire.ClassLossy, ID: "l", From: "bob", Trace: "lossy"},
		&wire.RoomMessage{Room: "red", Seq: 5, From: "bob", Kind: wire.KindData, Trace: "data"},
		&wire.RoomMessage{Room: "red", Seq: 6, From: "bob", Kind: wire.KindData, Targeted: true, Trace: "targeted"},
		&wire.RoomMessage{Room: "red", Seq: 1, From: "bob", Trace: "text"}, // told before
		&wire.RoomMessage{Room: "blue", Seq: 1, From: "bob", Trace: "elsewhere"},
	)
	socket.push(0, &wire.Direct{Seq: 1, From: "bob", Trace: "direct"}, &wire.Direct{Seq: 2, From: "bob", Format: wire.FormatBytes, Trace: "direct data"})
	if len(socket.frames) != 2 {
		t.Errorf("%d frames of reports, want one for each frame that came", len(socket.frames))
	}
	us := func(at moment.Time) uint64 { return uint64(at.UnixMicro()) }
	then := came.Add(3 * moment.Millisecond)
	want := []wire.Handled{
		{Room: "red", Seq: 1, Trace: "text", ClientUs: us(came), ListenerUs: us(then)},
		{Room: "red", Seq: 4, Trace: "command", ClientUs: us(came)},
		{Room: "red", ID: "l", Trace: "lossy", ClientUs: us(came)},
		{Room: "red", Seq: 5, Trace: "data", ClientUs: us(came)},
		{Room: "red", Seq: 6, Trace: "targeted", ClientUs: us(came), ListenerUs: us(then)},
		{Seq: 1, Trace: "direct", ClientUs: us(then), ListenerUs: us(then)},
		{Seq: 2, Trace: "direct data", ClientUs: us(then)},
	}
	var got []wire.Handled
	for _, e := range socket.envelopes(t) {
		got = append(got, *decoded(t, e, &wire.Handled{}))
	}
	if len(got) != len(want) {
		t.Fatalf("reported %+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("reported %+v, want %+v", got[i], want[i])
		}
	}
}

// While there is no connection the newest reports wait; the oldest go.
func TestReportsWaitForAConnection(t *testing.T) {
	s := newScript(t)
	told := &record{}
	c := engine.New(s.config(told))
	socket := s.online(c, "red")
	told.during = func() { // before the reports of these messages are due
		told.during = nil
		socket.handler.Closed(1006, "")
	}
	const many = 300
	var all []wire.Body
	for i := range many {
		all = append(all, &wire.RoomMessage{Room: "red", Seq: uint64(i + 1), From: "bob", Trace: strconv.Itoa(i)})
	}
	socket.push(0, all...)
	if !s.clock.RunUntil(moment.Minute, func() bool { return len(s.sockets) == 2 }) {
		t.Fatal("the client did not dial again")
	}
	socket = s.last()
	socket.handler.Opened()
	socket.push(socket.envelopes(t)[0].ID, &wire.Welcome{Session: "s", Resume: "secret"})
	reports := of(wire.IsHandled, socket.envelopes(t))
	if len(reports) != 256 {
		t.Fatalf("%d reports, want the newest 256", len(reports))
	}
	if first := decoded(t, reports[0], &wire.Handled{}); first.Trace != strconv.Itoa(many-256) {
		t.Errorf("the first is of %s", first.Trace)
	}
}
