package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// gather returns every file of the folder by its slash-separated name in it.
func gather(ctx context.Context, root string) (map[string][]byte, error) {
	files := make(map[string][]byte)
	static := os.DirFS(filepath.Join(root, "demo", "static"))
	err := fs.WalkDir(static, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[name], err = fs.ReadFile(static, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the static files: %w", err)
	}
	for name, make := range map[string]func(context.Context, string) ([]byte, error){
		"demo.wasm":      compile,
		"wasm_exec.js":   runtimeScript,
		"vugu-render.js": rendererScript,
	} {
		if files[name], err = make(ctx, root); err != nil {
			return nil, fmt.Errorf("make %s: %w", name, err)
		}
	}
	return files, nil
}

// compile builds the demo for the browser. -trimpath and the stripped symbol
// table make it the same wherever it is built.
func compile(ctx context.Context, root string) ([]byte, error) {
	folder, err := os.MkdirTemp("", "parley-demo-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	target := filepath.Join(folder, "demo.wasm")
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", target, "./demo") //nolint:gosec // target is a folder of our own
	command.Dir = root
	command.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=")
	if output, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, output)
	}
	return os.ReadFile(target) //nolint:gosec // likewise
}

// runtimeScript is the other half of the Go runtime, from the toolchain that
// compiles: the two must match.
func runtimeScript(ctx context.Context, _ string) ([]byte, error) {
	goroot, err := goTool(ctx, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(goroot, "lib", "wasm", "wasm_exec.js")) //nolint:gosec // the toolchain's own file
}
