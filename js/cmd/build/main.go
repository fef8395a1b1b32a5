// Command build makes the npm package: it compiles the wasm, bundles the
// TypeScript with the toolchain's runtime shim inside, compresses both, and
// checks the size. It needs Go only, no Node.
//
//	go run ./js/cmd/build -out dist/sdk
package main

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
)

// settings are the flags.
type settings struct {
	root, out, cache string
	budget           int
	fast             bool
}

func main() {
	var s settings
	flag.StringVar(&s.root, "root", ".", "the module's folder")
	flag.StringVar(&s.out, "out", "dist/sdk", "where the package goes")
	flag.StringVar(&s.cache, "cache", "", "keeps compressed files by hash (default: <user cache>/parley-sdk)")
	flag.IntVar(&s.budget, "budget", 650_000, "fail above so many bytes of brotli(parley.wasm) + brotli(parley.js); 0 = don't look")
	flag.BoolVar(&s.fast, "fast", false, "compress badly and quickly, for development; sizes are not checked")
	flag.Parse()
	if err := build(s); err != nil {
		slog.Error("build failed", "err", err)
		os.Exit(1)
	}
}

func build(s settings) error {
	if s.cache == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return fmt.Errorf("find a folder for the cache, give one with -cache: %w", err)
		}
		s.cache = filepath.Join(dir, "parley-sdk")
	}
	pkg, err := readPackage(filepath.Join(s.root, "js", "publish", "package.json"))
	if err != nil {
		return err
	}
	goroot, err := goEnv("GOROOT")
	if err != nil {
		return err
	}
	shim, err := readShim(goroot)
	if err != nil {
		return err
	}
	mark, err := stamp(s.root, shim)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.out, 0o755); err != nil {
		return err
	}
	if err := clean(s.out); err != nil {
		return err
	}
	if err := compileWasm(s, mark, pkg.Version); err != nil {
		return err
	}
	if err := bundle(s, mark, pkg.Version, shim); err != nil {
		return err
	}
	if err := copyDocuments(s); err != nil {
		return err
	}
	sizes, err := compressAll(s)
	if err != nil {
		return err
	}
	if err := writeIntegrity(s.out); err != nil {
		return err
	}
	return report(s, sizes)
}

// clean removes what an earlier build left, and nothing that a build does not make.
func clean(out string) error {
	var errs []error
	for _, pattern := range []string{"*.js", "*.cjs", "*.d.ts", "*.d.cts", "*.wasm", "*.br", "*.gz", "*.json", "*.md", "*.map"} {
		names, err := filepath.Glob(filepath.Join(out, pattern))
		errs = append(errs, err)
		for _, name := range names {
			errs = append(errs, os.Remove(name))
		}
	}
	return errors.Join(errs...)
}

func report(s settings, sizes map[string]int) error {
	wasm, script := sizes["parley.wasm"], sizes["parley.js"]
	fmt.Printf("parley.wasm  %9d bytes, brotli %7d\n", fileSize(s.out, "parley.wasm"), wasm)
	fmt.Printf("parley.js    %9d bytes, brotli %7d\n", fileSize(s.out, "parley.js"), script)
	fmt.Printf("over the wire          %7d of %d\n", wasm+script, s.budget)
	if !s.fast && s.budget > 0 && wasm+script > s.budget {
		return fmt.Errorf("the SDK is %d bytes over the wire, budget %d: look for a new dependency in the wasm", wasm+script, s.budget)
	}
	return nil
}

func fileSize(dir, name string) int64 {
	info, err := os.Stat(filepath.Join(dir, name))
	if err != nil {
		return 0
	}
	return info.Size()
}
