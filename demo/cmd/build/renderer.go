package main

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
)

// rendererScript is vugu's own script, taken out of the Go string that the
// module keeps it in. Its Go half would hand the string to eval; as a file the
// page may have a content security policy that forbids that.
func rendererScript(ctx context.Context, _ string) ([]byte, error) {
	module, err := goTool(ctx, "list", "-m", "-f", "{{.Dir}}", "github.com/vugu/vugu")
	if err != nil {
		return nil, err
	}
	source := filepath.Join(module, "domrender", "renderer-js-script.go")
	script, err := stringConst(source, "jsHelperScript")
	if err != nil {
		return nil, err
	}
	if !strings.Contains(script, "window.vuguRender=") {
		return nil, errors.New("vugu's renderer script is not what it was: compare the module's versions")
	}
	return []byte(script + ";\n"), nil
}

// stringConst reads the string constant of that name out of a Go file.
func stringConst(file, name string) (string, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		return "", err
	}
	for _, decl := range parsed.Decls {
		general, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range general.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if !ok || len(value.Names) != 1 || value.Names[0].Name != name || len(value.Values) != 1 {
				continue
			}
			if literal, ok := value.Values[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
				return strconv.Unquote(literal.Value)
			}
		}
	}
	return "", fmt.Errorf("%s has no string constant %s", file, name)
}
