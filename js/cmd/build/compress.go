package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/andybalholm/brotli"
)

// compressed are the files that pages fetch.
var compressed = []string{"parley.wasm", "parley.js", "index.js"}

// compressAll writes .br and .gz beside the files that pages fetch and returns
// their sizes after brotli.
func compressAll(s settings) (map[string]int, error) {
	sizes := map[string]int{}
	quality := brotli.BestCompression
	if s.fast {
		quality = 1
	}
	for _, name := range compressed {
		path := filepath.Join(s.out, name)
		data, err := os.ReadFile(path) //nolint:gosec // of this build
		if err != nil {
			return nil, err
		}
		small, err := cached(s, data, ".br", quality, func() ([]byte, error) {
			var out bytes.Buffer
			// The widest window that every browser takes: the wasm is larger
			// than the default one.
			w := brotli.NewWriterOptions(&out, brotli.WriterOptions{Quality: quality, LGWin: 24})
			if _, err := w.Write(data); err != nil {
				return nil, err
			}
			err := w.Close()
			return out.Bytes(), err
		})
		if err != nil {
			return nil, err
		}
		zipped, err := cached(s, data, ".gz", quality, func() ([]byte, error) {
			var out bytes.Buffer
			w, err := gzip.NewWriterLevel(&out, min(quality, gzip.BestCompression))
			if err != nil {
				return nil, err
			}
			if _, err := w.Write(data); err != nil {
				return nil, err
			}
			err = w.Close()
			return out.Bytes(), err
		})
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(path+".br", small, 0o644); err != nil { //nolint:gosec // for everybody to read
			return nil, err
		}
		if err := os.WriteFile(path+".gz", zipped, 0o644); err != nil { //nolint:gosec // for everybody to read
			return nil, err
		}
		sizes[name] = len(small)
	}
	return sizes, nil
}

// cached returns what work makes of data, from the cache if it was made before:
// the best quality takes long.
func cached(s settings, data []byte, kind string, quality int, work func() ([]byte, error)) ([]byte, error) {
	sum := sha256.Sum256(data)
	path := filepath.Join(s.cache, hex.EncodeToString(sum[:])+"-"+string(rune('a'+quality))+kind)
	if kept, err := os.ReadFile(path); err == nil { //nolint:gosec // named by us
		return kept, nil
	}
	made, err := work()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.cache, 0o755); err != nil { //nolint:gosec // a cache
		return nil, err
	}
	partial := path + ".partial"
	if err := os.WriteFile(partial, made, 0o644); err != nil { //nolint:gosec // a cache
		return nil, err
	}
	return made, os.Rename(partial, path)
}

// writeIntegrity writes integrity.json: for subresource integrity, the hash of
// each uncompressed file.
func writeIntegrity(out string) error {
	sums := map[string]string{}
	for _, name := range compressed {
		data, err := os.ReadFile(filepath.Join(out, name)) //nolint:gosec // of this build
		if err != nil {
			return err
		}
		sum := sha512.Sum384(data)
		sums[name] = "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
	}
	data, err := json.MarshalIndent(sums, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "integrity.json"), append(data, '\n'), 0o644) //nolint:gosec // for everybody to read
}
