package gateway

import (
	"cmp"
	"slices"
	"strconv"
	"sync"
	"time"

	"parley/internal/wire"
)

// Ban keeps a user out: of a room, or of all when Room is empty. An empty User
// is everybody. It does not touch who is inside: [Gateway.Expel] does.
//
// Bans are kept in memory, by this node.
type Ban struct {
	User, Room string
	Until      time.Time
}

// maxBans bounds those of one app and one kind: of users, of rooms, of users in
// rooms.
const maxBans = 200

// bans are those in force, by app.
type bans struct {
	mu   sync.Mutex
	apps map[string][]Ban
}

// in returns an app's bans without those that are over. Callers hold mu.
func (b *bans) in(app string, now time.Time) []Ban {
	list := b.apps[app]
	if slices.ContainsFunc(list, func(ban Ban) bool { return !now.Before(ban.Until) }) {
		list = slices.DeleteFunc(list, func(ban Ban) bool { return !now.Before(ban.Until) })
		b.apps[app] = list
	}
	return list
}

// refuses returns the error with which a user is kept out of a room, or with an
// empty room out of the app.
func (b *bans) refuses(app, user, room string, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, ban := range b.in(app, now) {
		if (ban.User == "" || ban.User == user) && (ban.Room == "" || ban.Room == room) {
			return &wire.Error{Code: wire.CodeBanned, What: "user " + quoted(user) + " may not enter until " + ban.Until.UTC().Format(time.RFC3339), Fix: "Wait until then, or have the operator lift the ban."}
		}
	}
	return nil
}

// until returns when the last ban ends that keeps a user out of a room; zero when
// none does.
func (b *bans) until(app, user, room string, now time.Time) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	var last time.Time
	for _, ban := range b.in(app, now) {
		if (ban.User == "" || ban.User == user) && (ban.Room == "" || ban.Room == room) && ban.Until.After(last) {
			last = ban.Until
		}
	}
	return last
}

// Ban puts a ban into force; one of the same user and room is replaced. The
// error has CodeTooLarge when the app has as many of that kind as it may.
func (g *Gateway) Ban(app *App, ban Ban) error {
	b := &g.bans
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.in(app.Name, time.Now())
	same := 0
	for i, other := range list {
		if other.User == ban.User && other.Room == ban.Room {
			list[i].Until = ban.Until
			return nil
		}
		if (other.User == "") == (ban.User == "") && (other.Room == "") == (ban.Room == "") {
			same++
		}
	}
	if same >= maxBans {
		return &wire.Error{Code: wire.CodeTooLarge, What: "the app has " + strconv.Itoa(same) + " bans of this kind", Fix: "Lift some that are not needed.", Limit: maxBans, Got: maxBans + 1}
	}
	if b.apps == nil {
		b.apps = map[string][]Ban{}
	}
	b.apps[app.Name] = append(list, ban)
	return nil
}

// Unban lifts a ban. It reports whether there was one.
func (g *Gateway) Unban(app *App, user, room string) bool {
	b := &g.bans
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.in(app.Name, time.Now())
	i := slices.IndexFunc(list, func(ban Ban) bool { return ban.User == user && ban.Room == room })
	if i >= 0 {
		b.apps[app.Name] = slices.Delete(list, i, i+1)
	}
	return i >= 0
}

// Bans lists an app's bans in force, the first to end first.
func (g *Gateway) Bans(app *App) []Ban {
	b := &g.bans
	b.mu.Lock()
	defer b.mu.Unlock()
	list := slices.Clone(b.in(app.Name, time.Now()))
	slices.SortStableFunc(list, func(x, y Ban) int {
		return cmp.Or(x.Until.Compare(y.Until), cmp.Compare(x.User, y.User), cmp.Compare(x.Room, y.Room))
	})
	return list
}
