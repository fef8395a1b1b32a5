// Package sdk calls Parley's browser SDK exactly as any page would: through
// the public JavaScript objects ZegoExpressEngine, VERTC and Parley that the
// script tag /sdk/parley.js defines. It has no other way into the SDK; whatever it
// does, twenty lines of JavaScript could do too.
//
// The data types stand in files without build tags, so that the rest of the
// demo is tested natively; the binding itself exists for js/wasm only, and the
// compiler says so. Every value that JavaScript hands over is checked by type
// before use: a value of another type becomes the zero value or an *Error,
// never a panic, because a panic would end the page's Go program.
//
// Listeners run on JavaScript's stack and never wait: they turn their
// arguments into an Event and pass it on. Calls that return promises wait, so
// they are made on goroutines only.
package sdk
