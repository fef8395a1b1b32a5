//go:build !js

package engine_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestLinksOnlyWhatABrowserCanAfford fails when the browser SDK, of which the
// core is most, grows by one of the packages that make a download large.
func TestLinksOnlyWhatABrowserCanAfford(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "parley/wasm")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, "parley/internal/engine") {
		t.Fatalf("list of dependencies is not one: %q", deps)
	}
	for _, heavy := range []string{"fmt", "reflect", "net", "net/http", "encoding/json", "os", "log", "regexp", "math/big", "context", "time", "syscall", "syscall/js"} {
		if slices.Contains(deps, heavy) {
			t.Errorf("the wasm links %s", heavy)
		}
	}
}
