package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestShrunkProgramRuns runs a program before and after: it does the same, and
// its trace names the same functions.
func TestShrunkProgramRuns(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	goroot, err := goEnv("GOROOT")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "crash.wasm")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", program, "./testdata/crash")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := func() string {
		node := exec.CommandContext(t.Context(), "node", filepath.Join(goroot, "lib", "wasm", "wasm_exec_node.js"), program)
		out, err := node.CombinedOutput()
		if err == nil {
			t.Fatalf("it did not crash:\n%s", out)
		}
		return string(out)
	}
	whole := run()
	file, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	small, err := shrink(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, small, 0o600); err != nil {
		t.Fatal(err)
	}
	shrunk := run()
	for _, want := range []string{"recovered true\n", "panic: on purpose\n", "main.fall()\n", "main.main()\n"} {
		if !strings.Contains(shrunk, want) {
			t.Errorf("%q is missing:\n%s", want, shrunk)
		}
	}
	if want := regexp.MustCompile(`\S+/main\.go:\d+`).ReplaceAllString(whole, "?:0"); want == whole || want != shrunk {
		t.Errorf("got:\n%s\nwant:\n%s", shrunk, want)
	}
}

func TestShrinkRefusesWhatItDoesNotKnow(t *testing.T) {
	none := make([]byte, 1000)
	cut := append(append(none, headerStart...), 1)
	twice := append(append(none, headerStart...), append(headerStart, none...)...)
	for name, data := range map[string][]byte{"no program": none, "cut": cut, "two programs": twice} {
		if _, err := shrink(file([]segment{{4096, data}})); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
