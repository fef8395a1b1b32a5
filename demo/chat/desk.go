package chat

import (
	"context"

	"parley/demo/sdk"
)

// Office opens engines of VERTC, and has the sample business server.
type Office interface {
	CallerCredentials(ctx context.Context, user string) (sdk.CallerCredentials, error)
	OpenCaller(c sdk.CallerCredentials, listen func(sdk.Event)) (Caller, error)
	Business(ctx context.Context, on bool) (bool, error)
}

// Caller is one user's engine of VERTC.
type Caller interface {
	Login(ctx context.Context, token, user string) error
	Employ(ctx context.Context, signature, url string) error
	Ask(ctx context.Context, message string, binary bool) error
	Join(ctx context.Context, room, token, user string) error // nothing, if ctx has ended
	Leave() error
	Say(ctx context.Context, message string) error
	Close()
}

// Desk is a user of VERTC, who asks the sample business server and may sit in
// the room of the page's other users. Make it with NewDesk; its methods are
// called with the page's lock held.
type Desk struct {
	Name    string  // what the form holds; fixed from Login until Logout
	Phase   Phase   // Inside is logged in
	Step    string  // what logging in is at, for people
	Trouble Trouble // why the user is logged out, when that was not asked for

	Question string
	Binary   bool  // ask in bytes
	Asks     []Ask // newest first
	Nudged   bool  // tried to ask what can't be asked

	Serving   bool // the sample answers, as far as this page knows
	Switching bool
	Jammed    Trouble // why it could not be switched

	Hall Hall

	page   Page
	office Office
	where  func() string // the room of the page's other users
	ctx    context.Context
	stop   context.CancelFunc // ends what the login began
	giveUp context.CancelFunc // ends joining the room
	inbox  *inbox
	caller Caller
	owner  string
	asked  int // requests so far, which numbers them
}

// NewDesk returns a desk at which nobody is logged in. where returns the room
// that is to be joined.
func NewDesk(page Page, office Office, name string, where func() string) *Desk {
	return &Desk{Name: name, Question: "Is anybody there?", Serving: true, page: page, office: office, where: where}
}

// change runs f with the lock, unless ctx has ended, and reports whether it did.
func (d *Desk) change(ctx context.Context, f func()) bool {
	d.page.Lock()
	defer d.page.UnlockRender()
	if ctx.Err() != nil {
		return false
	}
	f()
	return true
}

// Login logs in and names the sample as business server. It does nothing
// unless the user is logged out.
func (d *Desk) Login() {
	if d.Phase != Outside {
		return
	}
	d.Phase, d.Step, d.Trouble, d.Asks = Joining, "Fetching credentials", Trouble{}, nil
	d.owner, d.inbox = d.Name, newInbox()
	d.ctx, d.stop = context.WithCancel(context.Background())
	ctx, name, in := d.ctx, d.owner, d.inbox
	go drain(ctx, in, func(events []sdk.Event, skipped int) {
		d.change(ctx, func() {
			d.apply(ctx, events)
			d.Hall.Talk.skip(skipped)
		})
	})
	go func() {
		err := d.login(ctx, name, in)
		d.change(ctx, func() {
			if err != nil {
				d.out(ExplainCaller(err))
				return
			}
			d.Phase, d.Step = Inside, ""
		})
	}()
}

// login is the part of Login that waits.
func (d *Desk) login(ctx context.Context, name string, in *inbox) error {
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	credentials, err := d.office.CallerCredentials(wait, name)
	if err != nil {
		return err
	}
	caller, err := d.office.OpenCaller(credentials, in.put)
	if err != nil {
		return err
	}
	if !d.change(ctx, func() { d.caller, d.Step = caller, "Logging in" }) {
		caller.Close() // logged out meanwhile, when there was nothing to close
		return ctx.Err()
	}
	if err := caller.Login(wait, credentials.Token, name); err != nil {
		return err
	}
	d.change(ctx, func() { d.Step = "Naming the business server" })
	return caller.Employ(wait, name, credentials.Business) // the sample takes the user's id for a signature
}

// Logout logs out and leaves the room, or gives up logging in.
func (d *Desk) Logout() {
	if d.Phase != Outside {
		d.out(Trouble{})
	}
}

// out ends the login, and notes why. Requests and messages stay to be read.
func (d *Desk) out(why Trouble) {
	d.stop()
	if d.caller != nil {
		d.caller.Close()
		d.caller = nil
	}
	for i := range d.Asks {
		if a := &d.Asks[i]; a.open() {
			a.State = AskUnanswered
		}
	}
	d.Phase, d.Step, d.Trouble = Outside, "", why
	d.leave(Trouble{})
}

// States of the connection, of those that VERTC tells (volc.md §1.8).
const (
	connected    = 3
	reconnecting = 4
	reconnected  = 5
)

// apply brings the desk up to date with a batch of events.
func (d *Desk) apply(ctx context.Context, events []sdk.Event) {
	for _, e := range events {
		if ctx.Err() != nil {
			return // an event before this one ended the login
		}
		switch e.Type {
		case sdk.Answered:
			d.answered(e)
		case sdk.StateChanged:
			// Login and room have a connection each, and both are told here. They
			// go and come back together, as they lead to one server.
			switch {
			case e.Code == reconnecting && d.Phase == Inside:
				d.Phase = Away
			case (e.Code == connected || e.Code == reconnected) && d.Phase == Away:
				d.Phase = Inside
			}
		case sdk.Lost:
			why := ExplainCaller(&sdk.Error{Name: e.Reason})
			if e.Reason == "RTM_DUPLICATE_LOGIN" || e.Reason == "RTM_TOKEN_ERROR" {
				d.out(why)
			} else {
				d.leave(why)
			}
		default:
			if e.Room == d.Hall.Room && e.Room != "" {
				d.Hall.apply(e)
			}
		}
	}
}

// Switch switches the sample business server off, or on again: for everybody
// who asks it.
func (d *Desk) Switch() {
	if d.Switching {
		return
	}
	d.Switching, d.Jammed = true, Trouble{}
	on := !d.Serving
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		serving, err := d.office.Business(ctx, on)
		d.page.Lock()
		defer d.page.UnlockRender()
		d.Switching = false
		if d.Jammed = Explain(err); err == nil {
			d.Serving = serving
		}
	}()
}
