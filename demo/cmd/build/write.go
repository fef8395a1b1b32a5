package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/andybalholm/brotli"
)

// worth is the size from which a file is laid down compressed as well. Below
// it the two extra files cost more than they save.
const worth = 10 << 10

// write lays the files into out, compressed ones beside them. A file that is
// there already with the same content, and its compressed ones, are left.
func write(out string, files map[string][]byte, quality int, log *slog.Logger) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := files[name]
		target := filepath.Join(out, filepath.FromSlash(name))
		if fresh(target, content) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil { //nolint:gosec // what is served may be read
			return err
		}
		forms := map[string][]byte{target + ".br": nil, target + ".gz": nil}
		if len(content) > worth {
			forms[target+".br"] = brotlied(content, quality)
			forms[target+".gz"] = gzipped(content)
		}
		for form, data := range forms {
			if err := replace(form, data); err != nil {
				return err
			}
		}
		// Last, because fresh takes it as the sign that the others are done.
		if err := replace(target, content); err != nil {
			return err
		}
		log.Info("wrote", "file", name, "bytes", len(content), "brotli", len(forms[target+".br"]))
	}
	return nil
}

// fresh reports whether target holds content and has what belongs beside it.
func fresh(target string, content []byte) bool {
	old, err := os.ReadFile(target) //nolint:gosec // the folder was named by whoever builds
	if err != nil || !bytes.Equal(old, content) {
		return false
	}
	for _, ending := range []string{".br", ".gz"} {
		_, err := os.Stat(target + ending)
		if (err == nil) != (len(content) > worth) {
			return false
		}
	}
	return true
}

// replace writes data to target in one step, or takes target away when data is
// nil.
func replace(target string, data []byte) error {
	if data == nil {
		if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	temporary := target + ".part"
	if err := os.WriteFile(temporary, data, 0o644); err != nil {
		return err
	}
	if err := os.Rename(temporary, target); err != nil {
		return fmt.Errorf("put %s in place: %w", target, err)
	}
	return nil
}

// brotlied and gzipped compress in memory, where a writer can't fail.
func brotlied(content []byte, quality int) []byte {
	var buffer bytes.Buffer
	w := brotli.NewWriterLevel(&buffer, quality)
	_, _ = w.Write(content)
	_ = w.Close()
	return buffer.Bytes()
}

func gzipped(content []byte) []byte {
	var buffer bytes.Buffer
	w, _ := gzip.NewWriterLevel(&buffer, gzip.BestCompression) // the level is valid
	_, _ = w.Write(content)
	_ = w.Close()
	return buffer.Bytes()
}
