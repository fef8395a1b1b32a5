package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
)

// goInputs are the folders that the wasm is built from.
var goInputs = []string{"wasm", "internal/engine", "internal/wire"}

// inlining is off in the packages that are not ours: inlined copies of the
// runtime cost 40 KB over the wire and are on no path of ours that is hot.
var inlining = []string{"-gcflags=all=-l", "-gcflags=parley/...="}

// compileWasm builds parley.wasm.
func compileWasm(s settings, mark, version string) error {
	out, err := filepath.Abs(filepath.Join(s.out, "parley.wasm"))
	if err != nil {
		return err
	}
	flags := "-s -w -X main.stamp=" + mark + " -X parley/wasm/page.Client=parley-sdk/" + version
	args := append([]string{"build", "-trimpath", "-ldflags", flags}, inlining...)
	args = append(args, "-o", out, "./wasm")
	cmd := exec.Command("go", args...) //nolint:gosec // our own arguments
	cmd.Dir = s.root
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("compile the wasm: %w", err)
	}
	file, err := os.ReadFile(out) //nolint:gosec // just written
	if err != nil {
		return err
	}
	file, err = shrink(file)
	if err != nil {
		return err
	}
	return os.WriteFile(out, file, 0o644) //nolint:gosec // for everybody to read
}

// stamp names what the wasm is made of: its sources, the shim, and the Go
// version. Loader and wasm carry it and compare.
func stamp(root, shim string) (string, error) {
	var files []string
	for _, dir := range goInputs {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return "", err
		}
	}
	sort.Strings(files)
	hash := sha256.New()
	fmt.Fprintln(hash, runtime.Version(), len(shim), shim)
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(hash, filepath.ToSlash(relative), len(data))
		if _, err := io.Copy(hash, bytes.NewReader(data)); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(hash.Sum(nil))[:16], nil
}

// readShim returns the toolchain's wasm_exec.js. Its one bare use of a name
// that it puts on globalThis is led to the globalThis that it is given; a
// release that has another number of them fails the build.
func readShim(goroot string) (string, error) {
	data, err := os.ReadFile(filepath.Join(goroot, "lib", "wasm", "wasm_exec.js")) //nolint:gosec // of the toolchain
	if err != nil {
		return "", err
	}
	text := string(data)
	const bare = "\tfs.writeSync("
	if n := strings.Count(text, bare); n != 1 {
		return "", fmt.Errorf("wasm_exec.js has %d bare uses of fs.writeSync, want 1: look at what changed in Go", n)
	}
	if !strings.Contains(text, "\t\t_resume() {") {
		return "", fmt.Errorf("wasm_exec.js has no _resume: look at what changed in Go")
	}
	return strings.Replace(text, bare, "\tglobalThis.fs.writeSync(", 1), nil
}

func goEnv(name string) (string, error) {
	out, err := exec.Command("go", "env", name).Output() //nolint:gosec // our own argument
	if err != nil {
		return "", fmt.Errorf("go env %s: %w", name, err)
	}
	return strings.TrimSpace(string(out)), nil
}
