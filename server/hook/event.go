package hook

import (
	"encoding/json"
	"fmt"
	"time"
)

// Kind says what happened.
type Kind string

// Kinds of events. The names are also those of the setting callbackEvents.
const (
	RoomCreated Kind = "room_create"
	RoomClosed  Kind = "room_close"
	LoggedIn    Kind = "room_login"
	LoggedOut   Kind = "room_logout"
)

// Kinds are all kinds.
func Kinds() []Kind { return []Kind{RoomCreated, RoomClosed, LoggedIn, LoggedOut} }

// Reason says why a member went, or why the last one did.
type Reason string

// Reasons.
const (
	Quit    Reason = "quit"    // by itself, or the room was closed without one left
	Silent  Reason = "silent"  // it stopped answering
	Lost    Reason = "lost"    // its connection ended and did not come back
	Removed Reason = "removed" // by the operator, or by its own later login
	Expired Reason = "expired" // its token ended
)

// Event is one thing that a business server is told.
type Event struct {
	ID   string `json:"id"` // stable over all tries
	Kind Kind   `json:"kind"`
	App  string `json:"app"`
	Room string `json:"room"`
	// Life names the life of the room: the same from its creation to its end,
	// another one each time, below 2^53.
	Life  uint64 `json:"life"`
	AtMS  int64  `json:"atMS"` // when it happened, unix ms
	Why   Reason `json:"why,omitempty"`
	Login Login  `json:"login"` // who; of RoomCreated the creator, of RoomClosed the last one
	// Change counts entries and exits in the life of the room, from 1.
	Change uint64 `json:"change,omitempty"`
	// Mute events are not sent: the app does not want their kind. They are
	// stored all the same, as part of the roll.
	Mute bool `json:"mute,omitempty"`
}

// Login is one stay of a user's device in a room.
type Login struct {
	User   string `json:"user"`
	Name   string `json:"name"`
	Device string `json:"device,omitempty"`
	ID     uint64 `json:"id"` // given by the roll; below 2^53
	AtMS   int64  `json:"atMS"`
	// Token is the version of the token format that it came with; 0: none.
	Token int `json:"token,omitempty"`
	// Again: the client was in the room before, and was away for too long.
	Again bool `json:"again,omitempty"`
}

// job is the body of a job of the queue.
type job struct {
	Events []Event `json:"events"`
	// Redriven events were dead: their time in the roll is past.
	Redriven bool `json:"redriven,omitempty"`
}

func (j *job) encode() []byte {
	body, err := json.Marshal(j)
	if err != nil {
		panic("hook: a job can't be encoded: " + err.Error()) // it has plain fields only
	}
	return body
}

func decodeJob(body []byte) (*job, error) {
	j := new(job)
	if err := json.Unmarshal(body, j); err != nil {
		return nil, fmt.Errorf("hook: read a job of the queue: %w", err)
	}
	return j, nil
}

// Dead is an event that was given up.
type Dead struct {
	Event    Event     `json:"event"`
	Tries    int       `json:"tries"`
	Status   int       `json:"status,omitempty"` // of the last answer; 0: there was none
	Error    string    `json:"error"`            // why the last try failed
	Died     time.Time `json:"-"`
	position uint64
}
