package chat

import (
	"context"

	"parley/demo/sdk"
)

// Join logs in to the room that the form names. It does nothing unless the
// user is outside.
func (u *User) Join() {
	if u.Phase != Outside || u.ctx.Err() != nil {
		return
	}
	for _, problem := range []string{UserProblem(u.Name), RoomProblem(u.Room)} {
		if problem != "" {
			u.Trouble = Trouble{Sentence: problem}
			return
		}
	}
	if here := (place{u.Name, u.Room}); u.past != here {
		u.Window.Clear()
		u.past = here
	}
	u.Phase, u.Step, u.Trouble = Joining, "Fetching credentials", Trouble{}
	u.attempt++
	ctx, cancel := context.WithCancel(u.ctx)
	u.cancel = cancel
	go u.join(ctx, u.attempt, sdk.Member{ID: u.Name, Name: u.Name}, u.Room)
}

// join is the part of Join that waits.
func (u *User) join(ctx context.Context, attempt int, who sdk.Member, room string) {
	engine, token, err := u.prepare(ctx, attempt, who)
	if err == nil {
		err = engine.Login(ctx, room, token, who)
	}
	u.change(func() {
		if attempt != u.attempt || ctx.Err() != nil {
			return // left meanwhile; Leave has said so
		}
		if err != nil {
			u.outside(Explain(err))
			return
		}
		u.Phase, u.Step, u.Entered = Inside, "", true
	})
}

// prepare fetches credentials and sees that there is an engine for who. An
// engine is kept from login to login, as a page would, and replaced when the
// name changed.
func (u *User) prepare(ctx context.Context, attempt int, who sdk.Member) (engine Engine, token string, err error) {
	fetch, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	credentials, err := u.backend.Credentials(fetch, "", who.ID)
	if err != nil {
		return nil, "", err
	}
	u.change(func() {
		if attempt != u.attempt {
			err = context.Canceled
			return
		}
		u.Step = "Logging in"
		if u.engine != nil && u.owner != who.ID {
			u.engine.Close()
			u.engine = nil
		}
		if u.engine == nil {
			if u.engine, err = u.backend.Open(credentials, u.inbox.put); err != nil {
				u.engine = nil
				return
			}
			u.owner = who.ID
		}
		engine = u.engine
	})
	if engine == nil && err == nil {
		err = context.Canceled // closed meanwhile
	}
	return engine, credentials.Token, err
}

// Leave leaves the room, or gives up joining it.
func (u *User) Leave() {
	if u.Phase == Outside {
		return
	}
	u.attempt++
	if u.cancel != nil {
		u.cancel()
	}
	u.outside(Trouble{})
	if u.engine == nil {
		return
	}
	if err := u.engine.Logout(u.Room); err != nil {
		u.Trouble = Explain(err)
	}
}

// Back shows the form again, so that name and room can be changed. Messages
// stay until another name or another room is joined.
func (u *User) Back() {
	u.Leave()
	u.Entered, u.Trouble = false, Trouble{}
}

// renew answers tokenWillExpire: a fresh token, handed to the engine.
func (u *User) renew(e sdk.Event) {
	u.Timeline.Add(Entry{At: e.At, Reason: "tokenWillExpire", Text: "Token expires soon, fetching another", Tone: Busy})
	engine, name, room := u.engine, u.owner, u.Room
	if engine == nil {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(u.ctx, patience)
		defer cancel()
		credentials, err := u.backend.Credentials(ctx, "", name)
		u.change(func() {
			switch {
			case err != nil:
				t := Explain(err)
				u.Timeline.Add(Entry{At: now(), Reason: "renewToken", Text: "No new token: " + t.Sentence, Tone: Bad})
			case engine != u.engine:
				// the name changed meanwhile: the token is another's
			case engine.RenewToken(credentials.Token, room):
				u.Timeline.Add(Entry{At: now(), Reason: "renewToken", Text: "Token renewed, still connected", Tone: Good})
			default:
				u.Timeline.Add(Entry{At: now(), Reason: "renewToken", Text: "The SDK did not take the new token", Tone: Bad})
			}
		})
	}()
}
