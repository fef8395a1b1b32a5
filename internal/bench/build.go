package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const buildTimeout = 5 * time.Minute

// goBuild builds a peer from its package, in the folder of its module.
func (b *builder) goBuild(ctx context.Context, name, pkg, module string) error {
	return b.once(name, func() error {
		return b.do(ctx, filepath.Join(b.root, module), "go", "build", "-o", b.program(name), pkg)
	})
}

// npmInstall copies a folder of internal/bench out of the source tree and installs
// exactly what its lockfile says.
func (b *builder) npmInstall(ctx context.Context, name, folder string) error {
	return b.once(name, func() error {
		from, to := filepath.Join(b.root, "internal/bench", folder), b.packages(name)
		if err := copyFiles(from, to); err != nil {
			return err
		}
		return b.do(ctx, to, "npm", "ci", "--no-audit", "--no-fund")
	})
}

// once builds a peer once, however many of its configurations are measured.
func (b *builder) once(name string, build func() error) error {
	if err, done := b.built[name]; done {
		return err
	}
	err := build()
	b.built[name] = err
	return err
}

func (b *builder) do(ctx context.Context, dir, program string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, buildTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, program, args...)
	command.Dir = dir
	said, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", program, args[0], err, said)
	}
	return nil
}

// copyFiles copies the files of a folder, not the folders in it, and no Go
// files: those would be a package of this module wherever they lie.
func copyFiles(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return fmt.Errorf("read peer: %w", err)
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return fmt.Errorf("make folder of peer: %w", err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || filepath.Ext(e.Name()) == ".go" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			return fmt.Errorf("read peer: %w", err)
		}
		if err := os.WriteFile(filepath.Join(to, e.Name()), text, 0o644); err != nil {
			return fmt.Errorf("copy peer: %w", err)
		}
	}
	return nil
}

// findRoot returns the folder of our go.mod, at or above dir.
func findRoot(dir string) (string, error) {
	for {
		_, err := os.Stat(filepath.Join(dir, "go.mod"))
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("look for go.mod: %w", err)
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod here or above: run this inside the repository")
		}
		dir = up
	}
}
