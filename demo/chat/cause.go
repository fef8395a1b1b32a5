package chat

import (
	"context"
	"strconv"
	"strings"

	"parley/demo/sdk"
)

// Cause is one of the five reasons why a message was sent and no callback fired
// (express.md §8), with a way to bring it about and one to end it. Both do to a
// real engine what a page would do by mistake, and return it as JavaScript.
type Cause struct {
	ID       string // the verdict that it leads to
	Title    string
	Sentence string

	check   string // which check of Parley.diagnose it breaks
	provoke func(context.Context, *scene) (did string, err error)
	repair  func(context.Context, *scene) (did string, err error)
}

const (
	// otherApp is the dev server's second app.
	otherApp = "other"
	// porch is where an echo logs in that is to be seen leaving: of who was in
	// the room itself, the server says that they left it, which is another story.
	porch = "porch"
)

var causes = []Cause{
	{
		ID: "no_listener", Title: "No listener", check: "listener",
		Sentence: "It arrives, and nothing in the receiver’s page listens for its kind: barrage is heard and a broadcast was sent, the event is misspelt, or there was one “off” too many.",
		provoke: func(ctx context.Context, s *scene) (string, error) {
			if err := s.echo.enter(ctx, "", s.room); err != nil {
				return "", err
			}
			return `echo.off("IMRecvBroadcastMessage")`, s.echo.engine.Hear(sdk.Broadcast, false)
		},
		repair: func(_ context.Context, s *scene) (string, error) {
			return `echo.on("IMRecvBroadcastMessage", listener)`, s.echo.engine.Hear(sdk.Broadcast, true)
		},
	},
	{
		ID: "other_app", Title: "Another AppID", check: "sameApp",
		Sentence: "Both pages are logged in, to a room of the same name, but with different AppIDs. Those are two rooms in two worlds.",
		provoke: func(ctx context.Context, s *scene) (string, error) {
			err := s.echo.enter(ctx, otherApp, s.room)
			return "new ZegoExpressEngine(" + strconv.Itoa(s.echo.appID) + ", server)", err
		},
		repair: func(ctx context.Context, s *scene) (string, error) {
			err := s.echo.enter(ctx, "", s.room)
			return "new ZegoExpressEngine(" + strconv.Itoa(s.echo.appID) + ", server)", err
		},
	},
	{
		ID: "other_room", Title: "Another room", check: "sameRoom",
		Sentence: "The ids look alike and are not the same: they are compared byte for byte, so that upper and lower case, a space or a leading zero count.",
		provoke: func(ctx context.Context, s *scene) (string, error) {
			near := nearRoom(s.room)
			return loginRoom(near), s.echo.enter(ctx, "", near)
		},
		repair: enterRoom,
	},
	{
		ID: "not_online", Title: "Not logged in", check: "loggedIn",
		Sentence: "Sender and receiver were not both logged in at that moment: one came later, had left, was kicked, or its login had failed.",
		provoke: func(ctx context.Context, s *scene) (string, error) {
			if err := s.echo.enter(ctx, "", porch); err != nil {
				return "", err
			}
			return `echo.logoutRoom()`, s.echo.leave()
		},
		repair: enterRoom,
	},
	{
		ID: "own_message", Title: "One’s own message", check: "notOwn",
		Sentence: "The receiver is the sender. Nobody is told of their own messages, not in a second tab of the same user either.",
		provoke: func(_ context.Context, s *scene) (string, error) {
			s.target = s.from
			return `me.on("IMRecvBroadcastMessage", listener)`, nil
		},
		repair: func(ctx context.Context, s *scene) (string, error) {
			s.target = s.echo.name
			return enterRoom(ctx, s)
		},
	},
}

func enterRoom(ctx context.Context, s *scene) (string, error) {
	return loginRoom(s.room), s.echo.enter(ctx, "", s.room)
}

func loginRoom(room string) string { return "echo.loginRoom(" + strconv.Quote(room) + ", …)" }

// nearRoom returns another room's id that a person takes for this one.
func nearRoom(room string) string {
	for i, r := range room {
		switch {
		case r >= 'a' && r <= 'z':
			return room[:i] + strings.ToUpper(room[i:i+1]) + room[i+1:]
		case r >= 'A' && r <= 'Z':
			return room[:i] + strings.ToLower(room[i:i+1]) + room[i+1:]
		}
	}
	return "0" + room[:min(len(room), maxRoomID-1)]
}
