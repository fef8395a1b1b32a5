package chat

import (
	"context"
	"time"

	"parley/demo/sdk"
)

const (
	// pace is the least time between two pictures that events cause.
	pace = 80 * time.Millisecond
	// patience is how long the page waits for an answer of the dev server or
	// of a send. Logging in has no such bound: the SDK tries for five minutes
	// by itself, and the person may cancel.
	patience = 15 * time.Second
)

// Page is the lock that guards what is shown, and the way to have it drawn
// anew. The renderer's event environment is one.
type Page interface {
	Lock()
	UnlockRender()
}

// Backend opens engines and speaks to the dev server.
type Backend interface {
	Credentials(ctx context.Context, app, user string) (sdk.Credentials, error)
	Open(c sdk.Credentials, listen func(sdk.Event)) (Engine, error)
	Fault(ctx context.Context, f sdk.Fault) (affected int, err error)
}

// Engine is one user's side of the SDK.
type Engine interface {
	Login(ctx context.Context, room, token string, user sdk.Member) error
	Logout(room string) error
	Send(ctx context.Context, room string, kind sdk.Kind, message string, to []string) (sdk.Sent, error)
	Explain(ctx context.Context, room string, id sdk.MessageID) (sdk.Explanation, error)
	Verdict(ctx context.Context, room string, id sdk.MessageID, user string) (sdk.Outcome, error)
	Diagnose(ctx context.Context, room, user string) (sdk.Diagnosis, error)
	Hear(kind sdk.Kind, hear bool) error
	RenewToken(token, room string) bool
	Close()
}

// Phase is where a user stands.
type Phase int

// The phases of a user.
const (
	Outside Phase = iota // not in a room, and not on the way into one
	Joining
	Inside
	Away // inside, but the connection is lost and the SDK reconnects
)

// User is one person of the page. Make it with NewUser.
type User struct {
	Key  int    // tells the users of a page apart, whatever their names
	Name string // what the form holds; fixed from Join until Leave
	Room string // likewise

	Phase   Phase
	Step    string  // what joining is at, for people
	Entered bool    // has been inside since the form was last shown
	Trouble Trouble // why the user is outside, when that was not asked for

	Members  Members
	Count    int // as the server last counted; 0 when it has not
	Window   Window
	Timeline Timeline
	Draft    Draft
	Nudged   bool   // tried to send what can't be sent: say why, louder
	Announce string // what a screen reader should say now
	Unseen   int    // messages that came while another tab was in front
	Hidden   bool   // another tab is in front

	LabNote string // what the last experiment did
	LabTone Tone

	// OnBarrage, when set, is called with the lock held for every barrage
	// message, one's own included.
	OnBarrage func(text string, own bool)
	// OnOutside, when set, is called with the lock held when the user is in the
	// room no more.
	OnOutside func()

	page     Page
	backend  Backend
	inbox    *inbox
	ctx      context.Context // ends with Close; it bounds every goroutine of the user
	stop     context.CancelFunc
	engine   Engine
	owner    string // the name that engine was opened for
	past     place  // whose messages, from which room, the window holds
	attempt  int    // counts joins, so that a cancelled one can't act later
	cancel   context.CancelFunc
	followed int // messages that wait for their next question
}

// place is a name in a room.
type place struct{ name, room string }

// NewUser returns a user who is outside, and starts the goroutine that applies
// events until Close.
func NewUser(key int, page Page, backend Backend) *User {
	ctx, stop := context.WithCancel(context.Background())
	u := &User{Key: key, page: page, backend: backend, inbox: newInbox(), ctx: ctx, stop: stop}
	go u.pump()
	return u
}

// Close leaves the room, lets go of the engine and ends the user's goroutines.
func (u *User) Close() {
	u.stop()
	if u.engine != nil {
		u.engine.Close()
		u.engine = nil
	}
}

// change runs f with the lock and has the page drawn anew, unless the user is
// closed by then.
func (u *User) change(f func()) {
	u.page.Lock()
	defer u.page.UnlockRender()
	if u.ctx.Err() == nil {
		f()
	}
}

// pump applies events in batches, until Close.
func (u *User) pump() {
	drain(u.ctx, u.inbox, func(events []sdk.Event, skipped int) {
		u.change(func() { u.apply(events, skipped) })
	})
}
