package config

import (
	"log/slog"
	"time"
)

// Config is all that the server can be told. Get one from Load or Defaults: the
// zero value allows nothing.
type Config struct {
	Listen      string // host:port of clients and server APIs
	AdminListen string // host:port of profiling and the admin API; empty: none
	AdminKey    Secret // opens the admin API; empty: closed
	TLS         TLS
	Data        string   // directory; empty: all in memory
	Origins     []string // beside the server's own origin; "*": any
	Apps        []App
	Limits      Limits
	Heartbeat   Heartbeat
	Replay      Replay
	Callbacks   Callbacks
	Verdicts    Verdicts
	Traces      Traces
	Drain       time.Duration // how long a stopping server waits for sessions to move
	Log         Log

	// AllowDevSecrets lets known development secrets pass off loopback. No file,
	// variable or setting sets it: "parley dev" does, when told so by its own flag.
	AllowDevSecrets bool
}

// TLS names the certificate. Both empty: plain HTTP.
type TLS struct {
	Cert string // PEM file, leaf first
	Key  string // PEM file
}

// App is one customer's world: its users, rooms and messages are its own.
type App struct {
	Name           string   // in logs and admin API: a-z, 0-9, "-"; at most 32
	AppID          uint32   // what clients and tokens say
	ServerSecrets  []Secret // 32 characters each; the first mints, all verify
	CallbackURL    string   // where the business server takes callbacks; empty: none are made
	CallbackEvents []string // of CallbackEventNames
	CallbackSecret Secret   // signs callbacks
	TokenAuth      bool     // logins need a good token
	MultiRoom      bool     // a session may be in several rooms
	KickOnExpiry   bool     // an expired token ends the session, not only the next login
	Diagnostics    string   // what clients may ask about messages: "off", "own", also when empty, or "full"

	// Of the volc dialect; all empty: its clients and server API don't reach the app.
	VolcAppID       string // 24 characters, what its clients and tokens say
	VolcAppKey      Secret // signs its tokens
	AccessKeyID     string // names the account that may call its server API
	SecretAccessKey Secret // signs those calls
}

// SecretTexts returns the server secrets as they are, for a token verifier.
func (a App) SecretTexts() []string {
	texts := make([]string, len(a.ServerSecrets))
	for i, s := range a.ServerSecrets {
		texts[i] = string(s)
	}
	return texts
}

// Limits bound what clients may do. None can be switched off, but the interval can
// be 0. Rates are events per second.
type Limits struct {
	MaxFrameBytes     int // one WebSocket frame from a client
	MaxMessageBytes   int // one message's text, UTF-8
	MaxDataBytes      int // one binary message
	MaxInfoKeyBytes   int // of a room's extra information
	MaxInfoValueBytes int
	SendBufferBytes   int // what waits for one slow reader

	// Of one session in one room.
	BroadcastPerUserPerSecond int
	BarragePerSecond          int
	CommandOnePerSecond       int // to one recipient
	CommandManyPerSecond      int // to several recipients
	DataPerSecond             int
	InfoPerSecond             int // changes of extra information

	Volc VolcLimits

	FramesPerSecond    int // of one connection
	MaxRoomsPerSession int
	MaxConnections     int
	HelloTimeout       time.Duration // from accept to the first frame
}

// VolcLimits are those in which clients of the Volc dialect differ.
type VolcLimits struct {
	MaxFrameBytes      int
	MaxMessageBytes    int // text or binary
	BroadcastPerSecond int // to all of a room
	ToOnePerSecond     int // to one user, in one room or outside rooms
	BusinessPerSecond  int // to the business server
}

// Callbacks says how callbacks to business servers are made.
type Callbacks struct {
	Retry        []time.Duration // waits from a failed try to the next one
	Timeout      time.Duration   // of one request
	Concurrency  int             // requests to one app's business server at a time
	AllowPrivate bool            // addresses that are not public
	AnswerBytes  int             // read of an answer
	QueueBytes   int             // callbacks that wait
	DeadKept     int             // given-up callbacks kept of one app
	DeadAge      time.Duration   // and for how long
}

// Heartbeat is the server's pulse.
type Heartbeat struct {
	Interval time.Duration // between two probes of an idle client
	Timeout  time.Duration // without a sign of life: user gone; also how long a cut session may resume
}

// Replay bounds a room's log, which a resuming session reads.
type Replay struct {
	Messages int
	Age      time.Duration
}

// Verdicts bounds what the server knows of the past for those who ask what became
// of a message. Either 0: nothing.
type Verdicts struct {
	Age   time.Duration
	Bytes int
}

// Traces says where the spans of traced messages go.
type Traces struct {
	Endpoint string // base URL of an OTLP/HTTP collector; empty: nowhere
}

// Log is about the server's own log.
type Log struct {
	Level  slog.Level
	Format string // "text" or "json"
}

// Defaults returns the settings that apply when nobody says otherwise. They have
// no app.
func Defaults() Config {
	var c Config
	for _, s := range settings {
		if err := s.parse(s.at(&c), s.standard); err != nil {
			panic("config: default of " + s.key + ": " + err.What)
		}
	}
	return c
}
