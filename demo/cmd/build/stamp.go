package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// parts are the files that the page names and that may be cached for ever once
// their address holds their hash.
var parts = []string{"demo.css", "boot.js", "wasm_exec.js", "vugu-render.js", "demo.wasm"}

// stamp puts the hash of each part behind its address in index.html, as
// name?v=hash, and the size of the program beside it for the progress bar.
func stamp(files map[string][]byte) error {
	page := string(files["index.html"])
	if page == "" {
		return fmt.Errorf("index.html is missing or empty")
	}
	for _, name := range parts {
		content, ok := files[name]
		if !ok {
			return fmt.Errorf("%s is missing", name)
		}
		sum := sha256.Sum256(content)
		var err error
		if page, err = replaceOnce(page, `"`+name+`"`, `"`+name+"?v="+hex.EncodeToString(sum[:6])+`"`); err != nil {
			return err
		}
	}
	page, err := replaceOnce(page, `data-bytes="0"`, `data-bytes="`+strconv.Itoa(len(files["demo.wasm"]))+`"`)
	if err != nil {
		return err
	}
	files["index.html"] = []byte(page)
	return nil
}

// replaceOnce replaces the one occurrence of old; any other number is an
// error, so that an edit of the page can't undo the stamping in silence.
func replaceOnce(page, old, new string) (string, error) {
	if n := strings.Count(page, old); n != 1 {
		return "", fmt.Errorf("index.html holds %s %d times, want once", old, n)
	}
	return strings.Replace(page, old, new, 1), nil
}
