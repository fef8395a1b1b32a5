package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// target is one file that esbuild makes.
type target struct {
	entry, out, asset string
	format            api.Format
	footer            string
}

var targets = []target{
	{"index.ts", "index.js", "esm", api.FormatESModule, ""},
	{"index.ts", "index.cjs", "cjs", api.FormatCommonJS, ""},
	{"script.ts", "parley.js", "script", api.FormatIIFE, ""},
	{"volc/entry.ts", "volc.js", "esm", api.FormatESModule, ""},
	{"volc/entry.ts", "volc.cjs", "cjs", api.FormatCommonJS, volcFooter},
}

// volcFooter makes the CommonJS module what the one it stands in for is: the
// object itself, with the enumerations merged into it (volc.md §1.1).
const volcFooter = "module.exports = Object.assign({}, module.exports.default, module.exports);\n" +
	"module.exports.default = module.exports;"

// bundle makes the JavaScript files. The dialects' entries stand on top of the
// index, so that all entries of a format share one program.
func bundle(s settings, mark, version, shim string) error {
	for _, t := range targets {
		result := api.Build(api.BuildOptions{
			EntryPoints: []string{filepath.Join(s.root, "js", "src", t.entry)},
			Outfile:     filepath.Join(s.out, t.out),
			Bundle:      true, Write: true,
			Format: t.format, Target: api.ES2022, Platform: api.PlatformNeutral,
			MinifyWhitespace: true, MinifySyntax: true, MinifyIdentifiers: true,
			KeepNames: false, Charset: api.CharsetUTF8, LegalComments: api.LegalCommentsNone,
			Define: map[string]string{
				"__STAMP__": quote(mark), "__VERSION__": quote(version),
			},
			Banner:   map[string]string{"js": "/* parley-sdk " + version + " */"},
			Footer:   map[string]string{"js": t.footer},
			Plugins:  []api.Plugin{virtual(s.root, t.asset, shim), index(strings.TrimPrefix(filepath.Ext(t.out), "."))},
			LogLevel: api.LogLevelWarning,
		})
		if len(result.Errors) > 0 {
			return fmt.Errorf("bundle %s: %s", t.out, result.Errors[0].Text)
		}
	}
	for _, dialect := range []struct{ name, exports string }{{"express", "WebRTCUtil, ZegoExpressEngine"}} {
		esm := "export { " + dialect.exports + " } from \"./index.js\";\n"
		cjs := "const { " + dialect.exports + " } = require(\"./index.cjs\");\n"
		for _, name := range strings.Split(dialect.exports, ", ") {
			cjs += "exports." + name + " = " + name + ";\n"
		}
		if err := errors.Join(
			os.WriteFile(filepath.Join(s.out, dialect.name+".js"), []byte(esm), 0o644),
			os.WriteFile(filepath.Join(s.out, dialect.name+".cjs"), []byte(cjs), 0o644),
		); err != nil {
			return err
		}
	}
	return nil
}

// index leads an entry's import of the package to the index that lies beside it.
func index(extension string) api.Plugin {
	return api.Plugin{Name: "index", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: `^parley-sdk$`}, func(api.OnResolveArgs) (api.OnResolveResult, error) {
			return api.OnResolveResult{Path: "./index." + extension, External: true}, nil
		})
	}}
}

// virtual supplies the modules that the sources import and nobody wrote: the
// shim as a function of globalThis, and what each format knows of its place.
func virtual(root, asset, shim string) api.Plugin {
	return api.Plugin{Name: "virtual", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: `^virtual:`}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			if args.Path == "virtual:asset" {
				path, err := filepath.Abs(filepath.Join(root, "js", "src", "asset", asset+".ts"))
				return api.OnResolveResult{Path: path}, err
			}
			return api.OnResolveResult{Path: args.Path, Namespace: "virtual"}, nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: "virtual"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			if args.Path != "virtual:wasm-exec" {
				return api.OnLoadResult{}, fmt.Errorf("no module %s", args.Path)
			}
			text := "export function makeGo(globalThis) {\n" + shim + "\nreturn globalThis.Go;\n}\n"
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
		})
	}}
}

// npmPackage is the part of package.json that the build reads.
type npmPackage struct {
	Version string `json:"version"`
}

func readPackage(path string) (npmPackage, error) {
	data, err := os.ReadFile(path) //nolint:gosec // of this repository
	if err != nil {
		return npmPackage{}, err
	}
	var pkg npmPackage
	if err := json.Unmarshal(data, &pkg); err != nil {
		return npmPackage{}, fmt.Errorf("read %s: %w", path, err)
	}
	return pkg, nil
}

// copyDocuments copies what people wrote: declarations, once per module
// format, package.json, and the texts.
func copyDocuments(s settings) error {
	publish := filepath.Join(s.root, "js", "publish")
	for _, name := range []string{"package.json", "README.md", "CHANGELOG.md"} {
		if err := copyFile(filepath.Join(publish, name), filepath.Join(s.out, name), nil); err != nil {
			return err
		}
	}
	license := filepath.Join(s.root, "LICENSE")
	if _, err := os.Stat(license); err == nil {
		if err := copyFile(license, filepath.Join(s.out, "LICENSE"), nil); err != nil {
			return err
		}
	}
	names, err := filepath.Glob(filepath.Join(s.root, "js", "types", "*.d.ts"))
	if err != nil {
		return err
	}
	for _, name := range names {
		base := strings.TrimSuffix(filepath.Base(name), ".d.ts")
		if err := copyFile(name, filepath.Join(s.out, base+".d.ts"), nil); err != nil {
			return err
		}
		common := strings.NewReplacer(`.js"`, `.cjs"`)
		if err := copyFile(name, filepath.Join(s.out, base+".d.cts"), common); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string, change *strings.Replacer) error {
	data, err := os.ReadFile(from) //nolint:gosec // of this repository
	if err != nil {
		return err
	}
	if change != nil {
		data = []byte(change.Replace(string(data)))
	}
	return os.WriteFile(to, data, 0o644) //nolint:gosec // for everybody to read
}

func quote(text string) string {
	data, err := json.Marshal(text)
	if err != nil {
		return `""`
	}
	return string(data)
}
