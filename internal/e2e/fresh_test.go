package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// root is the module's folder, seen from this package.
const root = "../.."

// builtFrom are the folders and files that dist/parley is made of.
var builtFrom = []string{"server", "wasm", "demo", "js/src", "js/cmd", "js/types", "js/publish", "internal/wire", "internal/engine", "internal/token", "internal/load", "go.mod", "go.sum"}

// binary returns the server's program, or an error when it is not what the
// source says.
func binary() (string, error) {
	if other := os.Getenv("E2E_BINARY"); other != "" {
		return filepath.Abs(other)
	}
	path, err := filepath.Abs(filepath.Join(root, "dist", "parley"))
	if err != nil {
		return "", err
	}
	built, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("dist/parley is missing; run: make build")
	}
	for _, place := range builtFrom {
		newer, err := newerThan(filepath.Join(root, place), built.ModTime())
		if err != nil {
			return "", err
		}
		if newer != "" {
			return "", fmt.Errorf("dist/parley is older than %s; run: make build", strings.TrimPrefix(newer, root+"/"))
		}
	}
	return path, nil
}

// newerThan returns a source file under place that changed after at. Generated
// files don't count: regenerating touches them, and whether they are what their
// sources say is checked elsewhere.
func newerThan(place string, at time.Time) (string, error) {
	newer := ""
	err := filepath.WalkDir(place, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case os.IsNotExist(err):
			return nil
		case err != nil:
			return err
		case entry.IsDir():
			if slices.Contains([]string{"node_modules", "testdata", "assets"}, entry.Name()) {
				return filepath.SkipDir
			}
			return nil
		case !isSource(entry.Name()):
			return nil
		}
		info, err := entry.Info()
		if err == nil && info.ModTime().After(at) {
			newer = path
		}
		return err
	})
	return newer, err
}

func isSource(name string) bool {
	for _, not := range []string{"_test.go", "_gen.go", ".gen.go", ".md"} {
		if strings.HasSuffix(name, not) {
			return false
		}
	}
	return true
}
