package hook_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocumentedChecks runs the pieces of docs/callbacks.md that check a
// signature, with a good one and with bad ones.
func TestDocumentedChecks(t *testing.T) {
	page, err := os.ReadFile("../../docs/callbacks.md")
	if err != nil {
		t.Fatal(err)
	}
	const good = "5bd59fd62953a8059fb7eaba95720f66d19e4517"
	bad := strings.Replace(good, "5", "6", 1)
	for _, language := range []struct {
		name, fence, file string
		command           []string
		frame             string // CODE is the piece
	}{
		{"Go", "go", "main.go", []string{"go", "run", "main.go"}, `package main

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

CODE

func main() {
	fmt.Println(genuine("secret", "1470820198", "123412", "` + good + `"), genuine("secret", "1470820198", "123412", "` + bad + `"), genuine("secret", "1470820198", "123412", ""))
}
`},
		{"Node", "js", "check.mjs", []string{"node", "check.mjs"}, `CODE
const check = (timestamp, signature) => genuine("secret", { timestamp, nonce: "123412", signature });
console.log(check(1470820198, "` + good + `") && check("1470820198", "` + good + `"), check(1470820198, "` + bad + `"), check(1470820198, ""));
`},
		{"Python", "python", "check.py", []string{"python3", "check.py"}, `CODE
check = lambda timestamp, signature: genuine("secret", {"timestamp": timestamp, "nonce": "123412", "signature": signature})
print(str(check(1470820198, "` + good + `") and check("1470820198", "` + good + `")).lower(), str(check(1470820198, "` + bad + `")).lower(), str(check(1470820198, "")).lower())
`},
	} {
		t.Run(language.name, func(t *testing.T) {
			_, rest, found := strings.Cut(string(page), language.name+":\n\n```"+language.fence+"\n")
			code, _, ended := strings.Cut(rest, "```\n")
			if !found || !ended {
				t.Fatal("docs/callbacks.md has no such piece")
			}
			program, err := exec.LookPath(language.command[0])
			if err != nil {
				if os.Getenv("CI") != "" {
					t.Fatal(err)
				}
				t.Skip(err)
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, language.file), []byte(strings.Replace(language.frame, "CODE", code, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			run := exec.Command(program, language.command[1:]...)
			run.Dir = dir
			said, err := run.CombinedOutput()
			if got := strings.Join(strings.Fields(string(said)), " "); err != nil || got != "true false false" {
				t.Errorf("got %s, error %v; want true for the good one alone", said, err)
			}
		})
	}
}
