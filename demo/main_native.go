//go:build !js

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "The demo runs in a browser. Build its folder with: go run ./demo/cmd/build -out DIR")
	os.Exit(2)
}
