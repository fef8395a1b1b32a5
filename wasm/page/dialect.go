package page

import "parley/internal/engine"

// Client names this SDK to the server. The build sets the version (-ldflags -X).
var Client = "parley-sdk"

// Dialect is one JavaScript surface, as the bridge offers it to the page.
type Dialect struct {
	Name string
	// Methods that the page may call; a call names one by its index.
	Methods []string
	// Open makes an instance. args are what the page's class gives it.
	Open func(w World, p Page, args []Value) Instance
}

// World is time, randomness and network.
type World struct {
	Dialer engine.Dialer
	Clock  engine.Clock
	Random engine.Random
}

// Page hears what an instance has to say. Nothing it does calls back into the
// instance before it returns. What it is given is its own only until then.
type Page interface {
	// Settle ends a call: json is the value that its promise resolves
	// (ok) or rejects with.
	Settle(call uint32, ok bool, json []byte)
	// Event tells listeners of an event: json is an array of its name and
	// the arguments. Listeners run in later turns of the event loop, in the
	// order of Event and Messages.
	Event(json []byte)
	// Messages tells listeners of one frame's messages.
	Messages(t *Table)
}

// Signal is news about the page itself.
type Signal int32

// Signals.
const (
	// Visible: shown again, or taken out of the back-forward cache.
	Visible Signal = iota
	// NetworkUp: the browser says that the network is back.
	NetworkUp
	// Leaving: the page goes away for good.
	Leaving
)

// Instance is one object of the page's, alive until Close. Its methods and
// what it hears from its core run one at a time.
type Instance interface {
	// Call runs a method. call names the promise to settle, once, now or
	// later; 0 wants no answer. The number is the result for methods that
	// answer at once.
	Call(method int, call uint32, args []Value) float64
	Signal(s Signal)
	// Close ends the instance. It says nothing to its page afterwards.
	Close()
}
