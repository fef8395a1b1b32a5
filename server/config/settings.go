package config

import (
	"strings"
	"time"
	"unicode"
)

// setting is a row of the table that loader, Doc and Show read. T is what holds
// the field: Config or App.
type setting[T any] struct {
	key       string       // as in the file, dots between levels
	standard  string       // default, as one would write it
	low, high int64        // range of a number, or of a duration in nanoseconds
	at        func(*T) any // the field: a pointer to one of the types that parse knows
	doc       string       // one sentence
}

// env is the variable's name: limits.maxFrameBytes is PARLEY_LIMITS_MAX_FRAME_BYTES.
func (s setting[T]) env() string {
	return "PARLEY_" + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(s.flag()))
}

// flag is the flag's name without dashes: limits.maxFrameBytes is
// limits.max-frame-bytes.
func (s setting[T]) flag() string {
	var b strings.Builder
	word := false // the last rune was lower case: an upper one starts a word
	for _, r := range s.key {
		if unicode.IsUpper(r) && word {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
		word = unicode.IsLower(r)
	}
	return b.String()
}

const (
	second = int64(time.Second)
	minute = int64(time.Minute)
	hour   = int64(time.Hour)
)

// appsKey is the one setting that is a list of mappings.
const appsKey = "apps"

var settings = []setting[Config]{
	{"listen", "127.0.0.1:8080", 0, 0, func(c *Config) any { return &c.Listen }, "Address of clients and server APIs, host:port; an empty host means all interfaces, port 0 any free port."},
	{"adminListen", "", 0, 0, func(c *Config) any { return &c.AdminListen }, "Address of profiling and the admin API, host:port; empty: none."},
	{"adminKey", "", 0, 0, func(c *Config) any { return &c.AdminKey }, "Key of the admin API at /api/, at least 32 characters; empty: the API is closed."},
	{"tls.cert", "", 0, 0, func(c *Config) any { return &c.TLS.Cert }, "PEM file of the certificate, leaf first; empty: plain HTTP."},
	{"tls.key", "", 0, 0, func(c *Config) any { return &c.TLS.Key }, "PEM file of the certificate's key."},
	{"data", "", 0, 0, func(c *Config) any { return &c.Data }, "Directory that keeps what must survive a restart; empty: all in memory."},
	{"origins", "", 0, 0, func(c *Config) any { return &c.Origins }, "Web origins whose pages may connect, beside the server's own: scheme://host[:port]; \"*\": any. In variable and flag separated by commas."},
	{appsKey, "", 0, 0, func(c *Config) any { return &c.Apps }, "The apps, see below. In variable and flag the whole list as YAML or JSON."},

	{"limits.maxFrameBytes", "65536", 4096, 16 << 20, func(c *Config) any { return &c.Limits.MaxFrameBytes }, "Longest WebSocket frame taken from a client; a longer one closes the socket."},
	{"limits.maxMessageBytes", "1024", 1, 1 << 20, func(c *Config) any { return &c.Limits.MaxMessageBytes }, "Longest text of a message, in bytes of UTF-8."},
	{"limits.maxDataBytes", "4096", 1, 1 << 20, func(c *Config) any { return &c.Limits.MaxDataBytes }, "Longest binary message."},
	{"limits.maxInfoKeyBytes", "128", 1, 4096, func(c *Config) any { return &c.Limits.MaxInfoKeyBytes }, "Longest key of a room's extra information."},
	{"limits.maxInfoValueBytes", "128", 1, 64 << 10, func(c *Config) any { return &c.Limits.MaxInfoValueBytes }, "Longest value of a room's extra information."},
	{"limits.sendBufferBytes", "262144", 16 << 10, 64 << 20, func(c *Config) any { return &c.Limits.SendBufferBytes }, "What may wait for one slow reader; beyond it, lossy messages are skipped, then the socket is closed and may resume."},
	{"limits.broadcastPerUserPerSecond", "2", 1, 10000, func(c *Config) any { return &c.Limits.BroadcastPerUserPerSecond }, "Broadcasts per second that one session may send into one room; ten seconds' worth at once, for a client that was cut off."},
	{"limits.barragePerSecond", "20", 1, 10000, func(c *Config) any { return &c.Limits.BarragePerSecond }, "Barrage messages per second that one session may send into one room; those beyond are refused."},
	{"limits.commandOnePerSecond", "200", 1, 10000, func(c *Config) any { return &c.Limits.CommandOnePerSecond }, "Commands to one recipient per second that one session may send into one room; ten seconds' worth at once."},
	{"limits.commandManyPerSecond", "10", 1, 10000, func(c *Config) any { return &c.Limits.CommandManyPerSecond }, "Commands to several recipients, or to all, per second that one session may send into one room; ten seconds' worth at once."},
	{"limits.dataPerSecond", "20", 1, 10000, func(c *Config) any { return &c.Limits.DataPerSecond }, "Binary messages per second that one session may send into one room; ten seconds' worth at once."},
	{"limits.infoPerSecond", "10", 1, 10000, func(c *Config) any { return &c.Limits.InfoPerSecond }, "Changes of a room's extra information per second by one session."},
	{"limits.framesPerSecond", "500", 1, 1000000, func(c *Config) any { return &c.Limits.FramesPerSecond }, "WebSocket frames per second from one client; beyond twice as many at once the socket is closed."},
	{"limits.maxRoomsPerSession", "5", 1, 1000, func(c *Config) any { return &c.Limits.MaxRoomsPerSession }, "Rooms that one session may be in at a time."},
	{"limits.maxConnections", "100000", 1, 10000000, func(c *Config) any { return &c.Limits.MaxConnections }, "Sockets open at a time on this node; more are refused."},
	{"limits.helloTimeout", "10s", second / 10, 5 * minute, func(c *Config) any { return &c.Limits.HelloTimeout }, "Time from accepting a socket to its first frame."},

	{"limits.volc.maxFrameBytes", "131072", 4096, 16 << 20, func(c *Config) any { return &c.Limits.Volc.MaxFrameBytes }, "The same as limits.maxFrameBytes, for clients of the Volc dialect."},
	{"limits.volc.maxMessageBytes", "65536", 1, 1 << 20, func(c *Config) any { return &c.Limits.Volc.MaxMessageBytes }, "Longest message of that dialect, text or binary, in bytes."},
	{"limits.volc.broadcastPerSecond", "65", 1, 10000, func(c *Config) any { return &c.Limits.Volc.BroadcastPerSecond }, "Messages to all of a room per second that one session of that dialect may send; ten seconds' worth at once, here and below."},
	{"limits.volc.toOnePerSecond", "100", 1, 10000, func(c *Config) any { return &c.Limits.Volc.ToOnePerSecond }, "Messages to one user per second: in one room, and outside rooms to each receiver."},
	{"limits.volc.businessPerSecond", "20", 1, 10000, func(c *Config) any { return &c.Limits.Volc.BusinessPerSecond }, "Messages to its business server per second that one session may send."},

	{"heartbeat.interval", "25s", 3 * second, hour, func(c *Config) any { return &c.Heartbeat.Interval }, "Time between two probes of an idle client."},
	{"heartbeat.timeout", "90s", 4 * second, 24 * hour, func(c *Config) any { return &c.Heartbeat.Timeout }, "Time without a sign of life until a user counts as gone, and within which a cut session can resume."},
	{"replay.messages", "1000", 1, 100000, func(c *Config) any { return &c.Replay.Messages }, "Messages kept per room for sessions that resume."},
	{"replay.age", "10m", second, 24 * hour, func(c *Config) any { return &c.Replay.Age }, "How long they are kept."},
	{"callbacks.retry", "2s,4s,8s,16s,32s", 0, 0, func(c *Config) any { return &c.Callbacks.Retry }, "Waits between the tries of a callback, each made longer by up to a tenth; after the last one it becomes a dead letter. In variable and flag separated by commas."},
	{"callbacks.timeout", "5s", second / 10, minute, func(c *Config) any { return &c.Callbacks.Timeout }, "Time for one request, to the end of the answer."},
	{"callbacks.concurrency", "8", 1, 256, func(c *Config) any { return &c.Callbacks.Concurrency }, "Requests to one app's business server at a time; those about one room follow each other."},
	{"callbacks.allowPrivate", "false", 0, 0, func(c *Config) any { return &c.Callbacks.AllowPrivate }, "Whether business servers may be at addresses that are not public, such as 10.0.0.5 or localhost."},
	{"callbacks.answerBytes", "65536", 1, 1 << 20, func(c *Config) any { return &c.Callbacks.AnswerBytes }, "How much of a business server's answer is read."},
	{"callbacks.queueBytes", "67108864", 64 << 10, 4 << 30, func(c *Config) any { return &c.Callbacks.QueueBytes }, "Bytes of callbacks that may wait, about 300 each, in memory too; beyond it joins are refused."},
	{"callbacks.deadKept", "1000", 1, 100000, func(c *Config) any { return &c.Callbacks.DeadKept }, "Dead letters kept of one app; the oldest go."},
	{"callbacks.deadAge", "168h", minute, 10000 * hour, func(c *Config) any { return &c.Callbacks.DeadAge }, "How long they are kept."},
	{"verdicts.age", "10m", 0, 24 * hour, func(c *Config) any { return &c.Verdicts.Age }, "How long the server can say what became of a message; 0: it never can."},
	{"verdicts.bytes", "16777216", 0, 1 << 32, func(c *Config) any { return &c.Verdicts.Bytes }, "Memory for that, over all rooms; the oldest is forgotten first; 0: none."},
	{"traces.endpoint", "", 0, 0, func(c *Config) any { return &c.Traces.Endpoint }, "Base URL of the OTLP/HTTP collector that gets the spans of traced messages, such as http://127.0.0.1:4318; empty: what OTEL_EXPORTER_OTLP_ENDPOINT says, or none."},
	{"drain", "10s", 0, 10 * minute, func(c *Config) any { return &c.Drain }, "How long a stopping server waits for its sessions to move."},
	{"log.level", "info", 0, 0, func(c *Config) any { return &c.Log.Level }, "Least level that is logged: debug, info, warn or error."},
	{"log.format", "text", 0, 0, func(c *Config) any { return &c.Log.Format }, "Form of a log line: text or json."},
}

var appSettings = []setting[App]{
	{"name", "", 0, 0, func(a *App) any { return &a.Name }, "Name in logs and in the admin API: a-z, 0-9 and \"-\", at most 32."},
	{"appID", "", 1, 1<<32 - 1, func(a *App) any { return &a.AppID }, "Number that clients and tokens say."},
	{"serverSecrets", "", 0, 0, func(a *App) any { return &a.ServerSecrets }, "Secrets of tokens and server APIs, 32 characters each, at most 8; the first mints, all verify. Add the new one first when rotating."},
	{"callbackURL", "", 0, 0, func(a *App) any { return &a.CallbackURL }, "http or https URL of the business server that is told who enters and leaves rooms; empty: nobody is."},
	{"callbackEvents", "room_create,room_close,room_login,room_logout", 0, 0, func(a *App) any { return &a.CallbackEvents }, "What it is told of."},
	{"callbackSecret", "", 0, 0, func(a *App) any { return &a.CallbackSecret }, "Secret that signs callbacks to the business server; not a server secret."},
	{"tokenAuth", "true", 0, 0, func(a *App) any { return &a.TokenAuth }, "Whether a login needs a good token."},
	{"multiRoom", "true", 0, 0, func(a *App) any { return &a.MultiRoom }, "Whether a session may be in several rooms at a time."},
	{"kickOnExpiry", "false", 0, 0, func(a *App) any { return &a.KickOnExpiry }, "Whether an expired token ends the session, not only the next login."},
	{"diagnostics", "own", 0, 0, func(a *App) any { return &a.Diagnostics }, "What clients may ask about messages: off; own: what became of those that the asking user sent; full: of all in the app, other rooms and apps of the receivers named."},
	{"volcAppID", "", 0, 0, func(a *App) any { return &a.VolcAppID }, "App id of the volc dialect, 24 characters. Empty: its clients can't log in."},
	{"volcAppKey", "", 0, 0, func(a *App) any { return &a.VolcAppKey }, "App key of the volc dialect, which signs its tokens."},
	{"accessKeyID", "", 0, 0, func(a *App) any { return &a.AccessKeyID }, "Access key id of the volc dialect's server API; several apps may have the same, with the same secret. Empty: nobody can call it."},
	{"secretAccessKey", "", 0, 0, func(a *App) any { return &a.SecretAccessKey }, "Secret access key that belongs to it."},
}

// secretEnv is the variable that gives one app's secret alone.
func secretEnv(app, key string) string {
	s := setting[App]{key: key}
	name := strings.ToUpper(strings.ReplaceAll(app, "-", "_"))
	return "PARLEY_APP_" + name + "_" + strings.TrimPrefix(s.env(), "PARLEY_")
}
