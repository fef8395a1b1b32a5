package e2e

import (
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// rows counts the rows of the suite: its number makes a row's ids its own.
var rows atomic.Int64

// row is one line of the conformance table: a room and users that no other row
// has.
type row struct {
	t       *testing.T
	number  string
	room    string
	replace []string // $name, id, …
}

func newRow(t *testing.T) *row {
	t.Helper()
	number := strconv.FormatInt(rows.Add(1), 10)
	r := &row{t: t, number: number, room: "room-" + number}
	r.replace = []string{"$room", r.room}
	return r
}

// in returns the row for a subtest of the test that made it.
func (r *row) in(t *testing.T) *row {
	t.Helper()
	part := *r
	part.t = t
	return &part
}

// name gives $name a meaning of its own in this row, and returns it.
func (r *row) name(name string) string {
	id := name + "-" + r.number
	r.replace = append(r.replace, "$"+name, id)
	return id
}

// fill puts the row's ids in the places of their names.
func (r *row) fill(text string) string { return strings.NewReplacer(r.replace...).Replace(text) }

// user is somebody with an engine in a page.
type user struct {
	*row
	page *tab
	id   string
}

// with is what a user's engine may differ in.
type with struct {
	id     string // another user id than the row's
	room   string // another room than the row's
	ask    string // more for the credentials, as JSON
	silent bool   // no listeners
	volc   bool   // an engine of VERTC's
	given  string // credentials, as JSON, where no dev server gives any
}

// user makes an engine for somebody; it is not logged in.
func (r *row) user(p *tab, name string, options ...with) *user {
	r.t.Helper()
	var w with
	if len(options) > 0 {
		w = options[0]
	}
	if w.id == "" {
		w.id = r.name(name)
	} else {
		w.id = r.fill(w.id)
		r.replace = append(r.replace, "$"+name, w.id)
	}
	if w.room == "" {
		w.room = r.room
	}
	if w.ask == "" {
		w.ask = "{}"
	}
	if w.given == "" {
		w.given = "undefined"
	}
	dialect := "express"
	if w.volc {
		dialect = "volc"
	}
	p.runAs(r.t, "", "await T.create("+quote(w.id)+", { dialect: "+quote(dialect)+", room: "+quote(r.fill(w.room))+", ask: "+r.fill(w.ask)+
		", silent: "+strconv.FormatBool(w.silent)+", given: "+r.fill(w.given)+" })")
	u := &user{row: r, page: p, id: w.id}
	r.t.Cleanup(func() {
		if !p.closed {
			p.runAs(r.t, "", "T.drop("+quote(u.id)+")")
		}
	})
	return u
}

// member makes a user who is logged in to the row's room.
func (r *row) member(p *tab, name string, options ...with) *user {
	r.t.Helper()
	u := r.user(p, name, options...)
	u.login()
	return u
}

// login logs in and waits for LOGINED.
func (u *user) login() {
	u.t.Helper()
	u.want("login()", "true")
	u.until(`states().at(-1) === "LOGINED"`)
}

// run runs the body of an async function in the user's scope.
func (u *user) run(body string) any {
	u.t.Helper()
	return u.page.runAs(u.t, u.id, u.fill(body))
}

// want compares an expression's value, awaited, with JSON (see compare).
func (u *user) want(expression, want string) {
	u.t.Helper()
	compare(u.t, u.fill(expression), u.run("return ("+expression+")"), u.fill(want))
}

// refused wants a promise to be rejected, or a function to throw.
func (u *user) refused(expression, want string) {
	u.t.Helper()
	u.want("settle("+expression+")", `{"no":`+want+`}`)
}

// until waits until an expression is true. It is looked at whenever an event is
// noted in this page.
func (u *user) until(condition string) {
	u.t.Helper()
	u.run("await until(() => " + condition + ")")
}

// untilSlow is until for what takes real seconds.
func (u *user) untilSlow(condition string) {
	u.t.Helper()
	u.run("await until(() => " + condition + ", 45000)")
}
