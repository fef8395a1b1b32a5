//go:build !js

package wire

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestGeneratedFileIsCurrent runs the generator as doc.go says and compares:
// the committed file is what the schema gives.
func TestGeneratedFileIsCurrent(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^//go:generate go (.*)$`).FindSubmatch(doc)
	if line == nil {
		t.Fatal("doc.go has no go:generate line")
	}
	args := strings.Fields(string(line[1]))
	out := filepath.Join(t.TempDir(), "generated.go")
	for i, arg := range args {
		if arg == "messages.gen.go" {
			args[i] = out
		}
	}
	if text, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Fatalf("go %q: %v\n%s", args, err, text)
	}
	want, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("messages.gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("messages.gen.go is not what the generator writes; run go generate ./internal/wire")
	}
}
