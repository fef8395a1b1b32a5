// Command build writes the demo's finished folder, which the server embeds and
// serves at /:
//
//	go run ./demo/cmd/build -out DIR
//
// It compiles the demo to wasm, takes the Go runtime's script from the very
// toolchain that compiled it and vugu's renderer from the very module that is
// linked, copies the static files, stamps the page with hashes so that its
// parts may be cached for ever, and lays .br and .gz beside what is worth it.
//
// The same sources give the same bytes. Only what the build itself wrote is
// replaced; other files in DIR are left alone.
package main
