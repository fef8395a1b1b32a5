//go:build js && wasm

// Command wasm is the Go side of the browser SDK: it offers the dialects to the
// page that loaded it and then only answers.
package main

import (
	"parley/wasm/express"
	"parley/wasm/jsx"
	"parley/wasm/volc"
)

// stamp ties this program to the loader that was built with it (-ldflags -X).
var stamp = "unstamped"

func main() {
	jsx.Run(stamp, express.Dialect(), volc.Dialect())
}
