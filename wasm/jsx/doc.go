// Package jsx is the bridge between Go and the page. It is the only package
// with imports from and exports to JavaScript (go:wasmimport, go:wasmexport);
// js/src/bridge is its other side, and a stamp that both carry proves that they
// were built together.
//
// # Everything is an event
//
// There is no goroutine here, no Go timer and nothing that waits. What the
// runtime's sources say about an exported function (cmd/internal/obj/wasm,
// wasm_pc_f_loop_export in runtime/asm_wasm.s, runtime/lock_js.go), in Go 1.26:
//
//   - It runs on the goroutine that paused last, on that one's stack, and returns
//     to JavaScript when it returns. It may allocate, collect garbage and grow
//     the stack; a switch to another goroutine inside it works as long as
//     something can run.
//   - It gives the scheduler no turn of its own. A goroutine or a Go timer
//     started in it sleeps until something resumes the program through the old
//     way (syscall/js callback, runtime timer), which may be never.
//   - When it waits and nothing else can run, the program pauses and the
//     call "returns" in the middle: broken, without any message.
//   - Called before main has paused it ends the program.
//   - A panic that nobody recovers ends the program for the whole page.
//
// So timers are JavaScript's (parley.timer, parley_fire), sockets are
// JavaScript's, every export recovers, and the page gives the scheduler a turn
// now and then (the collector's background work) by resuming the program with
// no event, as the shim's own timers do.
//
// # Calls
//
// Calls in are exports too, instead of functions lent through syscall/js: an
// empty lent function costs 16 µs a call against 0.3 µs, each of its arguments
// several crossings more, and it is something that can leak. Arguments come
// as tagged values in the frame buffer (package page), so their types are
// checked in Go, natively testable. A JavaScript engine is a number here.
//
// # Data path
//
// The page copies a WebSocket frame into the buffer that parley_buffer returns
// and calls parley_frame; the messages in it leave in one call of
// parley.messages. Memory that crosses is valid until the call returns.
package jsx
