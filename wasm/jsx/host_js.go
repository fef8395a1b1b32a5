//go:build js && wasm

package jsx

import "unsafe"

// The page's functions. None calls back into Go before it returns.

//go:wasmimport parley now
func hostNow() float64 // ms since the epoch, never backwards, sleep included

//go:wasmimport parley random
func hostRandom() uint64

//go:wasmimport parley timer
func hostTimer(id int32, ms float64)

//go:wasmimport parley untimer
func hostUntimer(id int32)

//go:wasmimport parley dial
func hostDial(socket int32, url unsafe.Pointer, n int32)

//go:wasmimport parley send
func hostSend(socket int32, frame unsafe.Pointer, n int32)

//go:wasmimport parley buffered
func hostBuffered(socket int32) float64

//go:wasmimport parley close
func hostClose(socket, code int32, reason unsafe.Pointer, n int32)

//go:wasmimport parley settle
func hostSettle(call uint32, ok int32, json unsafe.Pointer, n int32)

//go:wasmimport parley event
func hostEvent(instance int32, json unsafe.Pointer, n int32)

//go:wasmimport parley messages
func hostMessages(instance int32, numbers unsafe.Pointer, count int32, text unsafe.Pointer, size int32, blob unsafe.Pointer, length int32)

//go:wasmimport parley failed
func hostFailed(text unsafe.Pointer, n int32)

//go:wasmimport parley ready
func hostReady(json unsafe.Pointer, n int32)

func span[T any](s []T) (unsafe.Pointer, int32) {
	return unsafe.Pointer(unsafe.SliceData(s)), int32(len(s))
}

// guard turns a panic into a report: unrecovered it would end the Go program
// for every engine of the page.
func guard() {
	r := recover()
	if r == nil {
		return
	}
	text := "panic"
	switch r := r.(type) {
	case error:
		text = r.Error()
	case string:
		text = r
	}
	hostFailed(span([]byte(text)))
}
