package express_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"parley/server/api/express"
)

// TestDocumentedCalls runs the shell script of docs/server-api.md as it stands
// there, but for the server's address.
func TestDocumentedCalls(t *testing.T) {
	for _, tool := range []string{"bash", "curl", "md5sum", "od"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
	page, err := os.ReadFile("../../../docs/server-api.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```bash\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 1 {
		t.Fatalf("%d scripts, want one", len(blocks))
	}
	script := blocks[0][1]
	s := start(t, false)
	alice, bob := s.enter("alice", "lobby"), s.enter("bob", "lobby")
	local := strings.Replace(script, "http://127.0.0.1:8080", strings.TrimSuffix(s.url, "/"), 1)
	run := exec.CommandContext(t.Context(), "bash", "-euc", local)
	run.Stderr = os.Stderr
	out, err := run.Output()
	if err != nil {
		t.Fatalf("the script: %v\n%s", err, out)
	}
	answers := json.NewDecoder(strings.NewReader(string(out)))
	calls := regexp.MustCompile(`(?m)^call (\w+)`).FindAllStringSubmatch(script, -1)
	for _, call := range calls {
		var got reply
		if err := answers.Decode(&got); err != nil {
			t.Fatalf("%s: %v in\n%s", call[1], err, out)
		}
		if got.Code != 0 {
			t.Errorf("%s: %d %s", call[1], got.Code, got.Message)
		}
	}
	if answers.More() || len(calls) != 11 {
		t.Errorf("%d calls, want one of each action and an answer for each:\n%s", len(calls), out)
	}
	for u, want := range map[*user][]string{
		alice: {"RELIABLE MESSAGE server/The server Dinner is ready", "LOSSY MESSAGE server/- +1", `RELIABLE COMMAND server/- {"mute":true}`, `removed lobby KICKED "Closing time"`},
		bob:   {"RELIABLE MESSAGE server/The server Dinner is ready", "LOSSY MESSAGE server/- +1", `RELIABLE COMMAND server/- {"mute":true}`, `removed lobby KICKED "Be nice"`},
	} {
		for _, line := range want {
			if got := <-u.heard; got != line && !strings.HasPrefix(got, line+" #") {
				t.Errorf("%s heard %s, want %s", u.id, got, line)
			}
		}
	}
}

// TestDocumentedLists holds the page's tables to what the API does: its actions
// with their rates, and the codes that the core's errors become.
func TestDocumentedLists(t *testing.T) {
	page, err := os.ReadFile("../../../docs/server-api.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `(\\w+)` \\|.*\\| ([0-9]+)[^|]*\\|$").FindAllStringSubmatch(string(page), -1)
	documented := map[string]int{}
	for _, row := range rows {
		documented[row[1]], _ = strconv.Atoi(row[2])
	}
	if len(documented) == 0 {
		t.Fatal("no table of actions")
	}
	for name, perSecond := range express.ActionRates() {
		if documented[name] != perSecond {
			t.Errorf("%s: %d a second, the page says %d", name, perSecond, documented[name])
		}
		delete(documented, name)
	}
	if len(documented) > 0 {
		t.Errorf("the page has %v, the API has not", documented)
	}
	codes, _, _ := strings.Cut(string(page[strings.Index(string(page), "### Codes"):]), "What differs")
	for _, code := range express.Codes() {
		if !regexp.MustCompile(`\b` + strconv.Itoa(code) + `\b`).MatchString(codes) {
			t.Errorf("the page has no code %d", code)
		}
	}
}
