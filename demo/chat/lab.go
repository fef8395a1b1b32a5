package chat

import (
	"context"
	"strings"

	"parley/demo/sdk"
)

const (
	shortCut = 3   // seconds
	longCut  = 600 // seconds: "until restored", but not for ever if the tab goes
	// dying is how many seconds an expiring token gets. The SDK warns 30 s
	// before the end (express.md §6.4), so the warning comes at once and the
	// page has time to renew.
	dying = 20
)

// Cut drops the connection and refuses new ones for three seconds.
func (u *User) Cut() {
	u.experiment(sdk.Fault{Fault: "cut", Seconds: shortCut}, "Cut for 3 s",
		"Connection cut for 3 s. The SDK comes back by itself; so short a blip may pass without a word.")
}

// CutLong drops the connection and refuses new ones until Restore.
func (u *User) CutLong() {
	u.experiment(sdk.Fault{Fault: "cut", Seconds: longCut}, "Cut until restored",
		"Connection cut. RECONNECTING is announced after some seconds; press Restore to let it back.")
}

// Restore ends every fault of this user.
func (u *User) Restore() {
	u.experiment(sdk.Fault{Fault: "restore"}, "Restore asked for",
		"Connections are let through again. The SDK's next try succeeds.")
}

// Kick has the server remove the user from the room.
func (u *User) Kick() {
	u.experiment(sdk.Fault{Fault: "kick", Room: u.Room, Reason: "you asked for it"}, "Kick asked for",
		"Kicked by the server, as a moderator would.")
}

// Expire makes the user's token end soon.
func (u *User) Expire() {
	u.experiment(sdk.Fault{Fault: "expire", Seconds: dying}, "Token set to expire",
		"Token ends in 20 s. tokenWillExpire fires, and the page hands in a new one.")
}

// experiment asks the dev server for a fault and notes what it did. The entry
// comes first, because what it causes may arrive before the server's answer.
func (u *User) experiment(f sdk.Fault, entry, note string) {
	f.User = u.owner
	u.LabNote, u.LabTone = "Asking the dev server…", Calm
	u.Timeline.Add(Entry{At: now(), Text: entry, Tone: Lab})
	go func() {
		ctx, cancel := context.WithTimeout(u.ctx, patience)
		defer cancel()
		affected, err := u.backend.Fault(ctx, f)
		u.change(func() {
			if err != nil {
				t := Explain(err)
				u.LabNote, u.LabTone = strings.TrimSpace(t.Sentence+" "+t.Next), Bad
				return
			}
			if affected == 0 && f.Fault != "restore" {
				u.LabNote, u.LabTone = "The server found no connection of yours to do that to.", Bad
				return
			}
			u.LabNote, u.LabTone = note, Lab
		})
	}()
}
