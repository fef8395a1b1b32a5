package engine_test

import (
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"parley/internal/engine"
	"parley/internal/engine/moment"
	"parley/internal/engine/simnet"
	"parley/internal/wire"
)

// TestNothingLostNothingDoubled lets clients do what they like while the
// network and the server do their worst, then heals everything, and compares.
// The actors check on the way that every event is legal where it comes.
func TestNothingLostNothingDoubled(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(testingTB{t, rt}, rapid.Uint64().Draw(rt, "seed"))
		w.server.echoOwn = rapid.Bool().Draw(rt, "echoOwn")
		w.server.stutter = rapid.Bool().Draw(rt, "stutter")
		announce := rapid.SampledFrom([]moment.Duration{0, 8 * moment.Second}).Draw(rt, "announceAfter")
		var actors []*actor
		for _, user := range []string{"alice", "bob", "carol"} {
			a := w.newActor(user, func(c *engine.Config) {
				c.AnnounceAfter = announce
				c.RequestTimeout = 20 * moment.Second
				c.ReconnectWindow = 24 * moment.Hour
				c.MaxPending = 16
			})
			actors = append(actors, a)
			a.connect(nil)
		}
		rooms := []string{"red", "blue"}
		anyone := func(rt *rapid.T) *actor { return actors[rapid.IntRange(0, len(actors)-1).Draw(rt, "who")] }
		anyRoom := func(rt *rapid.T) string { return rapid.SampledFrom(rooms).Draw(rt, "room") }
		anyConn := func(rt *rapid.T) *simnet.Conn {
			conns := w.net.Conns()
			if len(conns) == 0 {
				rt.Skip("no connection")
			}
			return conns[rapid.IntRange(0, len(conns)-1).Draw(rt, "conn")]
		}
		rt.Repeat(map[string]func(*rapid.T){
			"join": func(rt *rapid.T) {
				anyone(rt).join(anyRoom(rt), engine.JoinOptions{WatchMembers: true}, nil)
			},
			"leave":   func(rt *rapid.T) { anyone(rt).leave(anyRoom(rt)) },
			"publish": func(rt *rapid.T) { anyone(rt).publish(anyRoom(rt), false) },
			"publishMany": func(rt *rapid.T) {
				a, room := anyone(rt), anyRoom(rt)
				for range rapid.IntRange(2, 20).Draw(rt, "n") {
					a.publish(room, rapid.Bool().Draw(rt, "lossy"))
				}
			},
			"direct": func(rt *rapid.T) {
				a, to := anyone(rt), anyone(rt).user
				for range rapid.IntRange(1, 5).Draw(rt, "n") {
					a.sendDirect(to)
				}
			},
			"nameBusiness": func(rt *rapid.T) {
				anyone(rt).name(rapid.SampledFrom([]string{"http://one", "http://two", "bad"}).Draw(rt, "url"))
			},
			"askBusiness": func(rt *rapid.T) {
				a := anyone(rt)
				body := a.user + "?" + strconv.Itoa(a.asked)
				done := a.done("ask business", nil)
				a.call(func() {
					a.AskBusinessServer(wire.AskBusinessServer{Body: []byte(body)}, func(_ []byte, err error) { done(err) })
				})
			},
			"explain": func(rt *rapid.T) {
				a, room := anyone(rt), anyRoom(rt)
				done := a.done("explain", nil)
				a.call(func() {
					a.Explain(wire.Explain{Room: room}, func(m *wire.Explained, err error) {
						if err == nil && (m.Room != room || m.From != a.user) {
							w.t.Errorf("%s asked about %s and got %+v", a.user, room, m)
						}
						done(err)
					})
				})
			},
			"diagnose": func(rt *rapid.T) {
				a, user := anyone(rt), anyone(rt).user
				done := a.done("diagnose", nil)
				a.call(func() {
					a.Diagnose(wire.Diagnose{User: user}, func(m *wire.Diagnosed, err error) {
						if err == nil && m.Checks[0].Name != user {
							w.t.Errorf("%s asked about %s and got %+v", a.user, user, m)
						}
						done(err)
					})
				})
			},
			"trace": func(rt *rapid.T) {
				a, on := anyone(rt), rapid.Bool().Draw(rt, "on")
				a.call(func() { a.Trace(on) })
			},
			"setInfo": func(rt *rapid.T) {
				a := anyone(rt)
				value, room := rapid.StringMatching("[a-z]{1,4}").Draw(rt, "value"), anyRoom(rt)
				done := a.done("set info", func(err error) {
					if s := a.inside[room]; s != nil && err == nil {
						s.info["k"] = value
					}
					a.unsure = a.unsure || err != nil
				})
				a.call(func() { a.SetRoomInfo(room, "k", value, func(_ uint64, err error) { done(err) }) })
			},
			"renew": func(rt *rapid.T) {
				a := anyone(rt)
				token := rapid.SampledFrom([]string{"good", "bad"}).Draw(rt, "token")
				a.call(func() { a.Renew("", token, a.done("renew", nil)) })
			},
			"reply": func(rt *rapid.T) {
				a := anyone(rt)
				a.onMessage = func(room, _ string) {
					a.onMessage = nil
					a.publish(room, false)
				}
			},
			"cut":     func(rt *rapid.T) { anyConn(rt).Cut() },
			"silence": func(rt *rapid.T) { anyConn(rt).Silence() },
			"kick": func(rt *rapid.T) {
				w.server.kick(anyone(rt).user, anyRoom(rt), wire.CodeKicked)
			},
			"drain": func(rt *rapid.T) {
				for _, l := range w.server.links {
					if l.session != nil {
						l.push(0, &wire.Draining{SpreadMS: 5000})
						l.flush()
					}
				}
			},
			"loseLog": func(rt *rapid.T) { w.server.loseLog(anyRoom(rt)) },
			"trim":    func(rt *rapid.T) { w.server.trim(anyRoom(rt)) },
			"forgetSession": func(rt *rapid.T) {
				if of := w.server.session(anyone(rt).user); of != nil && of.link == nil {
					w.server.end(of)
				}
			},
			"probe": func(rt *rapid.T) {
				a := anyone(rt)
				a.call(a.Probe)
			},
			"network": func(rt *rapid.T) {
				w.net.SetAccess(rapid.SampledFrom([]simnet.Access{simnet.Reachable, simnet.Refusing, simnet.Silent}).Draw(rt, "access"))
			},
			"slow": func(rt *rapid.T) {
				w.net.SetConditions(simnet.Conditions{
					MinDelay: 5 * moment.Millisecond,
					MaxDelay: moment.Duration(rapid.IntRange(5, 3000).Draw(rt, "ms")) * moment.Millisecond,
					Rate:     rapid.SampledFrom([]int{0, 5_000, 100_000}).Draw(rt, "rate"),
				})
			},
			"unanswered": func(rt *rapid.T) { w.server.answerNot = !w.server.answerNot },
			"time": func(rt *rapid.T) {
				w.clock.Run(moment.Duration(rapid.IntRange(1, 12_000).Draw(rt, "ms")) * moment.Millisecond)
			},
			"blink": func(rt *rapid.T) {
				w.clock.Run(moment.Duration(rapid.IntRange(1, 60).Draw(rt, "ms")) * moment.Millisecond)
			},
			"sleep": func(rt *rapid.T) {
				w.clock.Jump(moment.Duration(rapid.IntRange(1, 60).Draw(rt, "s")) * moment.Second)
			},
			"": func(rt *rapid.T) {
				for _, a := range actors {
					if n := a.asked - a.told; n > 16+60 {
						rt.Fatalf("%s: %d calls are unanswered", a.user, n)
					}
				}
			},
		})

		// Everything heals; then all is told.
		w.server.answerNot = false
		for _, l := range w.server.links {
			if l.deaf {
				l.conn.Cut()
			}
		}
		w.net.SetAccess(simnet.Reachable)
		w.net.SetConditions(simnet.Conditions{MinDelay: moment.Millisecond, MaxDelay: 20 * moment.Millisecond})
		w.clock.Run(2 * moment.Minute)
		for _, a := range actors {
			if a.ended || !a.online {
				rt.Fatalf("%s: online %v, ended %v; log %q", a.user, a.online, a.ended, a.log)
			}
			if a.asked != a.told {
				rt.Fatalf("%s: %d of %d done functions were called", a.user, a.told, a.asked)
			}
			a.checkSent()
			a.checkDirect()
			if of := w.server.session(a.user); !a.unsureNamed && (of.business != nil) != (len(a.named) > 0) ||
				!a.unsureNamed && of.business != nil && !a.named[of.business.URL] {
				rt.Fatalf("%s: the business server is %v, named were %v", a.user, of.business, a.named)
			}
			inside := a.Rooms()
			slices.Sort(inside)
			for _, room := range rooms {
				s := a.inside[room]
				if got, want := slices.Contains(inside, room), s != nil; got != want {
					rt.Fatalf("%s: Rooms has %s: %v, told: %v", a.user, room, got, want)
				}
				of := w.server.session(a.user)
				if _, at := of.rooms[room]; at != (s != nil) {
					rt.Fatalf("%s: inside %s by the server %v, by the client %v; log %q", a.user, room, at, s != nil, a.log)
				}
				if s == nil {
					continue
				}
				if s.announced {
					rt.Fatalf("%s: %s is still reconnecting", a.user, room)
				}
				a.checkHistory(s)
				others := w.server.members(room, a.user)
				if len(others) != len(s.members) || s.count != uint64(len(others)+1) {
					rt.Fatalf("%s in %s: members %v, count %d; the server has %v and us", a.user, room, s.members, s.count, others)
				}
				for _, m := range others {
					if !s.members[m.User] {
						rt.Fatalf("%s in %s: members %v; the server has %v", a.user, room, s.members, others)
					}
				}
				for _, entry := range w.server.room(room).info {
					// The server does not tell us of our own change, and when
					// the answer to it came too late nobody did.
					if s.info[entry.Key] != entry.Value && !(a.unsure && entry.User == a.user) {
						rt.Fatalf("%s in %s: info %v; the server has %v", a.user, room, s.info, w.server.room(room).info)
					}
				}
			}
		}
		asked := map[string]bool{}
		for _, question := range w.server.asked {
			if asked[question] {
				rt.Fatalf("%s reached the business server twice", question)
			}
			asked[question] = true
		}
		for _, a := range actors {
			a.finish()
		}
	})
}

// testingTB lets rapid's T stand for a testing.TB, so that rapid shrinks what fails.
type testingTB struct {
	testing.TB
	rt *rapid.T
}

func (t testingTB) Helper()                           {}
func (t testingTB) Error(args ...any)                 { t.rt.Error(args...) }
func (t testingTB) Errorf(format string, args ...any) { t.rt.Errorf(format, args...) }
func (t testingTB) Fatal(args ...any)                 { t.rt.Fatal(args...) }
func (t testingTB) Fatalf(format string, args ...any) { t.rt.Fatalf(format, args...) }
