//go:build js && wasm

package jsx

import (
	"unsafe"

	"parley/internal/engine"
	"parley/internal/wire"
)

// dialer opens the browser's WebSockets.
type dialer struct {
	last int32
	open map[int32]engine.SocketHandler
}

var pageDialer = &dialer{open: map[int32]engine.SocketHandler{}}

var _ engine.Dialer = pageDialer

func (d *dialer) Dial(url string, handler engine.SocketHandler) engine.Socket {
	d.last++
	d.open[d.last] = handler
	at, n := span([]byte(url))
	hostDial(d.last, at, n)
	return socket(d.last)
}

// socket is one WebSocket by its number in the page.
type socket int32

func (s socket) Send(frame []byte) {
	at, n := span(frame)
	hostSend(int32(s), at, n)
}

func (s socket) Buffered() int { return int(hostBuffered(int32(s))) }

func (s socket) Close(code wire.CloseCode, reason string) {
	at, n := span([]byte(reason))
	hostClose(int32(s), int32(code), at, n)
}

// buffer is where the page puts what it gives to Go. It grows and is reused.
var buffer []byte

//go:wasmexport parley_buffer
func grow(n int32) unsafe.Pointer {
	if int(n) > cap(buffer) {
		buffer = make([]byte, max(int(n), 2*cap(buffer), 64<<10))
	}
	return unsafe.Pointer(unsafe.SliceData(buffer))
}

//go:wasmexport parley_opened
func opened(id int32) {
	defer guard()
	if handler := pageDialer.open[id]; handler != nil {
		handler.Opened()
	}
}

//go:wasmexport parley_frame
func frame(id, n int32) {
	defer guard()
	if handler := pageDialer.open[id]; handler != nil {
		handler.Frame(buffer[:n:n])
	}
}

//go:wasmexport parley_closed
func closed(id, code, n int32) {
	defer guard()
	if handler := pageDialer.open[id]; handler != nil {
		delete(pageDialer.open, id)
		handler.Closed(wire.CloseCode(code), string(buffer[:n]))
	}
}
