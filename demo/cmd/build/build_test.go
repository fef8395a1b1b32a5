package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

// built is the whole folder, made once: compiling takes seconds.
func built(t *testing.T) map[string][]byte {
	t.Helper()
	root, err := goTool(t.Context(), "list", "-m", "-f", "{{.Dir}}", "parley")
	if err != nil {
		t.Fatal(err)
	}
	files, err := gather(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if err := stamp(files); err != nil {
		t.Fatal(err)
	}
	return files
}

func TestFolder(t *testing.T) {
	files := built(t)
	page := string(files["index.html"])

	t.Run("is complete", func(t *testing.T) {
		for _, name := range append(parts, "index.html", "quickstart/express.html", "quickstart/volc.html") {
			if len(files[name]) == 0 {
				t.Errorf("%s is missing", name)
			}
		}
		if !bytes.HasPrefix(files["demo.wasm"], []byte("\x00asm")) {
			t.Error("demo.wasm is no WebAssembly")
		}
	})

	t.Run("names each part by its hash", func(t *testing.T) {
		for _, name := range parts {
			sum := sha256.Sum256(files[name])
			if want := name + "?v=" + hex.EncodeToString(sum[:6]) + `"`; !strings.Contains(page, want) {
				t.Errorf("index.html does not name %s", want)
			}
		}
	})

	// The page lives under a policy without 'unsafe-inline' and without eval:
	// whatever it forbids must not be there.
	t.Run("keeps to the content security policy", func(t *testing.T) {
		for what, pattern := range map[string]string{
			"an inline script":     `<script(>|[^>]*[^/"]>)[^<]`,
			"an inline style":      `<style|\sstyle=`,
			"an event attribute":   `<[^>]+\son[a-z]+=`,
			"a javascript address": `(href|src)="javascript:`,
			"something elsewhere":  `(href|src|action)="(https?:)?//`,
		} {
			if found := regexp.MustCompile(pattern).FindString(page); found != "" {
				t.Errorf("index.html holds %s: %q", what, found)
			}
		}
		for _, name := range []string{"boot.js", "wasm_exec.js", "vugu-render.js"} {
			if found := regexp.MustCompile(`\beval\(|new Function\(`).Find(files[name]); found != nil {
				t.Errorf("%s calls %s", name, found)
			}
		}
		if found := regexp.MustCompile(`url\(|@import`).Find(files["demo.css"]); found != nil {
			t.Errorf("demo.css loads something: %s", found)
		}
	})

	t.Run("has quickstarts of about twenty lines", func(t *testing.T) {
		for _, name := range []string{"express", "volc"} {
			if n := bytes.Count(files["quickstart/"+name+".html"], []byte("\n")); n > 29 {
				t.Errorf("%s has %d lines", name, n)
			}
		}
	})

	t.Run("is written whole and only once", func(t *testing.T) {
		out := t.TempDir()
		quiet := slog.New(slog.DiscardHandler)
		small := map[string][]byte{"demo.css": files["demo.css"], "boot.js": files["boot.js"], "quickstart/express.html": files["quickstart/express.html"]}
		if err := write(out, small, 1, quiet); err != nil {
			t.Fatal(err)
		}
		for name, content := range small {
			path := filepath.Join(out, filepath.FromSlash(name))
			if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
				t.Errorf("%s: %v, or other bytes", name, err)
			}
			for ending, open := range map[string]func(io.Reader) io.Reader{
				".br": func(r io.Reader) io.Reader { return brotli.NewReader(r) },
				".gz": func(r io.Reader) io.Reader {
					z, err := gzip.NewReader(r)
					if err != nil {
						t.Fatal(err)
					}
					return z
				},
			} {
				packed, err := os.ReadFile(path + ending)
				if (err == nil) != (len(content) > worth) {
					t.Errorf("%s%s of %d bytes: %v", name, ending, len(content), err)
				}
				if err != nil {
					continue
				}
				if got, err := io.ReadAll(open(bytes.NewReader(packed))); err != nil || !bytes.Equal(got, content) {
					t.Errorf("%s%s unpacks to other bytes (%v)", name, ending, err)
				}
			}
		}
		before, err := os.Stat(filepath.Join(out, "demo.css"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(out, "demo.css.gz")); err != nil {
			t.Fatal(err)
		}
		small["boot.js"] = []byte("changed")
		if err := write(out, small, 1, quiet); err != nil {
			t.Fatal(err)
		}
		after, err := os.Stat(filepath.Join(out, "demo.css"))
		if err != nil {
			t.Fatal(err)
		}
		if os.SameFile(before, after) {
			t.Error("a file whose compressed form was missing was not written again")
		}
		kept, err := os.Stat(filepath.Join(out, "demo.css"))
		if err != nil {
			t.Fatal(err)
		}
		if err := write(out, small, 1, quiet); err != nil {
			t.Fatal(err)
		}
		if again, err := os.Stat(filepath.Join(out, "demo.css")); err != nil || !os.SameFile(kept, again) {
			t.Errorf("an unchanged file was written again (%v)", err)
		}
		if got, err := os.ReadFile(filepath.Join(out, "boot.js")); err != nil || string(got) != "changed" {
			t.Errorf("a changed file holds %q (%v)", got, err)
		}
	})
}

func TestStampRefusesWhatItCantFind(t *testing.T) {
	whole := func() map[string][]byte {
		files := map[string][]byte{"index.html": []byte(`data-bytes="0"`)}
		for _, name := range parts {
			files[name] = []byte(name)
			files["index.html"] = append(files["index.html"], ` "`+name+`"`...)
		}
		return files
	}
	if err := stamp(whole()); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(map[string][]byte){
		"no page":        func(f map[string][]byte) { delete(f, "index.html") },
		"no program":     func(f map[string][]byte) { delete(f, "demo.wasm") },
		"named twice":    func(f map[string][]byte) { f["index.html"] = append(f["index.html"], ` "boot.js"`...) },
		"not named":      func(f map[string][]byte) { f["index.html"] = bytes.Replace(f["index.html"], []byte("boot.js"), nil, 1) },
		"no size to set": func(f map[string][]byte) { f["index.html"] = bytes.Replace(f["index.html"], []byte("data-"), nil, 1) },
	} {
		files := whole()
		spoil(files)
		if stamp(files) == nil {
			t.Errorf("%s: stamped all the same", name)
		}
	}
}

func TestStringConst(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.go")
	if err := os.WriteFile(file, []byte("package x\nconst a, b = 1, 2\nconst script = \"x\\ty\"\nconst other = 1 + 2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := stringConst(file, "script"); err != nil || got != "x\ty" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, name := range []string{"other", "missing", "a"} {
		if got, err := stringConst(file, name); err == nil {
			t.Errorf("%s gave %q", name, got)
		}
	}
}

func TestRunRefusesBadFlags(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	if run(t.Context(), "", 9, quiet) == nil {
		t.Error("built without a folder")
	}
	if run(t.Context(), t.TempDir(), 12, quiet) == nil {
		t.Error("built with a brotli quality of 12")
	}
}
