//go:build js && wasm

package jsx

import (
	"math"

	"parley/wasm/page"
)

// voice is one instance's page.
type voice int32

func (v voice) Settle(call uint32, ok bool, json []byte) {
	if call == 0 {
		return
	}
	flag := int32(0)
	if ok {
		flag = 1
	}
	at, n := span(json)
	hostSettle(call, flag, at, n)
}

func (v voice) Event(json []byte) {
	at, n := span(json)
	hostEvent(int32(v), at, n)
}

func (v voice) Messages(t *page.Table) {
	numbers, count := span(t.Numbers)
	text, size := span(t.UTF8)
	blob, length := span(t.Blob)
	hostMessages(int32(v), numbers, count, text, size, blob, length)
}

var (
	dialects  []page.Dialect
	instances = map[int32]page.Instance{}
	lastID    int32
)

// Results of parley_call that are none of a method's.
var failed = math.NaN()

//go:wasmexport parley_open
func open(dialect, n int32) (id int32) {
	defer guard()
	if int(dialect) >= len(dialects) || dialect < 0 {
		return 0
	}
	args, err := page.DecodeValues(buffer[:n])
	if err != nil {
		return 0
	}
	lastID++
	world := page.World{Dialer: pageDialer, Clock: pageClock, Random: random{}}
	instances[lastID] = dialects[dialect].Open(world, voice(lastID), args)
	return lastID
}

// call returns NaN when the call could not be carried out: the page rejects
// its promise.
//
//go:wasmexport parley_call
func call(id, method int32, promise uint32, n int32) (result float64) {
	result = failed
	defer guard()
	instance := instances[id]
	if instance == nil || method < 0 {
		return failed
	}
	args, err := page.DecodeValues(buffer[:n])
	if err != nil {
		return failed
	}
	return instance.Call(int(method), promise, args)
}

//go:wasmexport parley_end
func end(id int32) {
	defer guard()
	if instance := instances[id]; instance != nil {
		delete(instances, id)
		instance.Close()
	}
}

//go:wasmexport parley_signal
func signal(s int32) {
	defer guard()
	for _, instance := range instances {
		instance.Signal(page.Signal(s))
	}
}

// held counts what the page has lent us and we still hold: 0 instances,
// 1 sockets, 2 timers. Tests look for leaks with it.
//
//go:wasmexport parley_held
func held(what int32) int32 {
	switch what {
	case 0:
		return int32(len(instances))
	case 1:
		return int32(len(pageDialer.open))
	case 2:
		return int32(len(pageClock.armed))
	}
	return -1
}
