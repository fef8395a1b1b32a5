package ui

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vugu/vugu/js"

	"parley/demo/lane"
)

const (
	lanes = 4
	// maxQueued is how many barrage texts wait for a free lane. At the limit
	// the newest doesn't fly: it stands in the message window all the same.
	maxQueued = 40
	// maxFlown bounds the text that flies, in characters.
	maxFlown = 80
	// still is how long a text stays when the person wants less motion; the
	// style sheet's fade takes as long.
	still = 4 * time.Second
)

// Overlay is where barrage messages fly. It owns the inside of one element,
// which the renderer leaves alone; each text is an element that the style
// sheet animates and that goes when its animation ends.
type Overlay struct {
	mu      sync.Mutex // never held while something waits
	element js.Value
	table   *lane.Table
	queue   []flight
	timer   *time.Timer
	ended   js.Func
}

type flight struct {
	text string
	own  bool
}

// NewOverlay returns an overlay that queues until it has an element.
func NewOverlay() *Overlay { return &Overlay{table: lane.NewTable(lanes)} }

// Attach gives the overlay its element. Called on every picture; another
// element than before means that the page was rearranged, and what flew in it
// belonged to somebody else.
func (o *Overlay) Attach(element js.Value) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.element.Truthy() && same(o.element, element) {
		return
	}
	if !o.ended.Truthy() {
		o.ended = js.FuncOf(func(_ js.Value, args []js.Value) any {
			args[0].Get("target").Call("remove")
			return nil
		})
	}
	element.Call("replaceChildren")
	for _, event := range [...]string{"animationend", "animationcancel"} { // cancelled: the tab went behind another
		if o.element.Truthy() {
			o.element.Call("removeEventListener", event, o.ended)
		}
		element.Call("addEventListener", event, o.ended)
	}
	o.element, o.table = element, lane.NewTable(lanes)
	o.launch()
}

// Fly sends a text across, at once or when a lane is free.
func (o *Overlay) Fly(text string, own bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) >= maxQueued {
		return
	}
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > maxFlown {
		text = string(r[:maxFlown]) + "…"
	}
	o.queue = append(o.queue, flight{text: text, own: own})
	o.launch()
}

// launch starts what has a free lane, in order, and comes back for the rest.
func (o *Overlay) launch() {
	if !o.element.Truthy() {
		return
	}
	for len(o.queue) > 0 {
		wait, started := o.start(o.queue[0])
		if !started {
			if o.timer != nil {
				o.timer.Stop()
			}
			o.timer = time.AfterFunc(wait, func() {
				o.mu.Lock()
				defer o.mu.Unlock()
				o.launch()
			})
			return
		}
		o.queue = o.queue[1:]
	}
}

// start measures a text on the page and lets it fly if a lane is free. Where
// nobody sees it, in a tab behind another, it counts as flown.
func (o *Overlay) start(f flight) (wait time.Duration, started bool) {
	field := o.element.Get("clientWidth").Float()
	if field == 0 {
		return 0, true
	}
	text := js.Global().Get("document").Call("createElement", "span")
	text.Set("textContent", f.text)
	text.Set("className", "flying")
	if f.own {
		text.Set("className", "flying own")
	}
	o.element.Call("append", text)
	width := text.Get("offsetWidth").Float()
	occupies := lane.Entering(width)
	if js.Global().Call("matchMedia", "(prefers-reduced-motion: reduce)").Get("matches").Bool() {
		occupies = still
	}
	row, wait, ok := o.table.Place(time.Now(), occupies)
	if !ok {
		text.Call("remove")
		return wait, false
	}
	style := text.Get("style")
	style.Call("setProperty", "--lane", strconv.Itoa(row))
	style.Call("setProperty", "--field", strconv.Itoa(int(field))+"px")
	style.Call("setProperty", "--takes", strconv.FormatInt(lane.Crossing(field, width).Milliseconds(), 10)+"ms")
	text.Get("classList").Call("add", "go")
	return 0, true
}

// same reports whether two values are one and the same JavaScript value.
func same(a, b js.Value) bool { return js.Global().Get("Object").Call("is", a, b).Bool() }
