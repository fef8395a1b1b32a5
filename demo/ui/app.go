package ui

import (
	"net/url"

	"parley/demo/chat"
)

// maxUsers is how many users one page shows side by side.
const maxUsers = 2

// App is the whole page below its header: one or two users. Make it with
// NewApp; its methods are called with the page's lock held.
type App struct {
	Users   []*Seat
	Why     *chat.Why
	Desk    *chat.Desk
	Trouble chat.Trouble // the SDK itself doesn't work

	page    chat.Page
	backend Backend
	pick    func(n int) int // a random number in [0, n), for names
	front   int             // the tab in front, where only one fits
	keys    int
}

// Backend is both dialects that the page speaks.
type Backend interface {
	chat.Backend
	chat.Office
}

// Seat is a user together with what is on the screen for them alone.
type Seat struct {
	*chat.User
	Overlay *Overlay

	focusDraft bool // put the focus into the draft once it is there
}

// NewApp returns the page with its first user, who is not joined yet. An
// empty name is replaced by a friendly one.
func NewApp(page chat.Page, backend Backend, pick func(n int) int, name, room string) *App {
	a := &App{page: page, backend: backend, pick: pick}
	a.Why = chat.NewWhy(page, backend, pick, a.sender)
	a.Desk = chat.NewDesk(page, backend, "vertc-"+chat.FriendlyName(pick), a.room)
	a.seat(name, room)
	return a
}

// sender is who sends what the sections below the users try out: the user in
// front, or another one who is in a room.
func (a *App) sender() *chat.User {
	if s := a.Users[a.front]; s.Phase == chat.Inside {
		return s.User
	}
	for _, s := range a.Users {
		if s.Phase == chat.Inside {
			return s.User
		}
	}
	return nil
}

// room is where the page's users are, or are bound for.
func (a *App) room() string {
	if u := a.sender(); u != nil {
		return u.Room
	}
	return a.Users[a.front].Room
}

func (a *App) seat(name, room string) {
	a.keys++
	s := &Seat{User: chat.NewUser(a.keys, a.page, a.backend), Overlay: NewOverlay()}
	if name == "" {
		name = chat.FriendlyName(a.pick)
	}
	s.Name, s.Room = name, room
	s.OnBarrage = s.Overlay.Fly
	s.OnOutside = func() { a.Why.Left(s.User) }
	a.Users = append(a.Users, s)
}

// Full reports whether no further user fits on the page.
func (a *App) Full() bool { return len(a.Users) >= maxUsers }

// Add puts a second user beside the first, bound for the same room.
func (a *App) Add() {
	if a.Full() {
		return
	}
	a.seat("", a.Users[0].Room)
	a.Show(len(a.Users) - 1)
}

// Remove takes a user off the page. The last one stays.
func (a *App) Remove(s *Seat) {
	if len(a.Users) < 2 {
		return
	}
	for i, other := range a.Users {
		if other == s {
			a.Why.Left(s.User)
			s.Close()
			a.Users = append(a.Users[:i:i], a.Users[i+1:]...)
			break
		}
	}
	a.Show(0)
}

// Show brings a user's tab to the front.
func (a *App) Show(i int) {
	a.front = i
	for n, s := range a.Users {
		s.Hidden = n != i
		if !s.Hidden {
			s.Unseen = 0
		}
	}
}

// Rename gives a user who has not joined another friendly name.
func (a *App) Rename(s *Seat) { s.Name = chat.FriendlyName(a.pick) }

// Link is the address of this page for another tab: the same room, joined at
// once under a name of its own.
func (a *App) Link() string {
	return "?" + url.Values{"room": {a.Users[0].Room}, "join": {"1"}}.Encode()
}

// addLabel is what the button that adds a user says.
func (a *App) addLabel() string {
	if a.Full() {
		return "Two users at most"
	}
	return "Add a second user"
}
